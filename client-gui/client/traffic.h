// How much went through a connection, for people: what the window and the tooltip show. A value.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gvpn::client {

struct DroppedPackets {
    std::string_view reason;  // tunnel::dropReasonName()
    std::uint64_t count = 0;
    [[nodiscard]] bool operator==(const DroppedPackets&) const = default;
};

/// Bytes and drops since the connection was asked for; the round trip is the outer line's, 0: not known.
struct Traffic {
    std::uint64_t bytesUp = 0;
    std::uint64_t bytesDown = 0;
    std::chrono::microseconds roundTrip{0};
    std::string congestion{};             // the control that the outer line has; empty: not known
    std::vector<DroppedPackets> drops{};  // only what happened
    [[nodiscard]] bool operator==(const Traffic&) const = default;
};

}  // namespace gvpn::client
