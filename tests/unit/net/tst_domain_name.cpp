#include "net/domain_name.h"

#include <QtTest>

using namespace gvpn;

class TestDomainName : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void findsNamesInADomain_data();
    void findsNamesInADomain();
    void onlyLettersHaveACase();
};

void TestDomainName::findsNamesInADomain_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("isIn");
    QTest::newRow("itself") << QStringLiteral("office.example") << true;
    QTest::newRow("below") << QStringLiteral("vpn.office.example") << true;
    QTest::newRow("far below") << QStringLiteral("a.b.office.example") << true;
    QTest::newRow("upper case") << QStringLiteral("VPN.OFFICE.EXAMPLE") << true;
    QTest::newRow("final dot") << QStringLiteral("vpn.office.example.") << true;
    QTest::newRow("another that ends so") << QStringLiteral("myoffice.example") << false;
    QTest::newRow("above") << QStringLiteral("example") << false;
    QTest::newRow("longer") << QStringLiteral("office.example.com") << false;
    QTest::newRow("an address") << QStringLiteral("192.0.2.1") << false;
    QTest::newRow("empty") << QString() << false;
    QTest::newRow("a dot") << QStringLiteral(".") << false;
}

void TestDomainName::findsNamesInADomain()
{
    QFETCH(QString, name);
    QFETCH(bool, isIn);
    QCOMPARE(net::isInDomain(name.toStdString(), "Office.example"), isIn);
}

void TestDomainName::onlyLettersHaveACase()
{
    QCOMPARE(net::inLowerCase("AZaz09-.@[`{\xC3\x84"), std::string("azaz09-.@[`{\xC3\x84"));
    QCOMPARE(net::inLowerCase({}), std::string());
}

QTEST_APPLESS_MAIN(TestDomainName)
#include "tst_domain_name.moc"
