// Connections of a thread that are being set up (handshake and login) and have something to read: they take turns, so
// that a crowd of them can't keep the packets of the others waiting. Shared by the links of a server's thread as a part
// of LinkContext; a client's is not paced. One thread.
#pragma once

#include "tunnel/handshake_budget.h"

#include <deque>
#include <functional>
#include <optional>

namespace gvpn::tunnel {

class HandshakeQueue {
public:
    class Waiter {
    public:
        /// Read and answer what is there. May call leave() for anybody, and enter().
        virtual void handshakeTurn() = 0;

    protected:
        ~Waiter() = default;
    };

    /// From now on links have to wait. wake: deadline() may be earlier than it was. stopwatch tells how long a step
    /// takes: not the time of the turn. Whoever calls this calls run() when deadline() has come.
    void pace(const HandshakePace& pace, const TimeSource& stopwatch, std::function<void()> wake);
    [[nodiscard]] bool isPaced() const { return m_pacing.has_value(); }

    /// Precondition: isPaced(), and it does not wait already. Those that have begun come first, but for one turn of
    /// four, so that what was done for them is not lost to their deadline.
    void enter(Waiter& waiter, bool hasBegun);
    /// It does not want its turn any more; one that does not wait is ignored.
    void leave(Waiter& waiter);
    /// Packets of established connections have come, from the network or the TUN.
    void notePackets(TimePoint now)
    {
        if (m_pacing)
            m_pacing->budget.notePackets(now);
    }
    /// As many turns as the budget allows.
    void run(TimePoint now);
    [[nodiscard]] TimePoint deadline() const;

private:
    struct Pacing {
        HandshakeBudget budget;
        const TimeSource& stopwatch;
        std::function<void()> wake;
    };

    [[nodiscard]] bool isEmpty() const { return m_begun.empty() && m_fresh.empty(); }
    [[nodiscard]] Waiter& takeNext();

    std::optional<Pacing> m_pacing;
    std::deque<Waiter*> m_begun;
    std::deque<Waiter*> m_fresh;
    std::uint64_t m_turns = 0;
};

}  // namespace gvpn::tunnel
