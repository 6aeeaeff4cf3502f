// A NetworkConfigurator for tests: records the goals, answers with what it was given, at once or when told to.
#pragma once

#include "system/network_configurator.h"

#include <deque>

namespace gvpn::system {

class RecordingConfigurator final : public NetworkConfigurator {
public:
    void apply(const NetworkConfig& config, Done done) override;
    /// An apply that waits for its answer gets Closed.
    void clear(Done done) override;

    /// For all later calls; success at first.
    void setApplyResult(Result<void> result) { m_applyResult = std::move(result); }
    void setClearResult(Result<void> result) { m_clearResult = std::move(result); }
    /// From now on nothing ends before answerOne().
    void holdAnswers() { m_holdsAnswers = true; }
    /// False when nothing waits for an answer.
    bool answerOne();

    /// Every goal that was asked for, the failed ones too.
    [[nodiscard]] const std::vector<NetworkConfig>& goals() const { return m_goals; }
    [[nodiscard]] std::size_t clearCount() const { return m_clearCount; }
    /// The goal that is in force.
    [[nodiscard]] const std::optional<NetworkConfig>& current() const { return m_current; }

private:
    struct Held {
        bool isApply = false;
        std::function<void()> answer;
        Done done;
    };
    void hold(Held held);

    Result<void> m_applyResult;
    Result<void> m_clearResult;
    bool m_holdsAnswers = false;
    std::vector<NetworkConfig> m_goals;
    std::size_t m_clearCount = 0;
    std::optional<NetworkConfig> m_current;
    std::deque<Held> m_held;
};

}  // namespace gvpn::system
