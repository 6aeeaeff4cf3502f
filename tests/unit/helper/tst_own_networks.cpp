#include "helper/own_networks.h"

#include <QtTest>

using namespace gvpn;

namespace {

net::Prefix prefix(const char* text)
{
    return net::Prefix::parse(text).value();
}

net::IpAddress address(const char* text)
{
    return net::IpAddress::parse(text).value();
}

system::InterfaceInfo interface(const char* name, unsigned index, const char* kind, const char* own)
{
    system::InterfaceInfo info;
    info.name = name;
    info.index = index;
    info.kind = kind;
    info.isUp = true;
    info.addresses = {net::InterfaceAddress::parse(own).value()};
    return info;
}

/// A laptop at home: 192.168.1.0/24 with a router that resolves names, IPv6 by DHCPv6, one tunnel.
system::NetworkSnapshot home()
{
    system::NetworkSnapshot snapshot;
    snapshot.interfaces = {interface("lo", 1, "", "127.0.0.1/8"), interface("wlan0", 2, "", "192.168.1.20/24"),
                           interface("eth0", 3, "", "192.168.7.2/24"), interface("gvpn0", 4, "tun", "10.86.0.2/24")};
    snapshot.interfaces[0].isLoopback = true;
    snapshot.interfaces[2].isUp = false;
    snapshot.routes = {{prefix("0.0.0.0/0"), address("10.200.0.1"), 2, 254, 0, 0},
                       {prefix("fd00:1::/64"), std::nullopt, 2, 254, 0, 0},
                       {prefix("172.20.0.0/16"), address("192.168.1.9"), 2, 254, 0, 0},
                       {prefix("172.17.0.0/16"), std::nullopt, 4, 254, 0, 0}};
    snapshot.resolvers = {address("10.9.9.9")};
    return snapshot;
}

}  // namespace

class TestOwnNetworks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tellsWhatIsTaken_data();
    void tellsWhatIsTaken();
    void nameServersOfTunnelsAreNoneOfItsOwn();
};

void TestOwnNetworks::tellsWhatIsTaken_data()
{
    QTest::addColumn<QByteArray>("network");
    QTest::addColumn<bool>("isTaken");
    const auto row = [](const char* name, const char* network, bool isTaken) {
        QTest::newRow(name) << QByteArray(network) << isTaken;
    };
    row("another network", "172.18.0.0/16", false);
    row("the network that it is on", "192.168.1.0/24", true);
    row("a neighbour", "192.168.1.7/32", true);
    row("all around it", "192.168.0.0/16", true);
    row("beside it", "192.168.2.0/24", false);
    row("of an interface that is down", "192.168.7.0/24", false);
    row("the default gateway", "10.200.0.0/24", true);
    row("the name server", "10.9.9.0/24", true);
    row("neighbours that a route names", "fd00:1::5/128", true);
    row("what lies behind a gateway", "172.20.0.0/16", false);
    row("another tunnel's route", "172.17.0.0/16", false);
    row("another tunnel's network", "10.86.0.0/24", false);
}

void TestOwnNetworks::tellsWhatIsTaken()
{
    QFETCH(const QByteArray, network);
    QFETCH(const bool, isTaken);
    const std::vector networks{prefix("10.77.0.0/24"), prefix(network.constData())};
    QCOMPARE(helper::takesOwnNetworks(networks, home(), {}), isTaken);
    QVERIFY(!helper::takesOwnNetworks(networks, {}, {}));
}

void TestOwnNetworks::nameServersOfTunnelsAreNoneOfItsOwn()
{
    system::NetworkSnapshot snapshot = home();
    snapshot.resolvers.push_back(address("172.17.0.53"));
    const std::vector office{prefix("172.17.0.0/16")};
    const std::vector own{prefix("10.9.9.0/24")};
    const std::vector tunnelServers{address("172.17.0.53")};
    QVERIFY(helper::takesOwnNetworks(office, snapshot, {}));
    QVERIFY(!helper::takesOwnNetworks(office, snapshot, tunnelServers));
    QVERIFY(helper::takesOwnNetworks(own, snapshot, tunnelServers));
}

QTEST_GUILESS_MAIN(TestOwnNetworks)
#include "tst_own_networks.moc"
