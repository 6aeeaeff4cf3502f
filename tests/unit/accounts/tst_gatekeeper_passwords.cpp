#include "gate_scene.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::accounts;
using namespace gvpn::accounts::test;
using namespace std::chrono_literals;

namespace {

std::string wrongPassword(unsigned number)
{
    return "wrong " + std::to_string(number);
}

}  // namespace

class TestGatekeeperPasswords : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aPasswordLetsADeviceInForGood();
    void wrongIsWrongWhyever_data();
    void wrongIsWrongWhyever();
    void theSameWrongPasswordCountsOnce();
    void bansNothingOfAnotherUser();
    void hashesNothingWhileBanned();
    void aRightPasswordForgivesTheWrongOnes();
    void refusesTheRightPasswordOfARevokedDevice();
    void refusesMoreDevicesThanAUserMayHave();
    void refusesWhatChangesWhileItIsHashed_data();
    void refusesWhatChangesWhileItIsHashed();
    void isBusyWhenTheHashersAre();
    void oneSourceDoesNotFillTheQueue_data();
    void oneSourceDoesNotFillTheQueue();
    void longNamesAreCutBetweenCharacters();
    void noSecretIsWrittenDown();
};

void TestGatekeeperPasswords::aPasswordLetsADeviceInForGood()
{
    GateScene scene;
    scene.addUser("anna", "right");
    const auto first = scene.judge(byPassword({}, "anna", "right"));
    QCOMPARE(text(first), QStringLiteral("anna/laptop"));
    QVERIFY(scene.judge(byDevice({})) == first);
    QVERIFY(scene.judge(byPassword({}, "ANNA", "right")) == first);
    const auto logins = scene.trail("login");
    QCOMPARE(logins.size(), std::size_t{3});
    QCOMPARE(logins[2].detail, std::string("password"));
    QVERIFY(scene.trail("login-refused").empty());
    // What Qt would leave out of the name is another name to the ledger, and so nobody's.
    QCOMPARE(text(scene.judge(byPassword({},
                                         "\xEF\xBB\xBF"
                                         "anna",
                                         "right"))),
             WrongText);
}

void TestGatekeeperPasswords::wrongIsWrongWhyever_data()
{
    QTest::addColumn<QString>("user");
    QTest::newRow("a wrong password") << "anna";
    QTest::newRow("an unknown user") << "bert";
    QTest::newRow("a disabled user") << "carl";
    QTest::newRow("a user without a password") << "dora";
}

void TestGatekeeperPasswords::wrongIsWrongWhyever()
{
    QFETCH(QString, user);
    GateScene scene;
    scene.addUser("anna", "another");
    scene.addUser("carl", "wrong 0");
    (void)require(scene.store->setEnabled("carl", false));
    scene.addUser("dora", "");
    const auto ask = [&](unsigned number) {
        return scene.judge(byPassword({}, user.toStdString(), wrongPassword(number)));
    };
    for (unsigned i = 0; i < 5; ++i) {
        const auto verdict = ask(i);
        QCOMPARE(text(verdict), WrongText);
        QVERIFY(verdict.error().isNews);
    }
    const auto banned = ask(5);
    QCOMPARE(text(banned), BannedText);
    QVERIFY(banned.error().isNews);
    QVERIFY(!ask(6).error().isNews);
    const auto refusals = scene.trail("login-refused");
    QCOMPARE(refusals.size(), std::size_t{5});
    QVERIFY((refusals[0]
             == AuditEntry{scene.now, "login-refused", user.toStdString(), pin(1).toString().substr(0, 10),
                           "198.51.100.7", "password"}));
    const auto bans = scene.trail("ban");
    QCOMPARE(bans.size(), std::size_t{1});
    QCOMPARE(QString::fromStdString(bans[0].user), user);
    QCOMPARE(require(scene.gate->lift(user.toStdString())).size(), std::size_t{1});
    QCOMPARE(text(ask(7)), WrongText);
}

void TestGatekeeperPasswords::theSameWrongPasswordCountsOnce()
{
    GateScene scene;
    scene.addUser("anna", "right");
    for (int i = 0; i < 20; ++i) {
        const auto verdict = scene.judge(byPassword({}, "anna", "wrong"));
        QCOMPARE(text(verdict), WrongText);
        QCOMPARE(verdict.error().isNews, i == 0);
    }
    QCOMPARE(scene.trail("login-refused").size(), std::size_t{1});
    QVERIFY(scene.judge(byPassword({}, "anna", "right")));
}

void TestGatekeeperPasswords::bansNothingOfAnotherUser()
{
    GateScene scene;
    scene.addUser("anna", "right");
    scene.addUser("bert", "right");
    for (unsigned i = 0; i < 10; ++i)
        (void)scene.judge(byPassword({}, "anna", wrongPassword(i)));
    QCOMPARE(text(scene.judge(byPassword({}, "anna", "right"))), BannedText);
    QVERIFY(scene.judge(byPassword({.from = "198.51.100.8"}, "anna", "right")));
    QVERIFY(scene.judge(byPassword({.key = 2}, "bert", "right")));
}

void TestGatekeeperPasswords::hashesNothingWhileBanned()
{
    GateScene scene;
    scene.addUser("anna", "right");
    for (unsigned i = 0; i < 5; ++i)
        (void)scene.judge(byPassword({}, "anna", wrongPassword(i)));
    Gate gate(scene.hashers);
    const auto verdict = scene.ask(byPassword({}, "anna", "right"));
    QVERIFY(verdict->has_value());
    QCOMPARE(text(**verdict), BannedText);
    gate.open();
}

void TestGatekeeperPasswords::aRightPasswordForgivesTheWrongOnes()
{
    GateScene scene;
    scene.addUser("anna", "right");
    for (unsigned i = 0; i < 4; ++i) {
        for (unsigned k = 0; k < 4; ++k)
            QCOMPARE(text(scene.judge(byPassword({}, "anna", wrongPassword(i * 4 + k)))), WrongText);
        QVERIFY(scene.judge(byPassword({}, "anna", "right")));
    }
}

void TestGatekeeperPasswords::refusesTheRightPasswordOfARevokedDevice()
{
    GateScene scene;
    scene.addUser("anna", "right");
    const auto account = scene.judge(byPassword({}, "anna", "right"));
    (void)require(scene.store->revokeDevice(account->deviceId));
    QCOMPARE(text(scene.judge(byPassword({}, "anna", "right"))), RevokedText);
    // Who doesn't know the password learns nothing of it.
    QCOMPARE(text(scene.judge(byPassword({}, "anna", "wrong"))), WrongText);
}

void TestGatekeeperPasswords::refusesMoreDevicesThanAUserMayHave()
{
    GateScene scene;
    scene.gate->setMaxDevices(1);
    scene.addUser("anna", "right");
    QVERIFY(scene.judge(byPassword({}, "anna", "right")));
    for (unsigned i = 0; i < 10; ++i)
        QCOMPARE(text(scene.judge(byPassword({.key = 2}, "anna", "right"))),
                 QStringLiteral("refused: the user has 1 device already, and may have no more"));
    QVERIFY(scene.trail("login-refused").empty());
}

void TestGatekeeperPasswords::refusesWhatChangesWhileItIsHashed_data()
{
    QTest::addColumn<QString>("change");
    QTest::newRow("the user is disabled") << "disable";
    QTest::newRow("the password is changed") << "passwd";
    QTest::newRow("the user is removed") << "remove";
    QTest::newRow("the user is made anew with the same password") << "again";
}

void TestGatekeeperPasswords::refusesWhatChangesWhileItIsHashed()
{
    QFETCH(QString, change);
    GateScene scene;
    scene.addUser("anna", "right");
    Gate gate(scene.hashers);
    const auto verdict = scene.ask(byPassword({}, "anna", "right"));
    QVERIFY(!verdict->has_value());
    if (change == QLatin1String("disable"))
        (void)require(scene.store->setEnabled("anna", false));
    if (change == QLatin1String("passwd"))
        (void)require(scene.store->setPassword("anna", GateScene::hash("new")));
    if (change == QLatin1String("remove") || change == QLatin1String("again"))
        (void)require(scene.store->removeUser("anna"));
    if (change == QLatin1String("again"))
        scene.addUser("anna", "right");  // salted anew
    gate.open();
    QCOMPARE(text(scene.settle(verdict)), WrongText);
    QCOMPARE(text(scene.judge(byDevice({}))), UnknownKeyText);
}

void TestGatekeeperPasswords::isBusyWhenTheHashersAre()
{
    GateScene scene(2);
    scene.addUser("anna", "right");
    Gate gate(scene.hashers);
    const auto first = scene.ask(byPassword({.from = "198.51.100.1"}, "anna", "right"));
    const auto second = scene.ask(byPassword({.from = "198.51.100.2"}, "anna", "right"));
    QVERIFY(!first->has_value() && !second->has_value());
    for (unsigned i = 0; i < 30; ++i) {
        const auto third = scene.ask(byPassword({.from = "198.51.100.3"}, "anna", wrongPassword(i)));
        QVERIFY(third->has_value());
        QCOMPARE(text(**third), BusyText);
    }
    gate.open();
    QVERIFY(scene.settle(first));
    QVERIFY(scene.settle(second));
    QVERIFY(scene.trail("login-refused").empty());
    // Nothing is left of those that were turned away.
    QVERIFY(scene.judge(byPassword({.from = "198.51.100.3"}, "anna", "right")));
}

void TestGatekeeperPasswords::oneSourceDoesNotFillTheQueue_data()
{
    QTest::addColumn<bool>("isShared");
    QTest::newRow("an address") << false;
    QTest::newRow("a key behind a relay") << true;
}

void TestGatekeeperPasswords::oneSourceDoesNotFillTheQueue()
{
    QFETCH(bool, isShared);
    GateScene scene;
    scene.addUser("anna", "right");
    Gate gate(scene.hashers);
    const Caller greedy{.key = 1, .isShared = isShared};
    std::vector<std::shared_ptr<std::optional<LoginVerdict>>> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.push_back(scene.ask(byPassword(greedy, "anna", "right")));
        QVERIFY(!waiting.back()->has_value());
    }
    QCOMPARE(text(scene.ask(byPassword(greedy, "bert", "right"))->value()), BusyText);
    // The key counts where many share an address, the address where not.
    const Caller other{.key = 2, .from = isShared ? "198.51.100.7" : "198.51.100.8", .isShared = isShared};
    const auto others = scene.ask(byPassword(other, "anna", "right"));
    QVERIFY(!others->has_value());
    gate.open();
    for (const auto& verdict : waiting)
        QVERIFY(scene.settle(verdict));
    QVERIFY(scene.settle(others));
    QVERIFY(scene.judge(byPassword(greedy, "anna", "right")));
}

void TestGatekeeperPasswords::longNamesAreCutBetweenCharacters()
{
    GateScene scene;
    const std::string euro = "\xE2\x82\xAC";
    std::string name = "x";
    while (name.size() < 250)
        name += euro;
    QCOMPARE(text(scene.judge(byPassword({}, name, "wrong"))), WrongText);
    const auto refusals = scene.trail("login-refused");
    QCOMPARE(refusals.size(), std::size_t{1});
    QCOMPARE(refusals[0].user, name.substr(0, 64));
    QCOMPARE(text(scene.judge(byPassword({}, "xy" + name.substr(1), "wrong"))), WrongText);
    QCOMPARE(scene.trail("login-refused")[0].user, "xy" + name.substr(1, 60));
    // A name of continuation bytes only is cut to nothing.
    QCOMPARE(text(scene.judge(byPassword({}, std::string(200, '\x80'), "wrong"))), WrongText);
    QCOMPARE(scene.trail("login-refused")[0].user, std::string());
}

void TestGatekeeperPasswords::noSecretIsWrittenDown()
{
    GateScene scene;
    scene.addUser("anna", "canary-right");
    QVERIFY(scene.judge(byPassword({}, "anna", "canary-right")));
    for (unsigned i = 0; i < 6; ++i)
        (void)scene.judge(byPassword({}, "anna", "canary-" + wrongPassword(i)));
    (void)scene.judge(byInvite({}, "canary-invite-01"));
    for (const char* suffix : {"", "-wal", "-shm"}) {
        QFile file(QString::fromStdString(scene.path() + suffix));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray content = file.readAll();
        QVERIFY(!content.isEmpty());
        QVERIFY(!content.contains("canary"));
    }
}

QTEST_GUILESS_MAIN(TestGatekeeperPasswords)
#include "tst_gatekeeper_passwords.moc"
