// Runs /usr/sbin/nft with a ruleset on its input. Used by LinuxRunner; Qt event loop thread.
#pragma once

#include "base/result.h"

#include <QProcess>
#include <QTimer>

#include <functional>
#include <memory>

namespace gvpn::system {

inline constexpr const char* NftProgram = "/usr/sbin/nft";

class NftProcess {
public:
    using Done = std::function<void(Result<void>)>;

    NftProcess() = default;
    NftProcess(const NftProcess&) = delete;
    NftProcess& operator=(const NftProcess&) = delete;
    /// A run that is under way is killed; its done is not called.
    ~NftProcess();

    enum class Missing { Fails, IsFine };
    /// One run at a time. NotFound: nft is not installed. SystemFailure: also when no process can be started. TimedOut:
    /// whether the ruleset was loaded is not known. Missing: what the ruleset deletes; nothing is changed then.
    void run(const std::string& rulesetJson, Done done, Missing missing = Missing::Fails);

private:
    void finish(Result<void> result);

    std::unique_ptr<QProcess> m_process;
    std::unique_ptr<QTimer> m_deadline;
    Missing m_missing = Missing::Fails;
    Done m_done;
};

}  // namespace gvpn::system
