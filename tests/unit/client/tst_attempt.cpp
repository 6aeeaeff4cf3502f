#include "witness.h"

#include "client/secure_server_link.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;
using namespace std::chrono_literals;

class TestAttempt : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void goesThroughAllStagesInOrder();
    void isUpOnlyAfterTheEcho();
    void failsWhenNoEchoComesBack();
    void endsBeforeOurCertificateLeavesWhenThePinIsWrong();
    void learnsAnUnknownPinWithoutShowingAKey();
    void givesUpOnASilentServer();
    void reportsFailures_data();
    void reportsFailures();
    void opensNoTunForARefusedKey();
    void requiresTheAddressThatWasAskedFor();
    void refusesATunnelNetworkThatThisComputerIsOn();
    void leavesOutRoutesThatAreInTheWay();
    void setsResolversForTheDomainsOfTheOffice();
    void connectsWithoutResolvers_data();
    void connectsWithoutResolvers();
    void leavesNamesAloneWhenToldTo();
    void waitsForTheResolvers();
    void carriesPacketsBothWays();
    void movesALossyLineWhileItSends();
    void looksOnlyWhenSomethingWasSent();
    void endsWhenTheTunIsGone();
    void saysNothingAfterItWasLeft();
};

void TestAttempt::goesThroughAllStagesInOrder()
{
    Scene scene;
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    const std::vector expected{Stage::Resolve, Stage::Tcp,    Stage::Tls, Stage::Login, Stage::Address,
                               Stage::Tun,     Stage::Routes, Stage::Dns, Stage::Probe};
    QCOMPARE(witness.stages, expected);
    QVERIFY(witness.info.has_value());
    QCOMPARE(witness.info->interfaceName, std::string("gvpn0"));
    QCOMPARE(witness.info->routes, std::vector{prefix("172.17.0.0/16")});
    QVERIFY(scene.configurator.current().has_value());
    const system::NetworkConfig& config = *scene.configurator.current();
    QCOMPARE(config.addresses, std::vector{interfaceAddress("10.86.0.2/24")});
    QCOMPARE(config.mtu, 1500U);
    QVERIFY(config.guardsAddresses);
    QVERIFY(!config.forwarding.has_value());
    QCOMPARE(scene.identitiesAskedFor, std::vector{scene.serverPin});
    QVERIFY(!witness.fault.has_value());
}

void TestAttempt::isUpOnlyAfterTheEcho()
{
    Scene scene;
    scene.script.answersProbes = false;
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(3s);
    QCOMPARE(witness.stages.back(), Stage::Probe);
    QVERIFY(!witness.info.has_value());
    QCOMPARE(scene.server().probes, 4);
    scene.script.answersProbes = true;
    scene.advance(1s);
    QVERIFY(witness.info.has_value());
    scene.advance(5s);
    QCOMPARE(scene.server().probes, 5);
}

void TestAttempt::failsWhenNoEchoComesBack()
{
    Scene scene;
    scene.script.answersProbes = false;
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(9'999ms);
    QVERIFY(!witness.fault.has_value());
    scene.advance(1ms);
    QVERIFY(witness.fault.has_value());
    QCOMPARE(witness.fault->stage, Stage::Probe);
    QCOMPARE(witness.fault->error.code, ErrorCode::TimedOut);
    QVERIFY(!witness.info.has_value());
    QCOMPARE(scene.runningTimers(), std::size_t{0});
}

void TestAttempt::endsBeforeOurCertificateLeavesWhenThePinIsWrong()
{
    Scene scene;
    ConnectionOptions options = scene.options();
    options.pin = newIdentity().pin();
    Witness witness(scene, options);
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.fault.has_value());
    QCOMPARE(witness.fault->stage, Stage::Tls);
    QCOMPARE(witness.fault->error.code, ErrorCode::IdentityMismatch);
    QCOMPARE(witness.fault->expectedPin, options.pin);
    QCOMPARE(witness.fault->presentedPin, std::optional(scene.serverPin));
    QVERIFY(!scene.server().clientPin.has_value());
}

void TestAttempt::learnsAnUnknownPinWithoutShowingAKey()
{
    Scene scene;
    ConnectionOptions options = scene.options();
    options.pin.reset();
    Witness witness(scene, options);
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.fault.has_value());
    QCOMPARE(witness.fault->error.code, ErrorCode::IdentityUnknown);
    QCOMPARE(witness.fault->presentedPin, std::optional(scene.serverPin));
    QVERIFY(!witness.fault->expectedPin.has_value());
    QVERIFY(!scene.server().clientPin.has_value());
    QVERIFY(scene.identitiesAskedFor.empty());
}

void TestAttempt::givesUpOnASilentServer()
{
    Scene scene;
    scene.script.speaksTls = false;
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(TlsDeadline - 1ms);
    QVERIFY(!witness.fault.has_value());
    scene.advance(1ms);
    QVERIFY(witness.fault.has_value());
    QCOMPARE(witness.fault->stage, Stage::Tls);
    QCOMPARE(witness.fault->error.code, ErrorCode::TimedOut);
}

void TestAttempt::reportsFailures_data()
{
    using Arrange = std::function<void(Scene&)>;
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<Stage>("stage");
    QTest::addColumn<ErrorCode>("code");
    const auto row = [](const char* name, Arrange arrange, Stage stage, ErrorCode code) {
        QTest::newRow(name) << std::move(arrange) << stage << code;
    };
    row(
        "no such name",
        [](Scene& scene) {
            scene.connectError = {ErrorCode::NotFound, "no such name"};
        },
        Stage::Resolve, ErrorCode::NotFound);
    row(
        "login refused", [](Scene& scene) { scene.script.loginAnswer = LoginAnswer::Refuse; }, Stage::Login,
        ErrorCode::LoginRefused);
    row(
        "address taken", [](Scene& scene) { scene.script.refusesAddress = protocol::GoodbyeCode::AddressTaken; },
        Stage::Address, ErrorCode::AddressRefused);
    row(
        "no TUN",
        [](Scene& scene) {
            scene.tunError = {ErrorCode::PermissionDenied, "no"};
        },
        Stage::Tun, ErrorCode::PermissionDenied);
    row(
        "no routes",
        [](Scene& scene) { scene.configurator.setApplyResult(fail(ErrorCode::AlreadyExists, "add route")); },
        Stage::Routes, ErrorCode::AlreadyExists);
    row(
        "settings that lie", [](Scene& scene) { scene.script.settings.gateways = {address("10.99.0.1")}; },
        Stage::Address, ErrorCode::ProtocolViolation);
}

void TestAttempt::reportsFailures()
{
    QFETCH(std::function<void(Scene&)>, arrange);
    Scene scene;
    arrange(scene);
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.fault.has_value());
    QTEST(witness.fault->stage, "stage");
    QTEST(witness.fault->error.code, "code");
    QCOMPARE(witness.failures, 1);
    QVERIFY(!witness.info.has_value());
    QCOMPARE(scene.runningTimers(), std::size_t{0});
}

void TestAttempt::opensNoTunForARefusedKey()
{
    Scene scene;
    ConnectionOptions options = scene.options();
    options.pin.reset();
    Witness witness(scene, options);
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.fault.has_value());
    QCOMPARE(scene.tunsOpened, 0);
}

void TestAttempt::requiresTheAddressThatWasAskedFor()
{
    Scene scene;
    ConnectionOptions options = scene.options();
    options.wanted = {interfaceAddress("10.86.0.9/24")};
    Witness witness(scene, options);
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(scene.server().asked.has_value());
    QCOMPARE(scene.server().asked->wanted, options.wanted);
    QVERIFY(scene.server().asked->isRequired);
    // The server gives 10.86.0.2 nevertheless.
    QVERIFY(witness.fault.has_value());
    QCOMPARE(witness.fault->error.code, ErrorCode::AddressRefused);
}

void TestAttempt::refusesATunnelNetworkThatThisComputerIsOn()
{
    Scene scene;
    system::InterfaceInfo wlan;
    wlan.name = "wlan0";
    wlan.index = 2;
    wlan.isUp = true;
    wlan.addresses = {interfaceAddress("10.86.0.77/16")};
    scene.snapshot.interfaces = {wlan};
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.fault.has_value());
    QCOMPARE(witness.fault->stage, Stage::Routes);
    QCOMPARE(witness.fault->error.code, ErrorCode::AlreadyExists);
    QVERIFY(witness.fault->error.context.find("10.86.0.0/16 on wlan0") != std::string::npos);
    QVERIFY(scene.configurator.goals().empty());
}

void TestAttempt::leavesOutRoutesThatAreInTheWay()
{
    Scene scene;
    scene.script.settings.routes = {prefix("172.17.0.0/16"), prefix("192.168.1.0/24"), prefix("0.0.0.0/0")};
    scene.snapshot.resolvers = {address("192.168.1.1")};
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    QCOMPARE(witness.info->routes, std::vector{prefix("172.17.0.0/16")});
    QCOMPARE(scene.configurator.current()->routes, witness.info->routes);
    QCOMPARE(witness.skipped.size(), std::size_t{2});
    QCOMPARE(witness.skipped[0].reason, SkipReason::HoldsResolver);
    QCOMPARE(witness.skipped[1].reason, SkipReason::NeverRouted);
}

void TestAttempt::setsResolversForTheDomainsOfTheOffice()
{
    Scene scene;
    scene.script.settings.dnsServers = {address("172.17.0.53"), address("172.18.0.53")};
    scene.script.settings.dnsDomains = {"office.example", "lan", "com"};
    ConnectionOptions options = scene.options();
    options.acceptDomains = {"lan"};
    Witness witness(scene, options);
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    const system::DnsConfig expected{{address("172.17.0.53")}, {"office.example", "lan"}};
    QCOMPARE(witness.info->dns, expected);
    QVERIFY(scene.dns.current().has_value());
    QCOMPARE(scene.dns.current()->config, expected);
    QCOMPARE(scene.dns.current()->linkIndex, scene.tunDevice->index());
    QCOMPARE(witness.skippedDns, (std::vector<SkippedDns>{{DnsSkipReason::NotThroughTunnel, "172.18.0.53", {}},
                                                          {DnsSkipReason::SharedDomain, "com", {}}}));
}

void TestAttempt::connectsWithoutResolvers_data()
{
    QTest::addColumn<bool>("isThere");
    QTest::addColumn<DnsSkipReason>("reason");
    QTest::newRow("no systemd-resolved") << false << DnsSkipReason::NoService;
    QTest::newRow("it refuses") << true << DnsSkipReason::Failed;
}

void TestAttempt::connectsWithoutResolvers()
{
    QFETCH(bool, isThere);
    QFETCH(DnsSkipReason, reason);
    Scene scene;
    scene.script.settings.dnsServers = {address("172.17.0.53")};
    scene.script.settings.dnsDomains = {"office.example"};
    if (isThere)
        scene.dns.setOutcome(fail(ErrorCode::SystemFailure, "it said no"));
    else
        scene.dns.setOutcome(system::DnsOutcome::NoService);
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    QVERIFY(witness.info->dns.isEmpty());
    QCOMPARE(witness.skippedDns.size(), std::size_t{1});
    QCOMPARE(witness.skippedDns[0].reason, reason);
    QCOMPARE(witness.skippedDns[0].what, std::string("office.example"));
}

void TestAttempt::leavesNamesAloneWhenToldTo()
{
    Scene scene;
    scene.script.settings.dnsServers = {address("172.17.0.53"), address("8.8.8.8")};
    scene.script.settings.dnsDomains = {"office.example"};
    ConnectionOptions options = scene.options();
    options.usesDns = false;
    Witness witness(scene, options);
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    QVERIFY(witness.info->dns.isEmpty() && witness.skippedDns.empty() && scene.dns.goals().empty());
}

void TestAttempt::waitsForTheResolvers()
{
    Scene scene;
    scene.script.settings.dnsServers = {address("172.17.0.53")};
    scene.script.settings.dnsDomains = {"office.example"};
    scene.dns.holdAnswers();
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    QCOMPARE(witness.stages.back(), Stage::Dns);
    QVERIFY(!witness.info.has_value());
    QVERIFY(scene.dns.answer());
    scene.settle();
    QVERIFY(witness.info.has_value());
}

void TestAttempt::carriesPacketsBothWays()
{
    Scene scene;
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    const ByteVector out = net::makeEchoRequest(address("10.86.0.2"), address("172.17.0.5"), {7, 1});
    scene.server().packets.clear();
    const int probes = scene.server().probes;
    scene.script.answersProbes = false;
    scene.tunDevice->inject(out);
    scene.settle();
    QCOMPARE(scene.server().probes, probes + 1);

    const ByteVector in = net::makeEchoRequest(address("172.17.0.5"), address("10.86.0.2"), {7, 1});
    scene.server().sendPacket(in);
    // Not from a route that was accepted.
    scene.server().sendPacket(net::makeEchoRequest(address("192.168.7.5"), address("10.86.0.2"), {7, 2}));
    scene.settle();
    QCOMPARE(scene.tunDevice->written().size(), std::size_t{1});
    QCOMPARE(scene.tunDevice->written()[0].bytes, in);
}

void TestAttempt::movesALossyLineWhileItSends()
{
    Scene scene;
    scene.line.state.roundTrip = scene.line.state.minRoundTrip = 40ms;
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    for (int i = 0; i < 10; ++i) {
        scene.line.state.segmentsSent += 1000;
        scene.line.state.segmentsRetransmitted += 20;
        scene.tunDevice->inject(net::makeEchoRequest(address("10.86.0.2"), address("172.17.0.5"), {7, 1}));
        scene.advance(1s);
    }
    QCOMPARE(witness.congestion.size(), std::size_t{1});
    QCOMPARE(witness.congestion[0].algorithm, std::string("bbr"));
    QCOMPARE(scene.line.asked, std::vector<std::string>{"bbr"});
    witness.attempt->leave();
    QCOMPARE(scene.runningTimers(), std::size_t{0});
}

void TestAttempt::looksOnlyWhenSomethingWasSent()
{
    Scene scene;
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(5s);
    QVERIFY(witness.info.has_value());
    const int readings = scene.line.readings;
    scene.advance(5s);
    QCOMPARE(scene.line.readings, readings);
    scene.tunDevice->inject(net::makeEchoRequest(address("10.86.0.2"), address("172.17.0.5"), {7, 1}));
    scene.advance(5s);
    QCOMPARE(scene.line.readings, readings + 1);
}

void TestAttempt::endsWhenTheTunIsGone()
{
    Scene scene;
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    scene.tunDevice->inject(net::makeEchoRequest(address("10.86.0.2"), address("172.17.0.5"), {7, 1}));
    scene.tunDevice->breakDevice();
    scene.settle();
    QVERIFY(witness.fault.has_value());
    QCOMPARE(witness.fault->stage, Stage::Tun);
    QCOMPARE(witness.fault->error.code, ErrorCode::NotFound);
    QVERIFY(witness.fault->wasUp);
}

void TestAttempt::saysNothingAfterItWasLeft()
{
    Scene scene;
    scene.configurator.holdAnswers();
    Witness witness(scene, scene.options());
    witness.attempt->start();
    scene.advance(0s);
    QCOMPARE(witness.stages.back(), Stage::Routes);
    witness.attempt->leave();
    QVERIFY(scene.configurator.answerOne());
    scene.advance(30s);
    QCOMPARE(witness.stages.back(), Stage::Routes);
    QVERIFY(!witness.fault.has_value());
    QVERIFY(!witness.info.has_value());
    QCOMPARE(scene.runningTimers(), std::size_t{0});
    QVERIFY(scene.server().ended.has_value());
    QCOMPARE(scene.server().ended->code, ErrorCode::Closed);
}

QTEST_GUILESS_MAIN(TestAttempt)
#include "tst_attempt.moc"
