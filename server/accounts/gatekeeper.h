// Decides about logins: a device key that is enrolled, an invite, a password; and bans who guesses. Lives in the
// accounts' thread; hashes are made by other threads, which post their result back.
#pragma once

#include "accounts/account_store.h"
#include "accounts/guess_ledger.h"
#include "accounts/password_hash.h"
#include "net/endpoint.h"
#include "program/task_threads.h"
#include "protocol/messages.h"

#include <map>

namespace gvpn::accounts {

struct LoginQuestion {
    Pin device;  // proven
    net::Endpoint peer;
    bool isSharedSource = false;
    protocol::Login login;
};

struct LoginRefusal {
    protocol::GoodbyeCode code = protocol::GoodbyeCode::LoginRefused;
    std::string text{};  // for the person at the other end; gives nothing away
    bool isNews = true;  // false: for the log's lowest level (a banned source that goes on)
    [[nodiscard]] bool operator==(const LoginRefusal&) const = default;
};
using LoginVerdict = tl::expected<Account, LoginRefusal>;

struct GatekeeperConfig {
    unsigned maxDevices = DefaultMaxDevices;
    GuessLimits guesses;
    HashCost hashCost;
    /// Passwords of one source (an address; shared: a key) that may wait for their hash at once.
    unsigned maxHashesPerSource = 4;
};

class Gatekeeper {
public:
    /// Everything outlives the gatekeeper, and `hashers` is stopped before it. postBack: into the accounts' thread.
    Gatekeeper(AccountStore& store, program::TaskThreads& hashers, std::function<void(std::function<void()>)> postBack,
               WallTime time, GatekeeperConfig config);

    /// `answer` is called once, in the accounts' thread, now or later.
    void judge(LoginQuestion question, const std::function<void(const LoginVerdict&)>& answer);
    void setMaxDevices(unsigned most) { m_config.maxDevices = most; }

    [[nodiscard]] std::vector<Ban> bans() const;
    /// NotFound: there is none of this address or name.
    [[nodiscard]] Result<std::vector<Ban>> lift(const std::string& addressOrName);

private:
    [[nodiscard]] LoginVerdict judgeDevice(const LoginQuestion& question);
    [[nodiscard]] std::optional<LoginVerdict> admitByKey(LoginQuestion question);
    [[nodiscard]] LoginVerdict judgeInvite(const LoginQuestion& question);
    void judgePassword(LoginQuestion question, const std::function<void(const LoginVerdict&)>& answer);
    [[nodiscard]] LoginVerdict finishPassword(const LoginQuestion& question, const std::string& hash,
                                              const Result<bool>& isRight);
    [[nodiscard]] LoginVerdict admit(const LoginQuestion& question, const Device& device);
    [[nodiscard]] std::optional<LoginRefusal> findBan(const LoginQuestion& question);
    [[nodiscard]] LoginVerdict refuseGuess(const LoginQuestion& question, const std::string& text);
    [[nodiscard]] LoginVerdict refuseEnrolment(const Error& error);
    [[nodiscard]] LoginVerdict refuseForStorage(const Error& error);
    void noteBan(const LoginQuestion& question, const Ban& ban);
    void noteStorage(const Result<void>& done);
    [[nodiscard]] GuessDigest digestOf(const LoginQuestion& question) const;

    AccountStore& m_store;
    program::TaskThreads& m_hashers;
    std::function<void(std::function<void()>)> m_postBack;
    WallTime m_time;
    GatekeeperConfig m_config;
    GuessLedger m_ledger;
    SecretBytes m_digestKey;                    // random, of this run
    std::map<std::string, unsigned> m_hashing;  // by source
    bool m_isStorageFailing = false;            // said once, until it works again
};

}  // namespace gvpn::accounts
