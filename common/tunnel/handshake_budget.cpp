#include "tunnel/handshake_budget.h"

#include <algorithm>

namespace gvpn::tunnel {

bool HandshakeBudget::isOpen(TimePoint now) const
{
    if (now == m_turn && m_steps >= m_pace.stepsPerTurn)
        return false;
    return now >= opensAt();
}

void HandshakeBudget::spend(TimePoint now, Clock::duration cost)
{
    m_steps = now == m_turn ? m_steps + 1 : 1;
    m_turn = now;
    const Clock::duration counted = std::min<Clock::duration>(cost, m_pace.longestStep);
    m_restUntil = std::max(m_restUntil, now) + (1 + m_pace.restFactor) * counted;
}

TimePoint HandshakeBudget::opensAt() const
{
    return std::min(m_restUntil, m_calmFrom);
}

}  // namespace gvpn::tunnel
