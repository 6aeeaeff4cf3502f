// How much went through a connection, for people: what the window and the tooltip show. A value.
#pragma once

#include <chrono>
#include <cstdint>

namespace gvpn::client {

/// Bytes since the connection was asked for; the round trip is the outer line's, 0: not known.
struct Traffic {
    std::uint64_t bytesUp = 0;
    std::uint64_t bytesDown = 0;
    std::chrono::microseconds roundTrip{0};
    [[nodiscard]] bool operator==(const Traffic&) const = default;
};

}  // namespace gvpn::client
