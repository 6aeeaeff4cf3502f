// IPv6 forwarding on a computer that has its default route from router advertisements, in both ways to switch it on, on
// the real kernel. Needs root, nft, ip.
#include "linux_lab.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <sys/socket.h>

using namespace gvpn;
using namespace gvpn::lab;
using namespace gvpn::system;

namespace {

/// A router: sends advertisements (RFC 4861, 4.2) on its eth0 to all nodes, with a prefix for addresses (4.6.2).
class Router {
public:
    explicit Router(const OtherHost& host)
        : m_socket(host.openSocketInside(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6))
    {
        constexpr int HopLimit = 255;  // or it has come from afar, and is ignored
        if (::setsockopt(m_socket.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &HopLimit, sizeof HopLimit) != 0
            || ::setsockopt(m_socket.get(), SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5) != 0)
            qFatal("can't make a router");
    }

    /// False while it has no link-local address yet.
    bool advertise(std::uint16_t lifetimeSeconds) const
    {
        struct {
            nd_router_advert advertisement{};
            nd_opt_prefix_info prefix{};
        } message;
        message.advertisement.nd_ra_type = ND_ROUTER_ADVERT;
        message.advertisement.nd_ra_router_lifetime = htons(lifetimeSeconds);
        message.prefix.nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION;
        message.prefix.nd_opt_pi_len = sizeof message.prefix / 8;
        message.prefix.nd_opt_pi_prefix_len = 64;
        message.prefix.nd_opt_pi_flags_reserved = ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO;
        message.prefix.nd_opt_pi_valid_time = message.prefix.nd_opt_pi_preferred_time = htonl(1800);
        ::inet_pton(AF_INET6, "2001:db8:99::", &message.prefix.nd_opt_pi_prefix);
        sockaddr_in6 allNodes{};
        allNodes.sin6_family = AF_INET6;
        ::inet_pton(AF_INET6, "ff02::1", &allNodes.sin6_addr);
        return ::sendto(m_socket.get(), &message, sizeof message, 0, reinterpret_cast<const sockaddr*>(&allNodes),
                        sizeof allNodes)
               == sizeof message;
    }

private:
    UniqueFd m_socket;
};

/// Of the default route that the kernel has learned from an advertisement; 0: there is none.
int learnedLifetime()
{
    static const QRegularExpression Learned(
        QStringLiteral("default via fe80::\\S+ dev \\S+ proto ra .*expires ([0-9]+)sec"));
    return Learned.match(QString::fromUtf8(mustRead(QStringLiteral("ip -6 route show default")))).captured(1).toInt();
}

}  // namespace

class LinuxSystemRaTest : public LabTest {
    Q_OBJECT

private Q_SLOTS:
    void keepsAcceptingRouterAdvertisements();
    void keepsTheDefaultRouteOfARouter_data();
    void keepsTheDefaultRouteOfARouter();
    void wouldLoseTheRouteByOnlyForwarding();
};

void LinuxSystemRaTest::keepsAcceptingRouterAdvertisements()
{
    mustRun(QStringLiteral("ip -6 route add default via fd00:55::9 proto ra"));
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator(true);
    QVERIFY(apply(*configurator, serverConfig(TunName, true)).has_value());
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/wan.0/accept_ra")), QByteArray("2"));
    // No advertisement has come in here yet.
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/lan0/accept_ra")), QByteArray("2"));
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/default/accept_ra")), QByteArray("2"));
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/gvpnt0/accept_ra")), QByteArray("1"));
    QVERIFY(mustRead(QStringLiteral("ip -6 route show default")).contains("proto ra"));
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(changesSince(before), QByteArray());
}

void LinuxSystemRaTest::keepsTheDefaultRouteOfARouter_data()
{
    QTest::addColumn<bool>("isInLan");
    QTest::addColumn<bool>("pretendsOlderKernel");
    QTest::newRow("in the LAN, forced forwarding") << true << false;
    QTest::newRow("in the LAN, older kernel") << true << true;
    QTest::newRow("elsewhere, forced forwarding") << false << false;
    QTest::newRow("elsewhere, older kernel") << false << true;
}

void LinuxSystemRaTest::keepsTheDefaultRouteOfARouter()
{
    QFETCH(bool, isInLan);
    QFETCH(bool, pretendsOlderKernel);
    if (!pretendsOlderKernel && !hasForceForwarding())
        QSKIP("this kernel has no force_forwarding (Linux 6.17)");
    const Router router(isInLan ? *m_lanHost : *m_stranger);
    const QString interface = isInLan ? QStringLiteral("lan0") : QStringLiteral("wan.0");
    QTRY_VERIFY(router.advertise(1800) && learnedLifetime() > 1000);
    QTRY_VERIFY(mustRead(QStringLiteral("ip -6 addr show dev ") + interface).contains("2001:db8:99:"));
    const QByteArray before = networkState();

    const auto configurator = makeConfigurator(pretendsOlderKernel);
    const auto applied = apply(*configurator, serverConfig(TunName, true));
    QVERIFY2(applied.has_value(), reason(applied));
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/all/forwarding")) == "1", pretendsOlderKernel);
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/lan0/force_forwarding")) == "1", !pretendsOlderKernel);
    QVERIFY(learnedLifetime() > 1000);
    pingThrough(m_tun, "fd00:86::2", "fd00:17::9", 1);
    QCOMPARE(nextAnswer(m_tun), 1);
    // Further advertisements count, too.
    QTRY_VERIFY(router.advertise(600) && learnedLifetime() <= 600);
    QVERIFY(learnedLifetime() > 0);
    QTRY_VERIFY(router.advertise(1800) && learnedLifetime() > 1000);

    QVERIFY(clear(*configurator).has_value());
    QVERIFY(learnedLifetime() > 1000);
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
    QTRY_VERIFY(router.advertise(600) && learnedLifetime() <= 600 && learnedLifetime() > 0);
}

/// Why the older way is not only a switch.
void LinuxSystemRaTest::wouldLoseTheRouteByOnlyForwarding()
{
    const Router router(*m_stranger);
    QTRY_VERIFY(router.advertise(1800) && learnedLifetime() > 1000);
    writeSwitch(QStringLiteral("ipv6/conf/all/forwarding"), "1");
    QTRY_COMPARE(learnedLifetime(), 0);
}

QTEST_GUILESS_MAIN(LinuxSystemRaTest)

#include "tst_linux_system_ra.moc"
