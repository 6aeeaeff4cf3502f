#include "tunnel/codel.h"

#include <cmath>

namespace gvpn::tunnel {

namespace {

/// With so little left there is no standing queue (RFC 8289 section 5.2.1): one packet of an ordinary line.
constexpr std::size_t OnePacketBytes = 1514;
/// A new spell within so many intervals goes on with the rate of the last one (RFC 8289 section 5.4).
constexpr int RememberedIntervals = 16;

}  // namespace

bool Codel::shouldDrop(Clock::duration waited, std::size_t backlogBytes, const CodelLimits& limits, TimePoint now)
{
    if (!isWaitTooLong(waited, backlogBytes, limits, now)) {
        m_isDropping = false;
        return false;
    }
    if (m_isDropping) {
        if (now < m_next)
            return false;
        ++m_count;
        scheduleNext(m_next, limits);
        return true;
    }
    m_isDropping = true;
    const std::uint32_t delta = m_count - m_lastCount;
    const bool wasRecent = now - m_next < RememberedIntervals * limits.interval;
    m_count = delta > 1 && wasRecent ? delta : 1;
    m_lastCount = m_count;
    scheduleNext(now, limits);
    return true;
}

void Codel::noteEmpty()
{
    m_aboveUntil = {};
    m_isDropping = false;
}

bool Codel::isWaitTooLong(Clock::duration waited, std::size_t backlogBytes, const CodelLimits& limits, TimePoint now)
{
    if (waited < limits.target || backlogBytes <= OnePacketBytes) {
        m_aboveUntil = {};
        return false;
    }
    if (m_aboveUntil == TimePoint{}) {
        m_aboveUntil = now + limits.interval;
        return false;
    }
    return now >= m_aboveUntil;
}

void Codel::scheduleNext(TimePoint from, const CodelLimits& limits)
{
    const double interval = static_cast<double>(limits.interval.count()) / std::sqrt(static_cast<double>(m_count));
    m_next = from + Clock::duration(static_cast<Clock::rep>(interval));
}

}  // namespace gvpn::tunnel
