// The client's engine for one server: runs the state machine's commands and turns what happens into its events. Used by
// gvpn-client and the GUI. Lives in the thread that makes it; needs a Qt event loop.
#pragma once

#include "client/attempt.h"

#include <QPointer>

#include <deque>
#include <set>

namespace gvpn::client {

class Connection : public QObject {
    Q_OBJECT
public:
    /// edges outlive it. Before it is destroyed it should be Disconnected, or the computer's network stays as it is.
    Connection(ConnectionOptions options, const Edges& edges, QObject* parent = nullptr);
    ~Connection() override;

    /// While it is connected or connecting: nothing; while it waits: tries now.
    void connectToServer(const Intent& intent);
    /// Disconnected follows, at once if it is that already.
    void disconnectFromServer();
    /// The key that the server must have, from now on. Only while Disconnected.
    void setPin(const Pin& pin) { m_options.pin = pin; }
    /// For the next login. Only while Disconnected.
    void setPassword(protocol::PasswordLogin password) { m_options.credentials.password = std::move(password); }

    /// Somebody else kept what was set up on this computer, and is gone: the connection is lost, and the next attempt
    /// sets it up anew.
    void loseNetwork(const Error& error);

    [[nodiscard]] const State& state() const { return m_state; }
    [[nodiscard]] const tunnel::Counters& counters() const { return m_counters; }
    /// As Attempt::roundTrip().
    [[nodiscard]] std::chrono::microseconds roundTrip() const
    {
        return m_attempt ? m_attempt->roundTrip() : std::chrono::microseconds(0);
    }
    /// As Attempt::congestion().
    [[nodiscard]] std::string congestion() const { return m_attempt ? m_attempt->congestion() : std::string(); }

Q_SIGNALS:
    void stateChanged(const gvpn::client::State& state);
    /// The server with this key has let us in.
    void loggedIn(const gvpn::Pin& pin, gvpn::protocol::LoginMethod method);
    /// The server's text, one sentence for the person, from outside: escape before showing. The same one is reported
    /// once.
    void noticeReceived(const std::string& text);
    /// The same route is reported once in the life of this object.
    void routesSkipped(const std::vector<gvpn::client::SkippedRoute>& skipped);
    /// The same is reported once in the life of this object.
    void dnsSkipped(const std::vector<gvpn::client::SkippedDns>& skipped);
    /// The connection has another congestion control now. That one was refused is reported once in the life of this
    /// object.
    void congestionChanged(const gvpn::tunnel::CongestionStatus& status);
    /// Something of what was set up could not be undone.
    void undoFailed(const gvpn::Error& error);

private:
    void post(Event event);
    void perform(const StartAttempt& command);
    void perform(const AbandonAttempt& command);
    void perform(const StartRetryTimer& command);
    void perform(const CancelRetryTimer& command);
    void perform(const TearDown& command);
    void listenTo(Attempt& attempt);
    /// Of the attempt that ends: a password goes over the wire once.
    void settlePassword();
    void onStage(Stage stage);
    void onLoggedIn(protocol::LoginMethod method);
    void onNotice(const std::string& text);
    void onSucceeded(const ConnectionInfo& info);
    void onFailed(const Fault& failure);
    void onRoutesSkipped(const std::vector<SkippedRoute>& skipped);
    void onDnsSkipped(const std::vector<SkippedDns>& skipped);
    void onCongestionChanged(const tunnel::CongestionStatus& status);

    /// The attempt may be in the middle of a callback when it is given up.
    struct LaterDeleter {
        void operator()(Attempt* attempt) const;
    };

    ConnectionOptions m_options;
    const Edges& m_edges;
    tunnel::LinkContext m_context;
    tunnel::Counters m_counters;
    TunnelNetwork m_network;
    std::unique_ptr<Timer> m_retryTimer;
    State m_state = Disconnected{};
    std::unique_ptr<Attempt, LaterDeleter> m_attempt;
    std::vector<QPointer<Attempt>> m_abandoned;  // those that the event loop has not deleted yet
    std::vector<net::InterfaceAddress> m_lastAddresses;
    TimePoint m_connectedSince{};
    std::deque<Event> m_events;
    bool m_isStepping = false;
    bool m_isPasswordAnswerLost = false;
    std::set<std::string> m_reportedNotices;
    std::set<net::Prefix> m_reportedRoutes;
    std::set<SkippedDns> m_reportedDns;
    bool m_hasReportedRefusal = false;  // of a congestion control
};

}  // namespace gvpn::client
