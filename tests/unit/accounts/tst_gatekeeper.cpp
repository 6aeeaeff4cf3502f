#include "gate_scene.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::accounts;
using namespace gvpn::accounts::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* Invite = "0123456789abcdef";
constexpr const char* OtherInvite = "fedcba9876543210";

std::string wrongInvite(unsigned number)
{
    return "wrong invite " + std::to_string(100 + number);
}

}  // namespace

class TestGatekeeper : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anInviteLetsADeviceInForGood();
    void anOldLinkDoesNotShutItsDeviceOut();
    void sendsUnknownDevicesAway();
    void refusesRevokedDevices();
    void refusesDevicesOfDisabledUsers();
    void refusesInvites_data();
    void refusesInvites();
    void refusesMoreDevicesThanAUserMayHave();
    void refusesALoginWithoutAMethod();
    void bansWhoGuessesInvites();
    void bansWhoMakesKeys();
    void theSameUnknownKeyCountsOnce();
    void aBanStopsNoKnownDevice();
    void aBanStopsEvenARightInvite();
    void saysHowLongABanLasts();
    void oneBehindARelayDoesNotStopAnother();
    void manyKeysBehindARelayAreStoppedTogether();
    void bansOutliveTheServer();
    void liftsBans();
    void writesLoginsDown();
    void writesRefusalsDownThatCounted();
    void aFullDiskRefusesNoLogin();
    void aBrokenDatabaseIsNobodysGuess();
};

void TestGatekeeper::anInviteLetsADeviceInForGood()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    const auto first = scene.judge(byInvite({}, Invite));
    QCOMPARE(text(first), QStringLiteral("anna/laptop"));
    QVERIFY(first->userId > 0 && first->deviceId > 0);
    // The first answer may have been lost.
    QVERIFY(scene.judge(byInvite({}, Invite)) == first);
    QVERIFY(scene.judge(byDevice({})) == first);
    QVERIFY(scene.judge(byDevice({.from = "2001:db8::1"})) == first);
    scene.restart();
    QVERIFY(scene.judge(byDevice({})) == first);
}

void TestGatekeeper::anOldLinkDoesNotShutItsDeviceOut()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    const auto first = scene.judge(byInvite({}, Invite));
    scene.now += 1h;
    for (unsigned i = 0; i < 30; ++i)
        QVERIFY(scene.judge(byInvite({}, Invite)) == first);
    QVERIFY(scene.trail("login-refused").empty());
    QCOMPARE(scene.trail("login").front().detail, std::string("device"));
    QCOMPARE(text(scene.judge(byInvite({.key = 2}, Invite))), BadInviteText);
    (void)require(scene.store->setEnabled("anna", false));
    QCOMPARE(text(scene.judge(byInvite({}, Invite))), BadInviteText);
}

void TestGatekeeper::sendsUnknownDevicesAway()
{
    GateScene scene;
    const auto verdict = scene.judge(byDevice({}));
    QCOMPARE(text(verdict), UnknownKeyText);
    QVERIFY(verdict.error().isNews);
}

void TestGatekeeper::refusesRevokedDevices()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    const auto account = scene.judge(byInvite({}, Invite));
    (void)require(scene.store->revokeDevice(account->deviceId));
    for (int i = 0; i < 30; ++i)
        QCOMPARE(text(scene.judge(byDevice({}))), RevokedText);
    // It is no guess: its neighbours are not banned.
    QVERIFY(scene.gate->bans().empty());
    // Nor does the link help that it came with.
    QCOMPARE(text(scene.judge(byInvite({}, Invite))), BadInviteText);
    scene.invite(OtherInvite, "anna");
    QCOMPARE(text(scene.judge(byInvite({}, OtherInvite))), QStringLiteral("anna/laptop"));
}

void TestGatekeeper::refusesDevicesOfDisabledUsers()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    QVERIFY(scene.judge(byInvite({}, Invite)));
    (void)require(scene.store->setEnabled("anna", false));
    QCOMPARE(text(scene.judge(byDevice({}))), QStringLiteral("refused: the user of this device is disabled"));
    (void)require(scene.store->setEnabled("anna", true));
    QVERIFY(scene.judge(byDevice({})));
}

void TestGatekeeper::refusesInvites_data()
{
    QTest::addColumn<QString>("state");
    QTest::addColumn<QString>("refusal");
    QTest::newRow("unknown") << "unknown" << BadInviteText;
    QTest::newRow("expired") << "expired" << BadInviteText;
    QTest::newRow("another's") << "another's" << BadInviteText;
    QTest::newRow("of a disabled user") << "disabled"
                                        << "refused: the user of this invite is disabled";
}

void TestGatekeeper::refusesInvites()
{
    QFETCH(QString, state);
    QFETCH(QString, refusal);
    GateScene scene;
    if (state != QLatin1String("unknown"))
        scene.invite(Invite, "anna");
    if (state == QLatin1String("expired"))
        scene.now += 1h;
    if (state == QLatin1String("another's"))
        QVERIFY(scene.judge(byInvite({.key = 2}, Invite)));
    if (state == QLatin1String("disabled"))
        (void)require(scene.store->setEnabled("anna", false));
    QCOMPARE(text(scene.judge(byInvite({}, Invite))), refusal);
    // Whoever holds an invite of a disabled user has guessed nothing.
    QCOMPARE(scene.trail("login-refused").size(), std::size_t(state == QLatin1String("disabled") ? 0 : 1));
    QCOMPARE(text(scene.judge(byDevice({}))), UnknownKeyText);
}

void TestGatekeeper::refusesMoreDevicesThanAUserMayHave()
{
    GateScene scene;
    scene.gate->setMaxDevices(2);
    for (unsigned key = 1; key <= 3; ++key) {
        const std::string invite = Invite + std::to_string(key);
        scene.invite(invite, "anna");
        const auto verdict = scene.judge(byInvite({.key = key}, invite));
        if (key <= 2)
            QVERIFY(verdict);
        else
            QCOMPARE(text(verdict), QStringLiteral("refused: the user has 2 devices already, and may have no more"));
    }
    scene.gate->setMaxDevices(3);
    QVERIFY(scene.judge(byInvite({.key = 3}, std::string(Invite) + "3")));
}

void TestGatekeeper::refusesALoginWithoutAMethod()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    QVERIFY(scene.judge(byInvite({}, Invite)));
    LoginQuestion question = byDevice({});
    question.login.method = protocol::LoginMethod::None;
    QCOMPARE(text(scene.judge(question)), QStringLiteral("refused: this server asks for a login"));
}

void TestGatekeeper::bansWhoGuessesInvites()
{
    GateScene scene;
    for (unsigned i = 0; i < 20; ++i) {
        if (i == 19)
            QTest::ignoreMessage(QtWarningMsg,
                                 "too many wrong logins, banned for a while seconds=60 from=198.51.100.7");
        QCOMPARE(text(scene.judge(byInvite({}, wrongInvite(i)))), BadInviteText);
    }
    const auto first = scene.judge(byInvite({}, wrongInvite(20)));
    QCOMPARE(text(first), BannedText);
    QVERIFY(first.error().isNews);
    const auto second = scene.judge(byInvite({}, wrongInvite(21)));
    QCOMPARE(text(second), BannedText);
    QVERIFY(!second.error().isNews);
    QVERIFY(scene.judge(byInvite({.from = "198.51.100.8"}, wrongInvite(22))).error().text != first.error().text);
    const auto bans = scene.gate->bans();
    QCOMPARE(bans.size(), std::size_t{1});
    QVERIFY(bans[0].address == address("198.51.100.7"));
    const auto written = scene.trail("ban");
    QCOMPARE(written.size(), std::size_t{1});
    QCOMPARE(written[0].from, std::string("198.51.100.7"));
    scene.now += 60s;
    QCOMPARE(text(scene.judge(byInvite({}, wrongInvite(23)))), BadInviteText);
}

void TestGatekeeper::bansWhoMakesKeys()
{
    GateScene scene;
    for (unsigned i = 0; i < 20; ++i)
        QCOMPARE(text(scene.judge(byDevice({.key = 10 + i}))), UnknownKeyText);
    QCOMPARE(text(scene.judge(byDevice({.key = 99}))), BannedText);
}

void TestGatekeeper::theSameUnknownKeyCountsOnce()
{
    GateScene scene;
    for (unsigned i = 0; i < 100; ++i) {
        const auto verdict = scene.judge(byDevice({}));
        QCOMPARE(text(verdict), UnknownKeyText);
        QCOMPARE(verdict.error().isNews, i == 0);
    }
    QCOMPARE(scene.trail("login-refused").size(), std::size_t{1});
}

void TestGatekeeper::aBanStopsNoKnownDevice()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    QVERIFY(scene.judge(byInvite({}, Invite)));
    for (unsigned i = 0; i < 30; ++i)
        (void)scene.judge(byInvite({.key = 2}, wrongInvite(i)));
    QCOMPARE(text(scene.judge(byInvite({.key = 2}, wrongInvite(30)))), BannedText);
    QCOMPARE(text(scene.judge(byDevice({}))), QStringLiteral("anna/laptop"));
}

void TestGatekeeper::aBanStopsEvenARightInvite()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    for (unsigned i = 0; i < 20; ++i)
        (void)scene.judge(byInvite({}, wrongInvite(i)));
    QCOMPARE(text(scene.judge(byInvite({}, Invite))), BannedText);
    scene.now += 60s;
    QVERIFY(scene.judge(byInvite({}, Invite)));
}

void TestGatekeeper::saysHowLongABanLasts()
{
    GateScene scene;
    require(scene.store->saveBan({"", address("198.51.100.7"), {}, false, scene.now + 121s, 2}));
    scene.restart();
    const auto said = [&scene] { return text(scene.judge(byInvite({}, Invite))); };
    QVERIFY(said().contains(QLatin1String("for 3 minutes")));
    scene.now += 1s;
    QVERIFY(said().contains(QLatin1String("for 2 minutes")));
    scene.now += 119s;
    QCOMPARE(said(), BannedText);
    scene.now += 1s;
    QCOMPARE(said(), BadInviteText);
}

void TestGatekeeper::oneBehindARelayDoesNotStopAnother()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    const Caller guesser{.key = 2, .from = "127.0.0.1", .isShared = true};
    for (unsigned i = 0; i < 5; ++i)
        QCOMPARE(text(scene.judge(byInvite(guesser, wrongInvite(i)))), BadInviteText);
    for (unsigned i = 5; i < 200; ++i)
        QCOMPARE(text(scene.judge(byInvite(guesser, wrongInvite(i)))), BannedText);
    QVERIFY(scene.judge(byInvite({.key = 1, .from = "127.0.0.1", .isShared = true}, Invite)));
}

void TestGatekeeper::manyKeysBehindARelayAreStoppedTogether()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    scene.invite(OtherInvite, "bert");
    QVERIFY(scene.judge(byInvite({.key = 1, .from = "127.0.0.1", .isShared = true}, Invite)));
    for (unsigned i = 0; i < 100; ++i) {
        if (i == 99)
            QTest::ignoreMessage(QtWarningMsg, "too many wrong logins, banned for a while seconds=60 from=shared");
        QCOMPARE(text(scene.judge(byInvite({.key = 10 + i, .from = "10.0.0.9", .isShared = true}, wrongInvite(i)))),
                 BadInviteText);
    }
    QCOMPARE(text(scene.judge(byInvite({.key = 5, .from = "127.0.0.1", .isShared = true}, OtherInvite))), BannedText);
    // Who is known comes in, and so does everybody from elsewhere.
    QVERIFY(scene.judge(byDevice({.key = 1, .from = "127.0.0.1", .isShared = true})));
    QVERIFY(scene.judge(byInvite({.key = 5}, OtherInvite)));
    QCOMPARE(require(scene.gate->lift("shared")).size(), std::size_t{1});
    QCOMPARE(text(scene.judge(byDevice({.key = 999, .from = "127.0.0.1", .isShared = true}))), UnknownKeyText);
}

void TestGatekeeper::bansOutliveTheServer()
{
    GateScene scene;
    for (unsigned i = 0; i < 20; ++i)
        (void)scene.judge(byInvite({}, wrongInvite(i)));
    const auto bans = scene.gate->bans();
    QCOMPARE(bans.size(), std::size_t{1});
    scene.restart();
    QVERIFY(scene.gate->bans() == bans);
    QCOMPARE(text(scene.judge(byInvite({}, wrongInvite(99)))), BannedText);
}

void TestGatekeeper::liftsBans()
{
    GateScene scene;
    for (unsigned i = 0; i < 20; ++i)
        (void)scene.judge(byInvite({}, wrongInvite(i)));
    QCOMPARE(scene.gate->lift("198.51.100.8").error().code, ErrorCode::NotFound);
    QCOMPARE(require(scene.gate->lift("198.51.100.7")).size(), std::size_t{1});
    QCOMPARE(scene.gate->lift("198.51.100.7").error().code, ErrorCode::NotFound);
    QVERIFY(scene.gate->bans().empty());
    QVERIFY(require(scene.store->bans()).empty());
    QCOMPARE(text(scene.judge(byInvite({}, wrongInvite(99)))), BadInviteText);
}

void TestGatekeeper::writesLoginsDown()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    const auto account = scene.judge(byInvite({}, Invite));
    scene.now += 60s;
    QVERIFY(scene.judge(byDevice({.from = "2001:db8::7"})));
    const auto logins = scene.trail("login");
    QCOMPARE(logins.size(), std::size_t{2});
    QVERIFY((logins[0] == AuditEntry{scene.now, "login", "anna", "laptop", "2001:db8::7", "device"}));
    QVERIFY((logins[1] == AuditEntry{scene.now - 60s, "login", "anna", "laptop", "198.51.100.7", "invite"}));
    const auto device = require(scene.store->findDevice(pin(1)));
    QVERIFY(device->lastSeenAt == scene.now);
    QCOMPARE(device->lastFrom, std::string("2001:db8::7"));
}

void TestGatekeeper::writesRefusalsDownThatCounted()
{
    GateScene scene;
    QVERIFY(!scene.judge(byInvite({}, Invite)));
    QVERIFY(!scene.judge(byInvite({}, Invite)));
    const auto refusals = scene.trail("login-refused");
    QCOMPARE(refusals.size(), std::size_t{1});
    QVERIFY((refusals[0]
             == AuditEntry{scene.now, "login-refused", "", pin(1).toString().substr(0, 10), "198.51.100.7", "invite"}));
}

void TestGatekeeper::aFullDiskRefusesNoLogin()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    QVERIFY(scene.judge(byInvite({}, Invite)));
    scene.runSql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'no room'); END");
    // Once, not with each login.
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("^the accounts can't be written.*no room")));
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".*")));
    for (int i = 0; i < 3; ++i)
        QVERIFY(scene.judge(byDevice({})));
    // When it works again and fails again, that is said again.
    scene.runSql("DROP TRIGGER full");
    QVERIFY(scene.judge(byDevice({})));
    scene.runSql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'again'); END");
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("^the accounts can't be written.*again")));
    QVERIFY(scene.judge(byDevice({})));
}

void TestGatekeeper::aBrokenDatabaseIsNobodysGuess()
{
    GateScene scene;
    scene.invite(Invite, "anna");
    scene.runSql("CREATE TRIGGER full BEFORE INSERT ON devices BEGIN SELECT RAISE(FAIL, 'no room'); END");
    for (unsigned i = 0; i < 30; ++i)
        QCOMPARE(text(scene.judge(byInvite({}, Invite))), QStringLiteral("busy: the server can't store this now"));
    QVERIFY(scene.gate->bans().empty());
    scene.runSql("DROP TABLE devices");
    QCOMPARE(text(scene.judge(byDevice({}))), QStringLiteral("busy: the server can't store this now"));
    QVERIFY(scene.trail("login-refused").empty());
}

QTEST_GUILESS_MAIN(TestGatekeeper)
#include "tst_gatekeeper.moc"
