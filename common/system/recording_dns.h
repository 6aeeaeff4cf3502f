// A DnsConfigurator for tests: records the goals, answers with what it was given, at once or when told to.
#pragma once

#include "system/dns_configurator.h"

#include <optional>

namespace gvpn::system {

class RecordingDns final : public DnsConfigurator {
public:
    struct Goal {
        unsigned linkIndex = 0;
        DnsConfig config;
        [[nodiscard]] bool operator==(const Goal&) const = default;
    };

    void apply(unsigned linkIndex, const DnsConfig& config, Done done) override;
    void clear(Cleared done) override;

    /// For all later calls; InForce at first.
    void setOutcome(Result<DnsOutcome> outcome) { m_outcome = std::move(outcome); }
    void setClearResult(Result<void> result) { m_clearResult = std::move(result); }
    /// From now on no apply and no clear ends before answer().
    void holdAnswers() { m_holdsAnswers = true; }
    /// False when nothing waits for an answer.
    bool answer();

    /// Every goal that was not empty, the failed ones too.
    [[nodiscard]] const std::vector<Goal>& goals() const { return m_goals; }
    /// How often something that was in force was taken back.
    [[nodiscard]] std::size_t takenBack() const { return m_takenBack; }
    /// The goal that is in force.
    [[nodiscard]] const std::optional<Goal>& current() const { return m_current; }

private:
    void takeBack();
    void abandon();
    void answerWhenAllowed(std::function<void()> answer, Done abandoned);

    Result<DnsOutcome> m_outcome = DnsOutcome::InForce;
    Result<void> m_clearResult;
    bool m_holdsAnswers = false;
    std::function<void()> m_held;
    Done m_abandoned;  // of an apply that waits
    std::vector<Goal> m_goals;
    std::size_t m_takenBack = 0;
    std::optional<Goal> m_current;
};

}  // namespace gvpn::system
