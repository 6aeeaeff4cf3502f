// Where packet frames leave by: one connection, whatever is spoken on it. Implementations: SecureLink (v2 in TLS),
// PlainLink (v1). The thread of its stream.
#pragma once

#include "base/byte_buffer.h"
#include "protocol/frame.h"

#include <span>

namespace gvpn::tunnel {

/// Frames travel in batches of about this size; figures of prototypes were best there, and clearly worse at 1 MB.
inline constexpr std::size_t BatchTargetBytes = 64 * 1024;
/// A last frame may begin just below the target.
inline constexpr std::size_t MaxBatchBytes = BatchTargetBytes + protocol::MaxPacketFrameBytes;
/// Parts that a batch may come in.
inline constexpr std::size_t MaxBatchParts = 64;

class PacketLink {
public:
    virtual ~PacketLink() = default;
    /// Whole packet frames in at most MaxBatchParts parts, together at most MaxBatchBytes; a part is sealed by itself
    /// and all leave by one write (v1: by one each). False: nothing was taken; there is no room and the link's observer
    /// is told when there is, or the link is over. The parts are not touched any more when the observer is told of the
    /// end.
    [[nodiscard]] virtual bool sendFrames(std::span<const ByteView> parts) = 0;
    [[nodiscard]] bool sendFrames(ByteView frames) { return sendFrames(std::span(&frames, 1)); }
    [[nodiscard]] virtual bool hasRoom() const = 0;
};

}  // namespace gvpn::tunnel
