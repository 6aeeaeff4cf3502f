#include "system/linux_configurator.h"

#include "system/logging.h"

namespace gvpn::system {

namespace {

const std::string SysctlRoot = "/proc/sys/net";

void logReport(const CleanupReport& report)
{
    for (const std::string& undone : report.undone)
        qCInfo(logSystem) << "put back what a killed program left:" << undone.c_str();
    for (const std::string& failure : report.failures)
        qCWarning(logSystem) << "can't put back what a killed program left:" << failure.c_str();
}

}  // namespace

Result<std::unique_ptr<LinuxConfigurator>> LinuxConfigurator::create(const std::string& runDirectory,
                                                                     PlannedConfigurator::SnapshotSource readSnapshot)
{
    auto directory = RunDirectory::locate(runDirectory);
    if (!directory)
        return fail(directory.error());
    const Holder self = Holder::makeOwn();
    auto runner = LinuxRunner::create(SwitchLedger(*directory, SysctlRoot, self));
    if (!runner)
        return fail(runner.error());
    return std::unique_ptr<LinuxConfigurator>(
        new LinuxConfigurator({std::move(*directory), self, std::move(*runner), std::move(readSnapshot)}));
}

LinuxConfigurator::LinuxConfigurator(Parts parts)
    : m_directory(parts.directory)
    , m_ledger(parts.directory, SysctlRoot, parts.self)
    , m_runner(std::move(parts.runner))
    , m_journaled(*m_runner, Journal(parts.directory, parts.self))
    , m_planned(
          m_journaled,
          [this, readSnapshot = std::move(parts.readSnapshot)] {
              auto snapshot = readSnapshot();
              if (snapshot)
                  m_ledger.restoreOriginals(*snapshot);
              return snapshot;
          },
          [this](const std::function<void()>& ready) { cleanUp(ready); })
{}

void LinuxConfigurator::cleanUp(const std::function<void()>& ready)
{
    if (std::exchange(m_isCleanedUp, true)) {
        ready();
        return;
    }
    cleanUpLeftovers(m_directory, m_ledger, *m_runner, [ready](const Result<CleanupReport>& report) {
        if (report)
            logReport(*report);
        else
            qCWarning(logSystem) << "can't look for what killed programs left:" << report.error().context.c_str();
        ready();
    });
}

void cleanUpLeftovers(const std::string& runDirectory, std::function<void(Result<CleanupReport>)> done)
{
    const auto directory = RunDirectory::locate(runDirectory);
    if (!directory) {
        done(fail(directory.error()));
        return;
    }
    const SwitchLedger ledger(*directory, SysctlRoot, Holder::makeOwn());
    auto created = LinuxRunner::create(ledger);
    if (!created) {
        done(fail(created.error()));
        return;
    }
    const std::shared_ptr<LinuxRunner> runner = std::move(*created);
    cleanUpLeftovers(*directory, ledger, *runner,
                     [runner, done = std::move(done)](Result<CleanupReport> report) { done(std::move(report)); });
}

}  // namespace gvpn::system
