#include "system/recording_configurator.h"

namespace gvpn::system {

void RecordingConfigurator::apply(const NetworkConfig& config, Done done)
{
    m_goals.push_back(config);
    const auto answer = [this, config, done] {
        if (m_applyResult)
            m_current = config;
        done(m_applyResult);
    };
    hold({true, answer, done});
}

void RecordingConfigurator::clear(Done done)
{
    ++m_clearCount;
    while (!m_held.empty() && m_held.front().isApply) {
        const Held held = std::move(m_held.front());
        m_held.pop_front();
        held.done(fail(ErrorCode::Closed, "the network is put back"));
    }
    const auto answer = [this, done] {
        if (m_clearResult)
            m_current.reset();
        done(m_clearResult);
    };
    hold({false, answer, done});
}

bool RecordingConfigurator::answerOne()
{
    if (m_held.empty())
        return false;
    const Held held = std::move(m_held.front());
    m_held.pop_front();
    held.answer();
    return true;
}

void RecordingConfigurator::hold(Held held)
{
    if (m_holdsAnswers)
        m_held.push_back(std::move(held));
    else
        held.answer();
}

}  // namespace gvpn::system
