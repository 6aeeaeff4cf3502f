#include "accounts/account_store.h"
#include "scratch_store.h"

#include "base/text.h"

namespace gvpn::accounts {

class AccountUsersTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void addsUsers();
    void remembersWhatItWasTold();
    void refusesASecondUserOfAName_data();
    void refusesASecondUserOfAName();
    void refusesNamesThatAreNone();
    void takesNamesAsNamesOnly_data();
    void takesNamesAsNamesOnly();
    void findsUsersWhateverTheCase();
    void saysThatThereIsNoSuchUser();
    void givesTheHashOfThoseWhoMayUseIt();
    void forgetsDevicesOfTheOldPassword();
    void disablesAndEnables();
    void removesAUserWithEverything();
    void keepsPasswordsOut();
};

namespace {

constexpr char Hash[] = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$MTIz";

}  // namespace

void AccountUsersTest::addsUsers()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    const auto anna = store->addUser("anna", Hash);
    VERIFY_DONE(anna);
    QCOMPARE(*anna, (User{.id = anna->id, .name = "anna", .hasPassword = true, .createdAt = scratch.now}));
    const auto ben = store->addUser("Ben", "");
    VERIFY_DONE(ben);
    QVERIFY(!ben->hasPassword);
    QVERIFY(ben->id != anna->id);
    QCOMPARE(store->users(), (std::vector<User>{*anna, *ben}));
    QCOMPARE(store->findUser("anna"), *anna);
}

void AccountUsersTest::remembersWhatItWasTold()
{
    const ScratchStore scratch;
    const auto added = scratch.openSurely()->addUser("anna", Hash);
    VERIFY_DONE(added);
    const auto again = scratch.open(false);
    VERIFY_DONE(again);
    QCOMPARE((*again)->findUser("anna"), *added);
}

void AccountUsersTest::refusesASecondUserOfAName_data()
{
    QTest::addColumn<QByteArray>("first");
    QTest::addColumn<QByteArray>("second");
    QTest::addColumn<bool>("isTaken");
    QTest::newRow("same") << QByteArray("anna") << QByteArray("anna") << true;
    QTest::newRow("other case") << QByteArray("anna") << QByteArray("ANNA") << true;
    QTest::newRow("other case, not ASCII") << QByteArray("jörg") << QByteArray("jÖrg") << false;
    QTest::newRow("other name") << QByteArray("anna") << QByteArray("anne") << false;
    QTest::newRow("pattern") << QByteArray("anna") << QByteArray("ann_") << false;
}

void AccountUsersTest::refusesASecondUserOfAName()
{
    QFETCH(QByteArray, first);
    QFETCH(QByteArray, second);
    QFETCH(bool, isTaken);
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser(first.toStdString(), Hash));
    const auto added = store->addUser(second.toStdString(), "");
    if (isTaken) {
        VERIFY_FAILS(added, ErrorCode::AlreadyExists);
        QVERIFY(store->findUser(first.toStdString())->hasPassword);
    } else {
        VERIFY_DONE(added);
    }
    QCOMPARE(store->users()->size(), isTaken ? 1U : 2U);
}

void AccountUsersTest::refusesNamesThatAreNone()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    VERIFY_FAILS(store->addUser("10.0.0.1", ""), ErrorCode::InvalidArgument);
    VERIFY_FAILS(store->addUser("a\nb", ""), ErrorCode::InvalidArgument);
    VERIFY_FAILS(store->addInvite(secretOf("secret"), "a\x1B[2J", std::chrono::hours(1)), ErrorCode::InvalidArgument);
    QVERIFY(store->users()->empty());
}

void AccountUsersTest::takesNamesAsNamesOnly_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("quote") << QByteArray("o'neill");
    QTest::newRow("SQL") << QByteArray("'; DROP TABLE users; --");
    QTest::newRow("always true") << QByteArray("x' OR '1'='1");
    QTest::newRow("double quote") << QByteArray("\"anna\"");
    QTest::newRow("placeholder") << QByteArray("?1 :name @x %1 %2");
    QTest::newRow("format") << QByteArray("%n%n%s");
    QTest::newRow("markup") << QByteArray("<b>anna</b>");
    QTest::newRow("backslash") << QByteArray("a\\nb");
    QTest::newRow("right to left") << QByteArray("דנה");
    QTest::newRow("beyond the first plane") << QByteArray("\xF0\x9F\x90\xA7");
}

void AccountUsersTest::takesNamesAsNamesOnly()
{
    QFETCH(QByteArray, name);
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser("other", Hash));
    VERIFY_DONE(store->addUser(name.toStdString(), ""));
    QCOMPARE(store->findUser(name.toStdString())->name, name.toStdString());
    VERIFY_DONE(store->setPassword(name.toStdString(), "$hash"));
    QCOMPARE(store->passwordHashOf("other"), std::string(Hash));
    VERIFY_DONE(store->removeUser(name.toStdString()));
    QCOMPARE(store->users()->size(), 1U);
}

void AccountUsersTest::findsUsersWhateverTheCase()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser("Anna", Hash));
    QCOMPARE(store->findUser("aNNA")->name, std::string("Anna"));
    QCOMPARE(store->passwordHashOf("anna"), std::string(Hash));
    VERIFY_DONE(store->addInvite(secretOf("secret"), "ANNA", std::chrono::hours(1)));
    QCOMPARE(store->users()->size(), 1U);
}

void AccountUsersTest::saysThatThereIsNoSuchUser()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser("anna", Hash));
    for (const std::string& name : {std::string(), std::string("ben"), std::string("anna "), std::string("a\nb"),
                                    std::string("%"), std::string("\xFF"), std::string("anna\0x", 6)}) {
        VERIFY_FAILS(store->findUser(name), ErrorCode::NotFound);
        VERIFY_FAILS(store->setPassword(name, Hash), ErrorCode::NotFound);
        VERIFY_FAILS(store->setEnabled(name, false), ErrorCode::NotFound);
        VERIFY_FAILS(store->removeUser(name), ErrorCode::NotFound);
        QCOMPARE(store->passwordHashOf(name), std::string());
    }
    QCOMPARE(store->findUser("a\nb").error().context.find('\n'), std::string::npos);
    QVERIFY(store->findUser("anna")->isEnabled);
}

void AccountUsersTest::givesTheHashOfThoseWhoMayUseIt()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser("anna", Hash));
    VERIFY_DONE(store->addUser("ben", ""));
    QCOMPARE(store->passwordHashOf("anna"), std::string(Hash));
    QCOMPARE(store->passwordHashOf("ben"), std::string());
    VERIFY_DONE(store->setEnabled("anna", false));
    QCOMPARE(store->passwordHashOf("anna"), std::string());
}

void AccountUsersTest::forgetsDevicesOfTheOldPassword()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser("anna", Hash));
    VERIFY_DONE(store->addUser("ben", Hash));
    VERIFY_DONE(store->addInvite(secretOf("secret"), "anna", std::chrono::hours(1)));
    VERIFY_DONE(store->redeemInvite(secretOf("secret"), {.key = keyOf(1), .deviceName = "invited", .from = {}}));
    const auto byPassword = store->enrolByPassword("anna", Hash, {.key = keyOf(2), .deviceName = "typed", .from = {}});
    VERIFY_DONE(byPassword);
    const auto revoked = store->enrolByPassword("anna", Hash, {.key = keyOf(3), .deviceName = "lost", .from = {}});
    VERIFY_DONE(revoked);
    VERIFY_DONE(store->revokeDevice(revoked->id));
    VERIFY_DONE(store->enrolByPassword("ben", Hash, {.key = keyOf(4), .deviceName = "bens", .from = {}}));
    VERIFY_DONE(store->saveLeases(byPassword->id, {address("10.86.0.2")}));

    const auto anna = store->setPassword("anna", "$new");
    VERIFY_DONE(anna);
    QCOMPARE(anna->devices, 1U);
    QCOMPARE(store->passwordHashOf("anna"), std::string("$new"));
    QVERIFY(store->findDevice(keyOf(1))->has_value());
    QVERIFY(!store->findDevice(keyOf(2))->has_value());
    QVERIFY((*store->findDevice(keyOf(3)))->isRevoked);
    QVERIFY(store->findDevice(keyOf(4))->has_value());
    QVERIFY(store->leases()->empty());
}

void AccountUsersTest::disablesAndEnables()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser("anna", Hash));
    VERIFY_DONE(store->enrolByPassword("anna", Hash, {.key = keyOf(1), .deviceName = "laptop", .from = {}}));
    QVERIFY((*store->findDevice(keyOf(1)))->isUserEnabled);
    const auto disabled = store->setEnabled("anna", false);
    VERIFY_DONE(disabled);
    QVERIFY(!disabled->isEnabled);
    QVERIFY(!(*store->findDevice(keyOf(1)))->isUserEnabled);
    VERIFY_DONE(store->setEnabled("anna", true));
    QVERIFY(store->findUser("anna")->isEnabled);
    QVERIFY((*store->findDevice(keyOf(1)))->isUserEnabled);
}

void AccountUsersTest::removesAUserWithEverything()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addInvite(secretOf("used"), "anna", std::chrono::hours(1)));
    VERIFY_DONE(store->addInvite(secretOf("open"), "anna", std::chrono::hours(1)));
    VERIFY_DONE(store->addInvite(secretOf("bens"), "ben", std::chrono::hours(1)));
    const auto device = store->redeemInvite(secretOf("used"), {.key = keyOf(1), .deviceName = "laptop", .from = {}});
    VERIFY_DONE(device);
    VERIFY_DONE(store->saveLeases(device->id, {address("10.86.0.2")}));

    const auto removed = store->removeUser("anna");
    VERIFY_DONE(removed);
    QCOMPARE(removed->devices, 1U);
    VERIFY_FAILS(store->findUser("anna"), ErrorCode::NotFound);
    QVERIFY(!store->findDevice(keyOf(1))->has_value());
    QVERIFY(store->leases()->empty());
    for (const char* secret : {"used", "open"})
        VERIFY_FAILS(store->redeemInvite(secretOf(secret), {.key = keyOf(1), .deviceName = "laptop", .from = {}}),
                     ErrorCode::LoginRefused);
    VERIFY_DONE(store->redeemInvite(secretOf("bens"), {.key = keyOf(2), .deviceName = "laptop", .from = {}}));
}

void AccountUsersTest::keepsPasswordsOut()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    const std::string canary = "CANARY\x01\x02\xF3\xF4\xFF-16b";
    VERIFY_DONE(store->addUser("anna", Hash));
    VERIFY_DONE(store->addInvite(secretOf(canary), "anna", std::chrono::hours(1)));
    VERIFY_DONE(store->redeemInvite(secretOf(canary), {.key = keyOf(1), .deviceName = "laptop", .from = "192.0.2.1"}));
    const QByteArray bytes = QByteArray::fromStdString(canary);
    const QStringList files = scratch.entries();
    QVERIFY(files.contains(QStringLiteral("gvpn.db-wal")));
    bool isHashThere = false;
    for (const QString& name : files) {
        const QByteArray content = scratch.content(name.mid(7).toStdString());
        QVERIFY(!content.contains(bytes));
        QVERIFY(!content.toLower().contains(bytes.toHex()));
        QVERIFY(!content.contains(bytes.toBase64(QByteArray::OmitTrailingEquals)));
        QVERIFY(!content.contains(QByteArray::fromStdString(toBase64Url(asBytes(canary)))));
        isHashThere = isHashThere || content.contains(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256));
    }
    QVERIFY(isHashThere);
}

}  // namespace gvpn::accounts

QTEST_GUILESS_MAIN(gvpn::accounts::AccountUsersTest)
#include "tst_account_users.moc"
