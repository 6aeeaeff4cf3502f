#include "witness.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;
using namespace std::chrono_literals;

namespace {

const ByteVector& packetToTheOffice()
{
    static const ByteVector packet = [] {
        ByteVector bytes = net::makeEchoRequest(address("10.86.0.2"), address("172.17.0.5"), {9, 9});
        bytes[20] = std::byte{13};  // a timestamp request, so that the server doesn't take it for a probe
        return bytes;
    }();
    return packet;
}

}  // namespace

class TestConnection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void connectsAndDisconnects();
    void undoesEverythingWhenItDisconnects();
    void saysGoodbye();
    void stopsForAWrongKey();
    void trustsAnUnknownServerOnlyWhenToldTo();
    void triesAgainUntilTheServerIsThere();
    void givesUpAtOnceWithOnce();
    void undoesWhatAFailedAttemptHasDone();
    void keepsTheTunOverALostConnection();
    void appliesChangedSettingsOfTheNextConnection();
    void setsResolversAnewOnlyWhenTheyChange();
    void takesResolversBack();
    void looksUpTheServerWithoutTheOffice();
    void aResolverOfItsOwnIsNotInTheWay();
    void disconnectsWhileResolversAreSet();
    void reportsSkippedDnsOnce();
    void asksForItsAddressAgain();
    void noticesASilentServer();
    void noticesAtOnceThatItHasSlept();
    void endsWhenItWasReplaced();
    void disconnectsWhileItWaits();
    void disconnectsInTheMiddleOfAnAttempt();
    void reportsASkippedRouteOnce();
    void reportsARefusedCongestionControlOnce();
    void reportsAFailedUndo();
    void connectsAgainAfterItWasDisconnected();
    void mayBeDestroyedWhenItSaysThatItIsDisconnected();
    void waitsForATunThatComesLater();
    void disconnectsWhileATunIsBeingOpened();
    void forgetsATunThatComesAfterItWasDisconnected();
    void waitsForAPersonLongerThanTheServerDoes_data();
    void waitsForAPersonLongerThanTheServerDoes();
    void saysWhyATunThatComesLateIsNotOpened();
    void setsUpAnewWhatSomebodyElseHasLost();
    void opensAnotherTunWhenItWasLostWhileItWaited();
};

void TestConnection::connectsAndDisconnects()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    const std::vector expected{Stage::Resolve, Stage::Tcp,    Stage::Tls, Stage::Login, Stage::Address,
                               Stage::Tun,     Stage::Routes, Stage::Dns, Stage::Probe};
    QCOMPARE(watched.stages(), expected);
    const auto* connected = watched.stateAs<Connected>();
    QVERIFY(connected != nullptr);
    QCOMPARE(connected->info.addresses, std::vector{interfaceAddress("10.86.0.2/24")});
    QCOMPARE(watched.loggedIn, std::vector{scene.serverPin});
    watched.connection.disconnectFromServer();
    scene.settle();
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr);
    QVERIFY(!disconnected->fault.has_value());
}

void TestConnection::undoesEverythingWhenItDisconnects()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    QVERIFY(scene.configurator.current().has_value());
    watched.connection.disconnectFromServer();
    scene.settle();
    QVERIFY(!scene.configurator.current().has_value());
    QCOMPARE(scene.runningTimers(), std::size_t{0});
}

void TestConnection::saysGoodbye()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    watched.connection.disconnectFromServer();
    scene.settle();
    QVERIFY(scene.server().ended.has_value());
    QCOMPARE(scene.server().ended->code, ErrorCode::Closed);
    QCOMPARE(scene.server().ended->context, std::string("the other end left"));
}

void TestConnection::stopsForAWrongKey()
{
    Scene scene;
    ConnectionOptions options = scene.options();
    options.pin = newIdentity().pin();
    Watched watched(scene, options);
    watched.connection.connectToServer({.trustsOnFirstUse = true});
    scene.advance(60s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->error.code, ErrorCode::IdentityMismatch);
    QCOMPARE(scene.connections(), std::size_t{1});
    QVERIFY(watched.loggedIn.empty());
}

void TestConnection::trustsAnUnknownServerOnlyWhenToldTo()
{
    Scene scene;
    ConnectionOptions options = scene.options();
    options.pin.reset();
    Watched watched(scene, options);
    watched.connection.connectToServer({});
    scene.advance(60s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->error.code, ErrorCode::IdentityUnknown);
    QCOMPARE(disconnected->fault->presentedPin, std::optional(scene.serverPin));
    QCOMPARE(scene.connections(), std::size_t{1});

    watched.states.clear();
    watched.connection.connectToServer({.trustsOnFirstUse = true});
    scene.advance(0s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.connections(), std::size_t{3});
    QCOMPARE(watched.loggedIn, std::vector{scene.serverPin});
    QCOMPARE(scene.identitiesAskedFor, std::vector{scene.serverPin});
    QVERIFY(std::ranges::is_sorted(watched.stages()));
}

void TestConnection::triesAgainUntilTheServerIsThere()
{
    Scene scene;
    scene.connectError = {ErrorCode::Unreachable, "connection refused"};
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    for (const Duration delay :
         {Duration(1s), Duration(2s), Duration(4s), Duration(8s), Duration(15s), Duration(15s)}) {
        const auto* waiting = watched.stateAs<Waiting>();
        QVERIFY(waiting != nullptr);
        QCOMPARE(waiting->delay, delay);
        QCOMPARE(waiting->reason.error.code, ErrorCode::Unreachable);
        scene.advance(delay);
    }
    scene.connectError.reset();
    scene.advance(15s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
}

void TestConnection::givesUpAtOnceWithOnce()
{
    Scene scene;
    scene.connectError = {ErrorCode::Unreachable, "connection refused"};
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({.isOnce = true});
    scene.advance(0s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->error.code, ErrorCode::Unreachable);
}

void TestConnection::undoesWhatAFailedAttemptHasDone()
{
    Scene scene;
    scene.script.answersProbes = false;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({.isOnce = true});
    scene.advance(1s);
    QVERIFY(scene.configurator.current().has_value());
    scene.advance(9s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->stage, Stage::Probe);
    QVERIFY(!scene.configurator.current().has_value());
}

void TestConnection::keepsTheTunOverALostConnection()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.link().reset();
    scene.settle();
    const auto* waiting = watched.stateAs<Waiting>();
    QVERIFY(waiting != nullptr);
    QVERIFY(waiting->reason.wasUp);
    QCOMPARE(waiting->delay, Duration(500));
    QVERIFY(scene.configurator.current().has_value());
    scene.tunDevice->inject(packetToTheOffice());  // waits in the TUN
    scene.advance(500ms);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.connections(), std::size_t{2});
    QCOMPARE(scene.tunsOpened, 1);
    QCOMPARE(scene.configurator.clearCount(), std::size_t{0});
    QCOMPARE(scene.server().packets, (std::vector<ByteVector>{packetToTheOffice()}));
}

void TestConnection::appliesChangedSettingsOfTheNextConnection()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.script.settings.routes.push_back(prefix("172.18.0.0/16"));
    scene.script.settings.addresses = {interfaceAddress("10.86.0.3/24")};
    scene.server().goodbye(protocol::GoodbyeCode::Stopping);
    scene.settle();
    QVERIFY(watched.stateAs<Waiting>() != nullptr);
    scene.advance(1s);
    const auto* connected = watched.stateAs<Connected>();
    QVERIFY(connected != nullptr);
    QCOMPARE(connected->info.routes.size(), std::size_t{2});
    QCOMPARE(scene.configurator.current()->routes, scene.script.settings.routes);
    QCOMPARE(scene.configurator.current()->addresses, scene.script.settings.addresses);
    QCOMPARE(scene.configurator.clearCount(), std::size_t{0});
    QCOMPARE(scene.tunsOpened, 1);
}

namespace {

void nameResolvers(Scene& scene, const char* domain)
{
    scene.script.settings.dnsServers = {address("172.17.0.53")};
    scene.script.settings.dnsDomains = {domain};
}

}  // namespace

void TestConnection::setsResolversAnewOnlyWhenTheyChange()
{
    Scene scene;
    nameResolvers(scene, "other.example");
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.link().reset();
    scene.advance(1s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.connections(), std::size_t{2});
    QCOMPARE(scene.dns.goals().size(), std::size_t{1});
    QCOMPARE(watched.stateAs<Connected>()->info.dns, scene.dns.current()->config);
    scene.advance(40s);
    scene.script.settings.dnsServers = {address("172.17.0.54")};
    scene.link().reset();
    scene.advance(1s);
    QCOMPARE(scene.dns.goals().size(), std::size_t{2});
    QCOMPARE(scene.dns.current()->config.servers, scene.script.settings.dnsServers);
    scene.advance(40s);
    scene.script.settings.dnsServers.clear();
    scene.link().reset();
    scene.advance(1s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QVERIFY(!scene.dns.current().has_value());
}

void TestConnection::takesResolversBack()
{
    Scene scene;
    nameResolvers(scene, "other.example");
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    QVERIFY(scene.dns.current().has_value());
    scene.dns.setClearResult(fail(ErrorCode::TimedOut, "systemd-resolved does not answer"));
    watched.connection.disconnectFromServer();
    scene.settle();
    QVERIFY(watched.stateAs<Disconnected>() != nullptr);
    QVERIFY(!scene.dns.current().has_value() && !scene.configurator.current().has_value());
    QCOMPARE(watched.undoFailures, 0);  // it goes with the TUN
}

/// Else its name would be asked at a resolver behind the tunnel that isn't there.
void TestConnection::looksUpTheServerWithoutTheOffice()
{
    Scene scene;
    nameResolvers(scene, "example.com");
    ConnectionOptions options = scene.options();
    options.server.host = "VPN.example.com";
    Watched watched(scene, options);
    watched.connection.connectToServer({});
    scene.advance(40s);
    QVERIFY(scene.dns.current().has_value());
    scene.connectError = {ErrorCode::Unreachable, "no route"};
    scene.link().reset();
    scene.advance(1s);
    QVERIFY(!scene.dns.current().has_value());
    scene.connectError.reset();
    scene.advance(10s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QVERIFY(scene.dns.current().has_value());
    QCOMPARE(scene.dns.goals().size(), std::size_t{2});
}

/// systemd-resolved lists it among the computer's own.
void TestConnection::aResolverOfItsOwnIsNotInTheWay()
{
    Scene scene;
    nameResolvers(scene, "other.example");
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.snapshot.resolvers = {address("172.17.0.53")};
    scene.link().reset();
    scene.advance(1s);
    const auto* connected = watched.stateAs<Connected>();
    QVERIFY(connected != nullptr);
    QCOMPARE(connected->info.routes, scene.script.settings.routes);
    QCOMPARE(watched.skipped, std::size_t{0});
}

void TestConnection::disconnectsWhileResolversAreSet()
{
    Scene scene;
    nameResolvers(scene, "other.example");
    scene.dns.holdAnswers();
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    QCOMPARE(watched.stages().back(), Stage::Dns);
    watched.connection.disconnectFromServer();
    scene.settle();
    QVERIFY(watched.stateAs<Disconnecting>() != nullptr);
    QVERIFY(scene.dns.answer());
    scene.settle();
    QVERIFY(watched.stateAs<Disconnected>() != nullptr);
    QVERIFY(!scene.dns.current().has_value() && !scene.configurator.current().has_value());
}

void TestConnection::reportsSkippedDnsOnce()
{
    Scene scene;
    nameResolvers(scene, "com");
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.link().reset();
    scene.advance(1s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(watched.skippedDns, std::size_t{1});
}

void TestConnection::asksForItsAddressAgain()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    QVERIFY(scene.server().asked->wanted.empty());
    scene.link().reset();
    scene.advance(1s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.server().asked->wanted, std::vector{interfaceAddress("10.86.0.2/24")});
    QVERIFY(!scene.server().asked->isRequired);
}

void TestConnection::noticesASilentServer()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(60s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);  // pings were answered
    scene.link().cutSilently();
    scene.advance(24s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    scene.advance(11s);
    QVERIFY(watched.stateAs<Waiting>() != nullptr || watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.connections(), std::size_t{2});
}

void TestConnection::noticesAtOnceThatItHasSlept()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(60s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    scene.link().cutSilently();
    scene.time.advance(1h);
    scene.settle();
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    scene.advance(0s);  // the timers that were due meanwhile: no further ping is waited for
    QVERIFY(watched.stateAs<Waiting>() != nullptr);
    scene.advance(1s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.connections(), std::size_t{2});
}

void TestConnection::endsWhenItWasReplaced()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.server().goodbye(protocol::GoodbyeCode::Replaced);
    scene.advance(60s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->error.code, ErrorCode::Replaced);
    QCOMPARE(scene.connections(), std::size_t{1});
    QVERIFY(!scene.configurator.current().has_value());
}

void TestConnection::disconnectsWhileItWaits()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.link().reset();
    scene.settle();
    QVERIFY(watched.stateAs<Waiting>() != nullptr);
    watched.connection.disconnectFromServer();
    scene.advance(60s);
    QVERIFY(watched.stateAs<Disconnected>() != nullptr);
    QVERIFY(!scene.configurator.current().has_value());
    QCOMPARE(scene.connections(), std::size_t{1});
}

void TestConnection::disconnectsInTheMiddleOfAnAttempt()
{
    Scene scene;
    scene.configurator.holdAnswers();
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    QCOMPARE(watched.stages().back(), Stage::Routes);
    watched.connection.disconnectFromServer();
    scene.settle();
    QVERIFY(watched.stateAs<Disconnecting>() != nullptr);
    QVERIFY(scene.configurator.answerOne());
    scene.settle();
    QVERIFY(watched.stateAs<Disconnected>() != nullptr);
    QVERIFY(scene.server().ended.has_value());
    QCOMPARE(scene.runningTimers(), std::size_t{0});
}

void TestConnection::reportsASkippedRouteOnce()
{
    Scene scene;
    scene.script.settings.routes = {prefix("198.51.100.0/24")};
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.link().reset();
    scene.advance(1s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(watched.skipped, std::size_t{1});
}

void TestConnection::reportsARefusedCongestionControlOnce()
{
    Scene scene;
    scene.line.congestionError = Error{ErrorCode::Unsupported, "is not to be had"};
    ConnectionOptions options = scene.options();
    options.congestion = {tunnel::CongestionMode::Kind::Named, "nosuch"};
    Watched watched(scene, options);
    watched.connection.connectToServer({});
    scene.advance(1s);
    QCOMPARE(watched.congestion, (std::vector<tunnel::CongestionStatus>{{"cubic", "nosuch is not to be had", true}}));
    scene.link().reset();
    scene.advance(60s);
    QCOMPARE(scene.connections(), std::size_t{2});
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.line.asked.size(), std::size_t{2});
    QCOMPARE(watched.congestion.size(), std::size_t{1});
}

void TestConnection::reportsAFailedUndo()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    scene.configurator.setClearResult(fail(ErrorCode::SystemFailure, "remove route"));
    watched.connection.disconnectFromServer();
    scene.settle();
    QVERIFY(watched.stateAs<Disconnected>() != nullptr);
    QCOMPARE(watched.undoFailures, 1);
}

void TestConnection::connectsAgainAfterItWasDisconnected()
{
    Scene scene;
    Watched watched(scene, scene.options());
    for (int i = 1; i <= 3; ++i) {
        watched.connection.connectToServer({});
        scene.advance(0s);
        QVERIFY(watched.stateAs<Connected>() != nullptr);
        QCOMPARE(scene.tunsOpened, i);
        watched.connection.disconnectFromServer();
        scene.settle();
        QVERIFY(watched.stateAs<Disconnected>() != nullptr);
    }
}

void TestConnection::mayBeDestroyedWhenItSaysThatItIsDisconnected()
{
    Scene scene;
    auto connection = std::make_unique<Connection>(scene.options(), scene.edges);
    connection->connectToServer({});
    scene.advance(0s);
    QVERIFY(std::holds_alternative<Connected>(connection->state()));
    bool isDestroyed = false;
    QObject::connect(connection.get(), &Connection::stateChanged, this, [&](const State& state) {
        if (std::holds_alternative<Disconnected>(state))
            QMetaObject::invokeMethod(
                this,
                [&] {
                    connection.reset();
                    isDestroyed = true;
                },
                Qt::QueuedConnection);
    });
    connection->disconnectFromServer();
    scene.settle();
    QVERIFY(isDestroyed);
    QTRY_COMPARE(scene.server().ended.has_value(), true);
}

void TestConnection::waitsForATunThatComesLater()
{
    Scene scene;
    scene.holdsTun = true;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(5s);
    QCOMPARE(watched.stages().back(), Stage::Login);
    QVERIFY(!scene.server().login.has_value());
    scene.answerTun();
    scene.advance(0s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.tunsOpened, 1);
}

void TestConnection::disconnectsWhileATunIsBeingOpened()
{
    Scene scene;
    scene.holdsTun = true;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(1s);
    watched.connection.disconnectFromServer();
    scene.settle();
    QVERIFY(watched.stateAs<Disconnected>() != nullptr);
    QCOMPARE(scene.configurator.clearCount(), std::size_t{1});
}

void TestConnection::forgetsATunThatComesAfterItWasDisconnected()
{
    Scene scene;
    scene.holdsTun = true;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(1s);
    watched.connection.disconnectFromServer();
    scene.settle();
    scene.answerTun();
    scene.advance(1s);
    QVERIFY(watched.stateAs<Disconnected>() != nullptr);
    scene.holdsTun = false;
    watched.connection.connectToServer({});
    scene.advance(0s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.tunsOpened, 2);
}

void TestConnection::waitsForAPersonLongerThanTheServerDoes_data()
{
    QTest::addColumn<bool>("isOnce");
    QTest::newRow("once") << true;
    QTest::newRow("again and again") << false;
}

void TestConnection::waitsForAPersonLongerThanTheServerDoes()
{
    QFETCH(bool, isOnce);
    Scene scene;
    scene.holdsTun = true;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({.isOnce = isOnce});
    scene.advance(1s);
    scene.link().reset();
    scene.advance(60s);
    // It does not come back before the person has answered.
    QCOMPARE(scene.connections(), std::size_t{1});
    QCOMPARE(watched.stages().back(), Stage::Login);
    scene.answerTun();
    scene.advance(0s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.connections(), std::size_t{2});
    QCOMPARE(scene.tunsAskedFor, 1);
    QCOMPARE(scene.tunsOpened, 1);
}

void TestConnection::saysWhyATunThatComesLateIsNotOpened()
{
    Scene scene;
    scene.holdsTun = true;
    scene.tunError = {ErrorCode::PermissionDenied, "the person said no"};
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({.isOnce = true});
    scene.advance(1s);
    scene.link().reset();
    scene.advance(20s);
    scene.answerTun();
    scene.settle();
    const auto* ended = watched.stateAs<Disconnected>();
    QVERIFY(ended != nullptr && ended->fault);
    QCOMPARE(ended->fault->error.code, ErrorCode::PermissionDenied);
    QCOMPARE(scene.connections(), std::size_t{1});
}

void TestConnection::setsUpAnewWhatSomebodyElseHasLost()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    watched.connection.loseNetwork({ErrorCode::Closed, "the helper has ended"});
    scene.settle();
    const auto* waiting = watched.stateAs<Waiting>();
    QVERIFY(waiting != nullptr);
    QCOMPARE(waiting->reason.error.context, std::string("the helper has ended"));
    QVERIFY(!scene.configurator.current().has_value());
    scene.advance(5s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.tunsOpened, 2);
    QVERIFY(scene.configurator.current().has_value());
}

void TestConnection::opensAnotherTunWhenItWasLostWhileItWaited()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    scene.connectError = {ErrorCode::Unreachable, "no route"};
    scene.link().reset();
    scene.advance(5s);
    QVERIFY(watched.stateAs<Waiting>() != nullptr);
    watched.connection.loseNetwork({ErrorCode::Closed, "the helper has ended"});
    scene.connectError.reset();
    scene.advance(30s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.tunsOpened, 2);
}

QTEST_GUILESS_MAIN(TestConnection)
#include "tst_connection.moc"
