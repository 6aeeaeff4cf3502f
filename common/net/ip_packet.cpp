#include "net/ip_packet.h"

namespace gvpn::net {

namespace {

constexpr std::size_t MinIPv4HeaderBytes = 20;
constexpr std::size_t IPv6HeaderBytes = 40;
constexpr std::uint8_t HopByHopOptions = 0;
constexpr std::uint8_t DestinationOptions = 60;
constexpr std::uint8_t FragmentHeader = 44;               // RFC 8200 section 4.5
constexpr std::uint16_t MoreFragmentsAndOffset = 0x3FFF;  // RFC 791: all but "reserved" and "don't fragment"

}  // namespace

std::string_view packetFaultName(PacketFault fault)
{
    switch (fault) {
    case PacketFault::TooShort: return "too-short";
    case PacketFault::NotIp: return "not-ip";
    case PacketFault::BadHeader: return "bad-header";
    case PacketFault::LengthMismatch: return "length-mismatch";
    }
    return "unknown";
}

tl::expected<IpPacket, PacketFault> IpPacket::parse(ByteView packet)
{
    if (packet.empty())
        return tl::unexpected(PacketFault::TooShort);
    const auto first = std::to_integer<unsigned>(packet[0]);
    const bool isVersion4 = first >> 4 == 4;
    if (!isVersion4 && first >> 4 != 6)
        return tl::unexpected(PacketFault::NotIp);
    if (packet.size() < (isVersion4 ? MinIPv4HeaderBytes : IPv6HeaderBytes))
        return tl::unexpected(PacketFault::TooShort);

    IpPacket header;
    if (isVersion4) {
        header.m_headerBytes = static_cast<std::uint16_t>((first & 0x0FU) * 4);
        if (header.m_headerBytes < MinIPv4HeaderBytes || header.m_headerBytes > packet.size())
            return tl::unexpected(PacketFault::BadHeader);
        if (readBigEndian<std::uint16_t>(packet, 2) != packet.size())
            return tl::unexpected(PacketFault::LengthMismatch);
        header.m_isFragment = (readBigEndian<std::uint16_t>(packet, 6) & MoreFragmentsAndOffset) != 0;
        header.m_protocol = std::to_integer<std::uint8_t>(packet[9]);
        header.m_source = IpAddress::fromBytes(packet.subspan(12, 4));
        header.m_destination = IpAddress::fromBytes(packet.subspan(16, 4));
    } else {
        header.m_headerBytes = IPv6HeaderBytes;
        if (IPv6HeaderBytes + readBigEndian<std::uint16_t>(packet, 4) != packet.size())
            return tl::unexpected(PacketFault::LengthMismatch);
        header.m_protocol = std::to_integer<std::uint8_t>(packet[6]);
        header.m_isFragment = header.m_protocol == FragmentHeader;
        header.m_source = IpAddress::fromBytes(packet.subspan(8, 16));
        header.m_destination = IpAddress::fromBytes(packet.subspan(24, 16));
    }
    return header;
}

std::optional<UpperLayer> upperLayerOf(const IpPacket& ip, ByteView packet)
{
    constexpr std::size_t Unit = 8;  // header lengths count these, without the first
    UpperLayer upper{ip.protocol(), ip.headerBytes()};
    if (ip.isIPv4())
        return upper;
    while (upper.protocol == HopByHopOptions || upper.protocol == DestinationOptions) {
        if (upper.offset + Unit > packet.size())
            return std::nullopt;
        upper.protocol = std::to_integer<std::uint8_t>(packet[upper.offset]);
        upper.offset += (std::to_integer<std::size_t>(packet[upper.offset + 1]) + 1) * Unit;
        if (upper.offset > packet.size())
            return std::nullopt;
    }
    return upper;
}

}  // namespace gvpn::net
