#include "scene_source.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;
using namespace std::chrono_literals;

namespace {

/// A room, and what it said of each connection.
struct Room {
    Room()
    {
        QObject::connect(&room, &Engine::stateChanged, &room,
                         [this](ConnectionId id, const State& state) { states[id].push_back(state); });
        QObject::connect(&room, &Engine::loggedIn, &room,
                         [this](ConnectionId id, const Pin& pin, protocol::LoginMethod) { pins.emplace(id, pin); });
        QObject::connect(&room, &Engine::remarked, &room,
                         [this](ConnectionId, const QString& sentence) { remarks.append(sentence); });
        QObject::connect(&room, &Engine::trafficChanged, &room,
                         [this](ConnectionId id, const Traffic& traffic) { traffics[id].push_back(traffic); });
    }
    void open(ConnectionId id, bool isOnce = false)
    {
        room.open(id, {.options = scene.options(), .intent = {.isOnce = isOnce}, .deviceKey = key});
    }
    template <typename S>
    [[nodiscard]] const S* last(ConnectionId id)
    {
        return states[id].empty() ? nullptr : std::get_if<S>(&states[id].back());
    }

    Scene scene;
    tls::Identity identity = newIdentity();
    SharedSecret key{std::move(identity.toPem().value())};
    EngineRoom room{std::make_unique<SceneSource>(scene)};
    std::map<ConnectionId, std::vector<State>> states;
    std::map<ConnectionId, Pin> pins;
    std::map<ConnectionId, std::vector<Traffic>> traffics;
    QStringList remarks;
};

}  // namespace

class TestEngineRoom : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void connectsWithTheKeyThatItWasGiven();
    void reportsTrafficOnceASecondWhileItIsConnected();
    void hasSeveralConnectionsAtOnce();
    void turnsWhatHappensIntoSentences();
    void triesAgainAtOnceWhenAPersonWants();
    void endsAtTheFirstFailureWhenAskedTo();
    void refusesAKeyThatIsNone();
    void endsARequestThatItCantBegin();
    void closesEverything();
    void hasNothingToClose();
    void ignoresWhatItDoesNotKnow();
};

void TestEngineRoom::connectsWithTheKeyThatItWasGiven()
{
    Room scene;
    scene.open(1);
    scene.scene.advance(Duration(0));
    QVERIFY(scene.last<Connected>(1) != nullptr);
    QVERIFY(scene.pins.at(1) == scene.scene.serverPin);
    QVERIFY(scene.scene.server().clientPin == scene.identity.pin());
    QVERIFY(scene.scene.identitiesAskedFor.empty());
}

void TestEngineRoom::reportsTrafficOnceASecondWhileItIsConnected()
{
    Room scene;
    scene.scene.line.state.roundTrip = 12'000us;
    scene.open(1);
    scene.scene.advance(Duration(0));
    QCOMPARE(scene.traffics[1].size(), std::size_t{1});
    const ByteVector out = net::makeEchoRequest(address("10.86.0.2"), address("172.17.0.5"), {7, 1});
    const ByteVector in = net::makeEchoRequest(address("172.17.0.5"), address("10.86.0.2"), {7, 2});
    scene.scene.tunDevice->inject(out);
    scene.scene.server().sendPacket(in);
    scene.scene.server().sendPacket(in);
    scene.scene.server().sendPacket(net::makeEchoRequest(address("172.17.0.5"), address("10.86.0.9"), {7, 3}));
    scene.scene.advance(Duration(2'500));
    QCOMPARE(scene.traffics[1].size(), std::size_t{3});
    const Traffic& before = scene.traffics[1].front();  // the probe
    QCOMPARE(scene.traffics[1].back().bytesUp, before.bytesUp + out.size());
    QCOMPARE(scene.traffics[1].back().bytesDown, before.bytesDown + 2 * in.size() + out.size());  // and the answer
    QCOMPARE(scene.traffics[1].back().roundTrip, 12'000us);
    QCOMPARE(scene.traffics[1].back().congestion, std::string("cubic"));
    QVERIFY(before.drops.empty());
    QCOMPARE(scene.traffics[1].back().drops, (std::vector<DroppedPackets>{{"foreign-destination", 1}}));
    scene.room.close(1);
    scene.scene.advance(Duration(5'000));
    QCOMPARE(scene.traffics[1].size(), std::size_t{3});
}

void TestEngineRoom::hasSeveralConnectionsAtOnce()
{
    Room scene;
    scene.open(1);
    scene.open(2);
    scene.scene.advance(Duration(0));
    QVERIFY(scene.last<Connected>(1) != nullptr && scene.last<Connected>(2) != nullptr);
    scene.room.close(1);
    scene.scene.advance(Duration(0));
    QVERIFY(scene.last<Disconnected>(1) != nullptr && scene.last<Connected>(2) != nullptr);
}

void TestEngineRoom::turnsWhatHappensIntoSentences()
{
    Room scene;
    scene.scene.script.settings.routes.push_back(prefix("198.51.100.0/24"));
    scene.scene.script.settings.dnsServers = {address("172.17.0.1")};
    scene.open(1);
    scene.scene.advance(Duration(0));
    scene.scene.server().notify("tea is ready");
    scene.scene.advance(Duration(0));
    QCOMPARE(scene.remarks.filter(QStringLiteral("198.51.100.0/24")).size(), 1);
    QCOMPARE(scene.remarks.filter(QStringLiteral("The server says: tea is ready")).size(), 1);
}

void TestEngineRoom::triesAgainAtOnceWhenAPersonWants()
{
    Room scene;
    scene.scene.connectError = Error{ErrorCode::Unreachable, "refused"};
    scene.open(1);
    scene.scene.advance(Duration(0));
    QVERIFY(scene.last<Waiting>(1) != nullptr);
    scene.scene.connectError.reset();
    scene.room.retry(1);
    scene.scene.advance(Duration(0));
    scene.scene.advance(Duration(0));
    QVERIFY(scene.last<Connected>(1) != nullptr);
}

void TestEngineRoom::endsAtTheFirstFailureWhenAskedTo()
{
    Room scene;
    scene.scene.connectError = Error{ErrorCode::Unreachable, "refused"};
    scene.open(1, true);
    scene.scene.advance(Duration(0));
    QVERIFY(scene.last<Disconnected>(1) != nullptr);
    QCOMPARE(scene.last<Disconnected>(1)->fault->error.code, ErrorCode::Unreachable);
    QCOMPARE(scene.scene.runningTimers(), std::size_t{0});
}

void TestEngineRoom::refusesAKeyThatIsNone()
{
    Room scene;
    scene.key = SharedSecret(SecretBytes(asBytes("no key")));
    scene.open(1);
    scene.scene.advance(Duration(0));
    QVERIFY(scene.last<Disconnected>(1) != nullptr);
    QCOMPARE(scene.last<Disconnected>(1)->fault->error.code, ErrorCode::Malformed);
}

void TestEngineRoom::endsARequestThatItCantBegin()
{
    EngineRoom room(fail(ErrorCode::PermissionDenied, "no"));
    std::vector<State> states;
    connect(&room, &Engine::stateChanged, &room,
            [&states](ConnectionId, const State& state) { states.push_back(state); });
    room.open(1, {});
    QVERIFY(states.empty());
    QCoreApplication::sendPostedEvents();
    QCOMPARE(states.size(), std::size_t{1});
    const auto fault = std::get<Disconnected>(states[0]).fault;
    QVERIFY(fault && fault->stage == Stage::Tun && fault->error == Error(ErrorCode::PermissionDenied, "no"));
    bool isClosed = false;
    room.closeAll([&isClosed] { isClosed = true; });
    QCoreApplication::sendPostedEvents();
    QVERIFY(isClosed);
}

void TestEngineRoom::closesEverything()
{
    Room scene;
    scene.scene.configurator.holdAnswers();
    scene.open(1);
    scene.open(2);
    scene.scene.advance(Duration(0));
    while (scene.scene.configurator.answerOne())
        scene.scene.advance(Duration(0));
    QVERIFY(scene.last<Connected>(1) != nullptr && scene.last<Connected>(2) != nullptr);
    int closed = 0;
    scene.room.closeAll([&closed] { ++closed; });
    scene.scene.advance(Duration(100));
    QCOMPARE(closed, 0);
    while (scene.scene.configurator.answerOne())
        scene.scene.advance(Duration(0));
    scene.scene.advance(Duration(1'000));
    QCOMPARE(closed, 1);
    QVERIFY(scene.last<Disconnected>(1) != nullptr && scene.last<Disconnected>(2) != nullptr);
    QCOMPARE(scene.scene.runningTimers(), std::size_t{0});
}

void TestEngineRoom::hasNothingToClose()
{
    Room scene;
    int closed = 0;
    scene.room.closeAll([&closed] { ++closed; });
    QCOMPARE(closed, 0);
    scene.scene.advance(Duration(0));
    QCOMPARE(closed, 1);
}

void TestEngineRoom::ignoresWhatItDoesNotKnow()
{
    Room scene;
    scene.room.close(7);
    scene.room.retry(7);
    scene.scene.advance(Duration(0));
    QVERIFY(scene.states.empty());
}

QTEST_GUILESS_MAIN(TestEngineRoom)
#include "tst_engine_room.moc"
