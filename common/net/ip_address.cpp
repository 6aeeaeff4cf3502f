#include "net/ip_address.h"

#include <algorithm>
#include <cassert>

#include <arpa/inet.h>

namespace gvpn::net {

namespace {

bool startsWith(ByteView bytes, std::initializer_list<unsigned> first)
{
    return std::equal(first.begin(), first.end(), bytes.begin(),
                      [](unsigned expected, std::byte byte) { return static_cast<std::byte>(expected) == byte; });
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text)
{
    const auto failure = [text] {
        return fail(ErrorCode::InvalidArgument, "\"" + std::string(text) + "\" is not an IP address");
    };
    // inet_pton reads up to a NUL: what is behind one must not be overlooked.
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos)
        return failure();
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    std::copy(text.begin(), text.end(), terminated.begin());

    IpAddress address;
    address.m_family = text.find(':') == std::string_view::npos ? Family::IPv4 : Family::IPv6;
    if (::inet_pton(address.isIPv4() ? AF_INET : AF_INET6, terminated.data(), address.m_bytes.data()) != 1)
        return failure();
    return address;
}

IpAddress IpAddress::fromBytes(ByteView bytes)
{
    assert(bytes.size() == 4 || bytes.size() == 16);
    IpAddress address;
    address.m_family = bytes.size() == 4 ? Family::IPv4 : Family::IPv6;
    std::copy(bytes.begin(), bytes.end(), address.m_bytes.begin());
    return address;
}

IpAddress IpAddress::fromIPv4(std::uint32_t hostOrder)
{
    IpAddress address;
    writeBigEndian(address.m_bytes, 0, hostOrder);
    return address;
}

std::string IpAddress::toString() const
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(isIPv4() ? AF_INET : AF_INET6, m_bytes.data(), text.data(), text.size());
    return text.data();
}

IpAddress IpAddress::plus(std::uint64_t offset) const
{
    if (isIPv4())
        return fromIPv4(toIPv4() + static_cast<std::uint32_t>(offset));
    IpAddress sum = *this;
    const auto high = readBigEndian<std::uint64_t>(m_bytes, 0);
    const auto low = readBigEndian<std::uint64_t>(m_bytes, 8);
    const std::uint64_t carry = low + offset < low ? 1 : 0;
    writeBigEndian(sum.m_bytes, 0, high + carry);
    writeBigEndian(sum.m_bytes, 8, low + offset);
    return sum;
}

IpAddress IpAddress::masked(unsigned length) const
{
    IpAddress network = *this;
    for (unsigned i = 0; i < network.m_bytes.size(); ++i) {
        const unsigned kept = std::clamp(length, i * 8, i * 8 + 8) - i * 8;
        network.m_bytes[i] &= static_cast<std::byte>(0xFF00U >> kept);
    }
    return network;
}

bool IpAddress::isUnspecified() const
{
    return std::all_of(m_bytes.begin(), m_bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

bool IpAddress::isLoopback() const
{
    if (isIPv4())
        return startsWith(m_bytes, {127});
    return m_bytes.back() == std::byte{1} && masked(127).isUnspecified();
}

bool IpAddress::isLinkLocal() const
{
    return isIPv4() ? startsWith(m_bytes, {169, 254}) : startsWith(masked(10).m_bytes, {0xFE, 0x80});
}

bool IpAddress::isMulticast() const
{
    return isIPv4() ? startsWith(masked(4).m_bytes, {224}) : startsWith(m_bytes, {0xFF});
}

bool IpAddress::isBroadcast() const
{
    return isIPv4() && startsWith(m_bytes, {255, 255, 255, 255});
}

bool IpAddress::isPrivate() const
{
    if (!isIPv4())
        return startsWith(masked(7).m_bytes, {0xFC});
    return startsWith(m_bytes, {10}) || startsWith(masked(12).m_bytes, {172, 16}) || startsWith(m_bytes, {192, 168});
}

}  // namespace gvpn::net

std::size_t std::hash<gvpn::net::IpAddress>::operator()(const gvpn::net::IpAddress& address) const noexcept
{
    return std::hash<std::string_view>()(gvpn::asText(address.bytes()));
}
