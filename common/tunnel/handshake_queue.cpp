#include "tunnel/handshake_queue.h"

#include <cassert>
#include <utility>

namespace gvpn::tunnel {

namespace {

/// One turn of so many goes to the newcomers in any case: some who send their handshakes byte by byte must not keep
/// everybody else out.
constexpr std::uint64_t TurnsOfBegun = 4;

}  // namespace

void HandshakeQueue::pace(const HandshakePace& pace, const TimeSource& stopwatch, std::function<void()> wake)
{
    m_pacing.emplace(Pacing{HandshakeBudget(pace), stopwatch, std::move(wake)});
}

void HandshakeQueue::enter(Waiter& waiter, bool hasBegun)
{
    assert(m_pacing);
    const bool wasEmpty = isEmpty();
    (hasBegun ? m_begun : m_fresh).push_back(&waiter);
    if (wasEmpty)
        m_pacing->wake();
}

void HandshakeQueue::leave(Waiter& waiter)
{
    if (std::erase(m_begun, &waiter) == 0)
        std::erase(m_fresh, &waiter);
}

void HandshakeQueue::run(TimePoint now)
{
    while (!isEmpty() && m_pacing->budget.isOpen(now)) {
        const TimePoint started = m_pacing->stopwatch.now();
        takeNext().handshakeTurn();
        m_pacing->budget.spend(now, m_pacing->stopwatch.now() - started);
    }
}

TimePoint HandshakeQueue::deadline() const
{
    return isEmpty() ? Never : m_pacing->budget.opensAt();
}

HandshakeQueue::Waiter& HandshakeQueue::takeNext()
{
    const bool isFreshTurn = ++m_turns % TurnsOfBegun == 0 && !m_fresh.empty();
    std::deque<Waiter*>& first = m_begun.empty() || isFreshTurn ? m_fresh : m_begun;
    Waiter& waiter = *first.front();
    first.pop_front();
    return waiter;
}

}  // namespace gvpn::tunnel
