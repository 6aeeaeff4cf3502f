// Several connections at once, behind values: what the core asks for and what it hears. Implementations: EngineRoom,
// where the connections are; EngineThread, which has a room in a thread of its own. The caller's thread.
#pragma once

#include "client/connection_options.h"
#include "client/connection_state.h"
#include "client/traffic.h"
#include "protocol/messages.h"

#include <QObject>
#include <QString>

#include <functional>

namespace gvpn::client {

/// Chosen by the caller, never used twice.
using ConnectionId = std::uint64_t;

struct ConnectionRequest {
    ConnectionOptions options;
    Intent intent;
    SharedSecret deviceKey;  // PEM; empty only when options.pin is
};

class Engine : public QObject {
    Q_OBJECT
public:
    /// States follow; the last one is Disconnected.
    virtual void open(ConnectionId id, const ConnectionRequest& request) = 0;
    /// A person wants it now: one that waits tries at once, one that is being disconnected begins anew.
    virtual void retry(ConnectionId id) = 0;
    virtual void close(ConnectionId id) = 0;
    /// All of them. done comes later: nothing of them is left in the computer's network, and the farewells were sent.
    virtual void closeAll(std::function<void()> done) = 0;

Q_SIGNALS:
    void stateChanged(gvpn::client::ConnectionId id, const gvpn::client::State& state);
    /// The server with this key has let us in.
    void loggedIn(gvpn::client::ConnectionId id, const gvpn::Pin& pin, gvpn::protocol::LoginMethod method);
    /// A sentence for the person. Plain text.
    void remarked(gvpn::client::ConnectionId id, const QString& sentence);
    /// Once a second while it is connected.
    void trafficChanged(gvpn::client::ConnectionId id, const gvpn::client::Traffic& traffic);
};

}  // namespace gvpn::client
