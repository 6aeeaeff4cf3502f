#include "server/log_budget.h"
#include "server/reload.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;

class TestReload : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingChangedIsNothingToDo();
    void someOptionsChangeAtOnce();
    void theOthersWaitForTheNextStart();
    void theDoorIsNotOpenedForAllWithoutARestart();
    void aBudgetLetsSomeThroughAndCountsTheRest();
};

void TestReload::nothingChangedIsNothingToDo()
{
    const Reload result = reload({}, {});
    QVERIFY(result.changed.empty() && result.later.empty());
}

void TestReload::someOptionsChangeAtOnce()
{
    ServerOptions fresh;
    fresh.logLevel = "debug";
    fresh.maxDevices = 2;
    fresh.maxHalfOpen = 9;
    fresh.relays = {net::Prefix::parse("192.0.2.0/24").value()};
    fresh.dnsServers = {net::IpAddress::parse("172.17.0.53").value()};
    fresh.dnsDomains = {"office.example"};
    fresh.login = LoginMode::Password;
    const Reload result = reload({}, fresh);
    const std::vector<std::string> names{"log-level", "max-devices", "max-half-open", "relay",
                                         "dns",       "dns-domain",  "login"};
    QVERIFY(result.changed == names);
    QVERIFY(result.later.empty());
    QCOMPARE(result.options.maxDevices, 2U);
    QVERIFY(result.options.dnsServers == fresh.dnsServers && result.options.dnsDomains == fresh.dnsDomains);
    QVERIFY(result.options.login == LoginMode::Password);
}

void TestReload::theOthersWaitForTheNextStart()
{
    ServerOptions fresh;
    fresh.cidrs = {net::Prefix::parse("10.1.0.0/24").value()};
    fresh.runAs = "nobody";
    fresh.congestion = {tunnel::CongestionMode::Kind::System};
    fresh.usesOffloads = false;
    const Reload result = reload({}, fresh);
    QVERIFY((result.later == std::vector<std::string>{"cidr", "congestion", "offload", "run-as"}));
    QVERIFY(result.options.cidrs.empty() && result.options.runAs.empty() && result.options.usesOffloads);
    QVERIFY(result.options.congestion == tunnel::CongestionMode{});
}

void TestReload::theDoorIsNotOpenedForAllWithoutARestart()
{
    ServerOptions open;
    open.login = LoginMode::None;
    QVERIFY(reload({}, open).options.login == LoginMode::Device);
    QVERIFY(reload({}, open).later == std::vector<std::string>{"login"});
    QVERIFY(reload(open, {}).options.login == LoginMode::None);
}

void TestReload::aBudgetLetsSomeThroughAndCountsTheRest()
{
    LogBudget budget(3, 1);
    TimePoint now{std::chrono::hours(1)};
    int shown = 0;
    for (int i = 0; i < 10; ++i)
        shown += budget.takes(now) ? 1 : 0;
    QCOMPARE(shown, 3);
    QCOMPARE(budget.takeLeftOut(), std::uint64_t{7});
    QCOMPARE(budget.takeLeftOut(), std::uint64_t{0});
    now += std::chrono::seconds(1);
    QVERIFY(budget.takes(now));
    QVERIFY(!budget.takes(now));
}

QTEST_APPLESS_MAIN(TestReload)

#include "tst_reload.moc"
