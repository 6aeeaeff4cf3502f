#include "office.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using namespace gvpn::server::test;

namespace {

HubConfig guarded()
{
    HubConfig config = officeConfig();
    config.loginMethods = {protocol::LoginMethod::Device, protocol::LoginMethod::Invite,
                           protocol::LoginMethod::Password};
    return config;
}

accounts::Account account(accounts::UserId user, accounts::DeviceId device, std::string name = "anna")
{
    return {user, std::move(name), device, "laptop"};
}

SharedSecret secret(std::string_view text)
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

}  // namespace

class TestHubAccounts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nobodyIsInBeforeTheGateHasAnswered();
    void theGateIsAskedWithWhatTheClientHasShown();
    void aRefusalReachesTheClientAsItWasSaid();
    void anAnswerForASessionThatIsGoneMeansNothing();
    void aGateThatNeverAnswersCostsTenSeconds();
    void aClientThatOffersNothingIsSentAway();
    void sessionsEndByUserDeviceAddressAndName_data();
    void sessionsEndByUserDeviceAddressAndName();
    void aSessionEndsAlsoBeforeItHasAnAddress();
    void whoHasSaidNothingYetHasNoName();
    void aDeviceThatGoesOverTakesItsSessionWithIt();
    void anEmptyMatchEndsNobody();
    void onlyClientsWithAnAddressAreListed();
    void leasesOfAnEarlierRunAreKept();
    void bothAreToldOfACopiedKey();
    void theSameRunIsNotWarnedOfItself();
    void whoWaitsForTheGateOutlivesTheSilent();
    void loginMethodsChangeForThoseWhoComeLater();
};

void TestHubAccounts::nobodyIsInBeforeTheGateHasAnswered()
{
    Office office(guarded());
    Guest& guest = office.connect();
    QCOMPARE(office.gate.asked.size(), std::size_t{1});
    QVERIFY(!guest->established && !guest->ended);
    office.hub.decideLogin(office.gate.asked[0].session, account(1, 2));
    office.pump();
    QVERIFY(guest->established);
    QCOMPARE(office.connected.size(), std::size_t{1});
    QVERIFY(office.connected[0].account == account(1, 2));
}

void TestHubAccounts::theGateIsAskedWithWhatTheClientHasShown()
{
    Office office(guarded());
    const tls::Identity key = gvpn::test::newIdentity();
    office.connect({.deviceName = "box", .password = protocol::PasswordLogin{"anna", secret("tea pot")}}, &key);
    const accounts::LoginQuestion& question = office.gate.asked.at(0).question;
    QVERIFY(question.device == key.pin());
    QVERIFY(question.isSharedSource);
    QVERIFY(question.login.method == protocol::LoginMethod::Password);
    QCOMPARE(question.login.deviceName, std::string("box"));
    QCOMPARE(question.login.user, std::string("anna"));
    QVERIFY(question.login.secret == secret("tea pot"));
    QVERIFY(network("192.0.2.0/24").contains(question.peer.address));
}

void TestHubAccounts::aRefusalReachesTheClientAsItWasSaid()
{
    Office office(guarded());
    Guest& wrong = office.connect();
    Guest& busy = office.connect();
    const auto refuse = [&office](std::size_t index, protocol::GoodbyeCode code, const char* text) {
        office.hub.decideLogin(office.gate.asked.at(index).session, tl::unexpected(accounts::LoginRefusal{code, text}));
        office.pump();
    };
    refuse(0, protocol::GoodbyeCode::LoginRefused, "this device is not known here");
    refuse(1, protocol::GoodbyeCode::ServerBusy, "the server is busy");
    QVERIFY(wrong->hasEndedWith(ErrorCode::LoginRefused));
    QCOMPARE(wrong->ended->context, std::string("this device is not known here"));
    QVERIFY(busy->hasEndedWith(ErrorCode::Unreachable));
    QVERIFY(office.connected.empty());
    QCOMPARE(office.refused.size(), std::size_t{2});
}

void TestHubAccounts::anAnswerForASessionThatIsGoneMeansNothing()
{
    Office office(guarded());
    Guest& guest = office.connect();
    guest->leave();
    office.pump();
    office.hub.decideLogin(office.gate.asked.at(0).session, account(1, 2));
    office.hub.decideLogin(4711, account(1, 2));
    office.pump();
    QVERIFY(office.connected.empty());
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
}

void TestHubAccounts::aGateThatNeverAnswersCostsTenSeconds()
{
    Office office(guarded());
    office.connect();
    office.pass(std::chrono::seconds(11));
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    QCOMPARE(office.refused.size(), std::size_t{1});
}

void TestHubAccounts::aClientThatOffersNothingIsSentAway()
{
    HubConfig config = guarded();
    config.loginMethods = {protocol::LoginMethod::Invite};
    Office office(config);
    Guest& guest = office.connect();
    QVERIFY(guest->hasEndedWith(ErrorCode::LoginRefused));
    QVERIFY(office.gate.asked.empty());
}

void TestHubAccounts::sessionsEndByUserDeviceAddressAndName_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("ended");
    QTest::newRow("user") << 0 << 2;
    QTest::newRow("device") << 1 << 1;
    QTest::newRow("address") << 2 << 1;
    QTest::newRow("name") << 3 << 2;
    QTest::newRow("another name") << 4 << 0;
    QTest::newRow("user and another's device") << 5 << 0;
}

void TestHubAccounts::sessionsEndByUserDeviceAddressAndName()
{
    QFETCH(int, kind);
    QFETCH(int, ended);
    Office office(guarded());
    for (int i = 0; i < 3; ++i) {
        office.connect();
        office.hub.decideLogin(office.gate.asked.back().session, i < 2 ? account(1, 10 + i) : account(2, 12, "bob"));
        office.pump();
    }
    QCOMPARE(office.connected.size(), std::size_t{3});
    const SessionMatch matches[] = {
        {.user = 1},      {.device = 11},     {.address = office.connected[0].addresses[0].address},
        {.name = "anna"}, {.name = "laptop"}, {.user = 1, .device = 12}};
    QCOMPARE(office.hub.end(matches[kind], "gone"), static_cast<std::size_t>(ended));
    office.pump();
    int kicked = 0;
    for (Guest& guest : office.guests)
        kicked += guest->hasEndedWith(ErrorCode::Kicked) ? 1 : 0;
    QCOMPARE(kicked, ended);
}

void TestHubAccounts::aSessionEndsAlsoBeforeItHasAnAddress()
{
    Office office(guarded());
    office.connect({}, nullptr, {});
    // Let in, but its request for an address is still on its way.
    office.hub.decideLogin(office.gate.asked.at(0).session, account(1, 2));
    QCOMPARE(office.hub.end({.user = 1}, "gone"), std::size_t{1});
    office.pump();
    QVERIFY(office.connected.empty());
    QVERIFY(office.guests.front()->hasEndedWith(ErrorCode::Kicked));
}

void TestHubAccounts::whoHasSaidNothingYetHasNoName()
{
    Office office(guarded());
    office.connectStranger();  // not a byte
    office.connect();          // waits for the gate
    office.pump();
    QCOMPARE(office.hub.end({.name = "laptop"}, "gone"), std::size_t{0});
    QCOMPARE(office.hub.sessionCount(), std::size_t{2});
}

void TestHubAccounts::aDeviceThatGoesOverTakesItsSessionWithIt()
{
    Office office(guarded());
    const tls::Identity key = gvpn::test::newIdentity();
    Guest& first = office.connect({}, &key);
    office.hub.decideLogin(office.gate.asked.back().session, account(1, 2));
    office.pump();
    // A second login with the key makes it bob's, and never asks for an address.
    TestClient* const second = office.connect({.saysHello = true}, &key).client.get();
    office.hub.decideLogin(office.gate.asked.back().session, account(7, 2, "bob"));
    second->leave();
    office.hub.end({.user = 7}, "gone");
    office.pump();
    QVERIFY(first->hasEndedWith(ErrorCode::Kicked));
}

void TestHubAccounts::anEmptyMatchEndsNobody()
{
    Office office;
    office.connect();
    QCOMPARE(office.hub.end({}, "gone"), std::size_t{0});
    QCOMPARE(office.hub.end({.name = "laptop"}, "gone"), std::size_t{1});
}

void TestHubAccounts::onlyClientsWithAnAddressAreListed()
{
    Office office(guarded());
    office.connect();
    office.connect();
    office.hub.decideLogin(office.gate.asked.at(1).session, account(1, 2));
    office.pump();
    const auto clients = office.hub.clients();
    QCOMPARE(clients.size(), std::size_t{1});
    QVERIFY(clients[0].account == account(1, 2));
    QVERIFY(clients[0].connectedAt == office.time.now());
}

void TestHubAccounts::leasesOfAnEarlierRunAreKept()
{
    const tls::Identity key = gvpn::test::newIdentity();
    const tls::Identity other = gvpn::test::newIdentity();
    HubConfig config = officeConfig();
    config.leases = {{key.pin(), address("10.86.0.77")},
                     {other.pin(), address("10.86.0.77")},  // somebody's already
                     {other.pin(), address("10.99.0.1")},   // of another pool
                     {other.pin(), address("10.86.0.1")}};  // the server's own
    Office office(config);
    // A hint doesn't take it away from the one who will come back.
    Guest& stranger = office.connect({.addresses = {interfaceAddress("10.86.0.77/24")}});
    QVERIFY(stranger->established && stranger->address() != address("10.86.0.77"));
    Guest& guest = office.connect({}, &key);
    QVERIFY(guest->established);
    QCOMPARE(guest->address().toString(), std::string("10.86.0.77"));
}

void TestHubAccounts::bothAreToldOfACopiedKey()
{
    Office office(guarded());
    const tls::Identity key = gvpn::test::newIdentity();
    protocol::InstanceId second{};
    second[0] = std::byte{1};
    Guest& first = office.connect({}, &key);
    office.hub.decideLogin(office.gate.asked.back().session, account(1, 2));
    office.pump();
    Guest& copy = office.connect({.instance = second}, &key);
    office.hub.decideLogin(office.gate.asked.back().session, account(1, 2));
    office.pump();
    QVERIFY(first->hasEndedWith(ErrorCode::Replaced));
    QVERIFY(copy->established && !copy->ended);
    QCOMPARE(copy->notices.size(), std::size_t{1});
    QVERIFY(copy->notices[0].find("copied the key") != std::string::npos);
}

void TestHubAccounts::theSameRunIsNotWarnedOfItself()
{
    Office office;
    const tls::Identity key = gvpn::test::newIdentity();
    office.connect({}, &key);
    Guest& again = office.connect({}, &key);
    QVERIFY(again->established);
    QVERIFY(again->notices.empty());
}

void TestHubAccounts::whoWaitsForTheGateOutlivesTheSilent()
{
    HubConfig config = guarded();
    config.halfOpen.most = 3;
    Office office(config);
    Guest& waiting = office.connect();
    for (int i = 0; i < 10; ++i)
        office.connectStranger();
    office.pump();
    office.hub.decideLogin(office.gate.asked.at(0).session, account(1, 2));
    office.pump();
    QVERIFY(waiting->established);
}

void TestHubAccounts::loginMethodsChangeForThoseWhoComeLater()
{
    Office office(guarded());
    HubTuning tuning;
    tuning.halfOpen = officeConfig().halfOpen;
    tuning.loginMethods = {protocol::LoginMethod::Device};
    office.hub.tune(tuning);
    office.connect({.invite = secret("0123456789abcdef")});
    QVERIFY(office.gate.asked.at(0).question.login.method == protocol::LoginMethod::Device);
}

QTEST_APPLESS_MAIN(TestHubAccounts)

#include "tst_hub_accounts.moc"
