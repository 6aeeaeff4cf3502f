// The form in which a peer takes packets: what it can do with segments, and which protocol's frames go around them.
// Value; any thread.
#pragma once

#include "net/segment.h"

namespace gvpn::tunnel {

enum class Framing : std::uint8_t { V1, V2 };

struct PacketForm {
    net::SegmentSupport takes;  // V1: none
    Framing framing = Framing::V2;
    [[nodiscard]] bool operator==(const PacketForm&) const = default;
};

}  // namespace gvpn::tunnel
