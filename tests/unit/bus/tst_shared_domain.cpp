#include "bus/shared_domain.h"

#include <QtTest>

using namespace gvpn;

class TestSharedDomain : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void knowsPublicSuffixes_data();
    void knowsPublicSuffixes();
    void zonesOfAddressesAreShared_data();
    void zonesOfAddressesAreShared();
};

void TestSharedDomain::knowsPublicSuffixes_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("isPublic");
    QTest::newRow("com") << QStringLiteral("com") << true;
    QTest::newRow("co.uk") << QStringLiteral("co.uk") << true;
    QTest::newRow("anything.ck") << QStringLiteral("anything.ck") << true;  // *.ck
    QTest::newRow("www.ck") << QStringLiteral("www.ck") << false;           // but not this one
    QTest::newRow("example.com") << QStringLiteral("example.com") << false;
    QTest::newRow("a top level that there isn't") << QStringLiteral("office.nosuch") << false;
    QTest::newRow("international") << QStringLiteral("xn--55qx5d.cn") << true;
}

void TestSharedDomain::knowsPublicSuffixes()
{
    QFETCH(QString, name);
    QFETCH(bool, isPublic);
    QCOMPARE(bus::isPublicSuffix(name.toStdString()), isPublic);
    QCOMPARE(bus::isSharedDomain(name.toStdString()), isPublic);
}

void TestSharedDomain::zonesOfAddressesAreShared_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("isShared");
    QTest::newRow("in-addr.arpa") << QStringLiteral("in-addr.arpa") << true;
    QTest::newRow("a network") << QStringLiteral("17.172.in-addr.arpa") << true;
    QTest::newRow("IPv6") << QStringLiteral("0.0.d.f.ip6.arpa") << true;
    QTest::newRow("another that ends so") << QStringLiteral("myip6.arpa") << false;
    QTest::newRow("an office") << QStringLiteral("office.example") << false;
}

void TestSharedDomain::zonesOfAddressesAreShared()
{
    QFETCH(QString, name);
    QFETCH(bool, isShared);
    QCOMPARE(bus::isSharedDomain(name.toStdString()), isShared);
}

QTEST_APPLESS_MAIN(TestSharedDomain)
#include "tst_shared_domain.moc"
