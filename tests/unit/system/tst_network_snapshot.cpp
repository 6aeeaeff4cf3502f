#include "system/network_snapshot.h"

#include "system/resolv_conf.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::system;

namespace {

RouteInfo route(const char* destination, unsigned interfaceIndex, unsigned metric = 0, unsigned table = 254)
{
    RouteInfo info;
    info.destination = *net::Prefix::parse(destination);
    info.interfaceIndex = interfaceIndex;
    info.metric = metric;
    info.table = table;
    return info;
}

}  // namespace

class NetworkSnapshotTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsInterfacesByIndexAndName();
    void findsTheRouteOfAPacket_data();
    void findsTheRouteOfAPacket();
    void findsNoRouteWhereThereIsNone();
    void readsNameservers_data();
    void readsNameservers();
    void readsWhatIsBehindAResolverOfThisComputer_data();
    void readsWhatIsBehindAResolverOfThisComputer();
};

void NetworkSnapshotTest::findsInterfacesByIndexAndName()
{
    NetworkSnapshot snapshot;
    snapshot.interfaces.resize(2);
    snapshot.interfaces[0].name = "lo";
    snapshot.interfaces[0].index = 1;
    snapshot.interfaces[1].name = "eth0";
    snapshot.interfaces[1].index = 7;
    QCOMPARE(snapshot.findInterface(7), &snapshot.interfaces[1]);
    QCOMPARE(snapshot.findInterface("lo"), &snapshot.interfaces[0]);
    QVERIFY(!snapshot.findInterface(2));
    QVERIFY(!snapshot.findInterface("eth"));
}

void NetworkSnapshotTest::findsTheRouteOfAPacket_data()
{
    QTest::addColumn<QString>("address");
    QTest::addColumn<unsigned>("interfaceIndex");
    QTest::newRow("default") << "192.0.2.1" << 1U;
    QTest::newRow("longest prefix") << "10.1.2.3" << 4U;
    QTest::newRow("shorter prefix") << "10.1.3.3" << 3U;
    QTest::newRow("lowest metric") << "10.2.0.1" << 6U;
    QTest::newRow("other tables don't count") << "10.3.0.1" << 3U;
    QTest::newRow("IPv6") << "fd00:1::5" << 8U;
}

void NetworkSnapshotTest::findsTheRouteOfAPacket()
{
    QFETCH(QString, address);
    QFETCH(unsigned, interfaceIndex);
    NetworkSnapshot snapshot;
    snapshot.routes = {route("0.0.0.0/0", 1, 100),      route("0.0.0.0/0", 2, 200),   route("10.0.0.0/8", 3),
                       route("10.1.2.0/24", 4, 900),    route("10.2.0.0/16", 5, 600), route("10.2.0.0/16", 6, 50),
                       route("10.3.0.0/16", 7, 0, 100), route("fd00::/16", 8, 1024)};
    const RouteInfo* found = snapshot.routeTo(*net::IpAddress::parse(address.toStdString()));
    QVERIFY(found);
    QCOMPARE(found->interfaceIndex, interfaceIndex);
}

void NetworkSnapshotTest::findsNoRouteWhereThereIsNone()
{
    NetworkSnapshot snapshot;
    snapshot.routes = {route("10.0.0.0/8", 3)};
    QVERIFY(!snapshot.routeTo(*net::IpAddress::parse("11.0.0.1")));
    QVERIFY(!snapshot.routeTo(*net::IpAddress::parse("::a00:1")));
}

void NetworkSnapshotTest::readsNameservers_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QStringList>("addresses");
    QTest::newRow("empty") << QByteArray() << QStringList();
    QTest::newRow("two") << QByteArray("# generated\nnameserver 127.0.0.53\nsearch lan\nnameserver\t2001:db8::1\n")
                         << QStringList{QStringLiteral("127.0.0.53"), QStringLiteral("2001:db8::1")};
    QTest::newRow("zone") << QByteArray("nameserver fe80::1%eth0") << QStringList{QStringLiteral("fe80::1")};
    QTest::newRow("carriage return and blanks")
        << QByteArray("  nameserver  10.0.0.1  \r\n") << QStringList{QStringLiteral("10.0.0.1")};
    QTest::newRow("nonsense") << QByteArray("nameserver\nnameserver x\nnameservers 10.0.0.1\n#nameserver 10.0.0.2\n")
                              << QStringList();
    QTest::newRow("bytes") << QByteArray("\0nameserver 10.0.0.1\n\xff\xfe", 23) << QStringList();
}

void NetworkSnapshotTest::readsNameservers()
{
    QFETCH(QByteArray, text);
    QFETCH(QStringList, addresses);
    QStringList found;
    for (const net::IpAddress& address : parseResolvConf(text.toStdString()))
        found.append(QString::fromStdString(address.toString()));
    QCOMPARE(found, addresses);
}

void NetworkSnapshotTest::readsWhatIsBehindAResolverOfThisComputer_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QStringList>("addresses");
    const QString behind = QStringLiteral("192.168.1.1");
    QTest::newRow("on this computer") << QByteArray("nameserver 127.0.0.53\n")
                                      << QStringList{QStringLiteral("127.0.0.53"), behind};
    QTest::newRow("by IPv6") << QByteArray("nameserver ::1\n") << QStringList{QStringLiteral("::1"), behind};
    QTest::newRow("elsewhere") << QByteArray("nameserver 10.0.0.1\n") << QStringList{QStringLiteral("10.0.0.1")};
    QTest::newRow("none") << QByteArray() << QStringList();
}

void NetworkSnapshotTest::readsWhatIsBehindAResolverOfThisComputer()
{
    QFETCH(QByteArray, text);
    QFETCH(QStringList, addresses);
    QStringList found;
    for (const net::IpAddress& address : parseResolvConf(text.toStdString(), "nameserver 192.168.1.1\n"))
        found.append(QString::fromStdString(address.toString()));
    QCOMPARE(found, addresses);
}

QTEST_APPLESS_MAIN(NetworkSnapshotTest)

#include "tst_network_snapshot.moc"
