#include "client/route_policy.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;

namespace {

net::Prefix prefix(const char* text)
{
    return net::Prefix::parse(text).value();
}

std::vector<net::Prefix> prefixes(const char* text)
{
    std::vector<net::Prefix> result;
    for (const QByteArray& part : QByteArray(text).split(' ')) {
        if (!part.isEmpty())
            result.push_back(prefix(part.constData()));
    }
    return result;
}

net::IpAddress address(const char* text)
{
    return net::IpAddress::parse(text).value();
}

system::InterfaceInfo interface(const char* name, unsigned index, const char* addressText)
{
    system::InterfaceInfo result;
    result.name = name;
    result.index = index;
    result.isUp = true;
    result.addresses = {net::InterfaceAddress::parse(addressText).value()};
    return result;
}

system::RouteInfo route(const char* destination, unsigned index, const char* gateway = nullptr)
{
    system::RouteInfo result;
    result.destination = prefix(destination);
    result.interfaceIndex = index;
    result.table = 254;
    if (gateway != nullptr)
        result.gateway = address(gateway);
    return result;
}

/// At home: 192.168.1.0/24 behind a router, another VPN, our own TUN of an earlier connection, a bridge that is down.
system::NetworkSnapshot home()
{
    system::NetworkSnapshot result;
    auto loopback = interface("lo", 1, "127.0.0.1/8");
    loopback.isLoopback = true;
    auto down = interface("br0", 5, "10.99.0.1/16");
    down.isUp = false;
    result.interfaces = {loopback, interface("wlan0", 2, "192.168.1.23/24"), interface("gvpn0", 3, "10.86.0.2/24"),
                         interface("wg0", 4, "10.5.0.2/32"), down};
    result.interfaces[1].addresses.push_back(net::InterfaceAddress::parse("fd11:1::23/64").value());
    result.routes = {route("0.0.0.0/0", 2, "192.168.1.1"), route("192.168.1.0/24", 2), route("10.5.0.0/16", 4),
                     route("172.20.0.0/16", 3), route("0.0.0.0/0", 4, "10.200.0.1")};
    result.routes[4].table = 51820;
    // An uplink with DHCPv6, whose address says nothing of its neighbours, and a VPN that takes everything by halves.
    result.interfaces.push_back(interface("eth1", 6, "fd22::5/128"));
    result.routes.push_back(route("fd22::/64", 6));
    result.routes.push_back(route("128.0.0.0/1", 4, "10.201.0.1"));
    auto other = interface("tun5", 7, "10.60.0.2/30");
    other.isPointToPoint = true;
    result.interfaces.push_back(other);
    result.routes.push_back(route("10.61.0.0/16", 7));
    result.resolvers = {address("10.1.1.53"), address("127.0.0.53")};
    return result;
}

}  // namespace

class TestRoutePolicy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void judgesOneRoute_data();
    void judgesOneRoute();
    void keepsTheOrderOfTheOthers();
    void leavesOutWhatTheTunnelNetworkCovers();
    void checksTheTunnelNetwork_data();
    void checksTheTunnelNetwork();
    void takesAPublicTunnelNetworkOnlyWhenItIsMeant_data();
    void takesAPublicTunnelNetworkOnlyWhenItIsMeant();
    void knowsWhatIsNeverRouted_data();
    void knowsWhatIsNeverRouted();
};

void TestRoutePolicy::judgesOneRoute_data()
{
    QTest::addColumn<QByteArray>("routeText");
    QTest::addColumn<bool>("isAuto");
    QTest::addColumn<QByteArray>("named");
    QTest::addColumn<std::optional<SkipReason>>("reason");
    QTest::addColumn<std::string>("detail");
    using Reason = std::optional<SkipReason>;
    const auto row = [](const char* name, const char* text, bool isAuto, const char* named, Reason reason,
                        const char* detail = "") {
        QTest::newRow(name) << QByteArray(text) << isAuto << QByteArray(named) << reason << std::string(detail);
    };
    const Reason taken;
    row("private", "172.17.0.0/16", true, "", taken);
    row("private IPv6", "fd99::/48", true, "", taken);
    row("equals the LAN", "192.168.1.0/24", true, "", SkipReason::LocalNetwork, "192.168.1.0/24 on wlan0");
    row("contains the LAN", "192.168.0.0/16", true, "", SkipReason::LocalNetwork, "192.168.1.0/24 on wlan0");
    row("inside the LAN", "192.168.1.128/25", true, "", SkipReason::LocalNetwork, "192.168.1.0/24 on wlan0");
    row("inside the IPv6 LAN", "fd11:1::/80", true, "", SkipReason::LocalNetwork, "fd11:1::/64 on wlan0");
    row("beside the LAN", "192.168.2.0/24", true, "", taken);
    row("another VPN's address", "10.5.0.0/24", true, "", SkipReason::LocalNetwork, "10.5.0.2/32 on wg0");
    row("on an interface that is down", "10.99.0.0/16", true, "", taken);
    row("our own TUN's", "172.20.0.0/16", true, "", taken);
    row("holds the resolver", "10.1.0.0/16", true, "", SkipReason::HoldsResolver, "10.1.1.53");
    row("another resolver's network", "10.2.0.0/16", true, "", taken);
    row("holds the gateway of another table", "10.200.0.0/16", true, "", SkipReason::HoldsGateway, "10.200.0.1");
    row("holds the gateway of one half", "10.201.0.0/16", true, "", SkipReason::HoldsGateway, "10.201.0.1");
    row("beside those gateways", "10.202.0.0/16", true, "", taken);
    row("neighbours only by route", "fd22::/64", true, "", SkipReason::LocalNetwork, "fd22::5/128 on eth1");
    row("around such neighbours", "fd22::/48", true, "", SkipReason::LocalNetwork, "fd22::5/128 on eth1");
    row("inside such neighbours", "fd22::8000:0:0:0/65", true, "", SkipReason::LocalNetwork, "fd22::/64 on eth1");
    row("part of another VPN's route", "10.61.1.0/24", true, "", taken);
    row("another VPN's route", "10.61.0.0/16", true, "", SkipReason::AlreadyRouted, "tun5");
    row("holds the server", "10.77.0.0/16", true, "", SkipReason::HoldsServer, "10.77.3.3");
    row("named, holds the server", "10.77.0.0/16", true, "10.77.0.0/16", SkipReason::HoldsServer, "10.77.3.3");
    row("public", "198.51.100.0/24", true, "", SkipReason::Public);
    row("public, named", "198.51.100.0/24", true, "198.51.100.0/24", taken);
    row("public, inside a named one", "198.51.100.0/24", false, "198.51.0.0/16", taken);
    row("public, wider than the named one", "198.51.0.0/16", true, "198.51.100.0/24", SkipReason::Public);
    row("half private", "172.0.0.0/8", true, "", SkipReason::Public);
    row("none", "172.17.0.0/16", false, "", SkipReason::NotWanted);
    row("not named", "172.17.0.0/16", false, "10.0.0.0/8", SkipReason::NotWanted);
    row("named, inside the LAN", "192.168.1.128/25", false, "192.168.1.128/25", taken);
    row("named, equals another route", "192.168.1.0/24", false, "192.168.1.0/24", SkipReason::AlreadyRouted, "wlan0");
    row("named, equals a VPN's route", "10.5.0.0/16", false, "10.5.0.0/16", SkipReason::AlreadyRouted, "wg0");
    row("named, holds the resolver", "10.1.0.0/16", false, "10.1.0.0/16", taken);
    row("named, holds a gateway", "10.200.0.0/16", false, "10.200.0.0/16", taken);
    row("inside a named one", "10.50.0.0/16", false, "10.0.0.0/8", taken);
    row("inside a named one, holds the resolver", "10.1.0.0/16", false, "10.0.0.0/8", SkipReason::HoldsResolver,
        "10.1.1.53");
    row("inside a named one and the LAN", "192.168.1.128/25", true, "192.168.0.0/16", SkipReason::LocalNetwork,
        "192.168.1.0/24 on wlan0");
    row("inside a named one, holds the server", "10.77.0.0/16", false, "10.0.0.0/8", SkipReason::HoldsServer,
        "10.77.3.3");
    row("the server alone", "10.77.3.3/32", true, "", SkipReason::HoldsServer, "10.77.3.3");
    row("everything", "0.0.0.0/0", true, "", SkipReason::NeverRouted);
    row("half of everything, named", "128.0.0.0/1", false, "128.0.0.0/1", SkipReason::NeverRouted);
    row("the other half", "0.0.0.0/1", true, "", SkipReason::NeverRouted);
    row("IPv6 half", "8000::/1", true, "", SkipReason::NeverRouted);
    row("all of IPv6", "::/0", true, "", SkipReason::NeverRouted);
    row("the stub resolver's address", "127.0.0.53/32", true, "127.0.0.53/32", SkipReason::NeverRouted);
    row("IPv6 link-local", "fe80::/64", true, "", SkipReason::NeverRouted);
    row("IPv6 multicast", "ff00::/8", true, "", SkipReason::NeverRouted);
    row("loopback", "127.0.0.0/8", true, "", SkipReason::NeverRouted);
    row("multicast", "239.0.0.0/8", true, "", SkipReason::NeverRouted);
    row("link-local", "169.254.0.0/16", true, "", SkipReason::NeverRouted);
}

void TestRoutePolicy::judgesOneRoute()
{
    QFETCH(QByteArray, routeText);
    QFETCH(bool, isAuto);
    QFETCH(QByteArray, named);
    QFETCH(std::optional<SkipReason>, reason);
    net::TunnelSettings settings;
    settings.addresses = {net::InterfaceAddress::parse("10.86.0.2/24").value()};
    settings.routes = {prefix(routeText.constData())};
    const system::NetworkSnapshot network = home();
    const RouteDecision decision =
        decideRoutes(settings, {isAuto, prefixes(named.constData())}, {network, address("10.77.3.3"), "gvpn0"});
    if (!reason) {
        QVERIFY2(decision.skipped.empty(), "skipped");
        QCOMPARE(decision.accepted, settings.routes);
        return;
    }
    QVERIFY(decision.accepted.empty());
    QCOMPARE(decision.skipped.size(), std::size_t{1});
    QCOMPARE(decision.skipped[0].reason, *reason);
    QTEST(decision.skipped[0].detail, "detail");
}

void TestRoutePolicy::keepsTheOrderOfTheOthers()
{
    net::TunnelSettings settings;
    settings.routes = prefixes("172.17.0.0/16 192.168.1.0/24 10.50.0.0/16");
    const system::NetworkSnapshot network = home();
    const RouteDecision decision = decideRoutes(settings, {}, {network, address("203.0.113.1"), "gvpn0"});
    QCOMPARE(decision.accepted, prefixes("172.17.0.0/16 10.50.0.0/16"));
    QCOMPARE(decision.skipped.size(), std::size_t{1});
}

void TestRoutePolicy::leavesOutWhatTheTunnelNetworkCovers()
{
    net::TunnelSettings settings;
    settings.addresses = {net::InterfaceAddress::parse("10.86.0.2/24").value()};
    settings.routes = prefixes("10.86.0.0/24 10.86.0.128/25");
    const system::NetworkSnapshot network = home();
    const RouteDecision decision = decideRoutes(settings, {}, {network, address("203.0.113.1"), "gvpn0"});
    QVERIFY(decision.accepted.empty());
    QVERIFY(decision.skipped.empty());
}

void TestRoutePolicy::checksTheTunnelNetwork_data()
{
    QTest::addColumn<std::string>("ours");
    QTest::addColumn<std::string>("complaint");
    const auto row = [](const char* name, const char* ours, const char* complaint) {
        QTest::newRow(name) << std::string(ours) << std::string(complaint);
    };
    row("free", "10.87.0.2/24", "");
    row("our own of the last time", "10.86.0.2/24", "");
    row("the LAN", "192.168.1.200/24", "192.168.1.0/24 on wlan0");
    row("around the LAN", "192.168.9.9/16", "192.168.1.0/24 on wlan0");
    row("around the server", "203.0.113.77/24", "203.0.113.1");
    row("IPv6 LAN", "fd11:1::99/64", "fd11:1::/64 on wlan0");
    row("around the resolver", "10.1.1.7/24", "name server 10.1.1.53");
    row("around a gateway", "10.200.0.7/24", "default gateway 10.200.0.1");
}

void TestRoutePolicy::checksTheTunnelNetwork()
{
    QFETCH(std::string, ours);
    QFETCH(std::string, complaint);
    net::TunnelSettings settings;
    settings.addresses = {net::InterfaceAddress::parse(ours).value()};
    const system::NetworkSnapshot network = home();
    // Also when it was asked for.
    const auto result =
        checkTunnelNetworks(settings, {}, settings.addresses, {network, address("203.0.113.1"), "gvpn0"});
    QCOMPARE(result.has_value(), complaint.empty());
    if (!result) {
        QCOMPARE(result.error().code, ErrorCode::AlreadyExists);
        QVERIFY2(result.error().context.find(complaint) != std::string::npos, result.error().context.c_str());
    }
}

void TestRoutePolicy::takesAPublicTunnelNetworkOnlyWhenItIsMeant_data()
{
    QTest::addColumn<std::string>("ours");
    QTest::addColumn<std::string>("wanted");
    QTest::addColumn<QByteArray>("named");
    QTest::addColumn<bool>("isTaken");
    const auto row = [](const char* name, const char* ours, const char* wanted, const char* named, bool isTaken) {
        QTest::newRow(name) << std::string(ours) << std::string(wanted) << QByteArray(named) << isTaken;
    };
    row("private", "10.87.0.2/24", "", "", true);
    row("private IPv6", "fd87::2/64", "", "", true);
    row("public", "182.1.1.101/24", "", "", false);
    row("asked for", "182.1.1.101/24", "182.1.1.101/24", "", true);
    row("asked for with another length", "182.1.1.101/8", "182.1.1.101/24", "", false);
    row("named", "182.1.1.101/24", "", "182.1.0.0/16", true);
    row("wider than the named one", "182.1.1.101/16", "", "182.1.1.0/24", false);
    row("the largest", "10.87.0.2/16", "", "", true);
    row("too large", "10.86.0.2/15", "", "", false);
    row("all that is private", "10.0.0.5/8", "", "", false);
    row("all that is private, named", "10.0.0.5/8", "", "10.0.0.0/8", true);
    row("the largest IPv6", "fd87::2/48", "", "", true);
    row("too large IPv6", "fd87::2/47", "", "", false);
    row("half private", "172.16.0.2/8", "", "", false);
    row("a quarter of everything", "10.0.0.1/2", "", "", false);
}

void TestRoutePolicy::takesAPublicTunnelNetworkOnlyWhenItIsMeant()
{
    QFETCH(std::string, ours);
    QFETCH(std::string, wanted);
    QFETCH(QByteArray, named);
    QFETCH(bool, isTaken);
    net::TunnelSettings settings;
    settings.addresses = {net::InterfaceAddress::parse(ours).value()};
    std::vector<net::InterfaceAddress> asked;
    if (!wanted.empty())
        asked = {net::InterfaceAddress::parse(wanted).value()};
    const system::NetworkSnapshot nothing;
    const auto result = checkTunnelNetworks(settings, {true, prefixes(named.constData())}, asked,
                                            {nothing, address("203.0.113.1"), "gvpn0"});
    QCOMPARE(result.has_value(), isTaken);
    if (!result)
        QCOMPARE(result.error().code, ErrorCode::AddressRefused);
}

void TestRoutePolicy::knowsWhatIsNeverRouted_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("isNever");
    for (const char* text :
         {"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1", "8000::/1", "255.255.255.255/32", "127.0.0.1/32",
          "169.254.1.0/24", "224.0.0.251/32", "224.0.0.0/3", "fe80::/64", "ff02::/16", "::1/128"})
        QTest::newRow(text) << QByteArray(text) << true;
    for (const char* text : {"10.0.0.0/8", "8.8.8.0/24", "fd00::/8", "2000::/3", "192.0.0.0/3", "0.0.0.0/2"})
        QTest::newRow(text) << QByteArray(text) << false;
}

void TestRoutePolicy::knowsWhatIsNeverRouted()
{
    QFETCH(QByteArray, text);
    QTEST(isNeverRouted(prefix(text.constData())), "isNever");
}

QTEST_APPLESS_MAIN(TestRoutePolicy)
#include "tst_route_policy.moc"
