// ResolvedDns on a bus of its own with a systemd-resolved that the test plays. No root; skipped without dbus-daemon.
#include "dns_ending.h"
#include "private_bus.h"

#include "system/resolved_dns.h"

#include <QElapsedTimer>
#include <QTimer>
#include <QtTest>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace gvpn;
using namespace gvpn::system;
using namespace gvpn::test;

namespace {

constexpr unsigned Link = 7;
constexpr int SoonMs = 2'000;
constexpr int AfterDeadlineMs = int(ResolvedDns::Deadline.count()) + SoonMs;

net::IpAddress address(const char* text)
{
    return net::IpAddress::parse(text).value();
}

DnsConfig office()
{
    return {{address("172.17.0.53"), address("fd00:17::53")}, {"office.example", "b.example"}};
}

QStringList callsFor(unsigned link)
{
    const QString number = QString::number(link);
    return {QStringLiteral("SetLinkDefaultRouteib ") + number + QStringLiteral(" false"),
            QStringLiteral("SetLinkDomainsia(sb) ") + number + QStringLiteral(" office.example b.example"),
            QStringLiteral("SetLinkDNSia(iay) ") + number
                + QStringLiteral(" 2:ac110035 10:fd000017000000000000000000000053")};
}

QString reverting(unsigned link)
{
    return QStringLiteral("RevertLinki %1").arg(link);
}

}  // namespace

class TestResolvedDns : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void setsDomainsBeforeServers();
    void setsTheSameOnlyOnce();
    void takesAllNames();
    void setsWhatHasChanged();
    void leavesAnEarlierLink();
    void takesBack();
    void anEmptyGoalTakesBack();
    void hasNothingToTakeBackAtFirst();
    void isNotThereWithoutTheService();
    void isUsedOnceItIsThere();
    void undoesWhatWasSetWhenItFails_data();
    void undoesWhatWasSetWhenItFails();
    void waitsForALinkThatIsNew();
    void givesUpALinkThatNeverComes();
    void givesUpWhenNobodyAnswers();
    void clearDoesNotWaitForASilentApply();
    void aNewerGoalTakesThePlaceOfAnOlder();
    void mayEndAtAnyTime();
    void aLinkThatIsGoneIsTakenBack();
    void isNotThereWithoutABus();
    void doesNotWaitForASilentBus();

private:
    PrivateBus m_bus;
    std::unique_ptr<FakeResolved> m_resolved;
};

void TestResolvedDns::initTestCase()
{
    if (!PrivateBus::isPossible())
        QSKIP("dbus-daemon is not installed");
    QVERIFY(m_bus.start());
}

void TestResolvedDns::init()
{
    m_resolved.reset();
    m_resolved = std::make_unique<FakeResolved>(m_bus);
    static_cast<void>(m_resolved->appear());
}

void TestResolvedDns::setsDomainsBeforeServers()
{
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QVERIFY(!ending.outcome);
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::InForce), SoonMs);
    QCOMPARE(m_resolved->calls, callsFor(Link));
}

void TestResolvedDns::setsTheSameOnlyOnce()
{
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 1, SoonMs);
    m_resolved->calls.clear();
    dns.apply(Link, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
    QVERIFY(ending.is(DnsOutcome::InForce));
    QVERIFY(m_resolved->calls.isEmpty());
}

void TestResolvedDns::takesAllNames()
{
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, {.servers = {address("172.17.0.53")}, .domains = {"office.example"}, .takesAllNames = true},
              ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::InForce), SoonMs);
    QCOMPARE(m_resolved->calls, (QStringList{QStringLiteral("SetLinkDefaultRouteib 7 true"),
                                             QStringLiteral("SetLinkDomainsia(sb) 7 office.example ~."),
                                             QStringLiteral("SetLinkDNSia(iay) 7 2:ac110035")}));
    m_resolved->calls.clear();
    dns.apply(Link, {.servers = {address("172.17.0.53")}, .domains = {}, .takesAllNames = true}, ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
    QCOMPARE(m_resolved->calls.value(1), QStringLiteral("SetLinkDomainsia(sb) 7 ~."));
}

void TestResolvedDns::setsWhatHasChanged()
{
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, {{address("172.17.0.99")}, {"old.example"}}, ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 1, SoonMs);
    m_resolved->calls.clear();
    dns.apply(Link, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
    QCOMPARE(m_resolved->calls, callsFor(Link));
}

void TestResolvedDns::leavesAnEarlierLink()
{
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 1, SoonMs);
    m_resolved->calls.clear();
    dns.apply(Link + 1, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
    QCOMPARE(m_resolved->calls, QStringList{reverting(Link)} + callsFor(Link + 1));
}

void TestResolvedDns::takesBack()
{
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 1, SoonMs);
    m_resolved->calls.clear();
    dns.clear(ending.cleared());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
    QVERIFY(ending.is(DnsOutcome::InForce));
    QCOMPARE(m_resolved->calls, QStringList{reverting(Link)});
    dns.apply(Link, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 3, SoonMs);
    QCOMPARE(m_resolved->calls, QStringList{reverting(Link)} + callsFor(Link));
}

void TestResolvedDns::anEmptyGoalTakesBack()
{
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 1, SoonMs);
    m_resolved->calls.clear();
    dns.apply(Link, {office().servers, {}}, ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
    QCOMPARE(m_resolved->calls, QStringList{reverting(Link)});
}

void TestResolvedDns::hasNothingToTakeBackAtFirst()
{
    ResolvedDns dns;
    Ending ending;
    dns.clear(ending.cleared());
    dns.apply(Link, {}, ending.done());
    QCOMPARE(ending.count, 2);
    QTest::qWait(50);
    QVERIFY(m_resolved->calls.isEmpty());
}

void TestResolvedDns::isNotThereWithoutTheService()
{
    QVERIFY(m_resolved->vanish());
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::NoService), SoonMs);
    dns.clear(ending.cleared());
    QCOMPARE(ending.count, 2);
}

void TestResolvedDns::isUsedOnceItIsThere()
{
    QVERIFY(m_resolved->vanish());
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::NoService), SoonMs);
    QVERIFY(m_resolved->appear());
    dns.apply(Link, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::InForce), SoonMs);
    QCOMPARE(m_resolved->calls, callsFor(Link));
}

void TestResolvedDns::undoesWhatWasSetWhenItFails_data()
{
    QTest::addColumn<QString>("error");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("refused") << QStringLiteral("org.freedesktop.DBus.Error.AccessDenied")
                             << ErrorCode::PermissionDenied;
    QTest::newRow("not for everybody") << QStringLiteral("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired")
                                       << ErrorCode::PermissionDenied;
    QTest::newRow("too old") << QStringLiteral("org.freedesktop.DBus.Error.UnknownMethod") << ErrorCode::Unsupported;
    QTest::newRow("somebody else's link")
        << QStringLiteral("org.freedesktop.resolve1.LinkBusy") << ErrorCode::SystemFailure;
}

void TestResolvedDns::undoesWhatWasSetWhenItFails()
{
    QFETCH(QString, error);
    QFETCH(ErrorCode, code);
    m_resolved->answer = [error](const QDBusMessage& call) {
        return call.member() == u"SetLinkDomains" ? call.createErrorReply(error, QStringLiteral("because"))
                                                  : call.createReply();
    };
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(code), SoonMs);
    QVERIFY(ending.outcome->error().context.find("because") != std::string::npos);
    const QStringList expected = callsFor(Link).first(2) + QStringList{reverting(Link)};
    QTRY_COMPARE_WITH_TIMEOUT(m_resolved->calls, expected, SoonMs);
    dns.clear(ending.cleared());
    QCOMPARE(ending.count, 2);
}

void TestResolvedDns::waitsForALinkThatIsNew()
{
    int refusals = 3;
    m_resolved->answer = [&refusals](const QDBusMessage& call) {
        return refusals-- > 0
                   ? call.createErrorReply(QStringLiteral("org.freedesktop.resolve1.NoSuchLink"), QStringLiteral("no"))
                   : call.createReply();
    };
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::InForce), SoonMs);
    QCOMPARE(m_resolved->calls.last(3), callsFor(Link));
    QCOMPARE(m_resolved->calls.size(), 6);
}

void TestResolvedDns::givesUpALinkThatNeverComes()
{
    m_resolved->answer = [](const QDBusMessage& call) {
        return call.createErrorReply(QStringLiteral("org.freedesktop.resolve1.NoSuchLink"),
                                     QStringLiteral("Link 7 not known"));
    };
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(ErrorCode::NotFound), AfterDeadlineMs);
    QVERIFY(ending.outcome->error().context.find("Link 7 not known") != std::string::npos);
}

void TestResolvedDns::givesUpWhenNobodyAnswers()
{
    m_resolved->answer = [](const QDBusMessage&) { return QDBusMessage(); };
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(ErrorCode::TimedOut), AfterDeadlineMs);
    QVERIFY(ending.outcome->error().context.find("systemd-resolved") != std::string::npos);
    QTRY_COMPARE_WITH_TIMEOUT(m_resolved->calls.last(), reverting(Link), SoonMs);
}

void TestResolvedDns::clearDoesNotWaitForASilentApply()
{
    m_resolved->answer = [](const QDBusMessage&) { return QDBusMessage(); };
    ResolvedDns dns;
    Ending applying;
    Ending clearing;
    dns.apply(Link, office(), applying.done());
    QTRY_VERIFY_WITH_TIMEOUT(!m_resolved->calls.isEmpty(), SoonMs);
    dns.clear(clearing.cleared());
    QVERIFY(applying.is(ErrorCode::Closed));
    QCOMPARE(clearing.count, 1);
    QTRY_COMPARE_WITH_TIMEOUT(m_resolved->calls.last(), reverting(Link), SoonMs);
    QTest::qWait(int(ResolvedDns::Deadline.count()) + 200);
    QCOMPARE(applying.count + clearing.count, 2);
}

void TestResolvedDns::aNewerGoalTakesThePlaceOfAnOlder()
{
    ResolvedDns dns;
    Ending first;
    Ending second;
    dns.apply(Link, {{address("172.17.0.99")}, {"old.example"}}, first.done());
    dns.apply(Link, office(), second.done());
    QVERIFY(first.is(ErrorCode::Closed));
    QTRY_VERIFY_WITH_TIMEOUT(second.is(DnsOutcome::InForce), SoonMs);
    QCOMPARE(m_resolved->calls.last(3), callsFor(Link));
    QCOMPARE(first.count, 1);
}

void TestResolvedDns::mayEndAtAnyTime()
{
    Ending ending;
    {
        ResolvedDns dns;
        dns.apply(Link, office(), ending.done());
    }
    auto dns = std::make_unique<ResolvedDns>();
    dns->apply(Link, office(), ending.done());
    m_resolved->answer = [](const QDBusMessage&) { return QDBusMessage(); };
    QTRY_VERIFY_WITH_TIMEOUT(!m_resolved->calls.isEmpty(), SoonMs);
    dns.reset();
    QTest::qWait(100);
    QCOMPARE(ending.count, 0);
}

void TestResolvedDns::aLinkThatIsGoneIsTakenBack()
{
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 1, SoonMs);
    m_resolved->answer = [](const QDBusMessage& call) {
        return call.createErrorReply(QStringLiteral("org.freedesktop.resolve1.NoSuchLink"), QStringLiteral("no"));
    };
    dns.clear(ending.cleared());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
    QVERIFY(ending.is(DnsOutcome::InForce));
}

/// From here on the bus is gone.
void TestResolvedDns::isNotThereWithoutABus()
{
    ResolvedDns dns;
    Ending ending;
    dns.apply(Link, office(), ending.done());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 1, SoonMs);
    m_resolved.reset();
    m_bus.stop();
    dns.clear(ending.cleared());
    QTRY_COMPARE_WITH_TIMEOUT(ending.count, 2, SoonMs);
    dns.apply(Link, office(), ending.done());
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(DnsOutcome::NoService), SoonMs);
}

void TestResolvedDns::doesNotWaitForASilentBus()
{
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const QByteArray path = m_bus.socket().toUtf8();
    QVERIFY(path.size() < qsizetype(sizeof(name.sun_path)));
    std::copy(path.begin(), path.end(), name.sun_path);
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    QVERIFY(::bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0);
    QVERIFY(::listen(listener, 4) == 0);
    ResolvedDns dns;
    Ending ending;
    QElapsedTimer clock;
    clock.start();
    dns.apply(Link, office(), ending.done());
    QVERIFY2(clock.elapsed() < 500, "it waited for the bus");
    QTRY_VERIFY_WITH_TIMEOUT(ending.is(ErrorCode::TimedOut), AfterDeadlineMs);
    QVERIFY(ending.outcome->error().context.find("system bus") != std::string::npos);
    ::close(listener);
}

QTEST_GUILESS_MAIN(TestResolvedDns)
#include "tst_resolved_dns.moc"
