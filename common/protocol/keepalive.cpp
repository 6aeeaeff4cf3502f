#include "protocol/keepalive.h"

#include <algorithm>

namespace gvpn::protocol {

namespace {

// Below this a short stall of a mobile line would count as the peer's death.
constexpr Duration MinDeadAfter{5'000};

}  // namespace

Keepalive::Keepalive(Duration interval, TimePoint now)
    : m_interval(interval)
    , m_lastReceived(now)
    , m_lastPing(now)
{}

std::optional<Duration> Keepalive::pong(std::uint64_t id, TimePoint now)
{
    if (!m_isPingOpen || id != m_pingId)
        return {};
    m_isPingOpen = false;
    return std::chrono::duration_cast<Duration>(now - m_lastPing);
}

Keepalive::Verdict Keepalive::tick(TimePoint now)
{
    if (now - m_lastReceived >= deadAfter())
        return Verdict::Dead;
    if (now < nextPing())
        return Verdict::Nothing;
    ++m_pingId;
    m_lastPing = now;
    m_isPingOpen = true;
    return Verdict::SendPing;
}

TimePoint Keepalive::deadline() const
{
    return std::min(nextPing(), m_lastReceived + deadAfter());
}

Duration Keepalive::deadAfter() const
{
    return std::max(m_interval * 5 / 2, MinDeadAfter);
}

TimePoint Keepalive::nextPing() const
{
    return std::max(m_lastReceived, m_lastPing) + m_interval;
}

}  // namespace gvpn::protocol
