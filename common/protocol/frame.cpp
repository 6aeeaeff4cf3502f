#include "protocol/frame.h"

#include <cassert>

namespace gvpn::protocol {

namespace {

constexpr std::uint8_t NeedsChecksumFlag = 1U << 0;
constexpr std::uint8_t CongestionMarkedFlag = 1U << 1;

void writeFrameHeader(ByteSpan target, std::size_t bodyBytes, FrameType type)
{
    writeBigEndian(target, 0, static_cast<std::uint32_t>(bodyBytes + 1));
    target[4] = static_cast<std::byte>(type);
}

void writeSegmentHeader(ByteSpan target, const net::SegmentHeader& segment)
{
    const unsigned flags =
        (segment.needsChecksum ? NeedsChecksumFlag : 0U) | (segment.isCongestionMarked ? CongestionMarkedFlag : 0U);
    target[0] = static_cast<std::byte>(segment.type);
    target[1] = static_cast<std::byte>(flags);
    writeBigEndian(target, 2, segment.headerBytes);
    writeBigEndian(target, 4, segment.segmentBytes);
    writeBigEndian(target, 6, segment.checksumStart);
    writeBigEndian(target, 8, segment.checksumOffset);
}

/// bytes: at least SegmentHeaderBytes.
Result<net::SegmentHeader> parseSegmentHeader(ByteView bytes)
{
    const auto type = std::to_integer<std::uint8_t>(bytes[0]);
    const auto flags = std::to_integer<std::uint8_t>(bytes[1]);
    if (type > static_cast<std::uint8_t>(net::SegmentType::Udp6))
        return fail(ErrorCode::ProtocolViolation, "frame: unknown segment type " + std::to_string(type));
    if ((flags & ~(NeedsChecksumFlag | CongestionMarkedFlag)) != 0)
        return fail(ErrorCode::ProtocolViolation, "frame: unknown segment flags " + std::to_string(flags));
    return net::SegmentHeader{.type = static_cast<net::SegmentType>(type),
                              .needsChecksum = (flags & NeedsChecksumFlag) != 0,
                              .isCongestionMarked = (flags & CongestionMarkedFlag) != 0,
                              .headerBytes = readBigEndian<std::uint16_t>(bytes, 2),
                              .segmentBytes = readBigEndian<std::uint16_t>(bytes, 4),
                              .checksumStart = readBigEndian<std::uint16_t>(bytes, 6),
                              .checksumOffset = readBigEndian<std::uint16_t>(bytes, 8)};
}

/// frame: a whole one whose header passed frameBytes().
Result<Frame> parseFrame(ByteSpan frame)
{
    Frame parsed{.type = static_cast<FrameType>(frame[4]), .body = frame.subspan(FrameHeaderBytes), .segment = {}};
    if (parsed.type == FrameType::Segment) {
        const auto segment = parseSegmentHeader(parsed.body);
        if (!segment)
            return fail(segment.error());
        parsed.segment = *segment;
        parsed.body = parsed.body.subspan(SegmentHeaderBytes);
    }
    return parsed;
}

}  // namespace

std::size_t writePacketHeader(ByteSpan buffer, std::size_t packetBytes, const net::SegmentHeader& segment)
{
    assert(packetBytes <= net::MaxPacketBytes && buffer.size() >= PacketHeadroomBytes + packetBytes);
    if (segment.isPlain()) {
        writeFrameHeader(buffer.subspan(SegmentHeaderBytes), packetBytes, FrameType::Packet);
        return SegmentHeaderBytes;
    }
    writeFrameHeader(buffer, SegmentHeaderBytes + packetBytes, FrameType::Segment);
    writeSegmentHeader(buffer.subspan(FrameHeaderBytes), segment);
    return 0;
}

ByteVector makeControlFrame(ByteView body)
{
    assert(body.size() <= MaxControlBytes);
    ByteVector frame(FrameHeaderBytes);
    frame.reserve(FrameHeaderBytes + body.size());
    writeFrameHeader(frame, body.size(), FrameType::Control);
    frame.insert(frame.end(), body.begin(), body.end());
    return frame;
}

Result<std::optional<Frame>> FrameDecoder::next()
{
    return m_assembler.next<Frame>(
        FrameHeaderBytes, [this](ByteView header) { return frameBytes(header); }, parseFrame);
}

Result<std::size_t> FrameDecoder::frameBytes(ByteView header) const
{
    const std::size_t length = readBigEndian<std::uint32_t>(header);
    const auto type = std::to_integer<std::uint8_t>(header[4]);
    std::size_t minBody = 0;
    std::size_t maxBody = 0;
    switch (static_cast<FrameType>(type)) {
    case FrameType::Control: maxBody = m_maxControlBytes; break;
    case FrameType::Packet: maxBody = net::MaxPacketBytes; break;
    case FrameType::Segment:
        minBody = SegmentHeaderBytes;
        maxBody = SegmentHeaderBytes + net::MaxPacketBytes;
        break;
    default: return fail(ErrorCode::ProtocolViolation, "frame: unknown type " + std::to_string(type));
    }
    if (static_cast<FrameType>(type) != FrameType::Control && !m_arePacketsAllowed)
        return fail(ErrorCode::ProtocolViolation, "frame: a packet before the address");
    if (length < 1 + minBody || length > 1 + maxBody)
        return fail(ErrorCode::ProtocolViolation,
                    "frame: length " + std::to_string(length) + " of type " + std::to_string(type));
    return FrameHeaderBytes - 1 + length;
}

}  // namespace gvpn::protocol
