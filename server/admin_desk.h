// Carries out what subcommands ask of the running server: on the accounts, in their thread, and on the sessions, in the
// data thread. Main thread; outlives both threads, whose answers come back through its event queue.
#pragma once

#include "accounts/accounts.h"
#include "admin/admin_socket.h"
#include "admin/executor.h"
#include "server/data_thread.h"

#include <QObject>

namespace gvpn::server {

class AdminDesk : public QObject {
    Q_OBJECT
public:
    using Answer = admin::AdminSocket::Answer;
    struct Parts {
        accounts::WallTime time;
        admin::LinkParts link;
        /// `invite --public-address` is remembered for the links to come.
        std::function<Result<void>(const net::HostPort& address)> rememberPublicAddress;
    };

    explicit AdminDesk(Parts parts, QObject* parent = nullptr);

    /// What `status` says of the server itself.
    void setDescription(QJsonObject description) { m_description = std::move(description); }
    /// While there are none, commands are refused. What is set must live until it is set to null.
    void setThreads(accounts::Accounts* accounts, DataThread* dataThread);
    /// `answer` is called once, later, in the main thread; never if the server ends before.
    void carryOut(const admin::Command& command, Answer answer);
    /// Sessions whose user is disabled or gone, or whose device is, end: somebody else may have changed the database.
    void recheckSessions();

private:
    void showStatus(Answer answer);
    void kick(const admin::Kick& command, Answer answer);
    void finishKick(const SessionMatch& match, const admin::Kick& command, const std::vector<ClientInfo>& clients,
                    const Answer& answer);
    void noteKick(const admin::Kick& command);
    void execute(const admin::Command& command, Answer answer);
    [[nodiscard]] Result<void> takePublicAddress(const admin::Command& command);
    void endSessions(const std::vector<admin::SessionSelector>& selectors);
    /// From any thread: runs in ours.
    void later(std::function<void()> task);

    Parts m_parts;
    QJsonObject m_description;
    accounts::Accounts* m_accounts = nullptr;
    DataThread* m_dataThread = nullptr;
};

/// One line of `gvpn-server status --json`. now: of the clock that connectedAt is of.
[[nodiscard]] QJsonObject statusOf(const ClientInfo& client, TimePoint now, accounts::UnixTime wallNow);

}  // namespace gvpn::server
