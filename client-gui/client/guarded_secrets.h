// Stands before the keyring, so that it troubles a person only who has asked for something, and never more than once:
// one job after the other, each with a deadline, and after the first failure nothing more until the person asks for
// something again. GUI thread.
#pragma once

#include "client/edges.h"
#include "client/secret_store.h"

#include <QObject>

#include <deque>
#include <optional>

namespace gvpn::client {

/// For what the program does by itself, at its start mostly: then it goes on without a keyring.
inline constexpr Duration QuietKeyringDeadline{3'000};
/// A keyring that is locked waits for its password: a person needs some time for it, and may have gone.
inline constexpr Duration KeyringDeadline{60'000};

class GuardedSecrets final : public SecretStore {
public:
    struct Parts {
        SecretStore& store;  // outlives the guard
        std::function<std::unique_ptr<Timer>()> makeTimer;
    };
    explicit GuardedSecrets(const Parts& parts);

    /// Only of what should be there: NotFound counts as a failure like any other, for it may mean "locked".
    void read(const std::string& key, ReadDone done) override;
    void write(const std::string& key, const SharedSecret& secret, Done done) override;
    /// What isn't there is removed already.
    void remove(const std::string& key, Done done) override;
    void look(Done done) override;

    /// The failure after which everything is refused; none: it has worked, or was not tried.
    [[nodiscard]] const std::optional<Error>& closedBy() const { return m_closedBy; }
    /// A person asks for something: the next job may trouble him, again or for the first time. Until then only a
    /// keyring that is open is used.
    void reopen()
    {
        m_closedBy.reset();
        m_mayAsk = true;
    }

private:
    struct Job {
        std::function<void(std::uint64_t ticket)> run;
        std::function<void(const Error& error)> refuse;
        bool asksNobody = false;
    };
    template <typename T>
    using ResultDone = std::function<void(const Result<T>&)>;
    template <typename T>
    void enqueue(std::function<void(ResultDone<T>)> start, ResultDone<T> done, bool asksNobody = false);
    void runNextLater();
    void runNext();
    void runIfOpen(const Job& job);
    /// False: it came too late, and has been refused.
    [[nodiscard]] bool finish(std::uint64_t ticket);
    void onDeadline();

    SecretStore& m_store;
    QObject m_context;  // of what is posted: it goes with us
    std::unique_ptr<Timer> m_deadline;
    std::deque<Job> m_waiting;
    std::function<void(const Error& error)> m_refuseRunning;
    std::uint64_t m_running = 0;  // ticket; 0: none
    std::uint64_t m_lastTicket = 0;
    std::optional<Error> m_closedBy;
    bool m_mayAsk = false;
};

}  // namespace gvpn::client
