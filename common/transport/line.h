// The outer line: what the system knows about the one TCP connection that a tunnel runs in, and how it is told to treat
// it. Used by the queue and by the choice of the congestion control. Implementations: TcpLine, FakeLine (tests). Lives
// in its stream, in that one's thread.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace gvpn::transport {

/// The longest name of a congestion control (TCP_CA_NAME_MAX of Linux, without the zero).
inline constexpr std::size_t MaxCongestionNameBytes = 15;

/// Counters are those of the connection so far. The segments' are 32 bits wide in the kernel and begin anew: only the
/// difference of two readings, in their own type, means something.
struct LineInfo {
    std::chrono::microseconds roundTrip{0};     // smoothed; 0: not measured yet
    std::chrono::microseconds minRoundTrip{0};  // of the last minutes; 0: not measured yet
    std::chrono::microseconds roundTripVariation{0};
    std::uint32_t segmentsSent = 0;           // with data, each retransmission too
    std::uint32_t segmentsRetransmitted = 0;  // of these
    std::uint32_t segmentsDuplicated = 0;     // retransmitted though they had arrived (RFC 2883)
    std::uint64_t bytesSent = 0;              // retransmissions included
    std::uint64_t bytesRetransmitted = 0;     // of these
    std::uint64_t bytesReceived = 0;          // each byte once
    std::uint64_t bytesPerSecond = 0;         // delivered lately
    bool isApplicationLimited = false;        // bytesPerSecond: there was no more to send
    std::uint32_t unsentBytes = 0;            // written, and not sent for the first time yet
    std::uint32_t congestionWindow = 0;       // segments
    std::uint32_t slowStartThreshold = 0;     // segments; while the window is smaller, it doubles each round trip
    std::uint32_t unacknowledged = 0;         // segments
    std::uint32_t maxSegmentBytes = 0;        // of payload
    std::uint32_t pathMtu = 0;                // of the way to the peer, as far as it is known; 0: not known
};

class Line {
public:
    virtual ~Line() = default;
    /// Closed: the connection is over. Unsupported: the kernel tells too little.
    [[nodiscard]] virtual Result<LineInfo> info() const = 0;
    /// The stream says that there is room only while less than this is written and not sent yet (TCP_NOTSENT_LOWAT).
    [[nodiscard]] virtual Result<void> setUnsentLimit(std::uint32_t bytes) = 0;
    /// No more than about this waits here to be read (SO_RCVBUF; a process without rights gets no more than twice
    /// net.core.rmem_max). 0: what the kernel finds right, as at the beginning. Unsupported: the kernel could not take
    /// it back, so nothing was changed (before Linux 5.14).
    [[nodiscard]] virtual Result<void> setReceiveLimit(std::uint32_t bytes) = 0;
    [[nodiscard]] virtual Result<std::string> congestionControl() const = 0;
    /// Works on the running connection. PermissionDenied: this process may not choose it; Unsupported: the system
    /// doesn't have it. The context says so in words, which need the name before them: "is not permitted …".
    [[nodiscard]] virtual Result<void> setCongestionControl(std::string_view name) = 0;
    /// Another descriptor of the same socket, to be handed to somebody who may do with it what this process may not.
    [[nodiscard]] virtual Result<UniqueFd> duplicate() const = 0;
};

}  // namespace gvpn::transport
