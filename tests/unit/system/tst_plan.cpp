#include "system/nft_ruleset.h"
#include "system/operation.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::system;

namespace {

constexpr unsigned TunIndex = 9;
const QString Limit = QStringLiteral("limit segments of gvpn0 to 128 packets");

InterfaceInfo interface(const char* name, unsigned index, std::initializer_list<const char*> addresses)
{
    InterfaceInfo info;
    info.name = name;
    info.index = index;
    info.isUp = true;
    info.acceptRa = 1;
    for (const char* address : addresses)
        info.addresses.push_back(*net::InterfaceAddress::parse(address));
    return info;
}

RouteInfo route(const char* destination, unsigned interfaceIndex)
{
    RouteInfo info;
    info.destination = *net::Prefix::parse(destination);
    info.interfaceIndex = interfaceIndex;
    info.table = 254;
    return info;
}

/// An office box: eth0 to the internet, eth1 and eth2 to two LANs, a third one behind a router on eth2.
NetworkSnapshot office()
{
    NetworkSnapshot snapshot;
    snapshot.interfaces = {interface("lo", 1, {"127.0.0.1/8", "::1/128", "172.30.0.1/32"}),
                           interface("eth0", 2, {"203.0.113.5/24"}),
                           interface("eth1", 3, {"172.17.0.5/16", "fd00:17::5/64"}),
                           interface("eth2.5", 4, {"192.168.5.5/24"}), interface("gvpn0", TunIndex, {"10.86.0.1/24"})};
    snapshot.interfaces[0].isLoopback = true;
    snapshot.routes = {route("192.168.77.0/24", 4), route("172.31.0.0/16", TunIndex), route("172.30.0.0/16", 1)};
    snapshot.interfaces[3].acceptRa = 0;
    snapshot.hasForceForwarding = true;
    snapshot.defaultAcceptRa = 1;
    return snapshot;
}

NetworkConfig serverConfig(std::initializer_list<const char*> pools, std::initializer_list<const char*> lans)
{
    NetworkConfig config;
    config.interfaceName = "gvpn0";
    config.interfaceIndex = TunIndex;
    config.forwarding.emplace();
    for (const char* pool : pools)
        config.forwarding->tunnelNetworks.push_back(*net::Prefix::parse(pool));
    for (const char* lan : lans)
        config.forwarding->lanNetworks.push_back(*net::Prefix::parse(lan));
    return config;
}

NetworkConfig clientConfig()
{
    NetworkConfig config;
    config.interfaceName = "gvpn0";
    config.interfaceIndex = TunIndex;
    config.mtu = 1400;
    config.addresses = {*net::InterfaceAddress::parse("10.86.0.7/24"), *net::InterfaceAddress::parse("fd00:86::7/64")};
    config.routes = {*net::Prefix::parse("172.17.0.0/16"), *net::Prefix::parse("fd00:17::/64")};
    config.guardsAddresses = true;
    return config;
}

QStringList describeAll(const std::vector<Operation>& operations)
{
    QStringList texts;
    for (const Operation& operation : operations)
        texts.append(QString::fromStdString(describe(operation, "gvpn0")));
    return texts;
}

/// The paths, with "=2" only where the value is not 1.
QString switches(const std::vector<Operation>& operations)
{
    QStringList texts;
    for (const Operation& operation : operations) {
        if (const auto* found = std::get_if<SetSwitch>(&operation))
            texts.append(QString::fromStdString(found->value == "1" ? found->path : found->path + "=" + found->value));
    }
    return texts.join(u' ');
}

QString ruleset(const std::vector<Operation>& operations)
{
    for (const Operation& operation : operations) {
        if (const auto* table = std::get_if<LoadTable>(&operation))
            return QString::fromStdString(table->rulesetJson);
    }
    return {};
}

}  // namespace

class PlanTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void plansAClient();
    void guardsAddressesBeforeTheyAreThere();
    void guardsTheAddressesOfAServerInItsTable();
    void replacesTheGuardOfAnotherAddress();
    void loadsNoTableWithoutAddresses();
    void filtersBeforeItForwards();
    void switchesOnlyWhatIsNeeded_data();
    void switchesOnlyWhatIsNeeded();
    void leavesAloneWhatForwardsAlready();
    void guardsOnlyWhatItSwitchedOn();
    void letsGuardedBridgesBridge();
    void findsTheInterfacesThatLeadToALan_data();
    void findsTheInterfacesThatLeadToALan();
    void passesMasqueradingOn();
    void opensDockersChainLast();
    void namesTheInterfacesThatLeadToTheLan();
    void saysWhichLanIsNotThere_data();
    void saysWhichLanIsNotThere();
    void refusesNamesThatCantBeUsed_data();
    void refusesNamesThatCantBeUsed();
    void tellsTargetsApart();
};

void PlanTest::plansAClient()
{
    NetworkConfig config = clientConfig();
    config.guardsAddresses = false;
    const auto operations = plan(config, NetworkSnapshot());
    QVERIFY(operations.has_value());
    const QStringList expected{QStringLiteral("set MTU of gvpn0 to 1400"),
                               QStringLiteral("add address 10.86.0.7/24 to gvpn0"),
                               QStringLiteral("add address fd00:86::7/64 to gvpn0"),
                               Limit,
                               QStringLiteral("set gvpn0 up"),
                               QStringLiteral("add route 172.17.0.0/16 to gvpn0"),
                               QStringLiteral("add route fd00:17::/64 to gvpn0")};
    QCOMPARE(describeAll(*operations), expected);
}

void PlanTest::guardsAddressesBeforeTheyAreThere()
{
    const auto operations = plan(clientConfig(), NetworkSnapshot());
    QVERIFY(operations.has_value());
    const QStringList expected{QStringLiteral("set MTU of gvpn0 to 1400"),
                               QStringLiteral("load nftables table gvpn_gvpn0"),
                               QStringLiteral("add address 10.86.0.7/24 to gvpn0"),
                               QStringLiteral("add address fd00:86::7/64 to gvpn0"),
                               Limit,
                               QStringLiteral("set gvpn0 up"),
                               QStringLiteral("add route 172.17.0.0/16 to gvpn0"),
                               QStringLiteral("add route fd00:17::/64 to gvpn0")};
    QCOMPARE(describeAll(*operations), expected);
    TableSpec guard;
    guard.tunnelInterface = "gvpn0";
    guard.guardedAddresses = {*net::IpAddress::parse("10.86.0.7"), *net::IpAddress::parse("fd00:86::7")};
    const LoadTable table{"gvpn_gvpn0", makeRuleset(guard), true, ""};
    QVERIFY((*operations)[1] == Operation(table));
}

void PlanTest::guardsTheAddressesOfAServerInItsTable()
{
    NetworkConfig config = serverConfig({"10.86.0.0/24"}, {"172.17.0.0/16"});
    config.addresses = {*net::InterfaceAddress::parse("10.86.0.1/24")};
    QVERIFY(!ruleset(*plan(config, office())).contains(u"prerouting"));
    config.guardsAddresses = true;
    const auto operations = plan(config, office());
    QVERIFY(operations.has_value());
    QCOMPARE(describeAll(*operations).filter(QStringLiteral("load nftables table")).size(), 1);
    QVERIFY(ruleset(*operations).contains(u"prerouting") && ruleset(*operations).contains(u"masquerade"));
    // What it leaves behind may keep others from forwarding.
    QVERIFY(!std::get<LoadTable>((*operations)[1]).mayStayBehind);
}

void PlanTest::replacesTheGuardOfAnotherAddress()
{
    NetworkConfig config = clientConfig();
    const Operation first = (*plan(config, NetworkSnapshot()))[1];
    config.addresses[0] = *net::InterfaceAddress::parse("10.86.0.8/24");
    const Operation second = (*plan(config, NetworkSnapshot()))[1];
    QVERIFY(first != second && isSameTarget(first, second));
}

void PlanTest::loadsNoTableWithoutAddresses()
{
    NetworkConfig config = clientConfig();
    config.addresses.clear();
    QCOMPARE(ruleset(*plan(config, NetworkSnapshot())), QString());
}

void PlanTest::filtersBeforeItForwards()
{
    NetworkConfig config = serverConfig({"10.86.0.0/24"}, {"172.17.0.0/16"});
    config.addresses = {*net::InterfaceAddress::parse("10.86.0.1/24")};
    config.routes = {*net::Prefix::parse("10.87.0.0/16")};
    const auto operations = plan(config, office());
    QVERIFY(operations.has_value());
    const QStringList expected{QStringLiteral("set MTU of gvpn0 to 1500"),
                               QStringLiteral("load nftables table gvpn_gvpn0"),
                               QStringLiteral("add address 10.86.0.1/24 to gvpn0"),
                               Limit,
                               QStringLiteral("set gvpn0 up"),
                               QStringLiteral("add route 10.87.0.0/16 to gvpn0"),
                               QStringLiteral("put gvpn0 into link group 26486"),
                               QStringLiteral("set ipv4/conf/eth1/forwarding to 1"),
                               QStringLiteral("set ipv4/conf/gvpn0/forwarding to 1")};
    QCOMPARE(describeAll(*operations), expected);
}

void PlanTest::switchesOnlyWhatIsNeeded_data()
{
    using Texts = QStringList;
    QTest::addColumn<QStringList>("pools");
    QTest::addColumn<QStringList>("lans");
    QTest::addColumn<bool>("hasForceForwarding");
    QTest::addColumn<QString>("expected");
    const QString pool4 = QStringLiteral("10.86.0.0/24");
    const QString pool6 = QStringLiteral("fd00:86::/64");
    const QString lan4 = QStringLiteral("172.17.0.0/16");
    const QString lan6 = QStringLiteral("fd00:17::/64");
    const QString lan4Forwarding = QStringLiteral("ipv4/conf/eth1/forwarding ");
    const QString tun4Forwarding = QStringLiteral("ipv4/conf/gvpn0/forwarding");
    const QString forced = QStringLiteral("ipv6/conf/eth1/force_forwarding ipv6/conf/gvpn0/force_forwarding");
    const QString all =
        QStringLiteral("ipv6/conf/default/accept_ra=2 ipv6/conf/eth0/accept_ra=2 ipv6/conf/eth1/accept_ra=2 "
                       "ipv6/conf/all/forwarding");
    QTest::newRow("IPv4") << Texts{pool4} << Texts{lan4} << true << lan4Forwarding + tun4Forwarding;
    QTest::newRow("IPv6") << Texts{pool6} << Texts{lan6} << true << forced;
    QTest::newRow("IPv6, older kernel") << Texts{pool6} << Texts{lan6} << false << all;
    QTest::newRow("both") << Texts{pool4, pool6} << Texts{lan4, lan6} << true
                          << lan4Forwarding + tun4Forwarding + u' ' + forced;
    QTest::newRow("both, older kernel") << Texts{pool4, pool6} << Texts{lan4, lan6} << false
                                        << lan4Forwarding + tun4Forwarding + u' ' + all;
    QTest::newRow("an IPv6 LAN without a pool")
        << Texts{pool4} << Texts{lan4, lan6} << true << lan4Forwarding + tun4Forwarding;
    QTest::newRow("an IPv6 pool without a LAN")
        << Texts{pool4, pool6} << Texts{lan4} << true << lan4Forwarding + tun4Forwarding;
    QTest::newRow("no LAN") << Texts{pool4} << Texts{} << true << QString();
    QTest::newRow("two LANs") << Texts{pool4} << Texts{lan4, QStringLiteral("192.168.5.0/24")} << true
                              << lan4Forwarding + QStringLiteral("ipv4/conf/eth2.5/forwarding ") + tun4Forwarding;
    QTest::newRow("two LANs of one interface")
        << Texts{pool4} << Texts{QStringLiteral("172.17.4.0/24"), lan4} << true << lan4Forwarding + tun4Forwarding;
    QTest::newRow("one address of a LAN")
        << Texts{pool4} << Texts{QStringLiteral("172.17.4.9/32")} << true << lan4Forwarding + tun4Forwarding;
    QTest::newRow("a LAN behind a router") << Texts{pool4} << Texts{QStringLiteral("192.168.77.0/24")} << true
                                           << QStringLiteral("ipv4/conf/eth2.5/forwarding ") + tun4Forwarding;
}

void PlanTest::switchesOnlyWhatIsNeeded()
{
    QFETCH(QStringList, pools);
    QFETCH(QStringList, lans);
    QFETCH(bool, hasForceForwarding);
    QFETCH(QString, expected);
    NetworkConfig config = serverConfig({}, {});
    for (const QString& pool : pools)
        config.forwarding->tunnelNetworks.push_back(*net::Prefix::parse(pool.toStdString()));
    for (const QString& lan : lans)
        config.forwarding->lanNetworks.push_back(*net::Prefix::parse(lan.toStdString()));
    NetworkSnapshot snapshot = office();
    snapshot.hasForceForwarding = hasForceForwarding;
    const auto operations = plan(config, snapshot);
    QVERIFY(operations.has_value());
    QCOMPARE(switches(*operations), expected);
}

void PlanTest::leavesAloneWhatForwardsAlready()
{
    const NetworkConfig config = serverConfig({"10.86.0.0/24", "fd00:86::/64"}, {"172.17.0.0/16", "fd00:17::/64"});
    NetworkSnapshot snapshot = office();
    for (InterfaceInfo& info : snapshot.interfaces) {
        info.forwardsIPv4 = true;
        info.forcesForwardingIPv6 = true;
    }
    QCOMPARE(switches(*plan(config, snapshot)), QString());
    QVERIFY(!ruleset(*plan(config, snapshot)).contains(u"nfproto"));

    for (InterfaceInfo& info : snapshot.interfaces)
        info.forcesForwardingIPv6 = false;
    snapshot.forwardsAllIPv6 = true;
    QCOMPARE(switches(*plan(config, snapshot)), QString());
    snapshot.hasForceForwarding = false;
    QCOMPARE(switches(*plan(config, snapshot)), QString());
    QVERIFY(!ruleset(*plan(config, snapshot)).contains(u"nfproto"));
}

void PlanTest::guardsOnlyWhatItSwitchedOn()
{
    const NetworkConfig config =
        serverConfig({"10.86.0.0/24", "fd00:86::/64"}, {"172.17.0.0/16", "192.168.5.0/24", "fd00:17::/64"});
    NetworkSnapshot snapshot = office();
    snapshot.interfaces[2].forwardsIPv4 = true;
    TableSpec expected;
    expected.tunnelInterface = "gvpn0";
    expected.forwarding.emplace();
    expected.forwarding->tunnelNetworks = config.forwarding->tunnelNetworks;
    expected.forwarding->lanNetworks = config.forwarding->lanNetworks;
    expected.forwarding->lanInterfaces = {"eth1", "eth2.5"};
    expected.forwarding->guardedIPv4 = {"eth2.5"};
    expected.forwarding->guardedIPv6 = {"eth1", "eth2.5"};
    QCOMPARE(ruleset(*plan(config, snapshot)), QString::fromStdString(makeRuleset(expected)));

    snapshot.hasForceForwarding = false;
    expected.forwarding->guardedIPv6.clear();
    expected.forwarding->guardsAllIPv6 = true;
    QCOMPARE(ruleset(*plan(config, snapshot)), QString::fromStdString(makeRuleset(expected)));
}

void PlanTest::letsGuardedBridgesBridge()
{
    const NetworkConfig config = serverConfig({"10.86.0.0/24", "fd00:86::/64"}, {"172.17.0.0/16", "fd00:17::/64"});
    NetworkSnapshot snapshot = office();
    snapshot.interfaces[1].kind = "bridge";
    snapshot.interfaces[2].kind = "bridge";
    TableSpec expected;
    expected.tunnelInterface = "gvpn0";
    expected.forwarding.emplace();
    expected.forwarding->tunnelNetworks = config.forwarding->tunnelNetworks;
    expected.forwarding->lanNetworks = config.forwarding->lanNetworks;
    expected.forwarding->lanInterfaces = {"eth1"};
    expected.forwarding->guardedIPv4 = {"eth1"};
    expected.forwarding->guardedIPv6 = {"eth1"};
    expected.forwarding->bridges = {"eth1"};
    QCOMPARE(ruleset(*plan(config, snapshot)), QString::fromStdString(makeRuleset(expected)));

    snapshot.hasForceForwarding = false;
    expected.forwarding->guardedIPv6.clear();
    expected.forwarding->guardsAllIPv6 = true;
    expected.forwarding->bridges = {"eth0", "eth1"};
    QCOMPARE(ruleset(*plan(config, snapshot)), QString::fromStdString(makeRuleset(expected)));
}

void PlanTest::findsTheInterfacesThatLeadToALan_data()
{
    QTest::addColumn<QString>("lan");
    QTest::addColumn<QStringList>("routes");
    QTest::addColumn<QString>("expected");
    const QString wanDefault = QStringLiteral("0.0.0.0/0 2");
    QTest::newRow("one part of it") << "10.0.0.0/8" << QStringList{wanDefault, QStringLiteral("10.1.0.0/16 3")}
                                    << "eth1";
    QTest::newRow("two parts of it") << "10.0.0.0/8"
                                     << QStringList{QStringLiteral("10.1.0.0/16 3"), QStringLiteral("10.2.0.0/16 4")}
                                     << "eth1 eth2.5";
    QTest::newRow("on the link, with a default route") << "172.16.0.0/12" << QStringList{wanDefault} << "eth1";
    QTest::newRow("on the link and routed")
        << "172.16.0.0/12" << QStringList{wanDefault, QStringLiteral("172.20.0.0/16 4")} << "eth1 eth2.5";
    QTest::newRow("two ways") << "10.1.0.0/16"
                              << QStringList{QStringLiteral("10.1.0.0/16 3"), QStringLiteral("10.1.0.0/16 4")}
                              << "eth1 eth2.5";
    QTest::newRow("by a route to more") << "10.1.0.0/16" << QStringList{wanDefault, QStringLiteral("10.0.0.0/8 3")}
                                        << "eth1";
    QTest::newRow("by the narrowest route to more")
        << "10.1.0.0/16" << QStringList{QStringLiteral("0.0.0.0/1 2"), QStringLiteral("10.0.0.0/8 3")} << "eth1";
    QTest::newRow("only the default route") << "10.0.0.0/8" << QStringList{wanDefault} << "eth0";
    QTest::newRow("the other family's route")
        << "10.0.0.0/8" << QStringList{wanDefault, QStringLiteral("::/1 3")} << "eth0";
}

void PlanTest::findsTheInterfacesThatLeadToALan()
{
    QFETCH(QString, lan);
    QFETCH(QStringList, routes);
    QFETCH(QString, expected);
    NetworkSnapshot snapshot = office();
    for (const QString& text : routes) {
        const QStringList words = text.split(u' ');
        snapshot.routes.push_back(route(words.at(0).toLatin1().constData(), words.at(1).toUInt()));
    }
    // Another table is for whom rules send there.
    snapshot.routes.push_back(route("10.9.0.0/16", 2));
    snapshot.routes.back().table = 100;
    const auto operations = plan(serverConfig({"10.99.0.0/24"}, {lan.toLatin1().constData()}), snapshot);
    QVERIFY(operations.has_value());
    QStringList names = switches(*operations).split(u' ');
    for (QString& name : names)
        name = name.section(u'/', 2, 2);
    QCOMPARE(names.join(u' '), expected + QStringLiteral(" gvpn0"));
}

void PlanTest::opensDockersChainLast()
{
    NetworkConfig config = serverConfig({"10.86.0.0/24", "fd86::/64"}, {"172.17.0.0/16"});
    const std::vector<Operation> before = *plan(config, office());
    config.forwarding->dockerFamilies = {net::Family::IPv6};
    const std::vector<Operation> after = *plan(config, office());
    QCOMPARE(after.size(), before.size() + 1);
    QVERIFY(std::equal(before.begin(), before.end(), after.begin()));
    QVERIFY(after.back()
            == Operation(AddDockerRules{net::Family::IPv6, "gvpn0", {*net::Prefix::parse("fd86::/64")}, ""}));
    QCOMPARE(QString::fromStdString(describe(after.back(), "gvpn0")),
             QStringLiteral("add rules for gvpn0 to chain DOCKER-USER of table ip6 filter"));
}

void PlanTest::namesTheInterfacesThatLeadToTheLan()
{
    const NetworkConfig config = serverConfig({"10.86.0.0/24"}, {"172.17.0.0/16"});
    QCOMPARE(*findLanInterfaces(config, office()), (std::vector<std::string>{"eth1"}));
    QVERIFY(findLanInterfaces(clientConfig(), office())->empty());
    QVERIFY(!findLanInterfaces(serverConfig({"10.86.0.0/24"}, {"172.31.0.0/16"}), NetworkSnapshot()));
}

void PlanTest::passesMasqueradingOn()
{
    NetworkConfig config = serverConfig({"10.86.0.0/24"}, {"172.17.0.0/16"});
    QVERIFY(ruleset(*plan(config, office())).contains(u"masquerade"));
    config.forwarding->masquerades = false;
    QVERIFY(!ruleset(*plan(config, office())).contains(u"masquerade"));
}

void PlanTest::saysWhichLanIsNotThere_data()
{
    QTest::addColumn<QString>("lan");
    QTest::newRow("nowhere") << "192.168.99.0/24";
    QTest::newRow("only through the tunnel") << "172.31.0.0/16";
    QTest::newRow("the tunnel's own") << "10.86.0.0/24";
    QTest::newRow("only on the loopback interface") << "172.30.0.0/16";
    QTest::newRow("the other family") << "fd00:18::/64";
}

void PlanTest::saysWhichLanIsNotThere()
{
    QFETCH(QString, lan);
    const auto operations =
        plan(serverConfig({"10.99.0.0/24"}, {"172.17.0.0/16", lan.toLatin1().constData()}), office());
    QVERIFY(!operations);
    QCOMPARE(operations.error().code, ErrorCode::NotFound);
    QCOMPARE(
        QString::fromStdString(operations.error().context),
        QStringLiteral("no interface leads to the LAN network %1; connect this computer to it, or add a route to it")
            .arg(lan));
}

void PlanTest::refusesNamesThatCantBeUsed_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name :
         {"", ".", "..", "a/b", "../x", "a b", "eth*", "a\"b", "a\\b", "a:b", "a\nb", "sixteenletters__", "\xc3\xa9"})
        QTest::newRow(name) << QString::fromUtf8(name);
}

void PlanTest::refusesNamesThatCantBeUsed()
{
    QFETCH(QString, name);
    NetworkConfig config = serverConfig({"10.86.0.0/24"}, {"172.17.0.0/16"});
    NetworkSnapshot snapshot = office();
    snapshot.interfaces[2].name = name.toStdString();
    QCOMPARE(plan(config, snapshot).error().code, ErrorCode::InvalidArgument);
    config.interfaceName = name.toStdString();
    QCOMPARE(plan(config, office()).error().code, ErrorCode::InvalidArgument);
    config.forwarding.reset();
    QCOMPARE(plan(config, office()).error().code, ErrorCode::InvalidArgument);
}

void PlanTest::tellsTargetsApart()
{
    const net::Prefix network = *net::Prefix::parse("10.0.0.0/8");
    QVERIFY(isSameTarget(SetMtu{1, 1400}, SetMtu{1, 1500}));
    QVERIFY(!isSameTarget(SetMtu{1, 1400}, SetMtu{2, 1400}));
    QVERIFY(isSameTarget(LimitSegments{1, 128}, LimitSegments{1, 64}));
    QVERIFY(!isSameTarget(LimitSegments{1, 128}, LimitSegments{2, 128}));
    QVERIFY(isSameTarget(LoadTable{"a", "x", false, ""}, LoadTable{"a", "y", true, "00ff"}));
    QVERIFY(!isSameTarget(LoadTable{"a", "x", false, ""}, LoadTable{"b", "x", false, ""}));
    QVERIFY(isSameTarget(SetSwitch{"p", "1"}, SetSwitch{"p", "2"}));
    QVERIFY(!isSameTarget(SetSwitch{"p", "1"}, SetSwitch{"q", "1"}));
    QVERIFY(isSameTarget(AddRoute{1, network}, AddRoute{1, network}));
    QVERIFY(!isSameTarget(AddRoute{1, network}, AddRoute{2, network}));
    QVERIFY(isSameTarget(SetLinkGroup{1, 0}, SetLinkGroup{1, 5}));
    const AddDockerRules rules{net::Family::IPv4, "gvpn0", {*net::Prefix::parse("10.86.0.0/24")}, "a"};
    QVERIFY(isSameTarget(rules, AddDockerRules{net::Family::IPv4, "gvpn0", {}, "a"}));
    QVERIFY(!isSameTarget(rules, AddDockerRules{net::Family::IPv4, "gvpn0", {}, "b"}));
    QVERIFY(!isSameTarget(rules, AddDockerRules{net::Family::IPv6, "gvpn0", {}, "a"}));
    QVERIFY(!isSameTarget(rules, AddDockerRules{net::Family::IPv4, "gvpn1", {}, "a"}));
    QVERIFY(!isSameTarget(SetLinkUp{1}, SetMtu{1, 0}));
}

QTEST_APPLESS_MAIN(PlanTest)

#include "tst_plan.moc"
