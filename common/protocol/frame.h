// The v2 frame: how control messages and packets follow each other in the TLS stream. Pure; any thread.
//
//     offset  bytes  field
//     0       4      length of type and body, big-endian: 1 .. limit of the type
//     4       1      type: FrameType
//     5       …      body
//
// Body of Control: one CBOR map (messages.h). Body of Packet: one IP packet. Body of Segment: the segment header
//     0  1  SegmentType · 1  1  flags (1: needs checksum, 2: congestion marked; others must be 0) · 2  2  header bytes
//     4  2  segment bytes · 6  2  checksum start · 8  2  checksum offset
// and then one IP packet.
#pragma once

#include "base/result.h"
#include "net/segment.h"
#include "protocol/frame_assembler.h"

namespace gvpn::protocol {

enum class FrameType : std::uint8_t { Control = 1, Packet = 2, Segment = 3 };

inline constexpr std::size_t FrameHeaderBytes = 5;
inline constexpr std::size_t SegmentHeaderBytes = 10;
/// Before the login a frame's body may have this size, and only Control exists.
inline constexpr std::size_t MaxControlBytesBeforeLogin = 4096;
/// 256 routes, resolvers and names fit well into it.
inline constexpr std::size_t MaxControlBytes = 16384;
inline constexpr std::size_t MaxPacketFrameBytes = FrameHeaderBytes + SegmentHeaderBytes + net::MaxPacketBytes;

/// Space to leave before a packet so that writePacketHeader() fits in front of it.
inline constexpr std::size_t PacketHeadroomBytes = FrameHeaderBytes + SegmentHeaderBytes;

/// Writes the frame header (and the segment header unless the packet is plain) so that it ends where the packet begins.
/// buffer holds PacketHeadroomBytes of headroom and then packetBytes of packet. Returns the offset of the frame.
[[nodiscard]] std::size_t writePacketHeader(ByteSpan buffer, std::size_t packetBytes,
                                            const net::SegmentHeader& segment);

/// A whole control frame around a body of at most MaxControlBytes.
[[nodiscard]] ByteVector makeControlFrame(ByteView body);

struct Frame {
    FrameType type = FrameType::Control;
    ByteSpan body;               // Segment: the packet without the segment header
    net::SegmentHeader segment;  // Segment only; its values are not validated against the packet yet
};

/// Cuts a stream into frames, whatever the borders of the chunks are (what it keeps: FrameAssembler).
class FrameDecoder {
public:
    /// Starts with the limits before the login.
    FrameDecoder() = default;
    /// The login went through: from now on control bodies may have MaxControlBytes (the address reply needs them).
    void allowLargeControl() { m_maxControlBytes = MaxControlBytes; }
    /// The address is there: from now on packets are allowed too.
    void allowPackets()
    {
        allowLargeControl();
        m_arePacketsAllowed = true;
    }

    /// The next chunk. It must stay valid until next() has returned nothing (it may be modified: bodies are handed out
    /// for in-place work). Precondition: the last chunk has been drained like that.
    void feed(ByteSpan chunk) { m_assembler.feed(chunk); }
    /// The next frame, nothing when more bytes are needed, or ProtocolViolation (length 0 or over the limit, unknown
    /// type, packets too early, bad segment header): the stream can't be used any more, and the error stays. The frame
    /// lives until the next call.
    [[nodiscard]] Result<std::optional<Frame>> next();

    /// Bytes kept for a frame that is not whole yet.
    [[nodiscard]] std::size_t bufferedBytes() const { return m_assembler.bufferedBytes(); }

private:
    /// The size of the whole frame with this header, if it keeps the limits.
    [[nodiscard]] Result<std::size_t> frameBytes(ByteView header) const;

    FrameAssembler m_assembler;
    std::size_t m_maxControlBytes = MaxControlBytesBeforeLogin;
    bool m_arePacketsAllowed = false;
};

}  // namespace gvpn::protocol
