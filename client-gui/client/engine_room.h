// The engine itself: one Connection for each request, with edges of its own. Lives in the thread that makes it, which
// needs a Qt event loop.
#pragma once

#include "client/connection.h"
#include "client/edge_source.h"
#include "client/engine.h"

#include <map>

namespace gvpn::client {

inline constexpr Duration TrafficInterval{1'000};

class EngineRoom final : public Engine {
    Q_OBJECT
public:
    /// An error stands for a source that could not be made: every request ends with it.
    explicit EngineRoom(Result<std::unique_ptr<EdgeSource>> source);
    /// After closeAll(), or the computer's network stays as it is.
    ~EngineRoom() override;

    void open(ConnectionId id, const ConnectionRequest& request) override;
    void retry(ConnectionId id) override;
    void close(ConnectionId id) override;
    void closeAll(std::function<void()> done) override;

private:
    /// Borrowed things first.
    struct Tunnel {
        std::unique_ptr<EdgeSet> set;
        Intent intent;
        std::unique_ptr<Edges> edges;
        std::unique_ptr<Timer> trafficTimer;
        std::unique_ptr<Connection> connection;
    };
    [[nodiscard]] Result<void> start(ConnectionId id, const ConnectionRequest& request);
    void listenTo(ConnectionId id, Connection& connection);
    void onState(ConnectionId id, const State& state);
    void reportTraffic(ConnectionId id);
    void forget(ConnectionId id);
    void lookWhetherClosed();

    Result<std::unique_ptr<EdgeSource>> m_source;
    std::unique_ptr<Timer> m_farewellTimer;
    std::map<ConnectionId, std::unique_ptr<Tunnel>> m_tunnels;
    std::vector<std::function<void()>> m_closed;
};

}  // namespace gvpn::client
