// The reference protocol v1 on the wire: a handshake without a frame, then frames. Nothing is encrypted or
// authenticated. Pure; any thread. All integers are big-endian; the tables are in PROTOCOL.md.
//
//     handshake  client -> server  8 bytes: the version as an IEEE 754 double (1.0: 3F F0 00 00 00 00 00 00)
//                server -> client  1 byte: HandshakeReply
//     frame      both              int32 body length (8 or more) · body
//     body                         int32 command · int32 transaction id (0: none) · data
#pragma once

#include "base/byte_buffer.h"
#include "base/result.h"
#include "net/segment.h"
#include "protocol/frame_assembler.h"

#include <optional>
#include <variant>

namespace gvpn::protocol::v1 {

/// A TLS connection begins with this byte (RFC 8446, section 5.1: handshake); a v1 connection never does.
inline constexpr std::byte FirstByteOfTls{0x16};

inline constexpr double Version = 1.0;
inline constexpr std::size_t HandshakeBytes = 8;
inline constexpr std::size_t HandshakeReplyBytes = 1;
enum class HandshakeReply : std::uint8_t { UnknownError = 0, Success = 1, VersionMismatch = 2 };

enum class Command : std::int32_t { Callback = -1, Register = 1, Packet = 2 };

inline constexpr std::size_t FrameHeaderBytes = 12;  // length, command, transaction id
inline constexpr std::size_t MinBodyBytes = 8;
/// A registration has 16 bytes of data, its answer a short JSON object. Until packets are allowed nothing is larger.
inline constexpr std::size_t MaxControlDataBytes = 4096;

/// The client's or the server's first bytes.
struct Handshake {
    ByteSpan bytes;
};
struct Frame {
    std::int32_t command = 0;  // a Command, or one that this program doesn't know
    std::int32_t transaction = 0;
    ByteSpan data;
};
using Item = std::variant<Handshake, Frame>;

[[nodiscard]] ByteVector makeHandshake(double version);
/// A whole frame. data: at most MaxControlDataBytes.
[[nodiscard]] ByteVector makeFrame(Command command, std::int32_t transaction, ByteView data);

/// Writes the header of a Packet frame so that it ends where the packet begins. buffer holds
/// protocol::PacketHeadroomBytes of headroom and then packetBytes of packet. Returns the offset of the frame.
[[nodiscard]] std::size_t writePacketHeader(ByteSpan buffer, std::size_t packetBytes);

/// Cuts a stream into its handshake and frames, whatever the borders of the chunks are; like protocol::FrameDecoder.
class Decoder {
public:
    /// handshakeBytes: HandshakeBytes for what a client sends, HandshakeReplyBytes for what a server sends.
    explicit Decoder(std::size_t handshakeBytes)
        : m_handshakeBytes(handshakeBytes)
    {}
    /// The client is registered: from now on a body may hold a packet of net::MaxPacketBytes.
    void allowPackets() { m_maxDataBytes = net::MaxPacketBytes; }

    /// The next chunk; stays valid until next() has returned nothing. Precondition: the last chunk has been drained.
    void feed(ByteSpan chunk) { m_assembler.feed(chunk); }
    /// The handshake (once), then frames; nothing when more bytes are needed. ProtocolViolation (a length that is
    /// negative, below 8 or over the limit): the stream can't be used any more, and the error stays. What is returned
    /// lives until the next call.
    [[nodiscard]] Result<std::optional<Item>> next();
    /// Bytes kept for what is not whole yet.
    [[nodiscard]] std::size_t bufferedBytes() const { return m_assembler.bufferedBytes(); }

private:
    /// The size of the whole frame with this header, if it keeps the limits.
    [[nodiscard]] Result<std::size_t> frameBytes(ByteView header) const;

    FrameAssembler m_assembler;
    std::size_t m_handshakeBytes;
    std::size_t m_maxDataBytes = MaxControlDataBytes;
    bool m_isHandshakeOver = false;
};

}  // namespace gvpn::protocol::v1
