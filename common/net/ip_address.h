// An IPv4 or IPv6 address as a value. Used everywhere; any thread.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <array>
#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace gvpn::net {

enum class Family : std::uint8_t { IPv4 = 4, IPv6 = 6 };

/// 32 or 128.
[[nodiscard]] constexpr unsigned bitCount(Family family)
{
    return family == Family::IPv4 ? 32 : 128;
}

class IpAddress {
public:
    /// 0.0.0.0
    IpAddress() = default;

    /// Dotted decimal with four parts, or RFC 4291 section 2.2 without a zone. No brackets, no blanks.
    [[nodiscard]] static Result<IpAddress> parse(std::string_view text);
    /// 4 or 16 bytes in network order; 16 bytes stay IPv6 even when they are IPv4-mapped.
    [[nodiscard]] static IpAddress fromBytes(ByteView bytes);
    [[nodiscard]] static IpAddress fromIPv4(std::uint32_t hostOrder);

    [[nodiscard]] Family family() const { return m_family; }
    [[nodiscard]] bool isIPv4() const { return m_family == Family::IPv4; }
    /// 4 or 16 bytes in network order.
    [[nodiscard]] ByteView bytes() const { return ByteView(m_bytes).first(isIPv4() ? 4U : 16U); }
    /// Precondition: isIPv4().
    [[nodiscard]] std::uint32_t toIPv4() const { return readBigEndian<std::uint32_t>(m_bytes); }
    /// RFC 5952 for IPv6.
    [[nodiscard]] std::string toString() const;

    /// The address plus offset, wrapping inside its family. (10.0.0.255 + 1 = 10.0.1.0)
    [[nodiscard]] IpAddress plus(std::uint64_t offset) const;
    /// The first `length` bits kept, the rest zero.
    [[nodiscard]] IpAddress masked(unsigned length) const;

    [[nodiscard]] bool isUnspecified() const;  // 0.0.0.0, ::
    [[nodiscard]] bool isLoopback() const;     // 127/8, ::1
    [[nodiscard]] bool isLinkLocal() const;    // 169.254/16, fe80::/10
    [[nodiscard]] bool isMulticast() const;    // 224/4, ff00::/8
    [[nodiscard]] bool isBroadcast() const;    // 255.255.255.255
    [[nodiscard]] bool isPrivate() const;      // RFC 1918, RFC 4193 (fc00::/7)

    [[nodiscard]] auto operator<=>(const IpAddress&) const = default;
    [[nodiscard]] bool operator==(const IpAddress&) const = default;

private:
    Family m_family = Family::IPv4;
    std::array<std::byte, 16> m_bytes{};  // IPv4: the first four, the rest zero
};

}  // namespace gvpn::net

template <>
struct std::hash<gvpn::net::IpAddress> {
    std::size_t operator()(const gvpn::net::IpAddress& address) const noexcept;
};
