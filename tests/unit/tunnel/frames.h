// For the tests of this folder: frames of a batch, read back by the decoder that a peer uses.
#pragma once

#include "protocol/frame.h"
#include "support/packets.h"

#include <optional>
#include <vector>

namespace gvpn::tunnel::test {

struct PacketFrame {
    protocol::FrameType type = protocol::FrameType::Control;
    net::SegmentHeader segment;
    ByteVector bytes;

    [[nodiscard]] bool operator==(const PacketFrame&) const = default;
};

/// Nothing if the bytes are not whole packet frames.
inline std::optional<std::vector<PacketFrame>> decodeFrames(ByteView frames)
{
    ByteVector copy(frames.begin(), frames.end());
    protocol::FrameDecoder decoder;
    decoder.allowPackets();
    decoder.feed(copy);
    std::vector<PacketFrame> out;
    while (true) {
        const auto frame = decoder.next();
        if (!frame)
            return std::nullopt;
        if (!*frame)
            return decoder.bufferedBytes() == 0 ? std::optional(out) : std::nullopt;
        out.push_back({(*frame)->type, (*frame)->segment, ByteVector((*frame)->body.begin(), (*frame)->body.end())});
    }
}

}  // namespace gvpn::tunnel::test
