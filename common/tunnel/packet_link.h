// Where packet frames leave by: one connection, whatever is spoken on it. Implementations: SecureLink (v2 in TLS),
// PlainLink (v1). The thread of its stream.
#pragma once

#include "base/byte_buffer.h"

namespace gvpn::tunnel {

class PacketLink {
public:
    virtual ~PacketLink() = default;
    /// Whole packet frames, at most MaxBatchBytes. False: nothing was taken; there is no room and the link's observer
    /// is told when there is, or the link is over.
    [[nodiscard]] virtual bool sendFrames(ByteView frames) = 0;
    [[nodiscard]] virtual bool hasRoom() const = 0;
};

}  // namespace gvpn::tunnel
