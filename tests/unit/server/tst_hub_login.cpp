#include "office.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using namespace gvpn::server::test;

namespace {

Wish wishFor(std::string_view text, bool isRequired = true)
{
    Wish wish;
    wish.addresses = {interfaceAddress(text)};
    wish.isRequired = isRequired;
    return wish;
}

HubConfig dualStack()
{
    HubConfig config = officeConfig();
    config.pools.push_back(network("fd00:86::/64"));
    config.lanNetworks.push_back(network("fd00:17::/64"));
    return config;
}

}  // namespace

class TestHubLogin : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aClientGetsAnAddressAndTheSettings();
    void changedResolversAreForThoseWhoComeLater();
    void aClientGetsAnAddressOfEachFamily();
    void routesOfAFamilyWithoutAPoolAreNotNamed();
    void manyNetworksFitIntoTheSettings();
    void theWantedAddressIsGiven();
    void anAddressThatCannotBeHadIsRefused_data();
    void anAddressThatCannotBeHadIsRefused();
    void aTakenAddressIsRefused();
    void aHintThatCannotBeHadGetsAnother();
    void aHintDoesNotTakeAnAbsentDevicesAddress();
    void anAddressOfAFamilyWithoutAPoolIsRefused();
    void aRefusalInOneFamilyGivesTheOtherBack();
    void aFullPoolRefuses();
    void aDeviceComesBackToItsAddress();
    void theSameDeviceReplacesItsOlderConnection();
    void theSameRunTakesOverItsDeadConnection();
    void theSameRunIsNotToldThatItWasReplaced();
    void sayingGoodbyeFreesTheAddress();
    void toldByTheObserverOnce();
    void loginsTakeTurnsWhilePacketsFlow();
};

void TestHubLogin::aClientGetsAnAddressAndTheSettings()
{
    HubConfig config = officeConfig();
    config.dnsServers = {address("172.17.0.53")};
    config.dnsDomains = {"office.example"};
    config.mtu = 1400;
    Office office(config);
    Guest& guest = office.connect();
    QVERIFY(guest->established);
    const net::TunnelSettings& settings = guest->established->settings;
    QCOMPARE(settings.addresses.size(), std::size_t{1});
    QCOMPARE(settings.addresses[0].length, 24U);
    QVERIFY(network("10.86.0.0/24").contains(settings.addresses[0].address));
    QVERIFY(settings.gateways == std::vector{address("10.86.0.1")});
    QVERIFY(settings.routes == std::vector{network("172.17.0.0/16")});
    QVERIFY(settings.dnsServers == config.dnsServers);
    QVERIFY(settings.dnsDomains == config.dnsDomains);
    QCOMPARE(settings.mtu, 1400U);
    QVERIFY(settings.keepalive == std::chrono::seconds(10));
    QVERIFY(guest->established->peerTakes == net::SegmentSupport::all());
    QVERIFY(!guest->ended);
    QVERIFY(office.hub.deadline() != Never);
}

void TestHubLogin::changedResolversAreForThoseWhoComeLater()
{
    Office office(officeConfig());
    Guest& first = office.connect();
    QVERIFY(first->established && first->established->settings.dnsServers.empty());
    office.hub.tune({{}, {protocol::LoginMethod::None}, {address("172.17.0.53")}, {"office.example"}});
    Guest& second = office.connect();
    QVERIFY(second->established && !first->ended);
    QVERIFY(second->established->settings.dnsServers == std::vector{address("172.17.0.53")});
    QVERIFY(second->established->settings.dnsDomains == std::vector<std::string>{"office.example"});
}

void TestHubLogin::aClientGetsAnAddressOfEachFamily()
{
    Office office(dualStack());
    Guest& guest = office.connect();
    QVERIFY(guest->established);
    const net::TunnelSettings& settings = guest->established->settings;
    QCOMPARE(settings.addresses.size(), std::size_t{2});
    QVERIFY(network("10.86.0.0/24").contains(settings.addresses[0].address));
    QVERIFY(network("fd00:86::/64").contains(settings.addresses[1].address));
    QCOMPARE(settings.addresses[1].length, 64U);
    QVERIFY((settings.gateways == std::vector{address("10.86.0.1"), address("fd00:86::1")}));
    QCOMPARE(settings.routes.size(), std::size_t{2});
}

void TestHubLogin::routesOfAFamilyWithoutAPoolAreNotNamed()
{
    HubConfig config = officeConfig();
    config.lanNetworks.push_back(network("fd00:17::/64"));
    Office office(config);
    Guest& guest = office.connect();
    QVERIFY(guest->established);
    QVERIFY(guest->established->settings.routes == std::vector{network("172.17.0.0/16")});
}

void TestHubLogin::manyNetworksFitIntoTheSettings()
{
    // More than a control message may have before the login.
    HubConfig config = dualStack();
    config.lanNetworks.clear();
    for (std::uint64_t i = 0; i < 256; ++i)
        config.lanNetworks.emplace_back(address("fd00:17::").plus(i << 32U), 96);
    Office office(config);
    Guest& guest = office.connect();
    QVERIFY2(guest->established, guest->ended ? guest->ended->context.c_str() : "");
    QVERIFY(guest->established->settings.routes == config.lanNetworks);
}

void TestHubLogin::theWantedAddressIsGiven()
{
    Office office;
    Guest& required = office.connect(wishFor("10.86.0.77/24"));
    QVERIFY(required->established);
    QCOMPARE(required->address().toString(), std::string("10.86.0.77"));
    Guest& hinted = office.connect(wishFor("10.86.0.78/24", false));
    QCOMPARE(hinted->address().toString(), std::string("10.86.0.78"));
    // The length of a hint doesn't matter, the pool's is given.
    Guest& wrongLength = office.connect(wishFor("10.86.0.79/16", false));
    QVERIFY(wrongLength->established);
    QCOMPARE(wrongLength->established->settings.addresses[0].toString(), std::string("10.86.0.79/24"));
}

void TestHubLogin::anAddressThatCannotBeHadIsRefused_data()
{
    QTest::addColumn<QString>("wanted");
    QTest::addColumn<QString>("reason");
    QTest::newRow("outside") << "10.87.0.5/24"
                             << "10.87.0.5 is outside the tunnel network 10.86.0.0/24";
    QTest::newRow("network") << "10.86.0.0/24"
                             << "10.86.0.0 is the network address of 10.86.0.0/24";
    QTest::newRow("broadcast") << "10.86.0.255/24"
                               << "10.86.0.255 is the broadcast address of 10.86.0.0/24";
    QTest::newRow("gateway") << "10.86.0.1/24"
                             << "10.86.0.1 is the server's own address";
    QTest::newRow("wrong length") << "10.86.0.5/16"
                                  << "10.86.0.5/16 has the wrong length";
    QTest::newRow("multicast") << "224.0.0.5/24"
                               << "224.0.0.5 is outside";
}

void TestHubLogin::anAddressThatCannotBeHadIsRefused()
{
    QFETCH(QString, wanted);
    QFETCH(QString, reason);
    Office office;
    Guest& guest = office.connect(wishFor(wanted.toStdString()));
    QVERIFY(!guest->established);
    QVERIFY(guest->hasEndedWith(ErrorCode::AddressRefused));
    QVERIFY2(QString::fromStdString(guest->ended->context).startsWith(reason), guest->ended->context.c_str());
    QVERIFY(!guest->link().hasRoom());
    QCOMPARE(office.refused.size(), std::size_t{1});
    QVERIFY(office.refused[0].code == ErrorCode::AddressRefused);
    QVERIFY(office.connected.empty() && office.disconnected.empty());
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
}

void TestHubLogin::aTakenAddressIsRefused()
{
    Office office;
    Guest& first = office.connect(wishFor("10.86.0.77/24"));
    Guest& second = office.connect(wishFor("10.86.0.77/24"));
    QVERIFY(first->established && !first->ended);
    QVERIFY(second->hasEndedWith(ErrorCode::AddressRefused));
    QCOMPARE(second->ended->context, std::string("10.86.0.77 belongs to another connected client"));
    office.fromLan(gvpn::test::udpPacket(address("172.17.0.9"), address("10.86.0.77")));
    QCOMPARE(first->packets.size(), std::size_t{1});
}

void TestHubLogin::aHintThatCannotBeHadGetsAnother()
{
    Office office;
    Guest& first = office.connect(wishFor("10.86.0.77/24", false));
    QVERIFY(first->established);
    for (const std::string_view hint : {"10.86.0.77/24", "10.86.0.1/24", "10.87.0.5/24", "fd00::5/64"}) {
        Guest& guest = office.connect(wishFor(hint, false));
        QVERIFY(guest->established);
        QVERIFY(network("10.86.0.0/24").contains(guest->address()));
        QVERIFY(guest->address() != first->address());
    }
}

void TestHubLogin::aHintDoesNotTakeAnAbsentDevicesAddress()
{
    Office office;
    const auto key = gvpn::test::newIdentity();
    const net::IpAddress own = office.connect(wishFor("10.86.0.77/24"), &key)->address();
    office.guests.back()->leave();
    office.pump();
    QVERIFY(office.connect(wishFor("10.86.0.77/24", false))->address() != own);
    QVERIFY(office.connect({}, &key)->address() == own);
}

void TestHubLogin::anAddressOfAFamilyWithoutAPoolIsRefused()
{
    Office office;
    const auto key = gvpn::test::newIdentity();
    Guest& guest = office.connect(wishFor("fd00:86::5/64"), &key);
    QVERIFY(guest->hasEndedWith(ErrorCode::AddressRefused));
    QVERIFY2(guest->ended->context.find("no network of that family") != std::string::npos,
             guest->ended->context.c_str());
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    // The address of the other family that it would have got is free for whoever asks for it.
    const net::IpAddress own = office.connect({}, &key)->address();
    office.guests.back()->leave();
    office.pump();
    QVERIFY(office.connect(wishFor(own.toString() + "/24"))->established);
}

void TestHubLogin::aRefusalInOneFamilyGivesTheOtherBack()
{
    Office office(dualStack());
    Wish wish = wishFor("10.86.0.77/24");
    wish.addresses.push_back(interfaceAddress("fd00:99::5/64"));
    Guest& refused = office.connect(wish);
    QVERIFY(refused->hasEndedWith(ErrorCode::AddressRefused));
    Guest& other = office.connect(wishFor("10.86.0.77/24"));
    QVERIFY(other->established);
    QCOMPARE(other->address().toString(), std::string("10.86.0.77"));
}

void TestHubLogin::aFullPoolRefuses()
{
    HubConfig config = officeConfig();
    config.pools = {network("10.86.0.0/29")};
    Office office(config);
    for (int i = 0; i < 5; ++i)
        QVERIFY(office.connect()->established);
    Guest& sixth = office.connect();
    QVERIFY(sixth->hasEndedWith(ErrorCode::AddressRefused));
    QCOMPARE(sixth->ended->context, std::string("every address of 10.86.0.0/29 is in use"));
    office.guests[0]->leave();
    office.pump();
    QVERIFY(office.connect()->established);
}

void TestHubLogin::aDeviceComesBackToItsAddress()
{
    Office office;
    const auto key = gvpn::test::newIdentity();
    Guest& first = office.connect({}, &key);
    QVERIFY(first->established);
    const net::IpAddress own = first->address();
    first->leave();
    office.pump();
    for (int i = 0; i < 10; ++i)
        QVERIFY(office.connect()->address() != own);
    QCOMPARE(office.connect({}, &key)->address().toString(), own.toString());
}

void TestHubLogin::theSameDeviceReplacesItsOlderConnection()
{
    Office office;
    const auto key = gvpn::test::newIdentity();
    Guest& older = office.connect({}, &key);
    QVERIFY(older->established);
    Wish wish;
    wish.instance.fill(std::byte{7});
    Guest& newer = office.connect(wish, &key);
    QVERIFY(newer->established);
    QVERIFY(newer->address() == older->address());
    QVERIFY(older->hasEndedWith(ErrorCode::Replaced));
    QVERIFY(!newer->ended);
    QCOMPARE(office.hub.sessionCount(), std::size_t{1});
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QVERIFY(office.disconnected[0].reason.code == ErrorCode::Replaced);
    QVERIFY(office.disconnected[0].client.id < office.connected[1].id);
    office.fromLan(gvpn::test::udpPacket(address("172.17.0.9"), newer->address()));
    QCOMPARE(newer->packets.size(), std::size_t{1});
    QCOMPARE(older->packets.size(), std::size_t{0});
}

void TestHubLogin::theSameRunTakesOverItsDeadConnection()
{
    Office office;
    const auto key = gvpn::test::newIdentity();
    Wish wish;
    wish.instance.fill(std::byte{7});
    Guest& older = office.connect(wish, &key);
    QVERIFY(older->established);
    older.line.cutSilently();
    Guest& newer = office.connect(wish, &key);
    QVERIFY(newer->established);
    QVERIFY(newer->address() == older->address());
    QCOMPARE(office.hub.sessionCount(), std::size_t{1});
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QVERIFY(office.disconnected[0].reason.code == ErrorCode::Replaced);
    QCOMPARE(office.disconnected[0].reason.context, std::string("the client has connected anew"));
    office.fromLan(gvpn::test::udpPacket(address("172.17.0.9"), newer->address()));
    QCOMPARE(newer->packets.size(), std::size_t{1});
}

void TestHubLogin::theSameRunIsNotToldThatItWasReplaced()
{
    // A client that has given up its older connection may still read from it: "replaced" would end the whole run.
    Office office;
    const auto key = gvpn::test::newIdentity();
    Guest& older = office.connect({}, &key);
    QVERIFY(office.connect({}, &key)->established);
    QVERIFY(older->hasEndedWith(ErrorCode::Closed));
}

void TestHubLogin::sayingGoodbyeFreesTheAddress()
{
    Office office;
    Guest& first = office.connect(wishFor("10.86.0.77/24"));
    first->leave();
    office.pump();
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    QVERIFY(office.connect(wishFor("10.86.0.77/24"))->established);
}

void TestHubLogin::toldByTheObserverOnce()
{
    Office office;
    Wish wish;
    wish.deviceName = "tablet";
    const auto key = gvpn::test::newIdentity();
    Guest& guest = office.connect(wish, &key);
    QCOMPARE(office.connected.size(), std::size_t{1});
    const ClientInfo& info = office.connected[0];
    QVERIFY(info.claims.device == key.pin());
    QCOMPARE(info.claims.deviceName, std::string("tablet"));
    QCOMPARE(info.claims.software, std::string("test 1"));
    QVERIFY(!info.isV1);
    QCOMPARE(info.peer.toString(), std::string("192.0.2.1:40000"));
    QVERIFY(info.addresses == guest->established->settings.addresses);
    guest->leave();
    office.pump();
    office.pass(std::chrono::seconds(60));
    QCOMPARE(office.connected.size(), std::size_t{1});
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QCOMPARE(office.disconnected[0].client.id, info.id);
    QVERIFY(office.disconnected[0].reason.code == ErrorCode::Closed);
    QVERIFY(office.refused.empty());
    QVERIFY(office.hub.deadline() == Never);
}

void TestHubLogin::loginsTakeTurnsWhilePacketsFlow()
{
    Office office;
    Guest& settled = office.connect();
    // Each turn at the stopwatch takes a millisecond.
    struct : TimeSource {
        mutable ManualTime time;
        [[nodiscard]] TimePoint now() const override
        {
            time.advance(Duration(1));
            return time.now();
        }
    } stopwatch;
    office.hub.paceHandshakes({.restFactor = 3}, stopwatch);
    const int changes = office.deadlineChanges;
    Guest& late = office.connect();
    QVERIFY(office.deadlineChanges > changes);
    QVERIFY(office.hub.deadline() <= office.time.now());
    for (int millisecond = 0; millisecond < 100 && !late->established; ++millisecond) {
        // Its packets are not kept waiting.
        const std::size_t count = settled->packets.size();
        office.fromLan(gvpn::test::udpPacket(address("172.17.0.9"), settled->address()));
        QCOMPARE(settled->packets.size(), count + 1);
        office.hub.tick();
        office.pump();
        if (!late->established)
            QVERIFY(office.hub.deadline() == office.time.now() + Duration(4) - Duration(millisecond % 4));
        office.time.advance(Duration(1));
    }
    QVERIFY(late->established);
}

QTEST_APPLESS_MAIN(TestHubLogin)
#include "tst_hub_login.moc"
