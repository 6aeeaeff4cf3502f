// The NetworkConfigurator that plans from a snapshot and does the plan step by step through an OperationRunner. Used by
// LinuxConfigurator, and with RecordingRunner in tests. Qt event loop thread.
#pragma once

#include "system/network_configurator.h"
#include "system/operation.h"

#include <memory>

namespace gvpn::system {

class PlannedConfigurator final : public NetworkConfigurator {
public:
    using SnapshotSource = std::function<Result<NetworkSnapshot>()>;
    /// Runs at the start of each apply and calls what it is given, once, when the snapshot can be taken.
    using Preparation = std::function<void(std::function<void()> ready)>;

    /// The runner must outlive it. Destroyed without clear(), what was applied stays.
    PlannedConfigurator(OperationRunner& runner, SnapshotSource readSnapshot, Preparation prepare = {});

    void apply(const NetworkConfig& config, Done done) override;
    void clear(Done done) override;

    /// What is in force, in the order in which it was done.
    [[nodiscard]] const std::vector<Operation>& applied() const { return m_applied; }

private:
    enum class Activity {
        Idle,
        Preparing,    // waits for the preparation
        Applying,     // waits for a step
        RollingBack,  // waits for a step that takes another back, after a failure
        Clearing,     // waits for a step that undoes
    };
    struct Perform {
        Operation operation;
    };
    struct Undo {
        Operation operation;
    };
    /// Performs in place: the same table with other rules is never gone in between.
    struct Replace {
        Operation operation;
        Operation previous;
    };
    using Step = std::variant<Perform, Undo, Replace>;

    void plan();
    [[nodiscard]] std::vector<Step> stepsTo(const std::vector<Operation>& wanted) const;
    static void appendChange(const std::vector<AddAddress>& leaving, const AddAddress& coming,
                             std::vector<Step>& steps);
    void run();
    void start(const Step& step);
    void stepEnded(Result<void> result);
    void complete(const Result<void>& result);
    void record(const Step& step);
    void rollBack(Error error);
    void startClearing();
    void finish();
    [[nodiscard]] static Step inverse(const Step& step);
    [[nodiscard]] std::string describeStep(const Step& step) const;

    OperationRunner& m_runner;
    SnapshotSource m_readSnapshot;
    Preparation m_prepare;

    Activity m_activity = Activity::Idle;
    std::string m_interfaceName;
    NetworkConfig m_goal;
    std::vector<Operation> m_wanted;
    std::vector<Operation> m_applied;
    std::vector<Operation> m_appliedBefore;  // when the apply began
    std::vector<Step> m_steps;
    std::size_t m_next = 0;
    bool m_isStarting = false;            // a step may end before the call that starts it returns
    std::optional<Result<void>> m_ended;  // how it did
    Result<void> m_outcome;               // the first failure
    Done m_applyDone;
    std::vector<Done> m_clearDones;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

}  // namespace gvpn::system
