#include "accounts/account_store.h"
#include "scratch_store.h"

namespace gvpn::accounts {

class AccountInvitesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void enrolsTheDeviceThatRedeems();
    void refusesAnotherDevice();
    void letsTheSameDeviceRedeemAgain();
    void refusesSecretsThatNobodyWasGiven_data();
    void refusesSecretsThatNobodyWasGiven();
    void expires_data();
    void expires();
    void refusesInvitesThatCantBe();
    void namesTheUserAfterTheDevice();
    void findsANameThatIsFree();
    void makesTheUserThatTheInviteNames();
    void refusesADisabledUser();
    void refusesMoreDevicesThanTheUserMayHave();
    void letsARevokedDeviceInByANewInviteOnly();
    void movesADeviceToTheInvitesUser();
    void leavesADeviceWithItsUser();
    void remembersThatSomebodyWasInvited();
    void enrolsByPassword();
    void refusesAPasswordThatHasChanged();
    void refusesARevokedDeviceWithAPassword();
    void keepsAnInvitedDeviceInvited();
    void writesTheTrail();

private:
    std::unique_ptr<ScratchStore> m_scratch;
    std::unique_ptr<AccountStore> m_store;

    void invite(std::string_view secret, const std::string& user)
    {
        VERIFY_DONE(m_store->addInvite(secretOf(secret), user, std::chrono::hours(1)));
    }
    Result<Device> redeem(std::string_view secret, unsigned key, unsigned maxDevices = DefaultMaxDevices)
    {
        return m_store->redeemInvite(
            secretOf(secret),
            {.key = keyOf(key), .deviceName = "laptop", .from = "192.0.2.1", .maxDevices = maxDevices});
    }
    Result<Device> enrol(const std::string& user, const std::string& hash, unsigned key)
    {
        return m_store->enrolByPassword(user, hash, {.key = keyOf(key), .deviceName = "laptop", .from = "192.0.2.1"});
    }
    [[nodiscard]] Device device(unsigned key) { return m_store->findDevice(keyOf(key)).value().value(); }

private Q_SLOTS:
    void init()
    {
        m_scratch = std::make_unique<ScratchStore>();
        m_store = m_scratch->openSurely();
    }
    void cleanup()
    {
        m_store.reset();
        m_scratch.reset();
    }
};

void AccountInvitesTest::enrolsTheDeviceThatRedeems()
{
    invite("secret", "anna");
    const auto enrolled = redeem("secret", 1);
    VERIFY_DONE(enrolled);
    QCOMPARE(enrolled->userName, std::string("anna"));
    QCOMPARE(enrolled->name, std::string("laptop"));
    QCOMPARE(enrolled->key, keyOf(1));
    QVERIFY(enrolled->enrolment == Enrolment::Invite);
    QCOMPARE(enrolled->enrolledAt, m_scratch->now);
    QVERIFY(!enrolled->isRevoked && !enrolled->lastSeenAt && enrolled->addresses.empty());
    QCOMPARE(device(1), *enrolled);
    QCOMPARE(m_store->findUser("anna")->devices, 1U);
}

void AccountInvitesTest::refusesAnotherDevice()
{
    invite("secret", "anna");
    VERIFY_DONE(redeem("secret", 1));
    VERIFY_FAILS(redeem("secret", 2), ErrorCode::LoginRefused);
    QVERIFY(!m_store->findDevice(keyOf(2))->has_value());
}

void AccountInvitesTest::letsTheSameDeviceRedeemAgain()
{
    invite("named", "anna");
    invite("free", "");
    const auto named = redeem("named", 1);
    const auto free = redeem("free", 2);
    VERIFY_DONE(named);
    VERIFY_DONE(free);
    m_scratch->now += std::chrono::minutes(59);
    QCOMPARE(redeem("named", 1), *named);
    QCOMPARE(redeem("free", 2), *free);
    QCOMPARE(m_store->users()->size(), 2U);
    QCOMPARE(m_store->devices()->size(), 2U);
}

void AccountInvitesTest::refusesSecretsThatNobodyWasGiven_data()
{
    QTest::addColumn<QByteArray>("secret");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("shorter") << QByteArray("secre");
    QTest::newRow("longer") << QByteArray("secrets");
    QTest::newRow("other case") << QByteArray("Secret");
    QTest::newRow("pattern") << QByteArray("%");
    QTest::newRow("the hash itself") << QCryptographicHash::hash("secret", QCryptographicHash::Sha256);
}

void AccountInvitesTest::refusesSecretsThatNobodyWasGiven()
{
    QFETCH(QByteArray, secret);
    invite("secret", "anna");
    VERIFY_FAILS(redeem(secret.toStdString(), 1), ErrorCode::LoginRefused);
    QVERIFY(m_store->devices()->empty());
    QCOMPARE(m_store->users()->size(), 1U);
}

void AccountInvitesTest::expires_data()
{
    QTest::addColumn<qint64>("after");
    QTest::addColumn<bool>("isUsedBefore");
    QTest::addColumn<bool>("isTidied");
    QTest::addColumn<bool>("isGood");
    QTest::newRow("just before") << qint64{3599} << false << false << true;
    QTest::newRow("just before, tidied") << qint64{3599} << false << true << true;
    QTest::newRow("at its time") << qint64{3600} << false << false << false;
    QTest::newRow("long after") << qint64{100'000} << false << false << false;
    QTest::newRow("tidied") << qint64{3600} << false << true << false;
    QTest::newRow("used before, at its time") << qint64{3600} << true << false << false;
    QTest::newRow("used before, tidied") << qint64{3600} << true << true << false;
}

void AccountInvitesTest::expires()
{
    QFETCH(qint64, after);
    QFETCH(bool, isUsedBefore);
    QFETCH(bool, isTidied);
    QFETCH(bool, isGood);
    invite("secret", "anna");
    if (isUsedBefore)
        VERIFY_DONE(redeem("secret", 1));
    m_scratch->now += std::chrono::seconds(after);
    if (isTidied)
        VERIFY_DONE(m_store->tidyUp());
    if (isGood)
        VERIFY_DONE(redeem("secret", 1));
    else
        VERIFY_FAILS(redeem("secret", 1), ErrorCode::LoginRefused);
    QCOMPARE(m_store->findDevice(keyOf(1))->has_value(), isGood || isUsedBefore);
}

void AccountInvitesTest::refusesInvitesThatCantBe()
{
    using std::chrono::seconds;
    VERIFY_FAILS(m_store->addInvite(SharedSecret(), "", seconds(60)), ErrorCode::InvalidArgument);
    VERIFY_FAILS(m_store->addInvite(secretOf("s"), "", seconds(0)), ErrorCode::InvalidArgument);
    VERIFY_FAILS(m_store->addInvite(secretOf("s"), "", seconds(-1)), ErrorCode::InvalidArgument);
    VERIFY_FAILS(m_store->addInvite(secretOf("s"), "", MaxInviteLife + seconds(1)), ErrorCode::InvalidArgument);
    VERIFY_FAILS(m_store->addInvite(secretOf("s"), "", seconds::max()), ErrorCode::InvalidArgument);
    invite("taken", "");
    VERIFY_FAILS(m_store->addInvite(secretOf("taken"), "anna", seconds(60)), ErrorCode::AlreadyExists);
    // The user that it would have made is undone, too.
    QVERIFY(m_store->users()->empty());
    VERIFY_DONE(m_store->addInvite(secretOf("longest"), "", MaxInviteLife));
}

void AccountInvitesTest::namesTheUserAfterTheDevice()
{
    invite("secret", "");
    QVERIFY(m_store->users()->empty());
    const auto enrolled =
        m_store->redeemInvite(secretOf("secret"), {.key = keyOf(1), .deviceName = "\x1B[2Janna's\nlaptop", .from = {}});
    VERIFY_DONE(enrolled);
    QCOMPARE(enrolled->name, std::string("[2Janna's laptop"));
    QCOMPARE(enrolled->userName, std::string("[2Janna's laptop"));
    QVERIFY(!m_store->findUser(enrolled->userName)->hasPassword);
}

void AccountInvitesTest::findsANameThatIsFree()
{
    VERIFY_DONE(m_store->addUser("LAPTOP", ""));
    for (unsigned i = 0; i < 3; ++i) {
        const std::string secret = "secret" + std::to_string(i);
        invite(secret, "");
        const auto enrolled = redeem(secret, i);
        VERIFY_DONE(enrolled);
        QCOMPARE(enrolled->userName, "laptop-" + std::to_string(i + 2));
        QCOMPARE(enrolled->name, std::string("laptop"));
    }
    // "é" has two bytes: the longest name is cut before the last one to make room.
    const std::string start(61, 'x');
    const std::string longName = start + "éy";
    for (unsigned i = 0; i < 2; ++i) {
        const std::string secret = "long" + std::to_string(i);
        invite(secret, "");
        const auto enrolled =
            m_store->redeemInvite(secretOf(secret), {.key = keyOf(10 + i), .deviceName = longName, .from = {}});
        VERIFY_DONE(enrolled);
        QCOMPARE(enrolled->userName, i == 0 ? longName : start + "-2");
    }
}

void AccountInvitesTest::makesTheUserThatTheInviteNames()
{
    invite("one", "anna");
    VERIFY_DONE(m_store->findUser("anna"));
    invite("two", "Anna");
    QCOMPARE(m_store->users()->size(), 1U);
}

void AccountInvitesTest::refusesADisabledUser()
{
    invite("first", "anna");
    invite("second", "anna");
    invite("free", "");
    VERIFY_DONE(redeem("first", 1));
    VERIFY_DONE(m_store->setEnabled("anna", false));
    VERIFY_FAILS(redeem("second", 2), ErrorCode::PermissionDenied);
    VERIFY_FAILS(redeem("first", 1), ErrorCode::PermissionDenied);
    VERIFY_FAILS(redeem("free", 1), ErrorCode::PermissionDenied);
    QVERIFY(!m_store->findDevice(keyOf(2))->has_value());
    // Nothing was used up.
    VERIFY_DONE(m_store->setEnabled("anna", true));
    VERIFY_DONE(redeem("second", 3));
    QCOMPARE(redeem("free", 4)->userName, std::string("laptop"));
}

void AccountInvitesTest::refusesMoreDevicesThanTheUserMayHave()
{
    for (const char* secret : {"one", "two", "three"})
        invite(secret, "anna");
    VERIFY_DONE(redeem("one", 1, 2));
    const auto second = redeem("two", 2, 2);
    VERIFY_DONE(second);
    const auto third = redeem("three", 3, 2);
    VERIFY_FAILS(third, ErrorCode::AlreadyExists);
    QCOMPARE(third.error().context, std::string("the user \"anna\" has 2 devices already"));
    VERIFY_DONE(redeem("two", 2, 2));
    // A revoked device makes room, and the invite is still there.
    VERIFY_DONE(m_store->revokeDevice(second->id));
    VERIFY_DONE(redeem("three", 3, 2));
}

void AccountInvitesTest::letsARevokedDeviceInByANewInviteOnly()
{
    invite("old", "anna");
    const auto enrolled = redeem("old", 1);
    VERIFY_DONE(enrolled);
    invite("other", "ben");
    VERIFY_DONE(redeem("other", 2));
    VERIFY_DONE(m_store->saveLeases(enrolled->id, {address("10.86.0.2")}));
    const auto revoked = m_store->revokeDevice(enrolled->id);
    VERIFY_DONE(revoked);
    QVERIFY(revoked->isRevoked);
    VERIFY_FAILS(redeem("old", 1), ErrorCode::LoginRefused);
    VERIFY_FAILS(redeem("old", 3), ErrorCode::LoginRefused);
    VERIFY_DONE(redeem("other", 2));

    invite("new", "");
    m_scratch->now += std::chrono::minutes(1);
    const auto again = redeem("new", 1);
    VERIFY_DONE(again);
    QVERIFY(!again->isRevoked);
    QCOMPARE(again->id, enrolled->id);
    QCOMPARE(again->userName, std::string("anna"));
    QCOMPARE(again->enrolledAt, m_scratch->now);
    QCOMPARE(again->addresses, std::vector{address("10.86.0.2")});
}

void AccountInvitesTest::movesADeviceToTheInvitesUser()
{
    invite("annas", "anna");
    invite("bens", "ben");
    invite("full", "carl");
    invite("carls", "carl");
    const auto enrolled = redeem("annas", 1);
    VERIFY_DONE(enrolled);
    VERIFY_DONE(m_store->saveLeases(enrolled->id, {address("10.86.0.2")}));
    VERIFY_DONE(redeem("full", 2));
    VERIFY_FAILS(redeem("carls", 1, 1), ErrorCode::AlreadyExists);
    QCOMPARE(device(1).userName, std::string("anna"));

    const auto moved = redeem("bens", 1, 1);
    VERIFY_DONE(moved);
    QCOMPARE(moved->id, enrolled->id);
    QCOMPARE(moved->userName, std::string("ben"));
    QCOMPARE(moved->addresses, std::vector{address("10.86.0.2")});
    QCOMPARE(m_store->findUser("anna")->devices, 0U);
    QCOMPARE(m_store->findUser("ben")->devices, 1U);
}

void AccountInvitesTest::leavesADeviceWithItsUser()
{
    invite("annas", "anna");
    invite("free", "");
    const auto enrolled = redeem("annas", 1, 1);
    VERIFY_DONE(enrolled);
    QCOMPARE(redeem("free", 1, 1), *enrolled);
    QCOMPARE(m_store->users()->size(), 1U);
    VERIFY_FAILS(redeem("free", 2), ErrorCode::LoginRefused);
}

void AccountInvitesTest::remembersThatSomebodyWasInvited()
{
    QCOMPARE(m_store->hasEverInvited(), false);
    VERIFY_FAILS(m_store->addInvite(SharedSecret(), "", std::chrono::hours(1)), ErrorCode::InvalidArgument);
    VERIFY_DONE(m_store->addUser("anna", "$hash"));
    QCOMPARE(m_store->hasEverInvited(), false);
    const auto enrolled = enrol("anna", "$hash", 1);
    VERIFY_DONE(enrolled);
    QCOMPARE(m_store->hasEverInvited(), true);
    VERIFY_DONE(m_store->removeUser("anna"));
    QCOMPARE(m_store->hasEverInvited(), false);

    invite("secret", "");
    QCOMPARE(m_store->hasEverInvited(), true);
    m_scratch->now += std::chrono::days(365);
    VERIFY_DONE(m_store->tidyUp());
    VERIFY_FAILS(redeem("secret", 1), ErrorCode::LoginRefused);
    QCOMPARE(m_store->hasEverInvited(), true);
}

void AccountInvitesTest::enrolsByPassword()
{
    VERIFY_DONE(m_store->addUser("anna", "$hash"));
    VERIFY_DONE(m_store->addUser("ben", "$bens"));
    const auto enrolled = enrol("ANNA", "$hash", 1);
    VERIFY_DONE(enrolled);
    QVERIFY(enrolled->enrolment == Enrolment::Password);
    QCOMPARE(enrolled->userName, std::string("anna"));
    QCOMPARE(enrol("anna", "$hash", 1), *enrolled);
    const auto moved = enrol("ben", "$bens", 1);
    VERIFY_DONE(moved);
    QCOMPARE(moved->id, enrolled->id);
    QCOMPARE(moved->userName, std::string("ben"));
    const auto tooMany = m_store->enrolByPassword(
        "ben", "$bens", {.key = keyOf(2), .deviceName = "laptop", .from = {}, .maxDevices = 1});
    VERIFY_FAILS(tooMany, ErrorCode::AlreadyExists);
}

void AccountInvitesTest::refusesAPasswordThatHasChanged()
{
    VERIFY_DONE(m_store->addUser("anna", "$hash"));
    VERIFY_DONE(m_store->addUser("ben", ""));
    VERIFY_FAILS(enrol("anna", "$other", 1), ErrorCode::LoginRefused);
    VERIFY_FAILS(enrol("anna", "", 1), ErrorCode::LoginRefused);
    VERIFY_FAILS(enrol("ben", "", 1), ErrorCode::LoginRefused);
    VERIFY_FAILS(enrol("nobody", "$hash", 1), ErrorCode::LoginRefused);
    VERIFY_FAILS(enrol("nobody", "", 1), ErrorCode::LoginRefused);
    VERIFY_DONE(m_store->setEnabled("anna", false));
    VERIFY_FAILS(enrol("anna", "$hash", 1), ErrorCode::LoginRefused);
    QVERIFY(m_store->devices()->empty());
}

void AccountInvitesTest::refusesARevokedDeviceWithAPassword()
{
    VERIFY_DONE(m_store->addUser("anna", "$hash"));
    VERIFY_DONE(m_store->addUser("ben", "$hash"));
    const auto enrolled = enrol("anna", "$hash", 1);
    VERIFY_DONE(enrolled);
    VERIFY_DONE(m_store->revokeDevice(enrolled->id));
    VERIFY_FAILS(enrol("anna", "$hash", 1), ErrorCode::PermissionDenied);
    VERIFY_FAILS(enrol("ben", "$hash", 1), ErrorCode::PermissionDenied);
    QVERIFY(device(1).isRevoked);
}

void AccountInvitesTest::keepsAnInvitedDeviceInvited()
{
    VERIFY_DONE(m_store->addUser("anna", "$hash"));
    invite("secret", "anna");
    VERIFY_DONE(enrol("anna", "$hash", 1));
    VERIFY_DONE(redeem("secret", 1));
    QVERIFY(device(1).enrolment == Enrolment::Invite);
    VERIFY_DONE(enrol("anna", "$hash", 1));
    VERIFY_DONE(m_store->setPassword("anna", "$new"));
    QVERIFY(device(1).enrolment == Enrolment::Invite);
}

void AccountInvitesTest::writesTheTrail()
{
    VERIFY_DONE(m_store->addUser("ben", "$hash"));
    invite("secret", "anna");
    VERIFY_DONE(redeem("secret", 1));
    VERIFY_DONE(redeem("secret", 1));
    VERIFY_DONE(enrol("ben", "$hash", 2));
    VERIFY_DONE(enrol("ben", "$hash", 2));
    VERIFY_FAILS(redeem("secret", 2), ErrorCode::LoginRefused);
    const auto trail = m_store->auditTrail(10);
    VERIFY_DONE(trail);
    QCOMPARE(trail->size(), 2U);
    QCOMPARE(trail->at(0), (AuditEntry{m_scratch->now, "device-enrolled", "ben", "laptop", "192.0.2.1", ""}));
    QCOMPARE(trail->at(1), (AuditEntry{m_scratch->now, "invite-redeemed", "anna", "laptop", "192.0.2.1", ""}));
}

}  // namespace gvpn::accounts

QTEST_GUILESS_MAIN(gvpn::accounts::AccountInvitesTest)
#include "tst_account_invites.moc"
