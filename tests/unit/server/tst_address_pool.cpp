#include "server/address_pool.h"
#include "support/packets.h"

#include <QtTest>

#include <set>

using namespace gvpn;
using namespace gvpn::server;
using gvpn::test::address;
using gvpn::test::network;

namespace {

Pin device(std::uint64_t number)
{
    // As a hash would do it: neighbours are far apart.
    std::array<std::byte, Pin::SizeBytes> hash{};
    writeBigEndian<std::uint64_t>(hash, 0, number * 0x9E3779B97F4A7C15U);
    writeBigEndian<std::uint64_t>(hash, 8, number);
    return Pin(hash);
}

int faultOf(const tl::expected<void, AddressFault>& result)
{
    return result ? -1 : static_cast<int>(result.error());
}

}  // namespace

class TestAddressPool : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theServerTakesTheFirstAddress();
    void checksAddresses_data();
    void checksAddresses();
    void aTakenAddressCannotBeTaken();
    void anAbsentDevicesAddressCanBeTaken();
    void aDeviceKeepsItsAddress();
    void aDeviceKeepsTheAddressThatItAskedFor();
    void theFirstChoiceSurvivesARestart();
    void aDeviceThatLostItsAddressGetsAnother();
    void aDeviceCanHaveTwoLiveAddresses();
    void isExhausted_data();
    void isExhausted();
    void forgetsTheLongestAbsentOnly();
    void forgettingTheLongestAbsentFollowsTheLastUse();
    void remembersABoundedNumberOfAbsentDevices();
    void worksInALargeIPv6Network();
    void tenThousandClientsGetDifferentAddresses();
    void releaseOfAForeignAddressIsHarmless();
};

void TestAddressPool::theServerTakesTheFirstAddress()
{
    QCOMPARE(AddressPool(network("10.86.0.0/24")).gateway().toString(), std::string("10.86.0.1/24"));
    QCOMPARE(AddressPool(network("fd00:86::/64")).gateway().toString(), std::string("fd00:86::1/64"));
}

void TestAddressPool::checksAddresses_data()
{
    QTest::addColumn<QString>("pool");
    QTest::addColumn<QString>("wanted");
    QTest::addColumn<int>("fault");
    const auto row = [](const char* name, const char* pool, const char* wanted, AddressFault fault) {
        QTest::newRow(name) << pool << wanted << static_cast<int>(fault);
    };
    row("outside", "10.86.0.0/24", "10.86.1.5", AddressFault::Outside);
    row("another family", "10.86.0.0/24", "fd00::5", AddressFault::Outside);
    row("an IPv4-mapped address", "10.86.0.0/24", "::ffff:10.86.0.5", AddressFault::Outside);
    row("network", "10.86.0.0/24", "10.86.0.0", AddressFault::Network);
    row("broadcast", "10.86.0.0/24", "10.86.0.255", AddressFault::Broadcast);
    row("gateway", "10.86.0.0/24", "10.86.0.1", AddressFault::Gateway);
    row("broadcast of /30", "10.86.0.4/30", "10.86.0.7", AddressFault::Broadcast);
    row("network of /16", "10.86.0.0/16", "10.86.0.0", AddressFault::Network);
    row("the router anycast of IPv6", "fd00:86::/64", "fd00:86::", AddressFault::Network);
    row("gateway of IPv6", "fd00:86::/64", "fd00:86::1", AddressFault::Gateway);
    QTest::newRow("a host") << "10.86.0.0/24"
                            << "10.86.0.254" << -1;
    QTest::newRow("the only host of /30") << "10.86.0.4/30"
                                          << "10.86.0.6" << -1;
    QTest::newRow("x.0 in the middle of /16") << "10.86.0.0/16"
                                              << "10.86.7.0" << -1;
    QTest::newRow("the last address of IPv6") << "fd00:86::/64"
                                              << "fd00:86::ffff:ffff:ffff:ffff" << -1;
}

void TestAddressPool::checksAddresses()
{
    QFETCH(QString, pool);
    QFETCH(QString, wanted);
    QFETCH(int, fault);
    AddressPool addresses(network(pool.toStdString()));
    const net::IpAddress candidate = address(wanted.toStdString());
    QCOMPARE(faultOf(addresses.check(candidate)), fault);
    QCOMPARE(faultOf(addresses.take(candidate, device(1))), fault);
    QCOMPARE(addresses.holder(candidate) != nullptr, fault == -1);
}

void TestAddressPool::aTakenAddressCannotBeTaken()
{
    AddressPool pool(network("10.86.0.0/24"));
    const net::IpAddress wanted = address("10.86.0.7");
    QVERIFY(pool.take(wanted, device(1)));
    QCOMPARE(faultOf(pool.take(wanted, device(2))), static_cast<int>(AddressFault::Taken));
    QCOMPARE(faultOf(pool.take(wanted, device(1))), static_cast<int>(AddressFault::Taken));
    QVERIFY(pool.holder(wanted) != nullptr && *pool.holder(wanted) == device(1));
}

void TestAddressPool::anAbsentDevicesAddressCanBeTaken()
{
    AddressPool pool(network("10.86.0.0/24"));
    const net::IpAddress wanted = address("10.86.0.7");
    QVERIFY(pool.take(wanted, device(1)));
    pool.release(wanted);
    QVERIFY(pool.holder(wanted) == nullptr);
    QVERIFY(pool.take(wanted, device(2)));
    QVERIFY(*pool.holder(wanted) == device(2));
    const auto other = pool.takeAny(device(1));
    QVERIFY(other && *other != wanted);
}

void TestAddressPool::aDeviceKeepsItsAddress()
{
    AddressPool pool(network("10.86.0.0/24"));
    const auto first = pool.takeAny(device(1));
    QVERIFY(first);
    pool.release(*first);
    for (std::uint64_t i = 2; i < 100; ++i)
        QVERIFY(pool.takeAny(device(i)) != *first);
    QVERIFY(pool.takeAny(device(1)) == *first);
}

void TestAddressPool::aDeviceKeepsTheAddressThatItAskedFor()
{
    AddressPool pool(network("10.86.0.0/24"));
    const auto first = pool.takeAny(device(1));
    QVERIFY(first);
    pool.release(*first);
    const net::IpAddress wanted = *first == address("10.86.0.99") ? address("10.86.0.98") : address("10.86.0.99");
    QVERIFY(pool.take(wanted, device(1)));
    pool.release(wanted);
    QVERIFY(pool.takeAny(device(1)) == wanted);
}

void TestAddressPool::theFirstChoiceSurvivesARestart()
{
    std::vector<net::IpAddress> before;
    for (const bool isRestarted : {false, true}) {
        AddressPool pool(network("10.86.0.0/16"));
        for (std::uint64_t i = 0; i < 20; ++i) {
            const auto taken = pool.takeAny(device(i));
            QVERIFY(taken);
            if (isRestarted)
                QVERIFY(*taken == before[i]);
            else
                before.push_back(*taken);
        }
    }
}

void TestAddressPool::aDeviceThatLostItsAddressGetsAnother()
{
    AddressPool pool(network("10.86.0.0/24"));
    const auto first = pool.takeAny(device(1));
    QVERIFY(first);
    pool.release(*first);
    QVERIFY(pool.take(*first, device(2)));
    const auto second = pool.takeAny(device(1));
    QVERIFY(second && *second != *first);
    QVERIFY(*pool.holder(*first) == device(2));
}

void TestAddressPool::aDeviceCanHaveTwoLiveAddresses()
{
    AddressPool pool(network("10.86.0.0/24"));
    const auto first = pool.takeAny(device(1));
    const auto second = pool.takeAny(device(1));
    QVERIFY(first && second && *first != *second);
    QVERIFY(*pool.holder(*first) == device(1) && *pool.holder(*second) == device(1));
    pool.release(*first);
    QVERIFY(pool.holder(*first) == nullptr && pool.holder(*second) != nullptr);
    pool.release(*second);
    QVERIFY(pool.takeAny(device(1)) == *second);
}

void TestAddressPool::isExhausted_data()
{
    QTest::addColumn<QString>("pool");
    QTest::addColumn<int>("hosts");
    QTest::newRow("/30") << "10.86.0.0/30" << 1;
    QTest::newRow("/29") << "10.86.0.0/29" << 5;
    QTest::newRow("/24") << "10.86.0.0/24" << 253;
    QTest::newRow("/126") << "fd00:86::/126" << 2;
    QTest::newRow("/120") << "fd00:86::/120" << 254;
}

void TestAddressPool::isExhausted()
{
    QFETCH(QString, pool);
    QFETCH(int, hosts);
    AddressPool addresses(network(pool.toStdString()));
    std::set<net::IpAddress> taken;
    for (int i = 0; i < hosts; ++i) {
        const auto one = addresses.takeAny(device(static_cast<std::uint64_t>(i)));
        QVERIFY(one);
        QVERIFY(addresses.network().contains(*one));
        taken.insert(*one);
    }
    QCOMPARE(static_cast<int>(taken.size()), hosts);
    const auto none = addresses.takeAny(device(9999));
    QVERIFY(!none);
    QVERIFY(none.error() == AddressFault::Exhausted);
    addresses.release(*taken.begin());
    QVERIFY(addresses.takeAny(device(9999)) == *taken.begin());
}

void TestAddressPool::forgetsTheLongestAbsentOnly()
{
    AddressPool pool(network("10.86.0.0/29"));
    std::vector<net::IpAddress> held;
    for (std::uint64_t i = 0; i < 5; ++i)
        held.push_back(*pool.takeAny(device(i)));
    pool.release(held[3]);
    pool.release(held[1]);
    pool.release(held[4]);
    QVERIFY(pool.takeAny(device(100)) == held[3]);
    QVERIFY(pool.takeAny(device(1)) == held[1]);
    QVERIFY(pool.takeAny(device(101)) == held[4]);
    QVERIFY(!pool.takeAny(device(3)));
}

void TestAddressPool::forgettingTheLongestAbsentFollowsTheLastUse()
{
    AddressPool pool(network("10.86.0.0/29"));
    std::vector<net::IpAddress> held;
    for (std::uint64_t i = 0; i < 5; ++i)
        held.push_back(*pool.takeAny(device(i)));
    for (const net::IpAddress& one : held)
        pool.release(one);
    // 0 was here again since; now 1 is the longest absent.
    QVERIFY(pool.takeAny(device(0)) == held[0]);
    pool.release(held[0]);
    QVERIFY(pool.takeAny(device(100)) == held[1]);
}

void TestAddressPool::remembersABoundedNumberOfAbsentDevices()
{
    AddressPool pool(network("10.0.0.0/8"));
    const auto first = pool.takeAny(device(0));
    QVERIFY(first);
    pool.release(*first);
    for (std::uint64_t i = 1; i <= AddressPool::MaxLeases; ++i) {
        const auto one = pool.takeAny(device(i));
        QVERIFY(one);
    }
    // The lease of the first was given up, so its address is anybody's, and there is no live one to be lost.
    QVERIFY(pool.holder(*first) == nullptr);
    QVERIFY(pool.take(*first, device(1'000'000)));
}

void TestAddressPool::worksInALargeIPv6Network()
{
    AddressPool pool(network("fd00:86::/64"));
    std::set<net::IpAddress> taken;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const auto one = pool.takeAny(device(i));
        QVERIFY(one && pool.check(*one));
        QVERIFY(taken.insert(*one).second);
    }
    AddressPool restarted(network("fd00:86::/64"));
    const auto again = restarted.takeAny(device(500));
    QVERIFY(again && taken.contains(*again));
}

void TestAddressPool::tenThousandClientsGetDifferentAddresses()
{
    // A fairly full pool: the search for a free address must not go through all of it each time.
    AddressPool pool(network("10.86.0.0/18"));
    std::set<net::IpAddress> taken;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        const auto one = pool.takeAny(device(i));
        QVERIFY(one);
        taken.insert(*one);
    }
    QCOMPARE(taken.size(), std::size_t{10'000});
}

void TestAddressPool::releaseOfAForeignAddressIsHarmless()
{
    AddressPool pool(network("10.86.0.0/24"));
    pool.release(address("10.86.0.9"));
    pool.release(address("192.168.0.1"));
    QVERIFY(pool.holder(address("10.86.0.9")) == nullptr);
    QVERIFY(pool.take(address("10.86.0.9"), device(1)));
}

QTEST_APPLESS_MAIN(TestAddressPool)
#include "tst_address_pool.moc"
