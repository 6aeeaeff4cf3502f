// The client's side of the names that gvpn-helper sets, against a helper that answers as it is told, on a bus of its
// own; skipped without dbus-daemon.
#include "dns_ending.h"
#include "private_bus.h"

#include "bus/contract.h"
#include "client/helper_edges.h"

#include <QDBusUnixFileDescriptor>
#include <QtTest>

#include <unistd.h>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;
using system::DnsConfig;
using system::DnsOutcome;

namespace {

constexpr uint Lease = 7;
constexpr unsigned SomeLink = 99;  // the helper knows the lease's own
constexpr int SoonMs = 2'000;

net::IpAddress address(const char* text)
{
    return net::IpAddress::parse(text).value();
}

DnsConfig office()
{
    return {.servers = {address("172.17.0.53"), address("fd00:17::53")}, .domains = {"office.example", "b.example"}};
}

DnsConfig other()
{
    return {.servers = {address("172.17.0.99")}, .domains = {"other.example"}};
}

const QString Nothing = QStringLiteral("7");

/// Gives a lease to everybody.
class FakeHelper final : public QDBusVirtualObject {
public:
    /// To SetNames: a reply, or an invalid message for none at all.
    using Answer = std::function<QDBusMessage(const QDBusMessage& call)>;

    explicit FakeHelper(const PrivateBus& bus)
        : m_bus(QDBusConnection::connectToBus(QString::fromUtf8(bus.address()), Name))
    {
        m_bus.registerVirtualObject(bus::ObjectPath, this);
        m_bus.registerService(bus::ServiceName);
    }
    ~FakeHelper() override { QDBusConnection::disconnectFromBus(Name); }

    QString introspect(const QString& /*path*/) const override { return {}; }
    bool handleMessage(const QDBusMessage& message, const QDBusConnection& connection) override
    {
        QDBusMessage reply = message.createReply();
        if (message.member() == u"Open")
            reply.setArguments(
                {Lease, QVariant::fromValue(QDBusUnixFileDescriptor(STDERR_FILENO)), QStringLiteral("gvpn0"), 101U});
        else if (message.member() == u"SetNames")
            reply = onNames(message);
        if (reply.type() != QDBusMessage::InvalidMessage)
            connection.send(reply);
        return true;
    }

    QStringList calls;  // "7 172.17.0.53 office.example"
    Answer answer;      // none: it is in force

private:
    QDBusMessage onNames(const QDBusMessage& message)
    {
        const auto names = bus::toRequest(qdbus_cast<bus::NamesArgument>(message.arguments().at(1))).value();
        QStringList words{message.arguments().at(0).toString()};
        for (const net::IpAddress& server : names.servers)
            words.append(QString::fromStdString(server.toString()));
        for (const std::string& domain : names.domains)
            words.append(QString::fromStdString(domain));
        calls.append(words.join(u' ') + (names.takesAllNames ? QStringLiteral(" ~.") : QString()));
        return answer ? answer(message) : message.createReply(true);
    }

    inline static const QString Name = QStringLiteral("fake-helper");
    QDBusConnection m_bus;
};

}  // namespace

class TestHelperDns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void setsNamesForItsLease();
    void saysThatThereIsNoService();
    void saysWhyNot_data();
    void saysWhyNot();
    void takesBack();
    void hasNothingToTakeBackAtFirst();
    void aNewerGoalTakesThePlaceOfAnOlder();
    void clearDoesNotWaitForASilentApply();
    void aHelperThatIsGoneHasTakenItBack();
    void aClosedLeaseHasTakenItBack();
    void mayEndAtAnyTime();

private:
    void open();

    PrivateBus m_bus;
    std::unique_ptr<FakeHelper> m_helper;
    std::unique_ptr<HelperClient> m_client;
    std::unique_ptr<HelperDns> m_dns;
};

void TestHelperDns::initTestCase()
{
    if (!PrivateBus::isPossible())
        QSKIP("dbus-daemon is not installed");
    bus::registerTypes();
    QVERIFY(m_bus.start());
}

void TestHelperDns::init()
{
    m_helper = std::make_unique<FakeHelper>(m_bus);
    m_client = std::make_unique<HelperClient>();
    m_dns = std::make_unique<HelperDns>(*m_client);
    open();
}

void TestHelperDns::cleanup()
{
    m_dns.reset();
    m_client.reset();
    m_helper.reset();
}

void TestHelperDns::open()
{
    bool isOpen = false;
    m_client->open(true, [&](const Result<UniqueFd>& opened) { isOpen = opened.has_value(); });
    QTRY_VERIFY_WITH_TIMEOUT(isOpen, SoonMs);
}

void TestHelperDns::setsNamesForItsLease()
{
    Ending ending;
    m_dns->apply(SomeLink, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::InForce), SoonMs);
    DnsConfig all = other();
    all.takesAllNames = true;
    m_dns->apply(SomeLink, all, ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
    QCOMPARE(m_helper->calls, (QStringList{QStringLiteral("7 172.17.0.53 fd00:17::53 office.example b.example"),
                                           QStringLiteral("7 172.17.0.99 other.example ~.")}));
}

void TestHelperDns::saysThatThereIsNoService()
{
    m_helper->answer = [](const QDBusMessage& call) { return call.createReply(false); };
    Ending ending;
    m_dns->apply(SomeLink, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::NoService), SoonMs);
}

void TestHelperDns::saysWhyNot_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<ErrorCode>("code");
    const QString prefix = QStringLiteral("org.gvpn.Helper1.Error.");
    QTest::newRow("not allowed") << prefix + QStringLiteral("NotAuthorized") << ErrorCode::PermissionDenied;
    QTest::newRow("another lease's") << prefix + QStringLiteral("Conflict") << ErrorCode::AlreadyExists;
    QTest::newRow("it failed") << prefix + QStringLiteral("SystemFailure") << ErrorCode::SystemFailure;
    QTest::newRow("no error") << QString() << ErrorCode::SystemFailure;
}

void TestHelperDns::saysWhyNot()
{
    QFETCH(const QString, name);
    QFETCH(const ErrorCode, code);
    m_helper->answer = [name](const QDBusMessage& call) {
        return name.isEmpty() ? call.createReply(QStringLiteral("yes"))
                              : call.createErrorReply(name, QStringLiteral("because"));
    };
    Ending ending;
    m_dns->apply(SomeLink, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(code), SoonMs);
    if (!name.isEmpty())
        QCOMPARE(ending.outcome->error().context, std::string("because"));
}

void TestHelperDns::takesBack()
{
    for (const bool isByClear : {true, false}) {
        Ending ending;
        m_dns->apply(SomeLink, office(), ending.done());
        QTRY_COMPARE_WITH_TIMEOUT(ending.count, 1, SoonMs);
        m_helper->calls.clear();
        if (isByClear)
            m_dns->clear(ending.cleared());
        else
            m_dns->apply(SomeLink, {.servers = office().servers, .domains = {}}, ending.done());
        QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
        QVERIFY(ending.is(DnsOutcome::InForce));
        QCOMPARE(m_helper->calls, QStringList{Nothing});
    }
}

void TestHelperDns::hasNothingToTakeBackAtFirst()
{
    Ending ending;
    m_dns->clear(ending.cleared());
    m_dns->apply(SomeLink, {}, ending.done());
    QCOMPARE(ending.count, 2);
    QTest::qWait(50);
    QVERIFY(m_helper->calls.isEmpty());
}

void TestHelperDns::aNewerGoalTakesThePlaceOfAnOlder()
{
    std::vector<QDBusMessage> held;
    m_helper->answer = [&held](const QDBusMessage& call) {
        held.push_back(call);
        return QDBusMessage();
    };
    Ending first;
    Ending second;
    m_dns->apply(SomeLink, office(), first.done());
    m_dns->apply(SomeLink, other(), second.done());
    QVERIFY(first.is(ErrorCode::Closed));
    QTRY_COMPARE_WITH_TIMEOUT(held.size(), std::size_t{2}, SoonMs);
    const QDBusConnection helper(QStringLiteral("fake-helper"));
    helper.send(held[0].createErrorReply(bus::errorNameOf(ErrorCode::AlreadyExists), QStringLiteral("newer")));
    helper.send(held[1].createReply(true));
    QTRY_VERIFY_WITH_TIMEOUT(second.is(DnsOutcome::InForce), SoonMs);
    QCOMPARE(first.count + second.count, 2);
}

void TestHelperDns::clearDoesNotWaitForASilentApply()
{
    m_helper->answer = [](const QDBusMessage&) { return QDBusMessage(); };
    Ending applying;
    Ending clearing;
    m_dns->apply(SomeLink, office(), applying.done());
    QTRY_COMPARE_WITH_TIMEOUT(m_helper->calls.size(), 1, SoonMs);
    m_helper->answer = {};
    m_dns->clear(clearing.cleared());
    QVERIFY(applying.is(ErrorCode::Closed));
    QTRY_VERIFY_WITH_TIMEOUT(clearing.is(DnsOutcome::InForce), SoonMs);
    QCOMPARE(m_helper->calls.last(), Nothing);
    QCOMPARE(applying.count, 1);
}

void TestHelperDns::aHelperThatIsGoneHasTakenItBack()
{
    m_helper->answer = [](const QDBusMessage&) { return QDBusMessage(); };
    Ending ending;
    m_dns->apply(SomeLink, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(m_helper->calls.size(), 1, SoonMs);
    m_helper.reset();
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 1, SoonMs);
    QVERIFY(!ending.outcome->has_value());
    Ending clearing;
    m_dns->clear(clearing.cleared());
    QTRY_VERIFY_WITH_TIMEOUT(clearing.is(DnsOutcome::InForce), SoonMs);
    // The next one knows nothing of it.
    m_helper = std::make_unique<FakeHelper>(m_bus);
    open();
    m_dns->apply(SomeLink, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::InForce), SoonMs);
}

void TestHelperDns::aClosedLeaseHasTakenItBack()
{
    m_helper->answer = [](const QDBusMessage&) { return QDBusMessage(); };
    Ending ending;
    m_dns->apply(SomeLink, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(m_helper->calls.size(), 1, SoonMs);
    bool isClosed = false;
    m_client->close([&](const Result<void>& result) { isClosed = result.has_value(); });
    QVERIFY(ending.is(ErrorCode::Closed));
    QTRY_VERIFY_WITH_TIMEOUT(isClosed, SoonMs);
    Ending clearing;
    m_dns->clear(clearing.cleared());
    QVERIFY(clearing.is(DnsOutcome::InForce));
}

void TestHelperDns::mayEndAtAnyTime()
{
    Ending ending;
    m_dns->apply(SomeLink, office(), ending.done());
    m_dns.reset();
    QTRY_COMPARE_WITH_TIMEOUT(m_helper->calls.size(), 1, SoonMs);
    QTest::qWait(50);
    QCOMPARE(ending.count, 0);
}

QTEST_GUILESS_MAIN(TestHelperDns)
#include "tst_helper_dns.moc"
