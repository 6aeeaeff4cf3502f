#include "server/network_choice.h"
#include "support/packets.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using gvpn::test::interfaceAddress;
using gvpn::test::network;

namespace {

system::InterfaceInfo interface(std::string name, std::initializer_list<std::string_view> addresses,
                                std::string kind = {})
{
    system::InterfaceInfo made;
    made.name = std::move(name);
    made.kind = std::move(kind);
    made.isUp = true;
    for (const std::string_view text : addresses)
        made.addresses.push_back(interfaceAddress(text));
    return made;
}

system::RouteInfo route(std::string_view destination, unsigned table = 254)
{
    system::RouteInfo made;
    made.destination = network(destination);
    made.table = table;
    return made;
}

system::NetworkSnapshot snapshotOf(std::vector<system::InterfaceInfo> interfaces)
{
    system::NetworkSnapshot snapshot;
    snapshot.interfaces = std::move(interfaces);
    return snapshot;
}

/// An office: one wired interface with a private network, and loopback.
system::NetworkSnapshot office()
{
    system::InterfaceInfo loopback = interface("lo", {"127.0.0.1/8", "::1/128"});
    loopback.isLoopback = true;
    return snapshotOf({loopback, interface("eth0", {"192.168.1.10/24", "fe80::1/64"})});
}

std::vector<net::Prefix> networks(std::initializer_list<std::string_view> texts)
{
    std::vector<net::Prefix> made;
    for (const std::string_view text : texts)
        made.push_back(network(text));
    return made;
}

std::uint64_t zero()
{
    return 0;
}

}  // namespace

class TestNetworkChoice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void choosesTheLan_data();
    void choosesTheLan();
    void saysWhatItSkipped();
    void namesANetworkOnce();
    void leavesOutInterfacesThatAreDownOrLoopback();
    void anAskedPoolIsUsed();
    void aBadPoolIsRefused_data();
    void aBadPoolIsRefused();
    void takesTheUsualPool();
    void takesTheRememberedPool();
    void doesNotTakeWhatIsInUse_data();
    void doesNotTakeWhatIsInUse();
    void ignoresTheDefaultRouteAndOtherTables();
    void choosesIPv6OnlyForAnIPv6Lan();
    void choosesTheFamilyThatWasNotAskedFor();
    void givesUpWhenNothingIsFree();
    void v1ReachesTheFirstIPv4Network();
    void whatItIsOnAndRelaysAreShared();
    void prefersAGlobalIPv4Address_data();
    void prefersAGlobalIPv4Address();
    void takesAContainersAddressOnlyIfItsNetworkWasNamed();
};

void TestNetworkChoice::choosesTheLan_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<bool>("isPointToPoint");
    QTest::addColumn<QString>("address");
    QTest::addColumn<bool>("isLan");
    const auto row = [](const char* name, const char* kind, const char* address, bool isLan, bool isP2p = false) {
        QTest::addRow("%s %s %s%s", name, kind, address, isP2p ? " point-to-point" : "")
            << name << kind << isP2p << address << isLan;
    };
    row("eth0", "", "192.168.1.10/24", true);
    row("eth0", "", "10.1.2.3/8", true);
    row("eth0", "", "172.31.255.1/16", true);
    row("wlan0", "", "192.168.1.10/24", true);
    row("br0", "bridge", "192.168.1.10/24", true);
    row("bond0", "bond", "192.168.1.10/24", true);
    row("eth0.7", "vlan", "192.168.1.10/24", true);
    row("eth0", "", "fd00:1::5/64", true);
    row("eth0", "", "203.0.113.5/24", false);
    row("eth0", "", "172.32.0.1/16", false);
    row("eth0", "", "172.16.0.1/11", false);
    row("eth0", "", "169.254.3.4/16", false);
    row("eth0", "", "100.64.0.5/10", false);
    row("eth0", "", "fe80::5/64", false);
    row("eth0", "", "2001:db8::5/64", false);
    row("eth0", "", "192.168.1.10/32", false);
    row("eth0", "", "fd00:1::5/128", false);
    row("docker0", "bridge", "172.17.0.1/16", false);
    row("br-0123456789ab", "bridge", "172.18.0.1/16", false);
    row("virbr0", "bridge", "192.168.122.1/24", false);
    row("veth12ab", "veth", "10.5.0.1/24", false);
    row("eth0", "veth", "10.5.0.1/24", false);
    row("gvpn0", "tun", "10.86.0.1/24", false);
    row("ppp0", "", "10.9.0.1/24", false, true);
    row("wg0", "wireguard", "10.9.0.1/24", false, true);
}

void TestNetworkChoice::choosesTheLan()
{
    QFETCH(QString, name);
    QFETCH(QString, kind);
    QFETCH(bool, isPointToPoint);
    QFETCH(QString, address);
    QFETCH(bool, isLan);
    system::InterfaceInfo one = interface(name.toStdString(), {address.toStdString()}, kind.toStdString());
    one.isPointToPoint = isPointToPoint;
    const LanChoice choice = chooseLan(snapshotOf({one}));
    const std::vector<net::Prefix> expected =
        isLan ? std::vector{interfaceAddress(address.toStdString()).prefix()} : std::vector<net::Prefix>();
    QVERIFY(choice.networks == expected);
}

void TestNetworkChoice::saysWhatItSkipped()
{
    system::NetworkSnapshot snapshot = office();
    snapshot.interfaces.push_back(interface("docker0", {"172.17.0.1/16"}, "bridge"));
    snapshot.interfaces.push_back(interface("virbr0", {"192.168.122.1/24"}, "bridge"));
    snapshot.interfaces.push_back(interface("tun3", {"10.8.0.1/24"}, "tun"));
    const LanChoice choice = chooseLan(snapshot);
    QVERIFY(choice.networks == networks({"192.168.1.0/24"}));
    QCOMPARE(choice.skipped.size(), std::size_t{3});
    QVERIFY(choice.skipped[0].network == network("172.17.0.0/16"));
    QCOMPARE(choice.skipped[0].reason, std::string("docker0 belongs to containers"));
    QCOMPARE(choice.skipped[1].reason, std::string("virbr0 belongs to virtual machines"));
    QCOMPARE(choice.skipped[2].reason, std::string("tun3 is a tunnel"));
}

void TestNetworkChoice::namesANetworkOnce()
{
    system::NetworkSnapshot snapshot = office();
    snapshot.interfaces.push_back(interface("wlan0", {"192.168.1.11/24", "10.3.0.1/16"}));
    QVERIFY(chooseLan(snapshot).networks == networks({"192.168.1.0/24", "10.3.0.0/16"}));
}

void TestNetworkChoice::leavesOutInterfacesThatAreDownOrLoopback()
{
    system::InterfaceInfo down = interface("eth1", {"10.3.0.1/16"});
    down.isUp = false;
    system::InterfaceInfo loopback = interface("lo", {"10.4.0.1/16"});
    loopback.isLoopback = true;
    const LanChoice choice = chooseLan(snapshotOf({down, loopback}));
    QVERIFY(choice.networks.empty());
    QVERIFY(choice.skipped.empty());
}

void TestNetworkChoice::anAskedPoolIsUsed()
{
    const PoolRequest request{networks({"fd00:9::/64", "182.1.1.0/24"}), networks({"10.86.0.0/24"}),
                              networks({"192.168.1.0/24"})};
    const auto pools = choosePools(request, office(), zero);
    QVERIFY(pools);
    QVERIFY(*pools == networks({"182.1.1.0/24", "fd00:9::/64"}));
}

void TestNetworkChoice::aBadPoolIsRefused_data()
{
    QTest::addColumn<QStringList>("asked");
    QTest::addColumn<QString>("why");
    const auto row = [](const char* name, const QStringList& asked, const char* why) {
        QTest::newRow(name) << asked << QString::fromLatin1(why);
    };
    row("equals the LAN", {QStringLiteral("172.17.0.0/16")}, "overlaps the LAN network 172.17.0.0/16");
    row("inside the LAN", {QStringLiteral("172.17.3.0/24")}, "overlaps the LAN network 172.17.0.0/16");
    row("around the LAN", {QStringLiteral("172.0.0.0/8")}, "overlaps the LAN network 172.17.0.0/16");
    row("where this computer is", {QStringLiteral("192.168.1.0/24")}, "overlaps 192.168.1.0/24 on eth0");
    row("inside of where this computer is", {QStringLiteral("192.168.1.128/25")}, "overlaps 192.168.1.0/24 on eth0");
    row("too short", {QStringLiteral("0.0.0.0/7")}, "the length must be 8 to 30");
    row("a pair", {QStringLiteral("10.9.9.0/31")}, "the length must be 8 to 30");
    row("one address", {QStringLiteral("10.9.9.1/32")}, "the length must be 8 to 30");
    row("too short in IPv6", {QStringLiteral("fc00::/7")}, "the length must be 16 to 126");
    row("a pair in IPv6", {QStringLiteral("fd00:9::/127")}, "the length must be 16 to 126");
    row("loopback", {QStringLiteral("127.9.0.0/16")}, "reserved");
    row("link-local", {QStringLiteral("169.254.0.0/16")}, "reserved");
    row("multicast", {QStringLiteral("224.0.0.0/8")}, "reserved");
    row("unspecified", {QStringLiteral("0.0.0.0/8")}, "reserved");
    row("around link-local", {QStringLiteral("169.0.0.0/8")}, "reserved");
    row("with the broadcast address", {QStringLiteral("255.0.0.0/8")}, "reserved");
    row("link-local in IPv6", {QStringLiteral("fe80::/64")}, "reserved");
    row("multicast in IPv6", {QStringLiteral("ff00::/16")}, "reserved");
    row("two of IPv4", {QStringLiteral("10.9.0.0/24"), QStringLiteral("10.8.0.0/24")}, "second of its family");
    row("two of IPv6", {QStringLiteral("fd00:9::/64"), QStringLiteral("fd00:8::/64")}, "second of its family");
    row("the second is bad", {QStringLiteral("10.9.0.0/24"), QStringLiteral("fe80::/64")}, "fe80::/64");
}

void TestNetworkChoice::aBadPoolIsRefused()
{
    QFETCH(QStringList, asked);
    QFETCH(QString, why);
    PoolRequest request;
    for (const QString& text : asked)
        request.asked.push_back(network(text.toStdString()));
    request.lanNetworks = networks({"172.17.0.0/16"});
    const auto pools = choosePools(request, office(), zero);
    QVERIFY(!pools);
    QVERIFY(pools.error().code == ErrorCode::InvalidArgument);
    const QString context = QString::fromStdString(pools.error().context);
    QVERIFY2(context.contains(why), qPrintable(context));
    QVERIFY2(context.startsWith(QStringLiteral("--cidr ") + asked.last())
                 || context.startsWith(QStringLiteral("--cidr ") + asked.first()),
             qPrintable(context));
}

void TestNetworkChoice::takesTheUsualPool()
{
    const auto pools = choosePools({{}, {}, networks({"192.168.1.0/24"})}, office(), zero);
    QVERIFY(pools);
    QVERIFY(*pools == networks({"10.86.0.0/24"}));
}

void TestNetworkChoice::takesTheRememberedPool()
{
    const auto pools =
        choosePools({{}, networks({"10.99.3.0/24", "fd12::/64"}), networks({"192.168.1.0/24"})}, office(), zero);
    QVERIFY(pools);
    QVERIFY(*pools == networks({"10.99.3.0/24"}));
}

void TestNetworkChoice::doesNotTakeWhatIsInUse_data()
{
    QTest::addColumn<QString>("lan");
    QTest::addColumn<QString>("onLink");
    QTest::addColumn<QString>("routed");
    QTest::addColumn<QString>("remembered");
    QTest::newRow("the usual one is in the LAN") << "10.0.0.0/8"
                                                 << ""
                                                 << ""
                                                 << "";
    QTest::newRow("the usual one is on-link") << "192.168.1.0/24"
                                              << "10.86.0.77/16"
                                              << ""
                                              << "";
    QTest::newRow("the usual one is routed") << "192.168.1.0/24"
                                             << ""
                                             << "10.80.0.0/12"
                                             << "";
    QTest::newRow("the remembered one is in the LAN") << "10.99.0.0/16"
                                                      << "10.86.0.77/16"
                                                      << ""
                                                      << "10.99.3.0/24";
    QTest::newRow("the remembered one is on-link") << "192.168.1.0/24"
                                                   << "10.64.3.4/10"
                                                   << ""
                                                   << "10.99.3.0/24";
    QTest::newRow("the remembered one is routed") << "192.168.1.0/24"
                                                  << "10.86.0.77/16"
                                                  << "10.99.3.128/25"
                                                  << "10.99.3.0/24";
}

void TestNetworkChoice::doesNotTakeWhatIsInUse()
{
    QFETCH(QString, lan);
    QFETCH(QString, onLink);
    QFETCH(QString, routed);
    QFETCH(QString, remembered);
    system::NetworkSnapshot snapshot = office();
    if (!onLink.isEmpty())
        snapshot.interfaces.push_back(interface("eth1", {onLink.toStdString()}));
    if (!routed.isEmpty())
        snapshot.routes.push_back(route(routed.toStdString()));
    PoolRequest request;
    request.lanNetworks = networks({lan.toStdString()});
    if (!remembered.isEmpty())
        request.remembered = networks({remembered.toStdString()});
    std::uint64_t calls = 0;
    const auto pools = choosePools(request, snapshot, [&calls] { return calls++ * 0x101; });
    QVERIFY(pools);
    QVERIFY(calls > 0);
    QCOMPARE(pools->size(), std::size_t{1});
    const net::Prefix pool = pools->front();
    QCOMPARE(pool.length(), 24U);
    QVERIFY(pool.isPrivate());
    QVERIFY(!pool.overlaps(network(lan.toStdString())));
    QVERIFY(onLink.isEmpty() || !pool.overlaps(interfaceAddress(onLink.toStdString()).prefix()));
    QVERIFY(routed.isEmpty() || !pool.overlaps(network(routed.toStdString())));
}

void TestNetworkChoice::ignoresTheDefaultRouteAndOtherTables()
{
    system::NetworkSnapshot snapshot = office();
    snapshot.routes = {route("0.0.0.0/0"), route("::/0"), route("10.86.0.0/24", 52)};
    const auto pools = choosePools({{}, {}, networks({"192.168.1.0/24"})}, snapshot, zero);
    QVERIFY(pools);
    QVERIFY(*pools == networks({"10.86.0.0/24"}));
}

void TestNetworkChoice::choosesIPv6OnlyForAnIPv6Lan()
{
    const auto pools = choosePools({{}, {}, networks({"192.168.1.0/24", "fd00:17::/64"})}, office(),
                                   [] { return 0x1122334455667788U; });
    QVERIFY(pools);
    QVERIFY(*pools == networks({"10.86.0.0/24", "fd22:3344:5566:7788::/64"}));
    const auto remembered = choosePools({{}, networks({"fd12::/64"}), networks({"fd00:17::/64"})}, office(), zero);
    QVERIFY(remembered);
    QVERIFY(remembered->back() == network("fd12::/64"));
}

void TestNetworkChoice::choosesTheFamilyThatWasNotAskedFor()
{
    const auto ipv6Only = choosePools({networks({"fd00:9::/64"}), {}, networks({"fd00:17::/64"})}, office(), zero);
    QVERIFY(ipv6Only);
    QVERIFY(*ipv6Only == networks({"fd00:9::/64"}));
    const auto both =
        choosePools({networks({"182.1.1.0/24"}), {}, networks({"172.17.0.0/16", "fd00:17::/64"})}, office(), zero);
    QVERIFY(both);
    QCOMPARE(both->size(), std::size_t{2});
    QVERIFY(both->front() == network("182.1.1.0/24"));
    QCOMPARE(both->back().length(), 64U);
    QVERIFY(both->back().isPrivate());
}

void TestNetworkChoice::givesUpWhenNothingIsFree()
{
    int calls = 0;
    const auto everything = networks({"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"});
    const auto pools = choosePools({{}, {}, everything}, office(), [&calls] {
        ++calls;
        return std::uint64_t{5};
    });
    QVERIFY(!pools);
    QVERIFY(pools.error().code == ErrorCode::NotFound);
    QVERIFY(pools.error().context.find("--cidr") != std::string::npos);
    QVERIFY(calls > 1 && calls < 10'000);
}

void TestNetworkChoice::v1ReachesTheFirstIPv4Network()
{
    const auto lans = networks({"fd00:17::/64", "172.17.0.0/16", "10.1.0.0/16"});
    const auto bypass = chooseV1Bypass(lans, networks({"fd86::/64", "10.86.0.0/24"}));
    QVERIFY(bypass);
    QVERIFY(*bypass == network("172.17.0.0/16"));
    for (const auto& refused : {chooseV1Bypass(networks({"fd00:17::/64"}), networks({"10.86.0.0/24"})),
                                chooseV1Bypass(lans, networks({"fd86::/64"}))}) {
        QVERIFY(!refused);
        QVERIFY(refused.error().code == ErrorCode::NotFound);
        QVERIFY(refused.error().context.starts_with("--allow-v1 needs"));
    }
}

void TestNetworkChoice::whatItIsOnAndRelaysAreShared()
{
    const auto snapshot = snapshotOf({interface("eth0", {"203.0.113.5/24", "2001:db8::5/64"})});
    QVERIFY(sharedSources(snapshot, networks({"198.51.100.0/24"}))
            == networks({"198.51.100.0/24", "203.0.113.0/24", "2001:db8::/64"}));
}

void TestNetworkChoice::prefersAGlobalIPv4Address_data()
{
    QTest::addColumn<QStringList>("addresses");
    QTest::addColumn<QString>("chosen");
    QTest::addColumn<bool>("isGlobal");
    const auto list = [](std::initializer_list<const char*> texts) {
        QStringList made;
        for (const char* text : texts)
            made.append(QString::fromLatin1(text));
        return made;
    };
    QTest::newRow("private") << list({"192.168.1.10/24"}) << "192.168.1.10" << false;
    QTest::newRow("global behind private") << list({"192.168.1.10/24", "203.0.113.5/24"}) << "203.0.113.5" << true;
    QTest::newRow("global before private") << list({"203.0.113.5/24", "192.168.1.10/24"}) << "203.0.113.5" << true;
    QTest::newRow("global IPv6 beats private IPv4")
        << list({"192.168.1.10/24", "2001:db8::5/64"}) << "2001:db8::5" << true;
    QTest::newRow("global IPv4 beats global IPv6")
        << list({"2001:db8::5/64", "203.0.113.5/24"}) << "203.0.113.5" << true;
    QTest::newRow("private IPv4 beats private IPv6") << list({"fd00::5/64", "10.0.0.5/8"}) << "10.0.0.5" << false;
    QTest::newRow("link-local is none") << list({"169.254.1.1/16", "fe80::1/64"}) << "" << false;
    QTest::newRow("nothing") << QStringList() << "" << false;
}

void TestNetworkChoice::prefersAGlobalIPv4Address()
{
    QFETCH(QStringList, addresses);
    QFETCH(QString, chosen);
    QFETCH(bool, isGlobal);
    system::InterfaceInfo wired = interface("eth0", {});
    for (const QString& text : addresses)
        wired.addresses.push_back(interfaceAddress(text.toStdString()));
    system::InterfaceInfo down = interface("eth1", {"198.51.100.1/24"});
    down.isUp = false;
    const auto own = chooseOwnAddress(snapshotOf({down, interface("docker0", {"172.17.0.1/16"}), wired}), {});
    QCOMPARE(own.has_value(), !chosen.isEmpty());
    if (!own)
        return;
    QCOMPARE(QString::fromStdString(own->address.toString()), chosen);
    QCOMPARE(own->isGlobal, isGlobal);
}

void TestNetworkChoice::takesAContainersAddressOnlyIfItsNetworkWasNamed()
{
    const system::NetworkSnapshot snapshot = snapshotOf({interface("docker0", {"172.17.0.1/16"})});
    QVERIFY(!chooseOwnAddress(snapshot, networks({"172.18.0.0/16"})));
    const auto own = chooseOwnAddress(snapshot, networks({"172.17.0.0/16"}));
    QVERIFY(own);
    QCOMPARE(own->address.toString(), std::string("172.17.0.1"));
    QVERIFY(!own->isGlobal);
}

QTEST_APPLESS_MAIN(TestNetworkChoice)
#include "tst_network_choice.moc"
