// The NetworkConfigurator that changes this computer, in this process: needs CAP_NET_ADMIN. Used by the composition
// roots of server, command-line client and helper. Qt event loop thread.
#pragma once

#include "system/journaled_runner.h"
#include "system/leftovers.h"
#include "system/linux_runner.h"
#include "system/planned_configurator.h"

namespace gvpn::system {

class LinuxConfigurator final : public NetworkConfigurator {
public:
    /// Changes nothing yet. The first apply() cleans up what killed programs left. Two configurators may live in one
    /// process. One that is destroyed without clear() leaves its changes behind until its process has ended.
    [[nodiscard]] static Result<std::unique_ptr<LinuxConfigurator>>
    create(const std::string& runDirectory = std::string(DefaultRunDirectory),
           PlannedConfigurator::SnapshotSource readSnapshot = readNetworkSnapshot);

    void apply(const NetworkConfig& config, Done done) override { m_planned.apply(config, std::move(done)); }
    void clear(Done done) override { m_planned.clear(std::move(done)); }

private:
    struct Parts {
        RunDirectory directory;
        Holder self;
        std::unique_ptr<LinuxRunner> runner;
        PlannedConfigurator::SnapshotSource readSnapshot;
    };
    explicit LinuxConfigurator(Parts parts);
    void cleanUp(const std::function<void()>& ready);

    RunDirectory m_directory;
    SwitchLedger m_ledger;
    std::unique_ptr<LinuxRunner> m_runner;
    JournaledRunner m_journaled;
    bool m_isCleanedUp = false;
    PlannedConfigurator m_planned;
};

/// For a "cleanup" command: cleanUpLeftovers() with the real runner.
void cleanUpLeftovers(const std::string& runDirectory, std::function<void(Result<CleanupReport>)> done);

}  // namespace gvpn::system
