#include "witness.h"

#include "protocol/v1_conversation.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;
using namespace std::chrono_literals;

namespace {

using Packets = std::vector<ByteVector>;

const char* const Refusal = R"({"Success":false,"Message":"CIDR is registered!","Bypass":""})";
const std::vector V1Stages{Stage::Resolve, Stage::Tcp,    Stage::Login, Stage::Address,
                           Stage::Tun,     Stage::Routes, Stage::Dns};

ByteVector packetToTheOffice()
{
    return net::makeEchoRequest(address("10.86.0.101"), address("172.17.0.4"), {9, 9});
}

system::InterfaceInfo interface(const char* name, const char* addressText)
{
    system::InterfaceInfo result;
    result.name = name;
    result.index = 2;
    result.isUp = true;
    result.addresses = {interfaceAddress(addressText)};
    return result;
}

}  // namespace

class TestV1Connection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void goesThroughItsStagesInOrder();
    void sendsTheBytesOfTheReference_data();
    void sendsTheBytesOfTheReference();
    void drawsAPositiveTransaction_data();
    void drawsAPositiveTransaction();
    void isSilentWhileNothingIsSent();
    void watchesForADeadServer();
    void carriesPacketsBothWays();
    void reportsFailures_data();
    void reportsFailures();
    void takesTheBypassOnlyWhereItIsNotInTheWay_data();
    void takesTheBypassOnlyWhereItIsNotInTheWay();
    void saysNothingAfterItWasLeft();
    void involvesNoKeys();
    void connectsAgainWithTheSameTun();
    void stopsAtAnAddressThatIsTaken();
    void waitsForItsOwnAddressAfterALoss();
    void waitsForAServerThatIsBeingRestarted();
};

void TestV1Connection::goesThroughItsStagesInOrder()
{
    Scene scene;
    scene.v1.emplace();
    Witness witness(scene, scene.v1Options());
    witness.attempt->start();
    scene.advance(0s);
    QCOMPARE(witness.stages, V1Stages);
    QVERIFY(witness.info.has_value());
    QCOMPARE(witness.info->addresses, std::vector{interfaceAddress("10.86.0.101/24")});
    QVERIFY(witness.info->gateways.empty());
    QCOMPARE(witness.info->routes, std::vector{prefix("172.17.0.0/16")});
    const system::NetworkConfig& config = *scene.configurator.current();
    QCOMPARE(config.addresses, witness.info->addresses);
    QCOMPARE(config.routes, witness.info->routes);
    QCOMPARE(config.mtu, 1500U);
    QVERIFY(config.guardsAddresses);
    QVERIFY(!witness.fault.has_value());
    QCOMPARE(scene.runningTimers(), std::size_t{0});
}

void TestV1Connection::sendsTheBytesOfTheReference_data()
{
    QTest::addColumn<std::size_t>("maxChunkBytes");
    QTest::newRow("byte by byte") << std::size_t{1};
    QTest::newRow("a few at a time") << std::size_t{5};
    QTest::newRow("at once") << std::size_t{65536};
}

void TestV1Connection::sendsTheBytesOfTheReference()
{
    QFETCH(std::size_t, maxChunkBytes);
    Scene scene;
    scene.v1.emplace();
    scene.linkOptions.maxChunkBytes = maxChunkBytes;
    Witness witness(scene, scene.v1Options());
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    // The handshake, then: 24 bytes, command 1, the transaction, 10.86.0.101 in the IPv4-mapped form.
    QCOMPARE(scene.v1Server().received, hex("3ff0000000000000"
                                            "00000018 00000001 40000000"
                                            "00000000000000000000ffff 0a560065"));
}

void TestV1Connection::drawsAPositiveTransaction_data()
{
    QTest::addColumn<double>("roll");
    QTest::addColumn<QByteArray>("transaction");
    QTest::newRow("lowest") << 0.0 << QByteArray("00000001");
    QTest::newRow("highest") << std::nextafter(1.0, 0.0) << QByteArray("7fffffff");
}

void TestV1Connection::drawsAPositiveTransaction()
{
    QFETCH(double, roll);
    Scene scene;
    scene.v1.emplace();
    scene.edges.roll = [roll] { return roll; };
    Witness witness(scene, scene.v1Options());
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    const ByteVector& received = scene.v1Server().received;
    QVERIFY(received.size() >= 20);
    const QByteArray sent = QByteArray(reinterpret_cast<const char*>(received.data()) + 16, 4).toHex();
    QTEST(sent, "transaction");
}

void TestV1Connection::isSilentWhileNothingIsSent()
{
    Scene scene;
    scene.v1.emplace();
    Witness witness(scene, scene.v1Options());
    witness.attempt->start();
    scene.advance(0s);
    const std::size_t size = scene.v1Server().received.size();
    scene.advance(10min);
    QCOMPARE(scene.v1Server().received.size(), size);
    QVERIFY(witness.info.has_value() && !witness.fault.has_value());
}

void TestV1Connection::watchesForADeadServer()
{
    Scene scene;
    scene.v1.emplace();
    Witness witness(scene, scene.v1Options());
    witness.attempt->start();
    scene.advance(0s);
    QCOMPARE(scene.link().deadPeerAfterOfFirst(), std::optional<Duration>(20s));
}

void TestV1Connection::carriesPacketsBothWays()
{
    Scene scene;
    scene.v1.emplace();
    Witness witness(scene, scene.v1Options());
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    const ByteVector out = packetToTheOffice();
    scene.tunDevice->inject(out);
    scene.tunDevice->inject(net::makeEchoRequest(address("10.86.0.7"), address("172.17.0.4"), {9, 9}));
    scene.settle();
    QCOMPARE(scene.v1Server().packets, Packets{out});

    const ByteVector in = net::makeEchoRequest(address("172.17.0.4"), address("10.86.0.101"), {7, 1});
    scene.v1Server().sendPacket(in);
    // Not from the bypass, not for our address, and no packet at all.
    scene.v1Server().sendPacket(net::makeEchoRequest(address("192.168.7.5"), address("10.86.0.101"), {7, 2}));
    scene.v1Server().sendPacket(net::makeEchoRequest(address("172.17.0.4"), address("10.86.0.102"), {7, 3}));
    scene.v1Server().sendPacket({});
    scene.v1Server().send(v1Frame(99, 0, {}));
    scene.settle();
    QCOMPARE(scene.tunDevice->written().size(), std::size_t{1});
    QCOMPARE(scene.tunDevice->written()[0].bytes, in);
    QVERIFY(!witness.fault.has_value());
}

void TestV1Connection::reportsFailures_data()
{
    using Arrange = std::function<void(Scene&)>;
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<Stage>("stage");
    QTest::addColumn<ErrorCode>("code");
    const auto row = [](const char* name, Arrange arrange, Stage stage, ErrorCode code) {
        QTest::newRow(name) << std::move(arrange) << stage << code;
    };
    const auto reply = [&](const char* name, const char* bytes, ErrorCode code) {
        row(
            name, [bytes](Scene& scene) { scene.v1->handshakeReply = bytes; }, Stage::Login, code);
    };
    const auto answer = [&](const char* name, const char* json, ErrorCode code) {
        row(
            name, [json](Scene& scene) { scene.v1->answer = json; }, Stage::Address, code);
    };
    reply("silence", "", ErrorCode::TimedOut);
    reply("a TLS server", "15030300020228", ErrorCode::Unsupported);
    reply("another version", "02", ErrorCode::VersionMismatch);
    reply("an unknown error", "00", ErrorCode::ProtocolViolation);
    reply("a foreign protocol", "535348", ErrorCode::ProtocolViolation);
    row(
        "closed at once", [](Scene& scene) { scene.v1->closesAtOnce = true; }, Stage::Login, ErrorCode::Closed);
    answer("a silent registration", "", ErrorCode::TimedOut);
    answer("address taken", Refusal, ErrorCode::AddressRefused);
    answer("other refusal", R"({"success":false,"message":"no"})", ErrorCode::AddressRefused);
    answer("no JSON", "yes", ErrorCode::ProtocolViolation);
    row(
        "closed instead of an answer",
        [](Scene& scene) {
            scene.v1->answer.clear();
            scene.v1->closesAfterRegistration = true;
        },
        Stage::Address, ErrorCode::Closed);
    row(
        "no TUN",
        [](Scene& scene) {
            scene.tunError = {ErrorCode::PermissionDenied, "no"};
        },
        Stage::Tun, ErrorCode::PermissionDenied);
    row(
        "a LAN in the tunnel's way",
        [](Scene& scene) { scene.snapshot.interfaces = {interface("wlan0", "10.86.0.7/16")}; }, Stage::Routes,
        ErrorCode::AlreadyExists);
    row(
        "no routes",
        [](Scene& scene) { scene.configurator.setApplyResult(fail(ErrorCode::NotFound, "nft is not there")); },
        Stage::Routes, ErrorCode::NotFound);
}

void TestV1Connection::reportsFailures()
{
    QFETCH(std::function<void(Scene&)>, arrange);
    Scene scene;
    scene.v1.emplace();
    arrange(scene);
    Witness witness(scene, scene.v1Options());
    witness.attempt->start();
    scene.advance(protocol::LoginDeadline);
    QVERIFY(witness.fault.has_value());
    QTEST(witness.fault->stage, "stage");
    QTEST(witness.fault->error.code, "code");
    QCOMPARE(witness.fault->wireProtocol, WireProtocol::V1);
    QCOMPARE(witness.failures, 1);
    QVERIFY(!witness.info.has_value());
    QCOMPARE(scene.runningTimers(), std::size_t{0});
}

void TestV1Connection::takesTheBypassOnlyWhereItIsNotInTheWay_data()
{
    QTest::addColumn<QByteArray>("bypass");
    QTest::addColumn<bool>("isAuto");
    QTest::addColumn<QByteArray>("named");
    QTest::addColumn<std::optional<SkipReason>>("reason");
    using Reason = std::optional<SkipReason>;
    const auto row = [](const char* name, const char* bypass, bool isAuto, const char* named, Reason reason) {
        QTest::newRow(name) << QByteArray(bypass) << isAuto << QByteArray(named) << reason;
    };
    const Reason taken;
    row("private", "172.17.0.0/16", true, "", taken);
    row("the home network", "192.168.1.0/24", true, "", SkipReason::LocalNetwork);
    row("public", "198.51.100.0/24", true, "", SkipReason::Public);
    row("public, named", "198.51.100.0/24", false, "198.51.100.0/24", taken);
    row("everything", "0.0.0.0/0", true, "", SkipReason::NeverRouted);
    row("none", "172.17.0.0/16", false, "", SkipReason::NotWanted);
}

void TestV1Connection::takesTheBypassOnlyWhereItIsNotInTheWay()
{
    QFETCH(QByteArray, bypass);
    QFETCH(bool, isAuto);
    QFETCH(QByteArray, named);
    QFETCH(std::optional<SkipReason>, reason);
    Scene scene;
    scene.snapshot.interfaces = {interface("wlan0", "192.168.1.23/24")};
    scene.v1.emplace().answer = R"({"SUCCESS":true,"Bypass":")" + bypass.toStdString() + "\"}";
    ConnectionOptions options = scene.v1Options();
    options.acceptRoutes.isAuto = isAuto;
    if (!named.isEmpty())
        options.acceptRoutes.named = {prefix(named.constData())};
    Witness witness(scene, options);
    witness.attempt->start();
    scene.advance(0s);
    QVERIFY(witness.info.has_value());
    QCOMPARE(witness.info->routes.size(), reason ? std::size_t{0} : std::size_t{1});
    QCOMPARE(witness.skipped.size(), reason ? std::size_t{1} : std::size_t{0});
    if (reason)
        QCOMPARE(witness.skipped[0].reason, *reason);
}

void TestV1Connection::saysNothingAfterItWasLeft()
{
    Scene scene;
    scene.v1.emplace().answer.clear();
    Witness witness(scene, scene.v1Options());
    witness.attempt->start();
    scene.advance(0s);
    QCOMPARE(witness.stages.back(), Stage::Address);
    witness.attempt->leave();
    scene.advance(30s);
    QVERIFY(!witness.fault.has_value());
    QCOMPARE(scene.runningTimers(), std::size_t{0});
    QVERIFY(scene.v1Server().ended.has_value());
    QCOMPARE(scene.v1Server().ended->code, ErrorCode::Closed);
}

void TestV1Connection::involvesNoKeys()
{
    Scene scene;
    scene.v1.emplace();
    ConnectionOptions options = scene.v1Options();
    options.pin = scene.serverPin;
    Watched watched(scene, options);
    watched.connection.connectToServer({.trustsOnFirstUse = true});
    scene.advance(0s);
    QCOMPARE(watched.stages(), V1Stages);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QVERIFY(watched.loggedIn.empty());
    QVERIFY(scene.identitiesAskedFor.empty());
}

void TestV1Connection::connectsAgainWithTheSameTun()
{
    Scene scene;
    scene.v1.emplace();
    Watched watched(scene, scene.v1Options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.link().reset();
    scene.settle();
    const auto* waiting = watched.stateAs<Waiting>();
    QVERIFY(waiting != nullptr);
    QVERIFY(waiting->reason.wasUp);
    QCOMPARE(waiting->reason.stage, Stage::Tcp);
    QVERIFY(scene.configurator.current().has_value());
    scene.tunDevice->inject(packetToTheOffice());  // waits in the TUN
    scene.advance(500ms);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.connections(), std::size_t{2});
    QCOMPARE(scene.tunsOpened, 1);
    QCOMPARE(scene.v1Server().packets, Packets{packetToTheOffice()});
}

void TestV1Connection::stopsAtAnAddressThatIsTaken()
{
    Scene scene;
    scene.v1.emplace().answer = Refusal;
    scene.v1->closesAfterRegistration = true;
    Watched watched(scene, scene.v1Options());
    watched.connection.connectToServer({});
    scene.advance(60s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->error, (Error{ErrorCode::AddressRefused, "CIDR is registered!"}));
    QCOMPARE(scene.connections(), std::size_t{1});
}

void TestV1Connection::waitsForItsOwnAddressAfterALoss()
{
    Scene scene;
    scene.v1.emplace();
    const std::string success = scene.v1->answer;
    Watched watched(scene, scene.v1Options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.v1->answer = Refusal;  // the server doesn't know yet that the connection is dead
    scene.link().reset();
    scene.advance(10s);
    QVERIFY(scene.connections() > 2);
    QVERIFY(watched.stateAs<Waiting>() != nullptr);
    scene.v1->answer = success;
    scene.advance(15s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.tunsOpened, 1);
}

void TestV1Connection::waitsForAServerThatIsBeingRestarted()
{
    Scene scene;
    scene.v1.emplace();
    Watched watched(scene, scene.v1Options());
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.v1->closesAtOnce = true;  // a port forwarding with nobody behind it
    scene.v1Server().close();
    scene.advance(10s);
    QVERIFY(watched.stateAs<Waiting>() != nullptr);
    scene.v1->closesAtOnce = false;
    scene.advance(15s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
}

QTEST_GUILESS_MAIN(TestV1Connection)
#include "tst_v1_connection.moc"
