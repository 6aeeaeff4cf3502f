#include "client/engine_room.h"

#include "client/sentences.h"

#include <QLoggingCategory>

#include <utility>

namespace gvpn::client {

namespace {

Q_LOGGING_CATEGORY(lcEngine, "gvpn.client")

/// How often it is looked whether the servers have got the goodbyes.
constexpr Duration FarewellStep{10};

std::vector<DroppedPackets> dropsIn(const tunnel::Counters& counters)
{
    std::vector<DroppedPackets> drops;
    for (std::size_t i = 0; i < counters.drops.size(); ++i) {
        if (counters.drops[i] > 0)
            drops.push_back({tunnel::dropReasonName(static_cast<tunnel::DropReason>(i)), counters.drops[i]});
    }
    return drops;
}

}  // namespace

EngineRoom::EngineRoom(Result<std::unique_ptr<EdgeSource>> source)
    : m_source(std::move(source))
    , m_farewellTimer(m_source ? (*m_source)->makeTimer() : nullptr)
{}

EngineRoom::~EngineRoom()
{
    // What a connection says in its last moment is for nobody.
    for (const auto& [id, tunnel] : m_tunnels)
        tunnel->connection->disconnect(this);
}

void EngineRoom::open(ConnectionId id, const ConnectionRequest& request)
{
    const auto started = start(id, request);
    if (started)
        return;
    Fault fault{.stage = Stage::Tun, .error = started.error()};
    QMetaObject::invokeMethod(
        this, [this, id, fault] { Q_EMIT stateChanged(id, Disconnected{fault}); }, Qt::QueuedConnection);
}

Result<void> EngineRoom::start(ConnectionId id, const ConnectionRequest& request)
{
    if (!m_source)
        return fail(m_source.error());
    auto set = (*m_source)->makeEdges();
    if (!set)
        return fail(set.error());
    auto tunnel = std::make_unique<Tunnel>();
    tunnel->set = std::move(*set);
    tunnel->intent = request.intent;
    tunnel->edges = std::make_unique<Edges>(tunnel->set->edges());
    tunnel->edges->identityFor = [key = request.deviceKey](const Pin&) { return tls::Identity::fromPem(key.view()); };
    tunnel->trafficTimer = tunnel->edges->makeTimer();
    tunnel->connection = std::make_unique<Connection>(request.options, *tunnel->edges);
    Connection& connection = *tunnel->connection;
    m_tunnels.insert_or_assign(id, std::move(tunnel));
    listenTo(id, connection);
    m_tunnels.at(id)->set->setLostHandler([&connection](const Error& error) { connection.loseNetwork(error); });
    connection.connectToServer(request.intent);
    return {};
}

void EngineRoom::listenTo(ConnectionId id, Connection& connection)
{
    connect(&connection, &Connection::stateChanged, this, [this, id](const State& state) { onState(id, state); });
    connect(&connection, &Connection::loggedIn, this,
            [this, id](const Pin& pin, protocol::LoginMethod method) { Q_EMIT loggedIn(id, pin, method); });
    connect(&connection, &Connection::noticeReceived, this,
            [this, id](const std::string& text) { Q_EMIT remarked(id, sentenceForNotice(text)); });
    connect(&connection, &Connection::routesSkipped, this, [this, id](const std::vector<SkippedRoute>& skipped) {
        for (const SkippedRoute& route : skipped)
            Q_EMIT remarked(id, sentenceFor(route, Audience::Window));
    });
    connect(&connection, &Connection::dnsSkipped, this, [this, id](const std::vector<SkippedDns>& skipped) {
        for (const SkippedDns& one : skipped)
            Q_EMIT remarked(id, sentenceFor(one, Audience::Window));
    });
    connect(&connection, &Connection::congestionChanged, this, [](const tunnel::CongestionStatus& status) {
        qCInfo(lcEngine, "congestion control because %s algorithm=%s", status.reason.c_str(), status.algorithm.c_str());
    });
    connect(&connection, &Connection::undoFailed, this,
            [this, id](const Error& error) { Q_EMIT remarked(id, sentenceForFailedUndo(error)); });
}

void EngineRoom::onState(ConnectionId id, const State& state)
{
    if (std::holds_alternative<Connected>(state))
        reportTraffic(id);
    else
        m_tunnels.at(id)->trafficTimer->stop();
    Q_EMIT stateChanged(id, state);
    // The connection stands in this callback.
    if (std::holds_alternative<Disconnected>(state))
        QMetaObject::invokeMethod(
            this, [this, id] { forget(id); }, Qt::QueuedConnection);
}

void EngineRoom::reportTraffic(ConnectionId id)
{
    Tunnel& tunnel = *m_tunnels.at(id);
    const tunnel::Counters& counters = tunnel.connection->counters();
    Q_EMIT trafficChanged(id, {.bytesUp = counters.bytesFromTun,
                               .bytesDown = counters.bytesToTun,
                               .roundTrip = tunnel.connection->roundTrip(),
                               .congestion = tunnel.connection->congestion(),
                               .drops = dropsIn(counters)});
    tunnel.trafficTimer->start(TrafficInterval, [this, id] { reportTraffic(id); });
}

void EngineRoom::retry(ConnectionId id)
{
    if (const auto at = m_tunnels.find(id); at != m_tunnels.end())
        at->second->connection->connectToServer(at->second->intent);
}

void EngineRoom::close(ConnectionId id)
{
    if (const auto at = m_tunnels.find(id); at != m_tunnels.end())
        at->second->connection->disconnectFromServer();
}

/// It may have been asked for again meanwhile.
void EngineRoom::forget(ConnectionId id)
{
    const auto at = m_tunnels.find(id);
    if (at != m_tunnels.end() && std::holds_alternative<Disconnected>(at->second->connection->state()))
        m_tunnels.erase(at);
}

void EngineRoom::closeAll(std::function<void()> done)
{
    m_closed.push_back(std::move(done));
    for (const auto& [id, tunnel] : m_tunnels)
        tunnel->connection->disconnectFromServer();
    QMetaObject::invokeMethod(
        this, [this] { lookWhetherClosed(); }, Qt::QueuedConnection);
}

void EngineRoom::lookWhetherClosed()
{
    if (!m_tunnels.empty() || (m_source && (*m_source)->lingering() > 0)) {
        m_farewellTimer->start(FarewellStep, [this] { lookWhetherClosed(); });
        return;
    }
    for (const auto& done : std::exchange(m_closed, {}))
        done();
}

}  // namespace gvpn::client

#include "moc_engine.cpp"  // NOLINT(bugprone-suspicious-include): Qt's generated code
