// Is the peer still there: pings when nothing was received for an interval, and says when it is dead. Pure; one thread.
#pragma once

#include "base/clock.h"

#include <cstdint>
#include <optional>

namespace gvpn::protocol {

class Keepalive {
public:
    /// A ping after `interval` without a received byte (and then each interval); dead after deadAfter() of silence:
    /// 2.5 intervals, but at least 5 s. With the default of 10 s that is 25 s.
    Keepalive(Duration interval, TimePoint now);

    /// Any bytes came from the peer. Called once a wake-up.
    void received(TimePoint now) { m_lastReceived = now; }
    /// The answer to one of our pings: the round-trip time, if the id is the last one's.
    [[nodiscard]] std::optional<Duration> pong(std::uint64_t id, TimePoint now);

    enum class Verdict { Nothing, SendPing, Dead };
    /// To be called when deadline() has come (or earlier). SendPing: send Ping{lastPingId()}.
    [[nodiscard]] Verdict tick(TimePoint now);
    [[nodiscard]] std::uint64_t lastPingId() const { return m_pingId; }
    [[nodiscard]] TimePoint deadline() const;
    [[nodiscard]] Duration deadAfter() const;

private:
    [[nodiscard]] TimePoint nextPing() const;

    Duration m_interval;
    TimePoint m_lastReceived;
    TimePoint m_lastPing;
    std::uint64_t m_pingId = 0;
    bool m_isPingOpen = false;
};

}  // namespace gvpn::protocol
