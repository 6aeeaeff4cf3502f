#include "server/dns_advice.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;

class TestDnsAdvice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void saysWhatClientsLeaveOut_data();
    void saysWhatClientsLeaveOut();
};

void TestDnsAdvice::saysWhatClientsLeaveOut_data()
{
    QTest::addColumn<QString>("resolver");
    QTest::addColumn<QString>("domain");
    QTest::addColumn<QString>("part");  // empty: nothing to say
    const QString inside = QStringLiteral("172.17.0.53");
    QTest::newRow("nothing given") << QString() << QString() << QString();
    QTest::newRow("fine") << inside << QStringLiteral("office.example") << QString();
    QTest::newRow("outside") << QStringLiteral("172.18.0.53") << QStringLiteral("office.example")
                             << "--dns 172.18.0.53";
    QTest::newRow("no domain") << inside << QString() << "--dns without --dns-domain";
    QTest::newRow("single word") << inside << QStringLiteral("lan") << "--dns-domain lan";
}

void TestDnsAdvice::saysWhatClientsLeaveOut()
{
    QFETCH(QString, resolver);
    QFETCH(QString, domain);
    QFETCH(QString, part);
    ServerOptions options;
    if (!resolver.isEmpty())
        options.dnsServers = {net::IpAddress::parse(resolver.toStdString()).value()};
    if (!domain.isEmpty())
        options.dnsDomains = {domain.toStdString()};
    const auto advice = dnsAdvice(options, std::vector{net::Prefix::parse("172.17.0.0/16").value()});
    QCOMPARE(advice.size(), std::size_t{part.isEmpty() ? 0U : 1U});
    if (!part.isEmpty())
        QVERIFY(QString::fromStdString(advice.front()).startsWith(part));
}

QTEST_APPLESS_MAIN(TestDnsAdvice)
#include "tst_dns_advice.moc"
