#include "admin/executor.h"

#include "accounts/password_hash.h"
#include "protocol/link.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::accounts;
using namespace gvpn::admin;

namespace {

constexpr UnixTime Start{std::chrono::seconds(1767268800)};  // 2026-01-01 12:00:00 UTC
// Of the right form and cost; nobody knows its password.
const std::string SomeHash = "$argon2id$v=19$m=65536,t=2,p=1$MTIzNDU2Nzg5MDEyMzQ1Ng$"
                             "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";

Pin key(unsigned char number)
{
    std::array<std::byte, Pin::SizeBytes> hash{};
    hash[0] = std::byte{number};
    return Pin(hash);
}

Ban banOf(const char* address, std::string user = {})
{
    Ban ban;
    ban.user = std::move(user);
    if (address != nullptr)
        ban.address = net::IpAddress::parse(address).value();
    else
        ban.isShared = ban.user.empty();
    ban.until = Start + std::chrono::hours(1);
    return ban;
}

}  // namespace

class TestExecutor : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void addsAUser();
    void addsAUserWithAPassword();
    void refusesABadName();
    void refusesWhatIsNoHash();
    void refusesTheSameUserTwice();
    void changingAPasswordEndsTheUsersSessions();
    void disablingEndsTheUsersSessionsAndEnablingDoesNot();
    void removingEndsTheUsersSessions();
    void knowsNoUserThatIsNotThere_data();
    void knowsNoUserThatIsNotThere();
    void makesAnInviteThatLetsADeviceIn();
    void makesEachInviteAnother();
    void makesAnInviteForAnotherAddress_data();
    void makesAnInviteForAnotherAddress();
    void makesNoInviteWithoutAServersKey();
    void refusesABadInvite();
    void revokesADevice();
    void revokesNoDeviceThatIsNotThere();
    void listsBansAndLiftsThem_data();
    void listsBansAndLiftsThem();
    void liftsNothingThatIsNotThere();
    void asksTheGatekeeperForBans();
    void listsTheTrailNewestFirst();
    void leavesServersWorkToTheServer();

private:
    [[nodiscard]] ExecutorParts parts()
    {
        return {*m_store, nullptr, [this] { return m_now; }, [this] { return m_linkParts; }};
    }
    [[nodiscard]] Outcome run(const Command& command) { return execute(command, parts()); }
    /// The one event that an act has written.
    [[nodiscard]] std::string lastEvent()
    {
        const auto trail = m_store->auditTrail(1);
        return trail && !trail->empty() ? trail->front().event : std::string();
    }
    [[nodiscard]] Device enrol(const Reply& invite, unsigned char number = 1)
    {
        const auto link = protocol::Link::parse(invite->value(QLatin1String("invite")).toString().toStdString());
        return m_store->redeemInvite(SharedSecret(SecretBytes(link->invite->view())), {key(number), "laptop", "here"})
            .value();
    }

    std::unique_ptr<QTemporaryDir> m_directory;
    std::unique_ptr<AccountStore> m_store;
    UnixTime m_now = Start;
    Result<LinkParts> m_linkParts;
};

void TestExecutor::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
    m_now = Start;
    m_linkParts = LinkParts{{"192.168.7.1", 51005}, key(9), "office", true};
    auto store = AccountStore::open(
        m_directory->filePath(QStringLiteral("gvpn.db")).toStdString(), [this] { return m_now; }, true);
    QVERIFY2(store.has_value(), store ? "" : store.error().context.c_str());
    m_store = std::move(*store);
}

void TestExecutor::cleanup()
{
    m_store.reset();
}

void TestExecutor::addsAUser()
{
    const auto outcome = run(AddUser{"anna", ""});
    QVERIFY(outcome.reply.has_value());
    const QJsonObject user = outcome.reply->value(QLatin1String("user")).toObject();
    QCOMPARE(user.value(QLatin1String("name")).toString(), QStringLiteral("anna"));
    QCOMPARE(user.value(QLatin1String("has_password")).toBool(), false);
    QCOMPARE(user.value(QLatin1String("enabled")).toBool(), true);
    QCOMPARE(user.value(QLatin1String("created_at")).toString(), QStringLiteral("2026-01-01T12:00:00Z"));
    QVERIFY(outcome.ended.empty());
    QCOMPARE(lastEvent(), std::string("user-added"));
    QCOMPARE(run(ListUsers{}).reply->value(QLatin1String("users")).toArray(), QJsonArray{user});
}

void TestExecutor::addsAUserWithAPassword()
{
    const auto outcome = run(AddUser{"anna", SomeHash});
    QVERIFY2(outcome.reply.has_value(), outcome.reply ? "" : outcome.reply.error().context.c_str());
    QCOMPARE(outcome.reply->value(QLatin1String("user")).toObject().value(QLatin1String("has_password")).toBool(),
             true);
    QCOMPARE(m_store->passwordHashOf("anna").value(), SomeHash);
}

void TestExecutor::refusesABadName()
{
    for (const char* name : {"", " anna", "an\nna", "10.0.0.1", "an\u202ena"}) {
        const auto outcome = run(AddUser{name, ""});
        QVERIFY(!outcome.reply.has_value());
        QCOMPARE(outcome.reply.error().code, ErrorCode::InvalidArgument);
    }
    QVERIFY(m_store->users()->empty());
    QCOMPARE(lastEvent(), std::string());
}

void TestExecutor::refusesWhatIsNoHash()
{
    QVERIFY(run(AddUser{"anna", ""}).reply.has_value());
    for (const std::string& hash : {std::string("secret"), SomeHash.substr(0, 40)}) {
        QCOMPARE(run(AddUser{"bob", hash}).reply.error().code, ErrorCode::InvalidArgument);
        QCOMPARE(run(SetPassword{"anna", hash}).reply.error().code, ErrorCode::InvalidArgument);
    }
    QCOMPARE(run(SetPassword{"anna", ""}).reply.error().code, ErrorCode::InvalidArgument);
    QCOMPARE(m_store->users()->size(), 1U);
    QVERIFY(!m_store->findUser("anna")->hasPassword);
}

void TestExecutor::refusesTheSameUserTwice()
{
    QVERIFY(run(AddUser{"anna", ""}).reply.has_value());
    QCOMPARE(run(AddUser{"Anna", ""}).reply.error().code, ErrorCode::AlreadyExists);
    QCOMPARE(m_store->auditTrail(10)->size(), 1U);
}

void TestExecutor::changingAPasswordEndsTheUsersSessions()
{
    QVERIFY(run(AddUser{"anna", ""}).reply.has_value());
    const auto outcome = run(SetPassword{"anna", SomeHash});
    QVERIFY(outcome.reply.has_value());
    QCOMPARE(outcome.ended.size(), 1U);
    QVERIFY(outcome.ended[0].user == m_store->findUser("anna")->id);
    QVERIFY(!outcome.ended[0].device);
    QCOMPARE(outcome.ended[0].text, std::string("the password of this user was changed"));
    QCOMPARE(lastEvent(), std::string("user-password"));
    QCOMPARE(m_store->passwordHashOf("anna").value(), SomeHash);
}

void TestExecutor::disablingEndsTheUsersSessionsAndEnablingDoesNot()
{
    QVERIFY(run(AddUser{"anna", ""}).reply.has_value());
    const auto disabled = run(EnableUser{"anna", false});
    QVERIFY(disabled.reply.has_value());
    QCOMPARE(disabled.ended.size(), 1U);
    QCOMPARE(disabled.ended[0].text, std::string("the administrator has disabled this user"));
    QCOMPARE(lastEvent(), std::string("user-disabled"));
    QVERIFY(!m_store->findUser("anna")->isEnabled);
    const auto enabled = run(EnableUser{"anna", true});
    QVERIFY(enabled.reply.has_value());
    QVERIFY(enabled.ended.empty());
    QCOMPARE(lastEvent(), std::string("user-enabled"));
    QVERIFY(m_store->findUser("anna")->isEnabled);
}

void TestExecutor::removingEndsTheUsersSessions()
{
    QVERIFY(run(AddUser{"anna", ""}).reply.has_value());
    const UserId id = m_store->findUser("anna")->id;
    const auto outcome = run(RemoveUser{"anna"});
    QVERIFY(outcome.reply.has_value());
    QCOMPARE(outcome.ended.size(), 1U);
    QVERIFY(outcome.ended[0].user == id);
    QCOMPARE(outcome.ended[0].text, std::string("the administrator has removed this user"));
    QCOMPARE(lastEvent(), std::string("user-removed"));
    QVERIFY(m_store->users()->empty());
}

void TestExecutor::knowsNoUserThatIsNotThere_data()
{
    QTest::addColumn<int>("row");
    QTest::newRow("set a password") << 0;
    QTest::newRow("disable") << 1;
    QTest::newRow("enable") << 2;
    QTest::newRow("remove") << 3;
}

void TestExecutor::knowsNoUserThatIsNotThere()
{
    QFETCH(int, row);
    const std::array<Command, 4> commands = {SetPassword{"bob", SomeHash}, EnableUser{"bob", false},
                                             EnableUser{"bob", true}, RemoveUser{"bob\n"}};
    const auto outcome = run(commands.at(static_cast<std::size_t>(row)));
    QVERIFY(!outcome.reply.has_value());
    QCOMPARE(outcome.reply.error().code, ErrorCode::NotFound);
    QVERIFY(outcome.ended.empty());
    QCOMPARE(lastEvent(), std::string());
}

void TestExecutor::makesAnInviteThatLetsADeviceIn()
{
    const auto outcome = run(MakeInvite{"anna", std::chrono::hours(1), {}});
    QVERIFY2(outcome.reply.has_value(), outcome.reply ? "" : outcome.reply.error().context.c_str());
    const QJsonObject& reply = *outcome.reply;
    QCOMPARE(reply.value(QLatin1String("expires")).toString(), QStringLiteral("2026-01-01T13:00:00Z"));
    QCOMPARE(reply.value(QLatin1String("user")).toString(), QStringLiteral("anna"));
    QCOMPARE(reply.value(QLatin1String("is_private")).toBool(), true);
    QCOMPARE(reply.value(QLatin1String("port")).toInt(), 51005);
    QCOMPARE(lastEvent(), std::string("invite-made"));
    const QString invite = reply.value(QLatin1String("invite")).toString();
    const auto link = protocol::Link::parse(invite.toStdString());
    QVERIFY2(link.has_value(), qPrintable(invite));
    QVERIFY((link->server == net::HostPort{"192.168.7.1", 51005}));
    QVERIFY(link->pin == key(9));
    QCOMPARE(link->user, std::string("anna"));
    QCOMPARE(link->label, std::string("office"));
    QCOMPARE(enrol(outcome.reply).userName, std::string("anna"));
    // What was said of it must not be enough to use it.
    const std::string secret =
        invite.section(QStringLiteral("invite="), 1).section(QLatin1Char('&'), 0, 0).toStdString();
    QCOMPARE(secret.size(), 22U);
    const auto trail = m_store->auditTrail(100);
    for (const AuditEntry& entry : *trail)
        QVERIFY(entry.detail.find(secret) == std::string::npos);
}

void TestExecutor::makesEachInviteAnother()
{
    QSet<QString> links;
    for (int i = 0; i < 20; ++i)
        links.insert(run(MakeInvite{}).reply->value(QLatin1String("invite")).toString());
    QCOMPARE(links.size(), 20);
    QVERIFY(!run(MakeInvite{}).reply->contains(QLatin1String("user")));
    QVERIFY(m_store->users()->empty());
}

void TestExecutor::makesAnInviteForAnotherAddress_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("port");
    QTest::addColumn<QString>("expected");
    QTest::newRow("a name") << "office.example" << 0 << "gvpn://office.example:51005/";
    QTest::newRow("a name and a port") << "office.example" << 443 << "gvpn://office.example:443/";
    QTest::newRow("IPv6") << "2001:db8::1" << 0 << "gvpn://[2001:db8::1]:51005/";
}

void TestExecutor::makesAnInviteForAnotherAddress()
{
    QFETCH(QString, host);
    QFETCH(int, port);
    QFETCH(QString, expected);
    const net::HostPort address{host.toStdString(), static_cast<std::uint16_t>(port)};
    const auto reply = run(MakeInvite{{}, std::chrono::hours(1), address}).reply;
    QVERIFY(reply.has_value());
    const QString link = reply->value(QLatin1String("invite")).toString();
    QVERIFY2(link.startsWith(expected), qPrintable(link));
    QCOMPARE(reply->value(QLatin1String("is_private")).toBool(), false);
    QVERIFY(protocol::Link::parse(link.toStdString()).has_value());
}

void TestExecutor::makesNoInviteWithoutAServersKey()
{
    m_linkParts = fail(ErrorCode::NotFound, "no server has ever run here");
    const auto outcome = run(MakeInvite{"anna", std::chrono::hours(1), {}});
    QCOMPARE(outcome.reply.error().code, ErrorCode::NotFound);
    QCOMPARE(m_store->hasEverInvited().value(), false);
    QVERIFY(m_store->users()->empty());
    QCOMPARE(lastEvent(), std::string());
}

void TestExecutor::refusesABadInvite()
{
    const std::array<MakeInvite, 4> rows = {
        MakeInvite{"an\nna", std::chrono::hours(1), {}}, MakeInvite{"", std::chrono::seconds(0), {}},
        MakeInvite{"", std::chrono::seconds(-1), {}}, MakeInvite{"", MaxInviteLife + std::chrono::seconds(1), {}}};
    for (const MakeInvite& row : rows)
        QCOMPARE(run(row).reply.error().code, ErrorCode::InvalidArgument);
    QCOMPARE(m_store->hasEverInvited().value(), false);
}

void TestExecutor::revokesADevice()
{
    const Device device = enrol(run(MakeInvite{"anna", std::chrono::hours(1), {}}).reply);
    const auto outcome = run(RevokeDevice{device.id});
    QVERIFY(outcome.reply.has_value());
    const QJsonObject json = outcome.reply->value(QLatin1String("device")).toObject();
    QCOMPARE(json.value(QLatin1String("id")).toInteger(), qint64{device.id});
    QCOMPARE(json.value(QLatin1String("revoked")).toBool(), true);
    QCOMPARE(json.value(QLatin1String("user")).toString(), QStringLiteral("anna"));
    QCOMPARE(json.value(QLatin1String("enrolment")).toString(), QStringLiteral("invite"));
    QCOMPARE(outcome.ended.size(), 1U);
    QVERIFY(outcome.ended[0].device == device.id && !outcome.ended[0].user);
    QCOMPARE(outcome.ended[0].text, std::string("the administrator has revoked this device"));
    const auto trail = m_store->auditTrail(1);
    QCOMPARE(trail->front().event, std::string("device-revoked"));
    QCOMPARE(trail->front().device, std::string("laptop"));
    QCOMPARE(run(ListDevices{}).reply->value(QLatin1String("devices")).toArray(), QJsonArray{json});
}

void TestExecutor::revokesNoDeviceThatIsNotThere()
{
    const auto outcome = run(RevokeDevice{77});
    QCOMPARE(outcome.reply.error().code, ErrorCode::NotFound);
    QVERIFY(outcome.ended.empty());
}

void TestExecutor::listsBansAndLiftsThem_data()
{
    QTest::addColumn<QString>("whose");
    QTest::addColumn<int>("lifted");
    QTest::newRow("an address") << "198.51.100.7" << 2;
    QTest::newRow("a user") << "anna" << 1;
    QTest::newRow("a user in another case") << "ANNA" << 1;
    QTest::newRow("an IPv6 network by one of its addresses") << "2001:db8:0:1::abcd" << 1;
    QTest::newRow("an IPv6 address in another spelling") << "2001:DB8:0:1:0::" << 1;
    QTest::newRow("the shared sources") << "shared" << 1;
}

void TestExecutor::listsBansAndLiftsThem()
{
    QFETCH(QString, whose);
    QFETCH(int, lifted);
    for (const Ban& ban :
         {banOf("198.51.100.7"), banOf("198.51.100.7", "anna"), banOf("2001:db8:0:1::"), banOf(nullptr)})
        QVERIFY(m_store->saveBan(ban).has_value());
    QCOMPARE(run(ListBans{}).reply->value(QLatin1String("bans")).toArray().size(), 4);
    const auto outcome = run(LiftBan{whose.toStdString()});
    QVERIFY2(outcome.reply.has_value(), outcome.reply ? "" : outcome.reply.error().context.c_str());
    QCOMPARE(outcome.reply->value(QLatin1String("bans")).toArray().size(), lifted);
    QCOMPARE(run(ListBans{}).reply->value(QLatin1String("bans")).toArray().size(), 4 - lifted);
    QCOMPARE(lastEvent(), std::string("ban-lifted"));
}

void TestExecutor::liftsNothingThatIsNotThere()
{
    QVERIFY(m_store->saveBan(banOf("198.51.100.7")).has_value());
    QVERIFY(m_store->saveBan(banOf(nullptr)).has_value());
    for (const char* whose : {"", "198.51.100.8", "bob", "2001:db8::1", "198.51.100"}) {
        const auto outcome = run(LiftBan{whose});
        QVERIFY(!outcome.reply.has_value());
        QCOMPARE(outcome.reply.error().code, ErrorCode::NotFound);
    }
    QCOMPARE(m_store->bans()->size(), 2U);
    QCOMPARE(lastEvent(), std::string());
}

void TestExecutor::asksTheGatekeeperForBans()
{
    QVERIFY(m_store->saveBan(banOf("198.51.100.7")).has_value());
    program::TaskThreads hashers({.threads = 1});
    Gatekeeper gatekeeper(
        *m_store, hashers, [](const auto& task) { task(); }, [this] { return m_now; }, {});
    ExecutorParts withGatekeeper = parts();
    withGatekeeper.gatekeeper = &gatekeeper;
    QCOMPARE(execute(ListBans{}, withGatekeeper).reply->value(QLatin1String("bans")).toArray().size(), 1);
    QVERIFY(execute(LiftBan{"198.51.100.7"}, withGatekeeper).reply.has_value());
    QVERIFY(gatekeeper.bans().empty());
    QCOMPARE(execute(LiftBan{"198.51.100.7"}, withGatekeeper).reply.error().code, ErrorCode::NotFound);
    hashers.stop();
}

void TestExecutor::listsTheTrailNewestFirst()
{
    QVERIFY(run(AddUser{"anna", ""}).reply.has_value());
    m_now += std::chrono::minutes(1);
    QVERIFY(run(EnableUser{"anna", false}).reply.has_value());
    const QJsonArray trail = run(ListAudit{}).reply->value(QLatin1String("audit")).toArray();
    QCOMPARE(trail.size(), 2);
    const QJsonObject newest{{QStringLiteral("at"), QStringLiteral("2026-01-01T12:01:00Z")},
                             {QStringLiteral("event"), QStringLiteral("user-disabled")},
                             {QStringLiteral("user"), QStringLiteral("anna")}};
    QCOMPARE(trail.first().toObject(), newest);
    QCOMPARE(run(ListAudit{1}).reply->value(QLatin1String("audit")).toArray().size(), 1);
}

void TestExecutor::leavesServersWorkToTheServer()
{
    QCOMPARE(run(ShowStatus{}).reply.error().code, ErrorCode::Unsupported);
    QCOMPARE(run(Kick{"anna"}).reply.error().code, ErrorCode::Unsupported);
}

QTEST_GUILESS_MAIN(TestExecutor)
#include "tst_executor.moc"
