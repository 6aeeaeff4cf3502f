#include "client/dns_policy.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;

namespace {

net::IpAddress address(const QString& text)
{
    return net::IpAddress::parse(text.toStdString()).value();
}

std::vector<std::string> words(const QString& text)
{
    std::vector<std::string> result;
    for (const QString& word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts))
        result.push_back(word.toStdString());
    return result;
}

std::vector<net::IpAddress> addresses(const QString& text)
{
    std::vector<net::IpAddress> result;
    for (const QString& word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts))
        result.push_back(address(word));
    return result;
}

/// Of a client that has 10.86.0.2/24 and fd86::2/64.
net::TunnelSettings settings(const QString& resolvers, const QString& domains)
{
    net::TunnelSettings result;
    result.addresses = {net::InterfaceAddress::parse("10.86.0.2/24").value(),
                        net::InterfaceAddress::parse("fd86::2/64").value()};
    result.dnsServers = addresses(resolvers);
    result.dnsDomains = words(domains);
    return result;
}

const std::vector<net::Prefix>& accepted()
{
    static const std::vector<net::Prefix> Routes{net::Prefix::parse("172.17.0.0/16").value(),
                                                 net::Prefix::parse("fd00:17::/64").value()};
    return Routes;
}

}  // namespace

class TestDnsPolicy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void takesResolversThatTheTunnelReaches_data();
    void takesResolversThatTheTunnelReaches();
    void takesDomainsOfOneOffice_data();
    void takesDomainsOfOneOffice();
    void takesWhatIsNamed();
    void takesEachOnce();
    void saysWhenNoDomainIsNamed();
    void setsNothingWithoutBoth_data();
    void setsNothingWithoutBoth();
    void saysWhatBecameOfIt();
};

void TestDnsPolicy::takesResolversThatTheTunnelReaches_data()
{
    QTest::addColumn<QString>("resolver");
    QTest::addColumn<bool>("isTaken");
    const auto row = [](const char* resolver, bool isTaken) {
        QTest::newRow(resolver) << QString::fromLatin1(resolver) << isTaken;
    };
    row("172.17.0.53", true);
    row("172.18.0.53", false);
    row("fd00:17::53", true);
    row("fd00:18::53", false);
    row("10.86.0.1", true);   // the server itself
    row("10.86.0.2", false);  // this computer
    row("fd86::2", false);
    row("10.87.0.1", false);
    row("192.168.1.1", false);  // perhaps the router at home
    row("8.8.8.8", false);
    row("2001:db8::53", false);
}

void TestDnsPolicy::takesResolversThatTheTunnelReaches()
{
    QFETCH(QString, resolver);
    QFETCH(bool, isTaken);
    const DnsDecision decision = decideDns(
        settings(resolver + QStringLiteral(" 172.17.0.99"), QStringLiteral("office.example")), accepted(), {});
    std::vector<net::IpAddress> expected{address(QStringLiteral("172.17.0.99"))};
    if (isTaken)
        expected.insert(expected.begin(), address(resolver));
    QVERIFY(decision.config.servers == expected);
    const std::vector<SkippedDns> skipped{{DnsSkipReason::NotThroughTunnel, resolver.toStdString(), {}}};
    QVERIFY(decision.skipped == (isTaken ? std::vector<SkippedDns>{} : skipped));
}

void TestDnsPolicy::takesDomainsOfOneOffice_data()
{
    QTest::addColumn<QString>("domain");
    QTest::addColumn<bool>("isTaken");
    const auto row = [](const char* domain, bool isTaken) {
        QTest::newRow(domain) << QString::fromLatin1(domain) << isTaken;
    };
    row("office.example", true);
    row("a.b.office.example", true);
    row("example.com", true);
    row("office.local", true);
    row("office.lan", true);
    row("example.co.uk", true);
    row("com", false);
    row("COM", false);
    row("lan", false);
    row("local", false);
    row("localhost", false);
    row("co.uk", false);
    row("Co.Uk", false);
    row("github.io", false);
    row("10.in-addr.arpa", false);
    row("in-addr.arpa", false);
    row("d.f.ip6.arpa", false);
    row("arpa", false);
}

void TestDnsPolicy::takesDomainsOfOneOffice()
{
    QFETCH(QString, domain);
    QFETCH(bool, isTaken);
    const DnsDecision decision =
        decideDns(settings(QStringLiteral("172.17.0.53"), domain + QStringLiteral(" other.example")), accepted(), {});
    const std::string lower = domain.toLower().toStdString();
    std::vector<std::string> expected{"other.example"};
    if (isTaken)
        expected.insert(expected.begin(), lower);
    QVERIFY(decision.config.domains == expected);
    const std::vector<SkippedDns> skipped{{DnsSkipReason::SharedDomain, lower, {}}};
    QVERIFY(decision.skipped == (isTaken ? std::vector<SkippedDns>{} : skipped));
}

void TestDnsPolicy::takesWhatIsNamed()
{
    const auto named = words(QStringLiteral("LAN 10.in-addr.arpa other"));
    const DnsDecision decision = decideDns(
        settings(QStringLiteral("172.17.0.53"), QStringLiteral("lan 10.in-addr.arpa com")), accepted(), named);
    QVERIFY(decision.config.domains == words(QStringLiteral("lan 10.in-addr.arpa")));
    QCOMPARE(decision.skipped.size(), std::size_t{1});
    QCOMPARE(decision.skipped[0].what, std::string("com"));
}

void TestDnsPolicy::takesEachOnce()
{
    const DnsDecision decision = decideDns(settings(QStringLiteral("172.17.0.53 172.17.0.54 172.17.0.53"),
                                                    QStringLiteral("Office.example b.example office.EXAMPLE")),
                                           accepted(), {});
    QVERIFY(decision.config.servers == addresses(QStringLiteral("172.17.0.53 172.17.0.54")));
    QVERIFY(decision.config.domains == words(QStringLiteral("office.example b.example")));
    QVERIFY(decision.skipped.empty());
}

void TestDnsPolicy::saysWhenNoDomainIsNamed()
{
    const DnsDecision decision = decideDns(settings(QStringLiteral("172.17.0.53 8.8.8.8"), {}), accepted(), {});
    QVERIFY(decision.config == system::DnsConfig{});
    QVERIFY((decision.skipped == std::vector<SkippedDns>{{DnsSkipReason::NoDomain, "172.17.0.53, 8.8.8.8", {}}}));
}

void TestDnsPolicy::setsNothingWithoutBoth_data()
{
    QTest::addColumn<QString>("resolvers");
    QTest::addColumn<QString>("domains");
    QTest::addColumn<int>("skipped");
    QTest::newRow("nothing") << QString() << QString() << 0;
    QTest::newRow("domains only") << QString() << QStringLiteral("office.example") << 0;
    QTest::newRow("no resolver is left") << QStringLiteral("8.8.8.8") << QStringLiteral("office.example") << 1;
    QTest::newRow("no domain is left") << QStringLiteral("172.17.0.53") << QStringLiteral("com lan") << 2;
}

void TestDnsPolicy::setsNothingWithoutBoth()
{
    QFETCH(QString, resolvers);
    QFETCH(QString, domains);
    QFETCH(int, skipped);
    const DnsDecision decision = decideDns(settings(resolvers, domains), accepted(), {});
    QVERIFY(decision.config == system::DnsConfig{});
    QCOMPARE(int(decision.skipped.size()), skipped);
}

void TestDnsPolicy::saysWhatBecameOfIt()
{
    const system::DnsConfig config{addresses(QStringLiteral("172.17.0.53")),
                                   words(QStringLiteral("a.example b.example"))};
    QVERIFY(skippedBy(config, system::DnsOutcome::InForce).empty());
    QVERIFY((skippedBy(config, system::DnsOutcome::NoService)
             == std::vector<SkippedDns>{{DnsSkipReason::NoService, "a.example, b.example", {}}}));
    QVERIFY((skippedBy(config, fail(ErrorCode::TimedOut, "silence"))
             == std::vector<SkippedDns>{{DnsSkipReason::Failed, "a.example, b.example", "silence"}}));
    QVERIFY(skippedBy({}, system::DnsOutcome::NoService).empty());
}

QTEST_APPLESS_MAIN(TestDnsPolicy)
#include "tst_dns_policy.moc"
