#include "net/prefix_map.h"

#include <QTest>

#include <random>

using namespace gvpn;
using namespace gvpn::net;

class TestPrefixMap : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void emptyMapFindsNothing();
    void longestPrefixWins_data();
    void longestPrefixWins();
    void equalPrefixReplacesTheValue();
    void erasingUncoversTheOuterNetwork();
    void holdsValuesThatCanOnlyBeMoved();
    void agreesWithALinearScan();
};

namespace {

Prefix prefix(const char* text)
{
    return Prefix::parse(text).value();
}

IpAddress address(const char* text)
{
    return IpAddress::parse(text).value();
}

PrefixMap<std::string> nested()
{
    PrefixMap<std::string> map;
    for (const char* text : {"10.86.0.0/24", "10.0.0.0/8", "10.86.0.0/16", "10.86.0.7/32", "10.86.0.0/32",
                             "10.86.255.0/24", "192.168.0.0/16", "255.255.255.0/24", "255.255.255.255/32", "fd00::/8",
                             "fd00::/64", "fd00::1/128", "ffff::/16"})
        map.insert(prefix(text), text);
    return map;
}

}  // namespace

void TestPrefixMap::emptyMapFindsNothing()
{
    PrefixMap<int> map;
    QVERIFY(map.isEmpty());
    QVERIFY(map.find(address("10.0.0.1")) == nullptr);
    QVERIFY(map.find(address("fd00::1")) == nullptr);
    QVERIFY(!map.erase(prefix("10.0.0.0/8")));
}

void TestPrefixMap::longestPrefixWins_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("found");
    QTest::newRow("before all") << "0.0.0.0"
                                << "";
    QTest::newRow("just before") << "9.255.255.255"
                                 << "";
    QTest::newRow("first of the outer") << "10.0.0.0"
                                        << "10.0.0.0/8";
    QTest::newRow("before the middle") << "10.85.255.255"
                                       << "10.0.0.0/8";
    QTest::newRow("four networks begin here") << "10.86.0.0"
                                              << "10.86.0.0/32";
    QTest::newRow("innermost network") << "10.86.0.1"
                                       << "10.86.0.0/24";
    QTest::newRow("host") << "10.86.0.7"
                          << "10.86.0.7/32";
    QTest::newRow("behind the host") << "10.86.0.8"
                                     << "10.86.0.0/24";
    QTest::newRow("behind the inner") << "10.86.1.0"
                                      << "10.86.0.0/16";
    QTest::newRow("two networks end here") << "10.86.255.255"
                                           << "10.86.255.0/24";
    QTest::newRow("behind both") << "10.87.0.0"
                                 << "10.0.0.0/8";
    QTest::newRow("last of the outer") << "10.255.255.255"
                                       << "10.0.0.0/8";
    QTest::newRow("gap") << "11.0.0.0"
                         << "";
    QTest::newRow("next network") << "192.168.4.4"
                                  << "192.168.0.0/16";
    QTest::newRow("behind it") << "192.169.0.0"
                               << "";
    QTest::newRow("near the end") << "255.255.255.254"
                                  << "255.255.255.0/24";
    QTest::newRow("the last address") << "255.255.255.255"
                                      << "255.255.255.255/32";
    QTest::newRow("v6 zero") << "::"
                             << "";
    QTest::newRow("v6 host") << "fd00::1"
                             << "fd00::1/128";
    QTest::newRow("v6 inner") << "fd00::2"
                              << "fd00::/64";
    QTest::newRow("v6 outer") << "fd00:0:0:1::"
                              << "fd00::/8";
    QTest::newRow("v6 gap") << "fe00::"
                            << "";
    QTest::newRow("v6 last address") << "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
                                     << "ffff::/16";
    QTest::newRow("v6 mapped is no v4") << "::ffff:10.0.0.1"
                                        << "";
}

void TestPrefixMap::longestPrefixWins()
{
    QFETCH(QString, text);
    QFETCH(QString, found);
    const PrefixMap<std::string> map = nested();
    QCOMPARE(map.size(), 13U);
    const std::string* value = map.find(IpAddress::parse(text.toStdString()).value());
    QCOMPARE(value ? QString::fromStdString(*value) : QString(), found);
}

void TestPrefixMap::equalPrefixReplacesTheValue()
{
    PrefixMap<int> map;
    map.insert(prefix("10.0.0.0/8"), 1);
    map.insert(prefix("10.0.0.0/8"), 2);
    QCOMPARE(map.size(), 1U);
    QCOMPARE(*map.find(address("10.1.2.3")), 2);
}

void TestPrefixMap::erasingUncoversTheOuterNetwork()
{
    PrefixMap<int> map;
    map.insert(prefix("0.0.0.0/0"), 0);
    map.insert(prefix("10.0.0.0/8"), 8);
    QVERIFY(!map.erase(prefix("10.0.0.0/9")));
    QCOMPARE(*map.find(address("10.1.2.3")), 8);
    QVERIFY(map.erase(prefix("10.0.0.0/8")));
    QCOMPARE(*map.find(address("10.1.2.3")), 0);
    QVERIFY(map.erase(prefix("0.0.0.0/0")));
    QVERIFY(map.find(address("10.1.2.3")) == nullptr);
    QVERIFY(map.isEmpty());
}

void TestPrefixMap::holdsValuesThatCanOnlyBeMoved()
{
    PrefixMap<std::unique_ptr<int>> map;
    map.insert(prefix("10.0.0.0/8"), std::make_unique<int>(5));
    map.insert(prefix("9.0.0.0/8"), std::make_unique<int>(4));
    QCOMPARE(**map.find(address("10.0.0.1")), 5);
    QCOMPARE(**map.find(address("9.0.0.1")), 4);
}

void TestPrefixMap::agreesWithALinearScan()
{
    const auto seed = std::random_device()();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    // Few distinct bits, so that networks nest and touch.
    const auto anyAddress = [&random]() -> IpAddress {
        if (random() % 2 == 0)
            return IpAddress::fromIPv4((random() % 4 << 30) | (random() % 4 << 14) | random() % 8);
        IpAddress ip =
            IpAddress::parse(random() % 2 == 0 ? "fd00::" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0").value();
        return ip.plus(random() % 32);
    };
    for (int round = 0; round < 40; ++round) {
        PrefixMap<int> map;
        std::vector<std::pair<Prefix, int>> list;
        for (int i = 0; i < 40; ++i) {
            const IpAddress ip = anyAddress();
            const Prefix added(ip, static_cast<unsigned>(random() % (bitCount(ip.family()) + 1)));
            std::erase_if(list, [&](const auto& entry) { return entry.first == added; });
            list.emplace_back(added, i);
            map.insert(added, i);
            if (random() % 4 == 0) {
                const auto at = list.begin() + static_cast<std::ptrdiff_t>(random() % list.size());
                QVERIFY(map.erase(at->first));
                list.erase(at);
            }
        }
        QCOMPARE(map.size(), list.size());
        for (int i = 0; i < 200; ++i) {
            const IpAddress wanted = anyAddress();
            const std::pair<Prefix, int>* best = nullptr;
            for (const auto& entry : list)
                if (entry.first.contains(wanted) && (!best || entry.first.length() > best->first.length()))
                    best = &entry;
            const int* found = map.find(wanted);
            QCOMPARE(found != nullptr, best != nullptr);
            if (best)
                QCOMPARE(*found, best->second);
        }
    }
}

QTEST_APPLESS_MAIN(TestPrefixMap)
#include "tst_prefix_map.moc"
