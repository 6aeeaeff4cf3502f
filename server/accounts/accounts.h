// The accounts of a running server: the database and the gatekeeper in a thread of their own, the hash workers beside
// it. Questions come from any thread; every answer is called in the accounts' thread and hands itself on.
#pragma once

#include "accounts/gatekeeper.h"

#include <atomic>
#include <memory>

namespace gvpn::accounts {

class Accounts {
public:
    struct Config {
        std::string databasePath;
        WallTime time;
        GatekeeperConfig gatekeeper;
    };
    /// Opens (or makes) the database before it returns: see AccountStore::open. Starts the threads.
    [[nodiscard]] static Result<std::unique_ptr<Accounts>> open(Config config);
    /// Waits for what runs; what waits is dropped without an answer.
    ~Accounts();

    /// `answer` is called once, unless the accounts are destroyed before. ServerBusy at once, in the calling thread, if
    /// too much waits.
    void judge(LoginQuestion question, std::function<void(const LoginVerdict&)> answer);
    /// Anything else, in order with everything else. Dropped if the accounts are being destroyed.
    void run(std::function<void(AccountStore& store, Gatekeeper& gatekeeper)> task);

private:
    /// Logins that may wait for the accounts' thread; each waits for the disk a few times.
    static constexpr std::size_t MaxWaiting = 1024;

    explicit Accounts(Config config);
    [[nodiscard]] Result<void> openStore();
    void tidyUp();
    void post(std::function<void()> task);

    Config m_config;
    std::unique_ptr<AccountStore> m_store;  // touched by m_thread only, as are the next two
    std::unique_ptr<Gatekeeper> m_gatekeeper;
    UnixTime m_tidiedAt{};
    std::atomic<std::size_t> m_waiting = 0;  // logins
    std::atomic<bool> m_isClosing = false;
    program::TaskThreads m_hashers;
    program::TaskThreads m_thread;
};

}  // namespace gvpn::accounts
