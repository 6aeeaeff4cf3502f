#include "server/half_open_limits.h"
#include "support/packets.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using gvpn::test::address;
using gvpn::test::network;

class TestHalfOpenLimits : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void countsBySource_data();
    void countsBySource();
    void sharedSourcesHaveNoLimitOfTheirOwn_data();
    void sharedSourcesHaveNoLimitOfTheirOwn();
    void theOldestGivesWay();
    void whoHasSettledGivesWayLast();
    void leavingTwiceIsLeavingOnce();
};

void TestHalfOpenLimits::countsBySource_data()
{
    QTest::addColumn<QString>("first");
    QTest::addColumn<QString>("second");
    QTest::addColumn<bool>("isSame");
    QTest::newRow("one IPv4 address") << "198.51.100.7"
                                      << "198.51.100.7" << true;
    QTest::newRow("two IPv4 addresses") << "198.51.100.7"
                                        << "198.51.100.8" << false;
    QTest::newRow("one IPv6 /64") << "2001:db8:1:2::1"
                                  << "2001:db8:1:2:ffff::9" << true;
    QTest::newRow("two IPv6 /64") << "2001:db8:1:2::1"
                                  << "2001:db8:1:3::1" << false;
}

void TestHalfOpenLimits::countsBySource()
{
    QFETCH(QString, first);
    QFETCH(QString, second);
    QFETCH(bool, isSame);
    HalfOpenLimits limits({.most = 100, .mostPerSource = 3, .sharedSources = {}});
    const net::IpAddress source = address(first.toStdString());
    for (std::uint64_t id = 1; id <= 3; ++id) {
        QVERIFY(limits.hasRoomFor(source));
        limits.enter(id, source);
    }
    QVERIFY(!limits.hasRoomFor(source));
    QCOMPARE(limits.hasRoomFor(address(second.toStdString())), !isSame);
    limits.leave(2);
    QVERIFY(limits.hasRoomFor(source));
}

void TestHalfOpenLimits::sharedSourcesHaveNoLimitOfTheirOwn_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<bool>("isShared");
    QTest::newRow("loopback") << "127.0.0.1" << true;
    QTest::newRow("IPv6 loopback") << "::1" << true;
    QTest::newRow("private") << "192.168.1.9" << true;
    QTest::newRow("unique local") << "fd00::9" << true;
    QTest::newRow("link-local") << "fe80::9" << true;
    QTest::newRow("on-link or a relay") << "203.0.113.77" << true;
    QTest::newRow("public") << "198.51.100.7" << false;
    QTest::newRow("public IPv6") << "2001:db8::7" << false;
}

void TestHalfOpenLimits::sharedSourcesHaveNoLimitOfTheirOwn()
{
    QFETCH(QString, source);
    QFETCH(bool, isShared);
    HalfOpenLimits limits({.most = 100, .mostPerSource = 1, .sharedSources = {network("203.0.113.0/24")}});
    limits.enter(1, address(source.toStdString()));
    QCOMPARE(limits.hasRoomFor(address(source.toStdString())), isShared);
}

void TestHalfOpenLimits::theOldestGivesWay()
{
    HalfOpenLimits limits({.most = 3, .mostPerSource = 100, .sharedSources = {}});
    for (std::uint64_t id = 11; id <= 13; ++id) {
        QVERIFY(!limits.whoGivesWay());
        limits.enter(id, address("198.51.100.7"));
    }
    QVERIFY(limits.whoGivesWay() == std::uint64_t{11});
    limits.leave(11);
    QVERIFY(!limits.whoGivesWay());
    limits.enter(14, address("198.51.100.8"));
    QVERIFY(limits.whoGivesWay() == std::uint64_t{12});
    QCOMPARE(limits.count(), std::size_t{3});
}

void TestHalfOpenLimits::whoHasSettledGivesWayLast()
{
    HalfOpenLimits limits({.most = 3, .mostPerSource = 16, .sharedSources = {}});
    for (std::uint64_t id = 1; id <= 3; ++id)
        limits.enter(id, address("198.51.100.7"));
    limits.settle(1);
    limits.settle(3);
    QCOMPARE(limits.whoGivesWay(), std::optional<std::uint64_t>(2));
    limits.leave(2);
    limits.enter(4, address("198.51.100.7"));
    limits.settle(4);
    QCOMPARE(limits.whoGivesWay(), std::optional<std::uint64_t>(1));
}

void TestHalfOpenLimits::leavingTwiceIsLeavingOnce()
{
    HalfOpenLimits limits({.most = 10, .mostPerSource = 2, .sharedSources = {}});
    limits.enter(1, address("198.51.100.7"));
    limits.enter(2, address("198.51.100.7"));
    limits.leave(1);
    limits.leave(1);
    limits.leave(77);
    limits.enter(3, address("198.51.100.7"));
    QVERIFY(!limits.hasRoomFor(address("198.51.100.7")));
    QCOMPARE(limits.count(), std::size_t{2});
}

QTEST_APPLESS_MAIN(TestHalfOpenLimits)
#include "tst_half_open_limits.moc"
