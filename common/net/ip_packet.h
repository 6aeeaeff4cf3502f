// A checked view of one IP packet's header. Packet path: no allocation. Any thread.
// Sources: RFC 791 (IPv4), RFC 8200 (IPv6).
#pragma once

#include "net/ip_address.h"

#include <optional>

namespace gvpn::net {

/// The largest IP packet without jumbograms (RFC 791: 65535; IPv6: 40 + 65535, which a TUN never gives).
inline constexpr std::size_t MaxPacketBytes = 65535;

enum class IpProtocol : std::uint8_t { Icmp = 1, Tcp = 6, Udp = 17, Icmpv6 = 58 };

enum class PacketFault : std::uint8_t {
    TooShort,       // not even the fixed header
    NotIp,          // version is neither 4 nor 6
    BadHeader,      // IPv4: IHL below 5 or beyond the packet
    LengthMismatch  // the length field and the number of bytes differ
};

[[nodiscard]] std::string_view packetFaultName(PacketFault fault);

class IpPacket {
public:
    /// Checks version, header length and total length against the bytes: the length field must equal packet.size().
    /// Does not look behind the IP header (IPv6: behind the fixed header).
    [[nodiscard]] static tl::expected<IpPacket, PacketFault> parse(ByteView packet);

    [[nodiscard]] bool isIPv4() const { return m_source.isIPv4(); }
    [[nodiscard]] const IpAddress& source() const { return m_source; }
    [[nodiscard]] const IpAddress& destination() const { return m_destination; }
    /// IPv4 protocol, or IPv6 next header of the fixed header (an extension header is what it is).
    [[nodiscard]] std::uint8_t protocol() const { return m_protocol; }
    /// IPv4: IHL * 4; IPv6: 40.
    [[nodiscard]] std::size_t headerBytes() const { return m_headerBytes; }
    /// IPv4 with a fragment offset or "more fragments"; IPv6 with a fragment header directly behind the fixed one.
    [[nodiscard]] bool isFragment() const { return m_isFragment; }

private:
    IpAddress m_source;
    IpAddress m_destination;
    std::uint16_t m_headerBytes = 0;
    std::uint8_t m_protocol = 0;
    bool m_isFragment = false;
};

/// What an IP packet carries, and where it begins.
struct UpperLayer {
    std::uint8_t protocol = 0;
    std::size_t offset = 0;
};

/// Skips IPv6 hop-by-hop and destination options (RFC 8200 section 4), nothing else. nullopt: an option header goes
/// beyond the packet. `packet` was parsed into `ip`.
[[nodiscard]] std::optional<UpperLayer> upperLayerOf(const IpPacket& ip, ByteView packet);

}  // namespace gvpn::net
