// Runs /usr/sbin/nft with a ruleset on its input. Used by LinuxRunner; Qt event loop thread.
#pragma once

#include "base/result.h"

#include <QProcess>
#include <QTimer>

#include <functional>
#include <memory>

namespace gvpn::system {

class NftProcess {
public:
    using Done = std::function<void(Result<void>)>;

    NftProcess() = default;
    NftProcess(const NftProcess&) = delete;
    NftProcess& operator=(const NftProcess&) = delete;
    /// A run that is under way is killed; its done is not called.
    ~NftProcess();

    /// One run at a time. NotFound: nft is not installed. SystemFailure: also when no process can be started. TimedOut:
    /// whether the ruleset was loaded is not known.
    void run(const std::string& rulesetJson, Done done);

private:
    void finish(Result<void> result);

    std::unique_ptr<QProcess> m_process;
    std::unique_ptr<QTimer> m_deadline;
    Done m_done;
};

}  // namespace gvpn::system
