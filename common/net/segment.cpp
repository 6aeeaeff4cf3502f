#include "net/segment.h"

#include "net/checksum.h"

namespace gvpn::net {

namespace {

constexpr std::size_t IPv6HeaderBytes = 40;
constexpr std::size_t MinTcpHeaderBytes = 20;
constexpr std::size_t UdpHeaderBytes = 8;
constexpr std::uint16_t TcpChecksumOffset = 16;
constexpr std::uint16_t UdpChecksumOffset = 6;
// Linux takes this gso_size for its own GSO_BY_FRAGS and refuses it from outside.
constexpr std::uint16_t ReservedSegmentBytes = 0xFFFF;

using Check = tl::expected<void, SegmentFault>;

bool isTcp(const UpperLayer& upper)
{
    return upper.protocol == static_cast<std::uint8_t>(IpProtocol::Tcp);
}

bool isUdp(const UpperLayer& upper)
{
    return upper.protocol == static_cast<std::uint8_t>(IpProtocol::Udp);
}

bool typeFits(SegmentType type, const IpPacket& ip, const UpperLayer& upper)
{
    switch (type) {
    case SegmentType::Whole: return true;
    case SegmentType::Tcp4: return ip.isIPv4() && isTcp(upper);
    case SegmentType::Tcp6: return !ip.isIPv4() && isTcp(upper);
    case SegmentType::Udp4: return ip.isIPv4() && isUdp(upper);
    case SegmentType::Udp6: return !ip.isIPv4() && isUdp(upper);
    }
    return false;
}

/// Precondition: TCP or UDP, not a fragment.
bool checksumPlaceFits(const SegmentHeader& header, const UpperLayer& upper)
{
    return header.checksumStart == upper.offset
           && header.checksumOffset == (isTcp(upper) ? TcpChecksumOffset : UdpChecksumOffset);
}

std::size_t segmentsOf(const SegmentHeader& header, std::size_t packetBytes)
{
    return (packetBytes - header.headerBytes + header.segmentBytes - 1) / header.segmentBytes;
}

Check validateWhole(const SegmentHeader& header, const IpPacket& ip, ByteView packet)
{
    if (header.isCongestionMarked)
        return tl::unexpected(SegmentFault::WrongType);
    if (header.headerBytes != 0)
        return tl::unexpected(SegmentFault::BadHeaderSize);
    if (header.segmentBytes != 0)
        return tl::unexpected(SegmentFault::BadSegmentSize);
    if (!header.needsChecksum) {
        if (header.checksumStart != 0 || header.checksumOffset != 0)
            return tl::unexpected(SegmentFault::BadChecksumPlace);
        return {};
    }
    const UpperLayer upper{ip.protocol(), ip.headerBytes()};
    if (ip.isFragment() || (!isTcp(upper) && !isUdp(upper)))
        return tl::unexpected(SegmentFault::WrongType);
    const std::size_t transportBytes = packet.size() - upper.offset;
    if (!checksumPlaceFits(header, upper) || transportBytes < (isTcp(upper) ? MinTcpHeaderBytes : UdpHeaderBytes))
        return tl::unexpected(SegmentFault::BadChecksumPlace);
    return {};
}

/// The TCP or UDP header's size as the packet itself has it; 0 when the packet contradicts itself.
std::size_t transportHeaderBytes(const UpperLayer& upper, ByteView transport)
{
    if (isUdp(upper)) {
        const bool lengthFits =
            transport.size() >= UdpHeaderBytes && readBigEndian<std::uint16_t>(transport, 4) == transport.size();
        return lengthFits ? UdpHeaderBytes : 0;
    }
    if (transport.size() < MinTcpHeaderBytes)
        return 0;
    const auto headerBytes = std::to_integer<std::size_t>(transport[12] >> 4) * 4;
    return headerBytes >= MinTcpHeaderBytes && headerBytes <= transport.size() ? headerBytes : 0;
}

}  // namespace

bool SegmentSupport::takes(const SegmentHeader& header) const
{
    if (header.needsChecksum && !checksum)
        return false;
    switch (header.type) {
    case SegmentType::Whole: return true;
    case SegmentType::Tcp4: return tcp4;
    case SegmentType::Tcp6: return tcp6;
    case SegmentType::Udp4: return udp4;
    case SegmentType::Udp6: return udp6;
    }
    return false;
}

std::string_view segmentFaultName(SegmentFault fault)
{
    switch (fault) {
    case SegmentFault::WrongType: return "wrong-type";
    case SegmentFault::BadHeaderSize: return "bad-header-size";
    case SegmentFault::BadSegmentSize: return "bad-segment-size";
    case SegmentFault::TooManySegments: return "too-many-segments";
    case SegmentFault::BadChecksumPlace: return "bad-checksum-place";
    }
    return "unknown";
}

tl::expected<void, SegmentFault> validate(const SegmentHeader& header, const IpPacket& ip, ByteView packet)
{
    // An option header before the transport header is for our own kernel only.
    if (!typeFits(header.type, ip, {ip.protocol(), ip.headerBytes()}))
        return tl::unexpected(SegmentFault::WrongType);
    if (const auto valid = validateLocal(header, ip, packet); !valid)
        return valid;
    if (mayTravel(header, packet.size()))
        return {};
    return tl::unexpected(header.segmentBytes < MinSegmentBytes ? SegmentFault::BadSegmentSize
                                                                : SegmentFault::TooManySegments);
}

tl::expected<void, SegmentFault> validateLocal(const SegmentHeader& header, const IpPacket& ip, ByteView packet)
{
    if (header.type == SegmentType::Whole)
        return validateWhole(header, ip, packet);
    const auto upper = upperLayerOf(ip, packet);
    if (!upper || !typeFits(header.type, ip, *upper))
        return tl::unexpected(SegmentFault::WrongType);
    if (ip.isFragment() || (header.isCongestionMarked && !isTcp(*upper)))
        return tl::unexpected(SegmentFault::WrongType);

    const std::size_t transportHeader = transportHeaderBytes(*upper, packet.subspan(upper->offset));
    if (transportHeader == 0 || header.headerBytes != upper->offset + transportHeader)
        return tl::unexpected(SegmentFault::BadHeaderSize);
    if (!header.needsChecksum || !checksumPlaceFits(header, *upper))
        return tl::unexpected(SegmentFault::BadChecksumPlace);
    if (packet.size() == header.headerBytes || header.segmentBytes == 0 || header.segmentBytes == ReservedSegmentBytes)
        return tl::unexpected(SegmentFault::BadSegmentSize);
    return {};
}

bool mayTravel(const SegmentHeader& header, std::size_t packetBytes)
{
    if (header.type == SegmentType::Whole)
        return true;
    const bool isIPv6 = header.type == SegmentType::Tcp6 || header.type == SegmentType::Udp6;
    if (isIPv6 && header.checksumStart != IPv6HeaderBytes)
        return false;
    const std::size_t segments = segmentsOf(header, packetBytes);
    return segments <= 1 || (header.segmentBytes >= MinSegmentBytes && segments <= MaxSegments);
}

void completeChecksum(const SegmentHeader& header, ByteSpan packet)
{
    // The field holds the pseudo header's sum, so that summing over it adds the pseudo header.
    const ByteSpan transport = packet.subspan(header.checksumStart);
    auto checksum = static_cast<std::uint16_t>(~checksumAdd(transport));
    if (checksum == 0 && header.checksumOffset == UdpChecksumOffset)
        checksum = 0xFFFF;  // RFC 768: 0 means that there is none
    writeBigEndian(transport, header.checksumOffset, checksum);
}

}  // namespace gvpn::net
