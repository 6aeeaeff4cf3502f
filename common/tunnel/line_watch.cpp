#include "tunnel/line_watch.h"

#include <utility>

namespace gvpn::tunnel {

LineWatch::LineWatch(Parts parts)
    : m_parts(std::move(parts))
    , m_choice(m_parts.mode, running())
{
    m_status = m_parts.line != nullptr ? CongestionStatus{running(), m_choice.reasonToStay()}
                                       : CongestionStatus{{}, "this connection is none of TCP"};
}

void LineWatch::start(TimePoint now)
{
    if (m_parts.line == nullptr)
        return;
    m_nextLook = now + LookInterval;
    if (auto info = m_parts.line->info()) {
        m_info = *info;
        m_tuner.observe(*info);
    }
    limitWaiting();
    if (const auto wanted = m_choice.atStart())
        switchTo(*wanted);
}

bool LineWatch::lookNow(TimePoint now)
{
    m_nextLook = now + LookInterval;
    auto info = m_parts.line->info();
    // The connection has ended, which its stream tells, or the kernel is too old to know.
    if (!info)
        return false;
    m_info = *info;
    m_tuner.observe(*info);
    limitWaiting();
    if (const auto wanted = m_choice.observe(*info))
        switchTo(*wanted);
    return true;
}

void LineWatch::limitWaiting()
{
    // A kernel that can't be told has more waiting than it should; everything works.
    if (m_tuner.tuning().unsentBytes != std::exchange(m_unsentLimit, m_tuner.tuning().unsentBytes))
        static_cast<void>(m_parts.line->setUnsentLimit(m_unsentLimit));
    if (m_tuner.tuning().receiveBytes != std::exchange(m_receiveLimit, m_tuner.tuning().receiveBytes))
        static_cast<void>(m_parts.line->setReceiveLimit(m_receiveLimit));
}

void LineWatch::switchTo(const CongestionSwitch& wanted)
{
    m_parts.setter.set(*m_parts.line, wanted.name, [this, wanted, alive = std::weak_ptr(m_alive)](const auto& result) {
        if (!alive.expired())
            onAnswer(wanted, result);
    });
}

void LineWatch::onAnswer(const CongestionSwitch& wanted, const Result<void>& result)
{
    m_status = {running(), wanted.reason, !result};
    if (!result)
        m_status.reason = wanted.name + ' ' + result.error().context;
    if (m_parts.changed)
        m_parts.changed();
}

std::string LineWatch::running() const
{
    return m_parts.line != nullptr ? m_parts.line->congestionControl().value_or(std::string()) : std::string();
}

}  // namespace gvpn::tunnel
