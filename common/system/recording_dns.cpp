#include "system/recording_dns.h"

#include <utility>

namespace gvpn::system {

void RecordingDns::apply(unsigned linkIndex, const DnsConfig& config, Done done)
{
    abandon();
    if (config.isEmpty()) {
        takeBack();
        done(DnsOutcome::InForce);
        return;
    }
    const Goal goal{linkIndex, config};
    if (m_current == goal) {
        done(DnsOutcome::InForce);
        return;
    }
    m_goals.push_back(goal);
    const auto answer = [this, goal, done] {
        m_current.reset();
        if (m_outcome && *m_outcome == DnsOutcome::InForce)
            m_current = goal;
        done(m_outcome);
    };
    answerWhenAllowed(answer, done);
}

void RecordingDns::clear(Cleared done)
{
    abandon();
    takeBack();
    answerWhenAllowed([this, done] { done(m_clearResult); }, {});
}

bool RecordingDns::answer()
{
    const auto held = std::exchange(m_held, {});
    m_abandoned = {};
    if (held)
        held();
    return static_cast<bool>(held);
}

void RecordingDns::takeBack()
{
    m_takenBack += m_current ? 1 : 0;
    m_current.reset();
}

void RecordingDns::abandon()
{
    m_held = {};
    if (const auto abandoned = std::exchange(m_abandoned, {}))
        abandoned(fail(ErrorCode::Closed, "other settings took its place"));
}

void RecordingDns::answerWhenAllowed(std::function<void()> answer, Done abandoned)
{
    if (!m_holdsAnswers) {
        answer();
        return;
    }
    m_held = std::move(answer);
    m_abandoned = std::move(abandoned);
}

}  // namespace gvpn::system
