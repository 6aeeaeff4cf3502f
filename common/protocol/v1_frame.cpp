#include "protocol/v1_frame.h"

#include "protocol/frame.h"

#include <bit>
#include <cassert>

namespace gvpn::protocol::v1 {

namespace {

constexpr std::size_t LengthBytes = 4;

std::int32_t readInt32(ByteView bytes, std::size_t offset)
{
    return static_cast<std::int32_t>(readBigEndian<std::uint32_t>(bytes, offset));
}

/// dataBytes: of the frame whose first FrameHeaderBytes are `target`.
void writeFrameHeader(ByteSpan target, Command command, std::int32_t transaction, std::size_t dataBytes)
{
    writeBigEndian(target, 0, static_cast<std::uint32_t>(MinBodyBytes + dataBytes));
    writeBigEndian(target, 4, static_cast<std::uint32_t>(command));
    writeBigEndian(target, 8, static_cast<std::uint32_t>(transaction));
}

Result<Item> parseHandshake(ByteSpan bytes)
{
    return Item(Handshake{bytes});
}

/// bytes: a whole frame whose length passed frameBytes().
Result<Item> parseFrame(ByteSpan bytes)
{
    return Item(Frame{
        .command = readInt32(bytes, 4), .transaction = readInt32(bytes, 8), .data = bytes.subspan(FrameHeaderBytes)});
}

}  // namespace

ByteVector makeHandshake(double version)
{
    static_assert(sizeof version == HandshakeBytes);
    ByteVector bytes(HandshakeBytes);
    writeBigEndian(ByteSpan(bytes), 0, std::bit_cast<std::uint64_t>(version));
    return bytes;
}

ByteVector makeFrame(Command command, std::int32_t transaction, ByteView data)
{
    assert(data.size() <= MaxControlDataBytes);
    ByteVector frame(FrameHeaderBytes);
    frame.reserve(FrameHeaderBytes + data.size());
    writeFrameHeader(frame, command, transaction, data.size());
    frame.insert(frame.end(), data.begin(), data.end());
    return frame;
}

std::size_t writePacketHeader(ByteSpan buffer, std::size_t packetBytes)
{
    static_assert(FrameHeaderBytes <= PacketHeadroomBytes);
    assert(packetBytes <= net::MaxPacketBytes && buffer.size() >= PacketHeadroomBytes + packetBytes);
    constexpr std::size_t Offset = PacketHeadroomBytes - FrameHeaderBytes;
    writeFrameHeader(buffer.subspan(Offset), Command::Packet, 0, packetBytes);
    return Offset;
}

Result<std::optional<Item>> Decoder::next()
{
    if (m_isHandshakeOver)
        return m_assembler.next<Item>(
            LengthBytes, [this](ByteView header) { return frameBytes(header); }, parseFrame);
    const auto handshakeSize = [this](ByteView /*header*/) -> Result<std::size_t> { return m_handshakeBytes; };
    auto item = m_assembler.next<Item>(m_handshakeBytes, handshakeSize, parseHandshake);
    m_isHandshakeOver = item && *item;
    return item;
}

Result<std::size_t> Decoder::frameBytes(ByteView header) const
{
    const std::int32_t length = readInt32(header, 0);
    // Compared as it is on the wire: a negative length is never made a size.
    if (length < static_cast<std::int32_t>(MinBodyBytes)
        || length > static_cast<std::int32_t>(MinBodyBytes + m_maxDataBytes))
        return fail(ErrorCode::ProtocolViolation, "frame: body length " + std::to_string(length));
    return LengthBytes + static_cast<std::size_t>(length);
}

}  // namespace gvpn::protocol::v1
