// What the tables of servers and clients let through on the real kernel, tried with real packets. Needs root, nft, ip.
#include "linux_lab.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

using namespace gvpn;
using namespace gvpn::lab;
using namespace gvpn::system;

namespace {

/// A UDP socket with a port of its own, in the namespace that it was opened in.
class UdpPort {
public:
    [[nodiscard]] static int familyOf(const QString& address) { return address.contains(u':') ? AF_INET6 : AF_INET; }

    UdpPort(UniqueFd socket, const QString& address)
        : m_socket(std::move(socket))
    {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&m_address);
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&m_address);
        const int family = familyOf(address);
        m_address.ss_family = static_cast<sa_family_t>(family);
        void* bytes = family == AF_INET ? static_cast<void*>(&v4->sin_addr) : &v6->sin6_addr;
        if (::inet_pton(family, qPrintable(address), bytes) != 1 || ::bind(m_socket.get(), raw(), m_size) != 0
            || ::getsockname(m_socket.get(), reinterpret_cast<sockaddr*>(&m_address), &m_size) != 0)
            qFatal("can't bind to %s", qPrintable(address));
    }

    void send(const char* text, const UdpPort& to) const
    {
        const auto size = static_cast<ssize_t>(qstrlen(text));
        QCOMPARE(::sendto(m_socket.get(), text, qstrlen(text), 0, to.raw(), to.m_size), size);
    }
    /// Waits for three seconds at most.
    [[nodiscard]] QByteArray receive() const
    {
        pollfd waiting{m_socket.get(), POLLIN, 0};
        QByteArray text(100, '\0');
        const ssize_t size =
            ::poll(&waiting, 1, 3000) == 1
                ? ::recv(m_socket.get(), text.data(), static_cast<std::size_t>(text.size()), MSG_DONTWAIT)
                : 0;
        return text.first(std::max<ssize_t>(size, 0));
    }

private:
    [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&m_address); }

    UniqueFd m_socket;
    sockaddr_storage m_address{};
    socklen_t m_size = sizeof m_address;
};

}  // namespace

class LinuxSystemFilterTest : public LabTest {
    Q_OBJECT

private Q_SLOTS:
    void carriesOnlyTrafficBetweenTunnelAndLan_data();
    void carriesOnlyTrafficBetweenTunnelAndLan();
    void doesNotRouteForStrangers();
    void takesConnectionsIntoTheTunnelOnlyFromTheLan();
    void getsAlongWithContainersThatComeLater();
    void letsABridgeBridge();
    void keepsNeighboursFromAClientsAddress_data();
    void keepsNeighboursFromAClientsAddress();
    void keepsNeighboursOutOfAClientsConnections_data();
    void keepsNeighboursOutOfAClientsConnections();
    void letsAClientReachItselfAndItsTunnel();
    void guardsTheNewAddressOfAClient();
    void guardsAServersAddressesWhenAsked();
};

void LinuxSystemFilterTest::carriesOnlyTrafficBetweenTunnelAndLan_data()
{
    QTest::addColumn<bool>("pretendsOlderKernel");
    QTest::newRow("forced forwarding") << false;
    QTest::newRow("older kernel") << true;
}

void LinuxSystemFilterTest::carriesOnlyTrafficBetweenTunnelAndLan()
{
    QFETCH(bool, pretendsOlderKernel);
    const auto configurator = makeConfigurator(pretendsOlderKernel);
    QVERIFY(apply(*configurator, serverConfig(TunName, true)).has_value());
    // To a stranger and from a stranger's address, each before one to the LAN: only those to the LAN are answered.
    pingThrough(m_tun, "10.86.0.2", "10.55.0.9", 1);
    pingThrough(m_tun, "10.86.1.2", "172.17.0.9", 2);
    pingThrough(m_tun, "10.86.0.2", "172.17.0.9", 3);
    QCOMPARE(nextAnswer(m_tun), 3);
    pingThrough(m_tun, "fd00:86::2", "fd00:55::9", 4);
    pingThrough(m_tun, "fd00:86::2", "fd00:17::9", 5);
    QCOMPARE(nextAnswer(m_tun), 5);
    pingThrough(m_tun, "10.86.0.2", "172.17.0.9", 6);
    QCOMPARE(nextAnswer(m_tun), 6);
    QVERIFY(clear(*configurator).has_value());
}

void LinuxSystemFilterTest::doesNotRouteForStrangers()
{
    // The answer could come back: forwarding is on there, and that is how it stays.
    writeSwitch(QStringLiteral("ipv4/conf/wan.0/forwarding"), "1");
    const auto configurator = makeConfigurator(true);
    QVERIFY(apply(*configurator, serverConfig(TunName, true)).has_value());
    const QString ping = m_lanHost->inside(QStringLiteral("ping -c1 -W1 10.55.0.9"));
    const QString ping6 = m_lanHost->inside(QStringLiteral("ping -c1 -W1 fd00:55::9"));
    QCOMPARE(run(ping).exitCode, 1);
    QCOMPARE(run(ping6).exitCode, 1);
    // It was our table that stopped it.
    mustRun(QStringLiteral("nft delete table inet gvpn_gvpnt0"));
    QCOMPARE(run(ping).exitCode, 0);
    QCOMPARE(run(ping6).exitCode, 0);
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(run(ping).exitCode, 1);
}

void LinuxSystemFilterTest::takesConnectionsIntoTheTunnelOnlyFromTheLan()
{
    // A router already, and one that believes every address.
    writeSwitch(QStringLiteral("ipv4/ip_forward"), "1");
    for (const char* name : {"all", "wan.0"})
        writeSwitch(QStringLiteral("ipv4/conf/%1/rp_filter").arg(QLatin1String(name)), "0");
    mustRun(m_stranger->inside(QStringLiteral("ip addr add 172.17.0.66/32 dev eth0")));
    const auto configurator = makeConfigurator();
    QVERIFY(apply(*configurator, serverConfig(TunName, false)).has_value());
    QCOMPARE(run(m_stranger->inside(QStringLiteral("ping -c1 -W1 -I 172.17.0.66 10.86.0.2"))).exitCode, 1);
    QCOMPARE(nextSource(m_tun), QString());
    QCOMPARE(run(m_lanHost->inside(QStringLiteral("ping -c1 -W1 10.86.0.2"))).exitCode, 1);
    QCOMPARE(nextSource(m_tun), QStringLiteral("172.17.0.9"));
    pingThrough(m_tun, "10.86.0.2", "172.17.0.9", 1);
    QCOMPARE(nextAnswer(m_tun), 1);
    QVERIFY(clear(*configurator).has_value());
}

/// The stranger plays the container: forwarding is switched on for it, and a port of ours is redirected to it.
void LinuxSystemFilterTest::getsAlongWithContainersThatComeLater()
{
    const auto configurator = makeConfigurator();
    QVERIFY(apply(*configurator, serverConfig(TunName, false)).has_value());
    const QString direct = m_lanHost->inside(QStringLiteral("ping -c1 -W1 10.55.0.9"));
    const QString redirected = m_lanHost->inside(QStringLiteral("ping -c1 -W1 172.17.0.1"));
    const QString outwards = m_stranger->inside(QStringLiteral("ping -c1 -W1 172.17.0.9"));
    writeSwitch(QStringLiteral("ipv4/ip_forward"), "1");
    const Output loaded =
        run(QStringLiteral("nft -f -"), "table ip docker { chain p { type nat hook prerouting priority -100; "
                                        "iifname lan0 ip daddr 172.17.0.1 dnat to 10.55.0.9; }; }\n");
    QVERIFY2(loaded.exitCode == 0, loaded.errors);
    QCOMPARE(run(redirected).exitCode, 0);
    QCOMPARE(run(outwards).exitCode, 0);
    QCOMPARE(run(direct).exitCode, 1);
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/lan0/forwarding")), QByteArray("1"));
    QCOMPARE(run(outwards).exitCode, 0);
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemFilterTest::letsABridgeBridge()
{
    if (!QFile::exists(QStringLiteral("/proc/sys/net/bridge/bridge-nf-call-iptables")))
        QSKIP("needs br_netfilter");
    writeSwitch(QStringLiteral("bridge/bridge-nf-call-iptables"), "1");
    mustRun(QStringLiteral("ip link add br0 type bridge"));
    mustRun(QStringLiteral("ip link set br0 up"));
    mustRun(QStringLiteral("ip addr flush dev lan0"));
    mustRun(QStringLiteral("ip addr add 172.17.0.1/16 dev br0"));
    const OtherHost second({QStringLiteral("lan1"), QStringLiteral("172.17.0.10/16"), QStringLiteral("fd00:17::10/64"),
                            QStringLiteral("172.17.0.1"), QStringLiteral("fd00:17::1")});
    for (const char* port : {"lan0", "lan1"})
        mustRun(QStringLiteral("ip link set %1 master br0").arg(QLatin1String(port)));
    const auto configurator = makeConfigurator();
    QVERIFY(apply(*configurator, serverConfig(TunName, false)).has_value());
    QCOMPARE(run(m_lanHost->inside(QStringLiteral("ping -c1 -W1 172.17.0.10"))).exitCode, 0);
    QCOMPARE(run(m_lanHost->inside(QStringLiteral("ping -c1 -W1 10.55.0.9"))).exitCode, 1);
    QVERIFY(clear(*configurator).has_value());
}

void LinuxSystemFilterTest::keepsNeighboursFromAClientsAddress_data()
{
    QTest::addColumn<QString>("address");
    QTest::addColumn<bool>("guards");
    QTest::newRow("IPv4, no guard") << "10.86.0.2" << false;
    QTest::newRow("IPv4") << "10.86.0.2" << true;
    QTest::newRow("IPv6, no guard") << "fd00:86::2" << false;
    QTest::newRow("IPv6") << "fd00:86::2" << true;
}

/// Somebody on the same Wi-Fi. Without the guard the computer answers for all of its addresses on all of its links.
void LinuxSystemFilterTest::keepsNeighboursFromAClientsAddress()
{
    QFETCH(QString, address);
    QFETCH(bool, guards);
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator();
    NetworkConfig config = clientConfig(TunName);
    config.guardsAddresses = guards;
    QVERIFY(apply(*configurator, config).has_value());
    const QString ping = m_stranger->inside(QStringLiteral("ping -c1 -W1 ") + address);
    QCOMPARE(run(ping).exitCode, guards ? 1 : 0);
    // The other addresses are none of our business.
    QCOMPARE(run(m_stranger->inside(QStringLiteral("ping -c1 -W1 10.55.0.1"))).exitCode, 0);
    QCOMPARE(run(m_stranger->inside(QStringLiteral("ping -c1 -W1 fd00:55::1"))).exitCode, 0);
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemFilterTest::keepsNeighboursOutOfAClientsConnections_data()
{
    QTest::addColumn<QString>("here");
    QTest::addColumn<QString>("source");
    QTest::addColumn<bool>("guards");
    QTest::newRow("IPv4, no guard") << "10.86.0.2"
                                    << "172.20.0.9" << false;
    QTest::newRow("IPv4") << "10.86.0.2"
                          << "172.20.0.9" << true;
    QTest::newRow("IPv6, no guard") << "fd00:86::2"
                                    << "fd00:20::9" << false;
    QTest::newRow("IPv6") << "fd00:86::2"
                          << "fd00:20::9" << true;
}

/// The neighbour pretends to be a computer in the office, on a client that believes every address.
void LinuxSystemFilterTest::keepsNeighboursOutOfAClientsConnections()
{
    QFETCH(QString, here);
    QFETCH(QString, source);
    QFETCH(bool, guards);
    for (const char* name : {"all", "wan.0"})
        writeSwitch(QStringLiteral("ipv4/conf/%1/rp_filter").arg(QLatin1String(name)), "0");
    mustRun(m_stranger->inside(QStringLiteral("ip addr add 172.20.0.9/32 dev eth0")));
    mustRun(m_stranger->inside(QStringLiteral("ip addr add fd00:20::9/128 dev eth0 nodad")));
    const auto configurator = makeConfigurator();
    NetworkConfig config = clientConfig(TunName);
    config.guardsAddresses = guards;
    QVERIFY(apply(*configurator, config).has_value());

    const UdpPort office(m_stranger->openSocketInside(UdpPort::familyOf(source), SOCK_DGRAM, 0), source);
    const UdpPort client(UniqueFd(::socket(UdpPort::familyOf(here), SOCK_DGRAM | SOCK_CLOEXEC, 0)), here);
    const UdpPort local(UniqueFd(::socket(UdpPort::familyOf(here), SOCK_DGRAM | SOCK_CLOEXEC, 0)), here);
    // Then nothing has to be asked for before the packet leaves, and it is here when send() returns.
    mustRun(m_stranger->inside(QStringLiteral("ping -c1 -W1 10.55.0.1")));
    mustRun(m_stranger->inside(QStringLiteral("ping -c1 -W1 fd00:55::1")));
    office.send("from a neighbour", client);
    local.send("from here", client);
    QCOMPARE(client.receive(), QByteArray(guards ? "from here" : "from a neighbour"));
    QVERIFY(clear(*configurator).has_value());
}

void LinuxSystemFilterTest::letsAClientReachItselfAndItsTunnel()
{
    const auto configurator = makeConfigurator();
    QVERIFY(apply(*configurator, clientConfig(TunName)).has_value());
    for (const char* words : {"10.86.0.2", "-I 10.55.0.1 10.86.0.2", "fd00:86::2", "-I fd00:55::1 fd00:86::2"})
        QCOMPARE(run(QStringLiteral("ping -c1 -W1 ") + QLatin1String(words)).exitCode, 0);
    pingThrough(m_tun, "172.20.0.9", "10.86.0.2", 1);
    QCOMPARE(nextAnswer(m_tun), 1);
    pingThrough(m_tun, "fd00:20::9", "fd00:86::2", 2);
    QCOMPARE(nextAnswer(m_tun), 2);
    QVERIFY(clear(*configurator).has_value());
}

/// As after a reconnection.
void LinuxSystemFilterTest::guardsTheNewAddressOfAClient()
{
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator();
    NetworkConfig config = clientConfig(TunName);
    QVERIFY(apply(*configurator, config).has_value());
    config.addresses[0] = *net::InterfaceAddress::parse("10.86.0.3/24");
    QVERIFY(apply(*configurator, config).has_value());
    const QByteArray rules = ruleset();
    QVERIFY2(rules.contains("iifname != \"gvpnt0\" iifname != \"lo\" ip daddr 10.86.0.3 drop"), rules);
    QVERIFY2(rules.contains("iifname != \"gvpnt0\" iifname != \"lo\" ip6 daddr fd00:86::2 drop"), rules);
    QVERIFY2(!rules.contains("10.86.0.2"), rules);
    QCOMPARE(run(m_stranger->inside(QStringLiteral("ping -c1 -W1 10.86.0.3"))).exitCode, 1);
    config.guardsAddresses = false;
    QVERIFY(apply(*configurator, config).has_value());
    QCOMPARE(run(m_stranger->inside(QStringLiteral("ping -c1 -W1 10.86.0.3"))).exitCode, 0);
    QVERIFY(!ruleset().contains("gvpn_gvpnt0"));
    config.guardsAddresses = true;
    QVERIFY(apply(*configurator, config).has_value());
    QCOMPARE(run(m_stranger->inside(QStringLiteral("ping -c1 -W1 10.86.0.3"))).exitCode, 1);
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemFilterTest::guardsAServersAddressesWhenAsked()
{
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator();
    NetworkConfig config = serverConfig(TunName, true);
    QVERIFY(apply(*configurator, config).has_value());
    const QString ping = m_lanHost->inside(QStringLiteral("ping -c1 -W1 10.86.0.1"));
    QCOMPARE(run(ping).exitCode, 0);
    config.guardsAddresses = true;
    QVERIFY(apply(*configurator, config).has_value());
    QCOMPARE(run(ping).exitCode, 1);
    pingThrough(m_tun, "10.86.0.2", "172.17.0.9", 1);
    QCOMPARE(nextAnswer(m_tun), 1);
    pingThrough(m_tun, "fd00:86::2", "fd00:86::1", 2);
    QCOMPARE(nextAnswer(m_tun), 2);
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(changesSince(before), QByteArray());
}

QTEST_GUILESS_MAIN(LinuxSystemFilterTest)

#include "tst_linux_system_filter.moc"
