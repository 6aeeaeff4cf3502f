// How much of a thread's time goes to connections that are being set up: all of it while nothing else is to be done, a
// share of it while packets flow. Part of HandshakeQueue. Pure; one thread.
#pragma once

#include "base/clock.h"

namespace gvpn::tunnel {

struct HandshakePace {
    /// While packets flow, a step is followed by so many times its own length without one. 3 leaves three quarters of
    /// the thread's time to the packets.
    unsigned restFactor = 3;
    /// Packets flow until so long after the last one.
    Duration calm{10};
    /// Also when none flow: the first packet of a sleeping client waits for so many steps at most (some 0.5 ms each).
    unsigned stepsPerTurn = 4;
    /// A step that seems to have taken longer was interrupted by other programs; that is not its fault.
    Duration longestStep{5};
};

class HandshakeBudget {
public:
    explicit HandshakeBudget(const HandshakePace& pace)
        : m_pace(pace)
    {}

    void notePackets(TimePoint now) { m_calmFrom = now + m_pace.calm; }
    /// Another step may be made in the turn that began at `now`.
    [[nodiscard]] bool isOpen(TimePoint now) const;
    /// A step of that turn took so long.
    void spend(TimePoint now, Clock::duration cost);
    /// From when on isOpen() may be true: in a later turn, if not later than the present one's beginning.
    [[nodiscard]] TimePoint opensAt() const;

private:
    HandshakePace m_pace;
    TimePoint m_calmFrom{};
    TimePoint m_restUntil{};
    TimePoint m_turn{};    // its beginning
    unsigned m_steps = 0;  // of that turn
};

}  // namespace gvpn::tunnel
