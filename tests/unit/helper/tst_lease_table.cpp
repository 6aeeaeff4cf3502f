#include "helper/lease_table.h"

#include "bus/contract.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::helper;

namespace {

const Caller Alice{":1.1", 1000};
const Caller Bob{":1.2", 1001};

std::vector<net::Prefix> prefixes(const QString& text)
{
    std::vector<net::Prefix> list;
    for (const QString& one : text.split(u' ', Qt::SkipEmptyParts))
        list.push_back(net::Prefix::parse(one.toStdString()).value());
    return list;
}

bus::NamesRequest names(const QString& domains, const char* server = "172.17.0.53")
{
    bus::NamesRequest request;
    request.servers = {net::IpAddress::parse(server).value()};
    for (const QString& one : domains.split(u' ', Qt::SkipEmptyParts)) {
        if (one == u"~.")
            request.takesAllNames = true;
        else
            request.domains.push_back(one.toStdString());
    }
    return request;
}

Caller user(unsigned id)
{
    return {":1." + std::to_string(id), id};
}

LeaseId addGranted(LeaseTable& table, const Caller& caller)
{
    const LeaseId id = table.add(caller).value();
    if (!table.grant(id))
        qFatal("no room");
    return id;
}

}  // namespace

class TestLeaseTable : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void leasesBelongToTheirCaller();
    void aUserHasThreeAtMost();
    void thereAreEightAtMost();
    void whoIsNotGrantedAnythingTakesNobodysPlace();
    void theLastPlaceIsGrantedOnce();
    void oneThatIsBeingUndoneStillCounts();
    void networksCollide_data();
    void networksCollide();
    void aRefusalChangesNothing();
    void newNetworksComeBesideTheOldOnes();
    void ownNetworksAreNoCollision();
    void networksAreFreeAgain();
    void namesCollide_data();
    void namesCollide();
    void whoIsRefusedHasNoNames();
    void namesAreFreeAgain();
    void knowsTheNameServersOfAll();
};

void TestLeaseTable::leasesBelongToTheirCaller()
{
    LeaseTable table;
    const LeaseId id = table.add(Alice).value();
    QVERIFY(id != 0);
    QVERIFY(table.checkOwner(id, Alice.busName).has_value());
    QCOMPARE(table.checkOwner(id, Bob.busName).error().code, ErrorCode::NotFound);
    QCOMPARE(table.checkOwner(id, {}).error().code, ErrorCode::NotFound);
    QCOMPARE(table.checkOwner(id + 1, Alice.busName).error().code, ErrorCode::NotFound);
    QCOMPARE(table.ownedBy(Alice.busName), std::vector{id});
    QVERIFY(table.ownedBy(Bob.busName).empty());
    table.remove(id);
    QCOMPARE(table.checkOwner(id, Alice.busName).error().code, ErrorCode::NotFound);
    QVERIFY(table.isEmpty());
    QVERIFY(table.add(Alice).value() != id);
}

void TestLeaseTable::aUserHasThreeAtMost()
{
    LeaseTable table;
    // Another program of the same user.
    const Caller second{":1.9", Alice.user};
    const LeaseId first = table.add(Alice).value();
    for (std::size_t i = 1; i < bus::MaxLeasesOfUser; ++i)
        QVERIFY(table.add(second).has_value());
    QCOMPARE(table.add(Alice).error().code, ErrorCode::LimitExceeded);
    QVERIFY(table.add(Bob).has_value());
    table.remove(first);
    QVERIFY(table.add(Alice).has_value());
}

void TestLeaseTable::thereAreEightAtMost()
{
    LeaseTable table;
    for (unsigned i = 0; i < bus::MaxLeases; ++i)
        static_cast<void>(addGranted(table, user(i)));
    QCOMPARE(table.add(user(99)).error().code, ErrorCode::LimitExceeded);
}

void TestLeaseTable::whoIsNotGrantedAnythingTakesNobodysPlace()
{
    LeaseTable table;
    for (unsigned i = 0; i < 2 * bus::MaxLeases; ++i)
        QVERIFY(table.add(user(i)).has_value());
    QVERIFY(table.grant(table.add(Alice).value()).has_value());
}

void TestLeaseTable::theLastPlaceIsGrantedOnce()
{
    LeaseTable table;
    LeaseId last = 0;
    for (unsigned i = 1; i < bus::MaxLeases; ++i)
        last = addGranted(table, user(i));
    const LeaseId alice = table.add(Alice).value();
    const LeaseId bob = table.add(Bob).value();
    QVERIFY(table.grant(bob).has_value());
    QCOMPARE(table.grant(alice).error().code, ErrorCode::LimitExceeded);
    // What is being undone is still there.
    table.orphan(last);
    QCOMPARE(table.grant(alice).error().code, ErrorCode::LimitExceeded);
    table.remove(last);
    QVERIFY(table.grant(alice).has_value());
}

void TestLeaseTable::oneThatIsBeingUndoneStillCounts()
{
    LeaseTable table;
    for (std::size_t i = 0; i < bus::MaxLeasesOfUser; ++i)
        table.orphan(table.add(Alice).value());
    QVERIFY(table.ownedBy(Alice.busName).empty());
    QCOMPARE(table.add(Alice).error().code, ErrorCode::LimitExceeded);
}

void TestLeaseTable::networksCollide_data()
{
    QTest::addColumn<QString>("held");
    QTest::addColumn<QString>("wanted");
    QTest::addColumn<bool>("collide");
    QTest::newRow("equal") << "172.17.0.0/16"
                           << "172.17.0.0/16" << true;
    QTest::newRow("inside") << "172.16.0.0/12"
                            << "172.17.4.0/24" << true;
    QTest::newRow("around") << "172.17.4.0/24"
                            << "172.16.0.0/12" << true;
    QTest::newRow("one of several") << "10.1.0.0/16 10.2.0.0/16"
                                    << "10.3.0.0/16 10.2.7.0/24" << true;
    QTest::newRow("IPv6") << "fd00:17::/64"
                          << "fd00:17::/48" << true;
    QTest::newRow("neighbours") << "172.17.0.0/16"
                                << "172.18.0.0/16" << false;
    QTest::newRow("families") << "172.17.0.0/16"
                              << "fd00:17::/64" << false;
    QTest::newRow("nothing") << ""
                             << "172.17.0.0/16" << false;
}

void TestLeaseTable::networksCollide()
{
    QFETCH(const QString, held);
    QFETCH(const QString, wanted);
    QFETCH(const bool, collide);
    LeaseTable table;
    const LeaseId alice = table.add(Alice).value();
    const LeaseId bob = table.add(Bob).value();
    table.setInterface(alice, "gvpn0");
    QVERIFY(table.takeNetworks(alice, prefixes(held)).has_value());
    const auto taken = table.takeNetworks(bob, prefixes(wanted));
    QCOMPARE(taken.has_value(), !collide);
    if (!taken) {
        QCOMPARE(taken.error().code, ErrorCode::AlreadyExists);
        QVERIFY(taken.error().context.find("gvpn0") != std::string::npos);
    }
}

void TestLeaseTable::aRefusalChangesNothing()
{
    LeaseTable table;
    const LeaseId alice = table.add(Alice).value();
    const LeaseId bob = table.add(Bob).value();
    QVERIFY(table.takeNetworks(alice, prefixes(QStringLiteral("10.1.0.0/16"))).has_value());
    QVERIFY(table.takeNetworks(bob, prefixes(QStringLiteral("10.2.0.0/16"))).has_value());
    QVERIFY(!table.takeNetworks(bob, prefixes(QStringLiteral("10.3.0.0/16 10.1.0.0/24"))).has_value());
    QCOMPARE(table.networks(bob), prefixes(QStringLiteral("10.2.0.0/16")));
}

void TestLeaseTable::newNetworksComeBesideTheOldOnes()
{
    LeaseTable table;
    const LeaseId alice = table.add(Alice).value();
    const LeaseId bob = table.add(Bob).value();
    const auto first = prefixes(QStringLiteral("10.1.0.0/16"));
    const auto second = prefixes(QStringLiteral("10.2.0.0/16"));
    QVERIFY(table.takeNetworks(alice, first).has_value());
    QVERIFY(table.takeNetworks(alice, second).has_value());
    QVERIFY(!table.takeNetworks(bob, first).has_value());
    QVERIFY(!table.takeNetworks(bob, second).has_value());
    table.keepNetworks(alice, second);
    QVERIFY(!table.takeNetworks(bob, second).has_value());
    QVERIFY(table.takeNetworks(bob, first).has_value());
}

void TestLeaseTable::ownNetworksAreNoCollision()
{
    LeaseTable table;
    const LeaseId alice = table.add(Alice).value();
    QVERIFY(table.takeNetworks(alice, prefixes(QStringLiteral("10.1.0.0/16"))).has_value());
    QVERIFY(table.takeNetworks(alice, prefixes(QStringLiteral("10.1.0.0/16 10.1.2.0/24"))).has_value());
    // Her other tunnel is another lease.
    QVERIFY(!table.takeNetworks(table.add(Alice).value(), prefixes(QStringLiteral("10.1.0.0/16"))).has_value());
}

void TestLeaseTable::networksAreFreeAgain()
{
    LeaseTable table;
    const std::vector<net::Prefix> networks = prefixes(QStringLiteral("10.1.0.0/16"));
    const LeaseId bob = table.add(Bob).value();
    for (const bool isRemoved : {true, false}) {
        const LeaseId alice = table.add(Alice).value();
        QVERIFY(table.takeNetworks(alice, networks).has_value());
        if (isRemoved)
            table.remove(alice);
        else
            table.orphan(alice);
        QVERIFY(table.takeNetworks(bob, networks).has_value());
        table.keepNetworks(bob, {});
    }
}

void TestLeaseTable::namesCollide_data()
{
    QTest::addColumn<QString>("held");
    QTest::addColumn<QString>("wanted");
    QTest::addColumn<bool>("collideForOne");
    QTest::addColumn<bool>("collideForTwo");
    const auto row = [](const char* name, const char* held, const char* wanted, bool forOne, bool forTwo) {
        QTest::newRow(name) << QString::fromLatin1(held) << QString::fromLatin1(wanted) << forOne << forTwo;
    };
    row("equal", "office.example", "office.example", true, true);
    row("one of several", "a.example b.example", "c.example b.example", true, true);
    row("below", "office.example", "berlin.office.example", false, true);
    row("around", "www.office.example", "office.example", false, true);
    row("another that ends so", "office.example", "myoffice.example", false, false);
    row("siblings", "a.example", "b.example", false, false);
    row("all names", "~.", "~.", true, true);
    row("all names and some", "~.", "office.example", false, false);
    row("some and all names", "office.example", "~.", false, false);
    row("nothing", "", "office.example", false, false);
}

void TestLeaseTable::namesCollide()
{
    QFETCH(const QString, held);
    QFETCH(const QString, wanted);
    QFETCH(const bool, collideForOne);
    QFETCH(const bool, collideForTwo);
    for (const Caller& other : {Alice, Bob}) {
        LeaseTable table;
        const LeaseId first = table.add(Alice).value();
        table.setInterface(first, "gvpn0");
        const LeaseId second = table.add(other).value();
        QVERIFY(table.takeNames(first, names(held)).has_value());
        const auto taken = table.takeNames(second, names(wanted));
        QCOMPARE(taken.has_value(), !(other == Alice ? collideForOne : collideForTwo));
        if (!taken) {
            QCOMPARE(taken.error().code, ErrorCode::AlreadyExists);
            QVERIFY(taken.error().context.find("gvpn0") != std::string::npos);
        }
    }
}

void TestLeaseTable::whoIsRefusedHasNoNames()
{
    LeaseTable table;
    const LeaseId alice = table.add(Alice).value();
    const LeaseId bob = table.add(Bob).value();
    QVERIFY(table.takeNames(alice, names(QStringLiteral("a.example"))).has_value());
    QVERIFY(table.takeNames(bob, names(QStringLiteral("b.example"))).has_value());
    QVERIFY(!table.takeNames(bob, names(QStringLiteral("c.example a.example"))).has_value());
    QVERIFY(table.takeNames(alice, names(QStringLiteral("a.example b.example c.example"))).has_value());
}

void TestLeaseTable::namesAreFreeAgain()
{
    LeaseTable table;
    const bus::NamesRequest wanted = names(QStringLiteral("office.example"));
    const LeaseId bob = table.add(Bob).value();
    for (const int way : {0, 1, 2, 3}) {
        const LeaseId alice = table.add(Alice).value();
        QVERIFY(table.takeNames(alice, wanted).has_value());
        QVERIFY(!table.takeNames(bob, wanted).has_value());
        if (way == 0)
            table.dropNames(alice);
        else if (way == 1)
            QVERIFY(table.takeNames(alice, {}).has_value());
        else if (way == 2)
            table.orphan(alice);
        else
            table.remove(alice);
        QVERIFY(table.takeNames(bob, wanted).has_value());
        table.dropNames(bob);
        table.remove(alice);
    }
}

void TestLeaseTable::knowsTheNameServersOfAll()
{
    LeaseTable table;
    const LeaseId alice = table.add(Alice).value();
    const LeaseId bob = table.add(Bob).value();
    QVERIFY(table.nameServers().empty());
    QVERIFY(table.takeNames(alice, names(QStringLiteral("a.example"), "10.1.0.1")).has_value());
    QVERIFY(table.takeNames(bob, names(QStringLiteral("b.example"), "10.2.0.1")).has_value());
    QCOMPARE(table.nameServers().size(), std::size_t{2});
    table.dropNames(alice);
    QCOMPARE(table.nameServers(), std::vector{net::IpAddress::parse("10.2.0.1").value()});
}

QTEST_GUILESS_MAIN(TestLeaseTable)
#include "tst_lease_table.moc"
