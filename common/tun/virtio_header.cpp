#include "tun/virtio_header.h"

#include "net/checksum.h"

#include <cstddef>

namespace gvpn::tun {

namespace {

// As in linux/virtio_net.h, which C++ can't include (it has a member called "class").
struct RawHeader {
    std::uint8_t flags = 0;
    std::uint8_t gsoType = 0;
    std::uint16_t headerBytes = 0;
    std::uint16_t gsoSize = 0;
    std::uint16_t checksumStart = 0;
    std::uint16_t checksumOffset = 0;
};
static_assert(sizeof(RawHeader) == VirtioHeaderBytes);

constexpr std::uint8_t NeedsChecksum = 1;
constexpr std::uint8_t GsoNone = 0;
constexpr std::uint8_t GsoTcp4 = 1;
constexpr std::uint8_t GsoTcp6 = 4;
constexpr std::uint8_t GsoUdp = 5;  // since Linux 6.2; 3 is UFO, which has been gone since 4.14
constexpr std::uint8_t GsoMarked = 0x80;

constexpr std::size_t UdpHeaderBytes = 8;
constexpr std::size_t MinTcpHeaderBytes = 20;

std::uint8_t toGsoType(net::SegmentType type)
{
    switch (type) {
    case net::SegmentType::Whole: return GsoNone;
    case net::SegmentType::Tcp4: return GsoTcp4;
    case net::SegmentType::Tcp6: return GsoTcp6;
    case net::SegmentType::Udp4:
    case net::SegmentType::Udp6: return GsoUdp;
    }
    return GsoNone;
}

std::optional<net::SegmentType> segmentType(std::uint8_t gso, bool isIPv4, std::uint8_t protocol)
{
    using net::SegmentType;
    const bool isTcp = protocol == static_cast<std::uint8_t>(net::IpProtocol::Tcp);
    const bool isUdp = protocol == static_cast<std::uint8_t>(net::IpProtocol::Udp);
    if (gso == GsoTcp4 && isTcp && isIPv4)
        return SegmentType::Tcp4;
    if (gso == GsoTcp6 && isTcp && !isIPv4)
        return SegmentType::Tcp6;
    if (gso == GsoUdp && isUdp)
        return isIPv4 ? SegmentType::Udp4 : SegmentType::Udp6;
    return std::nullopt;
}

bool isTcpType(net::SegmentType type)
{
    return type == net::SegmentType::Tcp4 || type == net::SegmentType::Tcp6;
}

/// Where the payload begins; nullopt when the packet ends before.
std::optional<std::size_t> headerBytes(net::SegmentType type, std::size_t transportOffset, ByteView packet)
{
    const ByteView transport = packet.subspan(transportOffset);
    std::size_t size = UdpHeaderBytes;
    if (isTcpType(type)) {
        if (transport.size() < MinTcpHeaderBytes)
            return std::nullopt;
        size = std::to_integer<std::size_t>(transport[12] >> 4U) * 4;
        if (size < MinTcpHeaderBytes)
            return std::nullopt;
    }
    if (size > transport.size())
        return std::nullopt;
    return transportOffset + size;
}

}  // namespace

VirtioHeader toVirtio(const net::SegmentHeader& segment)
{
    RawHeader raw;
    raw.flags = segment.needsChecksum ? NeedsChecksum : 0;
    raw.gsoType = toGsoType(segment.type);
    if (segment.isCongestionMarked)
        raw.gsoType = static_cast<std::uint8_t>(raw.gsoType | GsoMarked);
    raw.headerBytes = segment.headerBytes;
    raw.gsoSize = segment.segmentBytes;
    raw.checksumStart = segment.checksumStart;
    raw.checksumOffset = segment.checksumOffset;
    return std::bit_cast<VirtioHeader>(raw);
}

std::optional<net::SegmentHeader> fromVirtio(const VirtioHeader& header, ByteView packet)
{
    const auto raw = std::bit_cast<RawHeader>(header);
    net::SegmentHeader segment;
    if ((raw.flags & NeedsChecksum) != 0) {
        segment.needsChecksum = true;
        segment.checksumStart = raw.checksumStart;
        segment.checksumOffset = raw.checksumOffset;
    }
    if (raw.gsoType == GsoNone)
        return segment;

    const auto ip = net::IpPacket::parse(packet);
    if (!ip)
        return std::nullopt;
    const auto upper = net::upperLayerOf(*ip, packet);
    if (!upper)
        return std::nullopt;
    const auto type = segmentType(static_cast<std::uint8_t>(raw.gsoType & ~GsoMarked), ip->isIPv4(), upper->protocol);
    const bool isMarked = (raw.gsoType & GsoMarked) != 0;
    if (!type || (isMarked && !isTcpType(*type)))
        return std::nullopt;
    const auto size = headerBytes(*type, upper->offset, packet);
    if (!size)
        return std::nullopt;
    if (packet.size() - *size <= raw.gsoSize)
        return segment;
    segment.type = *type;
    segment.isCongestionMarked = isMarked;
    segment.headerBytes = static_cast<std::uint16_t>(*size);
    segment.segmentBytes = raw.gsoSize;
    return segment;
}

bool completeForeignChecksum(const net::SegmentHeader& whole, ByteSpan packet)
{
    const std::size_t field = std::size_t{whole.checksumStart} + whole.checksumOffset;
    if (field + sizeof(std::uint16_t) > packet.size())
        return false;
    // The field holds the pseudo header's sum, so that it is simply summed along. 0 would mean "none" to UDP and is the
    // same number as 0xFFFF to everybody else.
    const auto sum = static_cast<std::uint16_t>(~net::checksumAdd(packet.subspan(whole.checksumStart)));
    writeBigEndian<std::uint16_t>(packet, field, sum == 0 ? std::uint16_t{0xFFFF} : sum);
    return true;
}

}  // namespace gvpn::tun
