#include "net/segment.h"

#include "net/checksum.h"

#include <algorithm>
#include <cassert>

namespace gvpn::net {

namespace {

constexpr std::size_t IPv6HeaderBytes = 40;
constexpr std::size_t TcpFlags = 13;
constexpr std::byte FinAndPsh{0x01 | 0x08};
constexpr std::byte Cwr{0x80};

bool isIPv4(SegmentType type)
{
    return type == SegmentType::Tcp4 || type == SegmentType::Udp4;
}

bool isTcp(SegmentType type)
{
    return type == SegmentType::Tcp4 || type == SegmentType::Tcp6;
}

void add16(ByteSpan bytes, std::size_t offset, std::uint16_t value)
{
    writeBigEndian(bytes, offset, static_cast<std::uint16_t>(readBigEndian<std::uint16_t>(bytes, offset) + value));
}

void fixIPv4(ByteSpan packet, std::size_t headerBytes, std::uint16_t index)
{
    writeBigEndian(packet, 2, static_cast<std::uint16_t>(packet.size()));
    add16(packet, 4, index);
    writeBigEndian(packet, 10, std::uint16_t{0});
    writeBigEndian(packet, 10, static_cast<std::uint16_t>(~checksumAdd(packet.first(headerBytes))));
}

/// The transport checksum field becomes the pseudo header's sum for this packet's own length.
void seedChecksum(const SegmentHeader& header, ByteSpan packet)
{
    const ByteView addresses = isIPv4(header.type) ? packet.subspan(12, 8) : packet.subspan(8, 32);
    const auto protocol = isTcp(header.type) ? IpProtocol::Tcp : IpProtocol::Udp;
    std::byte rest[4] = {};
    writeBigEndian(rest, 0, static_cast<std::uint16_t>(protocol));
    writeBigEndian(rest, 2, static_cast<std::uint16_t>(packet.size() - header.checksumStart));
    const std::uint16_t sum = checksumAdd(rest, checksumAdd(addresses));
    writeBigEndian(packet, std::size_t{header.checksumStart} + header.checksumOffset, sum);
}

}  // namespace

SegmentCutter::SegmentCutter(const SegmentHeader& header, ByteView packet)
    : m_header(header)
    , m_packet(packet)
{}

std::size_t SegmentCutter::maxPacketBytes() const
{
    if (m_header.type == SegmentType::Whole)
        return m_packet.size();
    return std::min<std::size_t>(m_packet.size(), std::size_t{m_header.headerBytes} + m_header.segmentBytes);
}

std::size_t SegmentCutter::next(ByteSpan buffer)
{
    if (m_isDone)
        return 0;
    assert(buffer.size() >= maxPacketBytes());
    if (m_header.type == SegmentType::Whole) {
        m_isDone = true;
        std::memcpy(buffer.data(), m_packet.data(), m_packet.size());
        if (m_header.needsChecksum)
            completeChecksum(m_header, buffer.first(m_packet.size()));
        return m_packet.size();
    }

    const std::size_t headerBytes = m_header.headerBytes;
    const ByteView left = m_packet.subspan(headerBytes + m_offset);
    const std::size_t payloadBytes = std::min<std::size_t>(left.size(), m_header.segmentBytes);
    m_isDone = payloadBytes == left.size();

    const ByteSpan packet = buffer.first(headerBytes + payloadBytes);
    std::memcpy(packet.data(), m_packet.data(), headerBytes);
    std::memcpy(packet.data() + headerBytes, left.data(), payloadBytes);
    if (isIPv4(m_header.type))
        fixIPv4(packet, m_header.checksumStart, m_index);
    else
        writeBigEndian(packet, 4, static_cast<std::uint16_t>(packet.size() - IPv6HeaderBytes));

    const ByteSpan transport = packet.subspan(m_header.checksumStart);
    if (isTcp(m_header.type)) {
        const auto sequence = readBigEndian<std::uint32_t>(transport, 4);
        writeBigEndian(transport, 4, sequence + static_cast<std::uint32_t>(m_offset));
        if (!m_isDone)
            transport[TcpFlags] &= ~FinAndPsh;
        if (m_index > 0)
            transport[TcpFlags] &= ~Cwr;
    } else {
        writeBigEndian(transport, 4, static_cast<std::uint16_t>(transport.size()));
    }
    seedChecksum(m_header, packet);
    completeChecksum(m_header, packet);
    m_offset += payloadBytes;
    ++m_index;
    return packet.size();
}

}  // namespace gvpn::net
