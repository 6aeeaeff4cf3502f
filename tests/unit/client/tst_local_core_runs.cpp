#include "client/known_servers.h"
#include "core_scene.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;
using protocol::LoginMethod;

namespace {

std::optional<std::string> sentPassword(const CoreScene& scene)
{
    const auto& password = scene.engine.request().options.credentials.password;
    return password ? std::optional(password->user + ' ' + std::string(asText(password->password.view())))
                    : std::nullopt;
}

Profile withPassword()
{
    Profile profile = profileNamed("Office");
    profile.user = "anna";
    profile.remembersPassword = true;
    return profile;
}

void sayUnknown(CoreScene& scene)
{
    scene.say(
        Disconnected{Fault{.stage = Stage::Tls, .error = {ErrorCode::IdentityUnknown, {}}, .presentedPin = pinOf(7)}});
}

}  // namespace

class TestLocalCoreRuns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void connectsWithWhatTheProfileSays();
    void showsWhatTheEngineSays();
    void forgetsTheLastRunAtTheNext();
    void triesAWaitingOneAgain();
    void isConnectedOnce();
    void namesWhoHasTheLock();
    void refusesAKeyThatIsNotTheTrustedOne();
    void takesTheKeyOfALink();
    void keepsTheKeyThatAnotherProfileHas();
    void namesADamagedMemory();
    void usesTheKeyInTheKeyring();
    void makesNoKeyForALockedKeyring();
    void asksTheKeyringAgainWhenAPersonDoes();
    void notesWhereANewKeyIs();
    void asksWhetherToTrust();
    void connectsNotToWhomAPersonDistrusts_data();
    void connectsNotToWhomAPersonDistrusts();
    void usesTheKeyThatIsTrustedAlready();
    void takesThePasswordFromTheKeyring();
    void asksForAPassword();
    void asksAgainForAWrongOne();
    void asksWhenTheKeyringIsLocked();
    void asksNobodyWhereNoPasswordHelps_data();
    void asksNobodyWhereNoPasswordHelps();
    void asksForAPasswordWhenTheInviteIsRefused();
    void givesUpWithoutAnAnswer();
    void remembersAPasswordWhenAskedTo();
    void saysThatAPasswordIsNotRemembered();
    void forgetsAPasswordThatIsNotToBeKept();
    void remembersTheServerAndTheRedeemedInvite();
    void namesNewRoutesOnce();
    void disconnectsWhatIsBeingPrepared();
    void closesEverything();
    void reportsRemarksAndTraffic();
    void keepsTheLastRemarks();
    void ignoresWhatComesAfterTheEnd();
};

void TestLocalCoreRuns::connectsWithWhatTheProfileSays()
{
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.user = "anna";
    profile.reconnects = false;
    profile.invite = inviteSecret();
    profile.acceptRoutes = {false, {prefix("10.0.0.0/8")}};
    profile.usesDns = false;
    profile.acceptDomains = {"lan"};
    scene.store(profile);
    const Pin device = scene.makeDeviceKey();
    scene.start();
    scene.core.connectProfile("Office");
    QVERIFY(scene.entry().isPreparing);
    CoreScene::settle();
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
    QVERIFY(!scene.entry().isPreparing);
    const ConnectionRequest& request = scene.engine.request();
    QVERIFY(request.options.server == profile.server && request.options.pin == profile.pin);
    QVERIFY(request.options.acceptRoutes == profile.acceptRoutes);
    QVERIFY(!request.options.usesDns && request.options.acceptDomains == profile.acceptDomains);
    QVERIFY(request.options.credentials.invite == profile.invite && !request.options.credentials.password);
    QCOMPARE(request.options.credentials.deviceName, std::string("laptop"));
    QCOMPARE(request.options.user, std::string("anna"));
    QCOMPARE(request.options.software, std::string("test 1"));
    QVERIFY(request.intent.isOnce && !request.intent.trustsOnFirstUse);
    QVERIFY(tls::Identity::fromPem(request.deviceKey.view())->pin() == device);
}

void TestLocalCoreRuns::showsWhatTheEngineSays()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    QSignalSpy changes(&scene.core, &ClientCore::stateChanged);
    scene.connectProfile();
    scene.say(Connecting{});
    QVERIFY(std::holds_alternative<Connecting>(scene.entry().state) && !scene.entry().connectedSince);
    scene.sayConnected();
    QVERIFY(scene.entry().connectedSince == CoreNow && !scene.entry().retryAt);
    scene.say(Waiting{.intent = {}, .history = {}, .delay = Duration(2'500), .reason = {}});
    QVERIFY(scene.entry().retryAt == CoreNow.addMSecs(2'500) && !scene.entry().connectedSince);
    scene.say(Connecting{});
    QVERIFY(!scene.entry().retryAt);
    scene.core.disconnectProfile("Office");
    QCOMPARE(scene.engine.closed, std::vector{scene.engine.id()});
    scene.say(Disconnecting{});
    scene.say(Disconnected{});
    QVERIFY(scene.entry().state == State(Disconnected{}) && !scene.entry().connectedSince);
    QVERIFY(changes.size() >= 5);
}

void TestLocalCoreRuns::forgetsTheLastRunAtTheNext()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    scene.engine.sayRemark(QStringLiteral("old"));
    scene.say(Disconnected{Fault{.error = {ErrorCode::Kicked, {}}}});
    QCOMPARE(scene.entry().remarks.size(), std::size_t{1});
    const ConnectionId first = scene.engine.id();
    scene.connectProfile();
    QVERIFY(scene.engine.id() != first);
    QVERIFY(scene.entry().remarks.empty() && scene.entry().state == State(Disconnected{}));
}

void TestLocalCoreRuns::triesAWaitingOneAgain()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    scene.say(Waiting{});
    scene.connectProfile();
    QCOMPARE(scene.engine.retried, std::vector{scene.engine.id()});
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
}

void TestLocalCoreRuns::isConnectedOnce()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.core.connectProfile("Office");
    scene.core.connectProfile("Office");
    CoreScene::settle();
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
    QVERIFY(!scene.entry().refusal);
}

void TestLocalCoreRuns::namesWhoHasTheLock()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    auto lock = ProfileLock::take(scene.state(), "Office", "gvpn-client");
    scene.connectProfile();
    QVERIFY(scene.engine.opened.empty() && !scene.entry().isPreparing);
    QVERIFY(scene.entry().refusal && scene.entry().refusal->contains(QStringLiteral("gvpn-client (process ")));
    lock = fail(ErrorCode::Closed, {});
    scene.connectProfile();
    QVERIFY(!scene.entry().refusal);
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
}

void TestLocalCoreRuns::refusesAKeyThatIsNotTheTrustedOne()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    auto known = KnownServers::load(scene.state() + KnownServersFile);
    QVERIFY(known->remember(profileNamed("Office").server, pinOf(1)).has_value());
    scene.connectProfile();
    QVERIFY(scene.engine.opened.empty());
    QVERIFY(scene.entry().refusal && scene.entry().refusal->contains(QString::fromStdString(pinOf(1).toString())));
}

void TestLocalCoreRuns::takesTheKeyOfALink()
{
    CoreScene scene;
    scene.start();
    auto known = KnownServers::load(scene.state() + KnownServersFile);
    QVERIFY(known->remember({"office.example.com", 443}, pinOf(1)).has_value());
    scene.core.enrol({.server = {"office.example.com", 443},
                      .pin = pinOf(7),
                      .invite = {},
                      .user = {},
                      .label = "Office",
                      .acceptRoutes = {}},
                     scene.noteProfile());
    CoreScene::settle();
    scene.connectProfile();
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
    QVERIFY(KnownServers::load(scene.state() + KnownServersFile)->find({"office.example.com", 443}) == pinOf(1));
    scene.sayLoggedIn(LoginMethod::Device);
    QVERIFY(KnownServers::load(scene.state() + KnownServersFile)->find({"office.example.com", 443}) == pinOf(7));
}

void TestLocalCoreRuns::keepsTheKeyThatAnotherProfileHas()
{
    const net::HostPort server{"office.example.com", 443};
    CoreScene scene;
    Profile old = profileNamed("Old");
    old.pin = pinOf(1);
    scene.store(old);
    Profile invited = profileNamed("Office");
    invited.invite = inviteSecret();
    scene.store(invited);
    auto known = KnownServers::load(scene.state() + KnownServersFile);
    QVERIFY(known->remember(server, pinOf(1)).has_value());
    scene.start();
    QVERIFY(scene.core.trustedKey({"OFFICE.example.com", 443}) == pinOf(1));
    scene.connectProfile();
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
    scene.sayLoggedIn(LoginMethod::Invite);
    QVERIFY(KnownServers::load(scene.state() + KnownServersFile)->find(server) == pinOf(1));
    QVERIFY(scene.entry().remarks.empty());
    scene.say(Disconnected{});
    // The person is told which one is in the way, and can take it away.
    scene.connectProfile();
    QVERIFY(scene.entry().refusal && scene.entry().refusal->contains(QStringLiteral("\"Old\"")));
    scene.core.remove("Old", scene.note());
    CoreScene::settle();
    scene.connectProfile();
    QVERIFY(!scene.entry().refusal);
    scene.sayLoggedIn(LoginMethod::Device);
    QVERIFY(KnownServers::load(scene.state() + KnownServersFile)->find(server) == pinOf(7));
    QVERIFY(scene.core.trustedKey(server) == pinOf(7));
}

void TestLocalCoreRuns::namesADamagedMemory()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    QFile file(QString::fromStdString(scene.state() + KnownServersFile));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("{") == 1);
    file.close();
    scene.connectProfile();
    QVERIFY(scene.engine.opened.empty());
    QVERIFY(scene.entry().refusal && scene.entry().refusal->contains(QStringLiteral("servers.json")));
}

void TestLocalCoreRuns::usesTheKeyInTheKeyring()
{
    CoreScene scene(WorkingKeyring);
    Profile profile = profileNamed("Office");
    profile.deviceKeyPlace = DeviceKeyPlace::Keyring;
    scene.store(profile);
    const tls::Identity identity = newIdentity();
    scene.keyring.secrets.emplace(deviceKeyKey(pinOf(7)), SharedSecret(std::move(identity.toPem().value())));
    scene.start();
    scene.connectProfile();
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
    QVERIFY(tls::Identity::fromPem(scene.engine.request().deviceKey.view())->pin() == identity.pin());
}

void TestLocalCoreRuns::makesNoKeyForALockedKeyring()
{
    CoreScene scene(Error{ErrorCode::NotFound, "locked"});
    Profile profile = profileNamed("Office");
    profile.deviceKeyPlace = DeviceKeyPlace::Keyring;
    scene.store(profile);
    scene.start();
    scene.connectProfile();
    QVERIFY(scene.engine.opened.empty());
    QVERIFY(scene.entry().refusal && scene.entry().refusal->contains(QStringLiteral("keyring")));
    QCOMPARE(scene.keyringSentences.size(), 1);
    QVERIFY(!QFile::exists(QString::fromStdString(deviceKeyFile(scene.state(), pinOf(7)))));
    QVERIFY(scene.stored() == profile);
    QVERIFY(ProfileLock::take(scene.state(), "Office", "other").has_value());
}

void TestLocalCoreRuns::asksTheKeyringAgainWhenAPersonDoes()
{
    CoreScene scene(Error{ErrorCode::NotFound, "locked"});
    for (const char* name : {"A", "B"}) {
        Profile profile = profileNamed(name);
        profile.deviceKeyPlace = DeviceKeyPlace::Keyring;
        profile.connectsAtStart = true;
        scene.store(profile);
    }
    scene.start(true);
    QVERIFY(scene.keyring.looks == 1 && scene.keyring.calls.empty());
    QVERIFY(scene.entry("A").refusal && scene.entry("B").refusal);
    scene.connectProfile("B");
    QCOMPARE(scene.keyring.calls.size(), std::size_t{1});
    QCOMPARE(scene.keyringSentences.size(), 1);
}

void TestLocalCoreRuns::notesWhereANewKeyIs()
{
    CoreScene scene(WorkingKeyring);
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
    QVERIFY(scene.stored().deviceKeyPlace == DeviceKeyPlace::Keyring);
    QVERIFY(scene.entry().profile == scene.stored());
}

void TestLocalCoreRuns::asksWhetherToTrust()
{
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.pin.reset();
    scene.store(profile);
    const Pin device = scene.makeDeviceKey();
    scene.start();
    scene.connectProfile();
    QVERIFY(!scene.engine.request().options.pin && scene.engine.request().deviceKey.isEmpty());
    sayUnknown(scene);
    QCOMPARE(scene.presented, std::vector{pinOf(7)});
    QVERIFY(scene.entry().isPreparing && scene.entry().state == State(Disconnected{}));
    QVERIFY(!scene.stored().pin);
    scene.core.answerTrust("Office", pinOf(7));
    scene.core.answerTrust("Office", pinOf(7));
    CoreScene::settle();
    QCOMPARE(scene.engine.opened.size(), std::size_t{2});
    QVERIFY(scene.engine.request().options.pin == pinOf(7) && scene.stored().pin == pinOf(7));
    QVERIFY(tls::Identity::fromPem(scene.engine.request().deviceKey.view())->pin() == device);
}

void TestLocalCoreRuns::connectsNotToWhomAPersonDistrusts_data()
{
    QTest::addColumn<std::optional<Pin>>("trusted");
    QTest::newRow("nobody") << std::optional<Pin>();
    QTest::newRow("whom an older question showed") << std::optional(pinOf(8));
}

void TestLocalCoreRuns::connectsNotToWhomAPersonDistrusts()
{
    QFETCH(std::optional<Pin>, trusted);
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.pin.reset();
    scene.store(profile);
    scene.start();
    scene.connectProfile();
    sayUnknown(scene);
    scene.core.answerTrust("Office", trusted);
    CoreScene::settle();
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
    QVERIFY(!scene.entry().isPreparing && scene.stored() == profile);
    QVERIFY(ProfileLock::take(scene.state(), "Office", "other").has_value());
}

void TestLocalCoreRuns::usesTheKeyThatIsTrustedAlready()
{
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.pin.reset();
    scene.store(profile);
    scene.start();
    auto known = KnownServers::load(scene.state() + KnownServersFile);
    QVERIFY(known->remember(profile.server, pinOf(7)).has_value());
    scene.connectProfile();
    QVERIFY(scene.engine.request().options.pin == pinOf(7));
    scene.sayLoggedIn(LoginMethod::Device);
    QVERIFY(scene.stored().pin == pinOf(7));
}

void TestLocalCoreRuns::takesThePasswordFromTheKeyring()
{
    CoreScene scene(WorkingKeyring);
    scene.store(withPassword());
    static_cast<void>(scene.makeDeviceKey());
    scene.keyring.secrets.emplace(passwordKey(pinOf(7), "anna"), secretOf("horse"));
    scene.start();
    scene.connectProfile();
    // The device key may be known, and then no password is shown to anybody.
    QVERIFY(!sentPassword(scene) && scene.keyring.calls.empty());
    scene.sayRefused(LoginMethod::Device);
    QCOMPARE(sentPassword(scene), std::optional<std::string>("anna horse"));
    scene.sayLoggedIn(LoginMethod::Password);
    scene.sayConnected();
    QVERIFY(scene.questions.empty() && scene.stored().remembersPassword);
    QCOMPARE(scene.keyring.calls.size(), std::size_t{1});
}

void TestLocalCoreRuns::asksForAPassword()
{
    CoreScene scene(WorkingKeyring);
    scene.store(profileNamed("Office"));
    static_cast<void>(scene.makeDeviceKey());
    scene.start();
    scene.connectProfile();
    scene.sayRefused({});  // the server asks for a password only
    QCOMPARE(scene.questions.size(), std::size_t{1});
    QCOMPARE(scene.questions[0].profile, std::string("Office"));
    QVERIFY(scene.questions[0].user.empty() && !scene.questions[0].wasWrong && scene.questions[0].canRemember);
    QVERIFY(scene.entry().isPreparing && scene.entry().state == State(Disconnected{}));
    scene.core.answerPassword("Office", secretOf("horse"), "anna", false);
    CoreScene::settle();
    QCOMPARE(sentPassword(scene), std::optional<std::string>("anna horse"));
    QVERIFY(!scene.entry().isPreparing);
    scene.sayLoggedIn(LoginMethod::Password);
    QCOMPARE(scene.stored().user, std::string("anna"));
    QVERIFY(!scene.stored().remembersPassword && scene.keyring.secrets.empty());
}

void TestLocalCoreRuns::asksAgainForAWrongOne()
{
    CoreScene scene(WorkingKeyring);
    scene.store(withPassword());
    static_cast<void>(scene.makeDeviceKey());
    scene.keyring.secrets.emplace(passwordKey(pinOf(7), "anna"), secretOf("old"));
    scene.start();
    scene.connectProfile();
    scene.sayRefused(LoginMethod::Device);
    scene.sayRefused(LoginMethod::Password);
    QVERIFY(scene.questions.at(0).wasWrong);
    scene.core.answerPassword("Office", secretOf("typo"), "anna", true);
    scene.sayRefused(LoginMethod::Password);
    QVERIFY(scene.questions.at(1).wasWrong);
    scene.core.answerPassword("Office", secretOf("new"), "anna", true);
    scene.sayLoggedIn(LoginMethod::Password);
    QVERIFY(scene.keyring.secrets.at(passwordKey(pinOf(7), "anna")) == secretOf("new"));
    QVERIFY(scene.stored() == withPassword());
}

void TestLocalCoreRuns::asksWhenTheKeyringIsLocked()
{
    CoreScene scene(Error{ErrorCode::NotFound, "locked"});
    scene.store(withPassword());
    static_cast<void>(scene.makeDeviceKey());
    scene.start();
    scene.connectProfile();
    scene.sayRefused(LoginMethod::Device);
    QCOMPARE(scene.questions.size(), std::size_t{1});
    QVERIFY(!scene.questions[0].wasWrong && !scene.questions[0].canRemember);
    QCOMPARE(scene.keyringSentences.size(), 1);
    QVERIFY(scene.stored().remembersPassword);
}

void TestLocalCoreRuns::asksNobodyWhereNoPasswordHelps_data()
{
    QTest::addColumn<std::optional<LoginMethod>>("sent");
    QTest::addColumn<bool>("takesPasswords");
    QTest::newRow("devices only") << std::optional(LoginMethod::Device) << false;
    QTest::newRow("bad invite") << std::optional(LoginMethod::Invite) << false;
    QTest::newRow("other ways") << std::optional<LoginMethod>() << false;
}

void TestLocalCoreRuns::asksNobodyWhereNoPasswordHelps()
{
    QFETCH(std::optional<LoginMethod>, sent);
    QFETCH(bool, takesPasswords);
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    scene.sayRefused(sent, takesPasswords);
    QVERIFY(scene.questions.empty() && !scene.entry().isPreparing);
    QVERIFY(std::get<Disconnected>(scene.entry().state).fault.has_value());
}

void TestLocalCoreRuns::asksForAPasswordWhenTheInviteIsRefused()
{
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.invite = inviteSecret();
    scene.store(profile);
    static_cast<void>(scene.makeDeviceKey());
    scene.start();
    scene.connectProfile();
    scene.sayRefused(LoginMethod::Invite);
    QCOMPARE(scene.questions.size(), std::size_t{1});
    QVERIFY(!scene.questions[0].wasWrong);
    QVERIFY(!scene.stored().isPending() && !scene.entry().profile.isPending());
    scene.core.answerPassword("Office", secretOf("horse"), "anna", false);
    QCOMPARE(sentPassword(scene), std::optional<std::string>("anna horse"));
}

void TestLocalCoreRuns::givesUpWithoutAnAnswer()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    for (const auto& [password, user] : {std::pair{std::optional<SharedSecret>(), "anna"},
                                         {std::optional(SharedSecret()), "anna"},
                                         {std::optional(secretOf("horse")), ""}}) {
        scene.connectProfile();
        const std::size_t before = scene.engine.opened.size();
        scene.sayRefused(LoginMethod::Device);
        scene.core.answerPassword("Office", password, user, true);
        CoreScene::settle();
        QCOMPARE(scene.engine.opened.size(), before);
        QVERIFY(!scene.entry().isPreparing && scene.entry().state == State(Disconnected{}));
    }
}

void TestLocalCoreRuns::remembersAPasswordWhenAskedTo()
{
    CoreScene scene(WorkingKeyring);
    scene.store(profileNamed("Office"));
    static_cast<void>(scene.makeDeviceKey());
    scene.start();
    scene.connectProfile();
    scene.sayRefused(LoginMethod::Device);
    scene.core.answerPassword("Office", secretOf("horse"), "anna", true);
    QVERIFY(scene.keyring.calls.empty());
    scene.sayLoggedIn(LoginMethod::Password);
    QVERIFY(scene.keyring.secrets.at(passwordKey(pinOf(7), "anna")) == secretOf("horse"));
    QVERIFY(scene.stored() == withPassword() && scene.entry().profile == withPassword());
}

void TestLocalCoreRuns::saysThatAPasswordIsNotRemembered()
{
    CoreScene scene(Error{ErrorCode::PermissionDenied, "locked"});
    scene.store(profileNamed("Office"));
    static_cast<void>(scene.makeDeviceKey());
    scene.start();
    scene.connectProfile();
    scene.sayRefused(LoginMethod::Device);
    scene.core.answerPassword("Office", secretOf("horse"), "anna", true);
    scene.sayLoggedIn(LoginMethod::Password);
    QVERIFY(!scene.stored().remembersPassword);
    QCOMPARE(scene.stored().user, std::string("anna"));
    QCOMPARE(scene.entry().remarks.size(), std::size_t{1});
    QCOMPARE(scene.keyringSentences.size(), 1);
    QFile known(QString::fromStdString(scene.state() + KnownServersFile));
    QVERIFY(known.open(QIODevice::ReadOnly) && !known.readAll().contains("horse"));
    QVERIFY(!scene.place.read("Office.json").contains("horse"));
}

void TestLocalCoreRuns::forgetsAPasswordThatIsNotToBeKept()
{
    CoreScene scene(WorkingKeyring);
    scene.store(withPassword());
    static_cast<void>(scene.makeDeviceKey());
    scene.keyring.secrets.emplace(passwordKey(pinOf(7), "anna"), secretOf("old"));
    scene.start();
    scene.connectProfile();
    scene.sayRefused(LoginMethod::Device);
    scene.sayRefused(LoginMethod::Password);
    scene.core.answerPassword("Office", secretOf("new"), "anna", false);
    scene.sayLoggedIn(LoginMethod::Password);
    QVERIFY(scene.keyring.secrets.empty() && !scene.stored().remembersPassword);
}

void TestLocalCoreRuns::remembersTheServerAndTheRedeemedInvite()
{
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.invite = inviteSecret();
    scene.store(profile);
    scene.start();
    scene.connectProfile();
    scene.sayLoggedIn(LoginMethod::Invite);
    QVERIFY(!scene.stored().isPending() && !scene.entry().profile.isPending());
    QVERIFY(KnownServers::load(scene.state() + KnownServersFile)->find(profile.server) == pinOf(7));
}

void TestLocalCoreRuns::namesNewRoutesOnce()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    scene.sayConnected({prefix("10.0.0.0/8")});
    QCOMPARE(scene.named.size(), std::size_t{1});
    QVERIFY(scene.named[0].isFirst && scene.named[0].routes == std::vector{prefix("10.0.0.0/8")});
    QCOMPARE(scene.stored().knownRoutes, std::vector{prefix("10.0.0.0/8")});
    scene.say(Waiting{});
    scene.sayConnected({prefix("10.0.0.0/8")});
    QCOMPARE(scene.named.size(), std::size_t{1});
    scene.say(Waiting{});
    scene.sayConnected({prefix("10.0.0.0/8"), prefix("192.168.1.0/24")});
    QCOMPARE(scene.named.size(), std::size_t{2});
    QVERIFY(!scene.named[1].isFirst && scene.named[1].routes == std::vector{prefix("192.168.1.0/24")});
}

void TestLocalCoreRuns::disconnectsWhatIsBeingPrepared()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.core.connectProfile("Office");
    scene.core.disconnectProfile("Office");
    CoreScene::settle();
    QVERIFY(scene.engine.opened.empty() && !scene.entry().isPreparing);
    scene.core.connectProfile("Office");
    scene.core.remove("Office", scene.note());
    CoreScene::settle();
    QVERIFY(scene.engine.opened.empty() && scene.core.profiles().empty());
    QVERIFY(scene.results.at(0).has_value());
}

void TestLocalCoreRuns::closesEverything()
{
    CoreScene scene;
    scene.store(profileNamed("A"));
    scene.store(profileNamed("B"));
    scene.start();
    scene.connectProfile("A");
    scene.core.connectProfile("B");
    bool isDone = false;
    scene.core.disconnectAll([&isDone] { isDone = true; });
    CoreScene::settle();
    QVERIFY(isDone);
    QCOMPARE(scene.engine.closeAllCount, 1);
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
    QVERIFY(!scene.entry("B").isPreparing);
}

void TestLocalCoreRuns::reportsRemarksAndTraffic()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    scene.engine.sayRemark(QStringLiteral("a route is left out"));
    scene.engine.sayTraffic({.bytesUp = 1, .bytesDown = 2, .roundTrip = std::chrono::microseconds(3)});
    QCOMPARE(scene.entry().remarks, std::vector{QStringLiteral("a route is left out")});
    QVERIFY(scene.entry().traffic == Traffic(1, 2, std::chrono::microseconds(3)));
    QCOMPARE(scene.trafficCount, 1);
}

void TestLocalCoreRuns::keepsTheLastRemarks()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    for (int i = 0; i < 3; ++i)
        scene.engine.sayRemark(QStringLiteral("again"));
    QCOMPARE(scene.entry().remarks, std::vector{QStringLiteral("again")});
    for (int i = 0; i < 1000; ++i)
        scene.engine.sayRemark(QString::number(i));
    QCOMPARE(scene.entry().remarks.size(), MaxRemarks);
    QCOMPARE(scene.entry().remarks.front(), QStringLiteral("980"));
    QCOMPARE(scene.entry().remarks.back(), QStringLiteral("999"));
}

void TestLocalCoreRuns::ignoresWhatComesAfterTheEnd()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    scene.say(Disconnected{});
    scene.sayConnected({prefix("10.0.0.0/8")});
    scene.sayLoggedIn(LoginMethod::Device);
    scene.engine.sayRemark(QStringLiteral("late"));
    scene.engine.sayTraffic({});
    QVERIFY(scene.entry().state == State(Disconnected{}) && scene.entry().remarks.empty());
    QVERIFY(scene.named.empty() && scene.stored() == profileNamed("Office"));
}

QTEST_GUILESS_MAIN(TestLocalCoreRuns)
#include "tst_local_core_runs.moc"
