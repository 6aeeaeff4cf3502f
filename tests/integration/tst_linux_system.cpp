// LinuxConfigurator against the real kernel: what it does, and that it puts everything back. Needs root, nft, ip.
#include "linux_lab.h"

#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <iostream>

using namespace gvpn;
using namespace gvpn::lab;
using namespace gvpn::system;

class LinuxSystemTest : public LabTest {
    Q_OBJECT

public:
    /// The program that gave up root.
    static int applyWithoutRoot(const QString& runDirectory, bool isServer);
    /// The one that finds no nft.
    static int applyWithoutNft(const QString& runDirectory);

private Q_SLOTS:
    void readsTheNetworkOfThisComputer();
    void appliesAndPutsBack_data();
    void appliesAndPutsBack();
    void appliesOnlyWhatDiffers();
    void leavesAForeignRouteAloneAndUndoesTheRest();
    void leavesAForeignAddressAlone();
    void clearsAfterTheInterfaceIsGone();
    void keepsTheRoutesWhenTheAddressChanges();
    void saysWhatToDoWithoutNft();
    void worksWithoutRootButWithNetAdmin_data();
    void worksWithoutRootButWithNetAdmin();
};

void LinuxSystemTest::readsTheNetworkOfThisComputer()
{
    mustRun(QStringLiteral("ip route add 10.99.0.0/16 via 172.17.0.9 metric 7"));
    mustRun(QStringLiteral("ip route add blackhole 10.98.0.0/16"));
    mustRun(QStringLiteral("ip -6 route add default via fd00:55::9"));
    writeSwitch(QStringLiteral("ipv4/conf/wan.0/forwarding"), "1");
    const auto snapshot = readNetworkSnapshot();
    QVERIFY(snapshot.has_value());

    const InterfaceInfo* lan = snapshot->findInterface("lan0");
    QVERIFY(lan);
    QCOMPARE(lan->kind, std::string("veth"));
    QCOMPARE(lan->index, ::if_nametoindex("lan0"));
    QVERIFY(lan->isUp && !lan->isLoopback && !lan->isPointToPoint && !lan->forwardsIPv4);
    QVERIFY(std::ranges::find(lan->addresses, *net::InterfaceAddress::parse("172.17.0.1/16")) != lan->addresses.end());
    QVERIFY(std::ranges::find(lan->addresses, *net::InterfaceAddress::parse("fd00:17::1/64")) != lan->addresses.end());
    QVERIFY(snapshot->findInterface("lo")->isLoopback);
    QVERIFY(snapshot->findInterface("wan.0")->forwardsIPv4);
    QCOMPARE(snapshot->defaultAcceptRa, 1);
    const InterfaceInfo* tun = snapshot->findInterface(TunName.toStdString());
    QVERIFY(tun && tun->kind == "tun" && tun->isPointToPoint && !tun->isUp);

    const RouteInfo* route = snapshot->routeTo(*net::IpAddress::parse("10.99.1.1"));
    QVERIFY(route);
    QCOMPARE(route->interfaceIndex, lan->index);
    QCOMPARE(route->metric, 7U);
    QCOMPARE(route->gateway, net::IpAddress::parse("172.17.0.9").value());
    QVERIFY(!snapshot->routeTo(*net::IpAddress::parse("10.98.0.1")));
    const RouteInfo* defaultRoute = snapshot->routeTo(*net::IpAddress::parse("2001:db8::1"));
    QVERIFY(defaultRoute && defaultRoute->destination.length() == 0);
    QCOMPARE(defaultRoute->interfaceIndex, ::if_nametoindex("wan.0"));
    for (const RouteInfo& any : snapshot->routes)
        QVERIFY(any.table != 255);
}

void LinuxSystemTest::appliesAndPutsBack_data()
{
    QTest::addColumn<bool>("withIPv6");
    QTest::addColumn<bool>("pretendsOlderKernel");
    QTest::newRow("IPv4") << false << false;
    QTest::newRow("IPv6, forced forwarding") << true << false;
    QTest::newRow("IPv6, older kernel") << true << true;
}

void LinuxSystemTest::appliesAndPutsBack()
{
    QFETCH(bool, withIPv6);
    QFETCH(bool, pretendsOlderKernel);
    const bool isForced = withIPv6 && !pretendsOlderKernel;
    if (isForced && !QFile::exists(QStringLiteral("/proc/sys/net/ipv6/conf/all/force_forwarding")))
        QSKIP("this kernel has no force_forwarding (Linux 6.17)");
    // What writing ipv6/conf/all/forwarding would lose.
    writeSwitch(QStringLiteral("ipv6/conf/wan.0/forwarding"), "1");
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator(pretendsOlderKernel);
    QVERIFY(configurator);

    const auto applied = apply(*configurator, serverConfig(TunName, withIPv6));
    QVERIFY2(applied.has_value(), reason(applied));
    const QByteArray addresses = mustRead(QStringLiteral("ip addr show dev ") + QLatin1String(TunName));
    QVERIFY(addresses.contains("inet 10.86.0.1/24 scope global"));
    QVERIFY(addresses.contains("mtu 1400"));
    QVERIFY(mustRead(QStringLiteral("ip -d link show dev ") + QLatin1String(TunName)).contains("gso_max_segs 128 "));
    QCOMPARE(addresses.contains("inet6 fd00:86::1/64 scope global nodad"), withIPv6);
    const QByteArray routes = mustRead(QStringLiteral("ip route show dev ") + QLatin1String(TunName));
    QVERIFY(routes.contains("10.87.0.0/16 proto static scope link"));
    QVERIFY(routes.contains("10.86.0.0/24 proto kernel"));
    const QByteArray routes6 = mustRead(QStringLiteral("ip -6 route show dev ") + QLatin1String(TunName));
    QCOMPARE(routes6.contains("fd00:87::/48 proto static metric 1024"), withIPv6);
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/lan0/forwarding")), QByteArray("1"));
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/gvpnt0/forwarding")), QByteArray("1"));
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/wan.0/forwarding")), QByteArray("0"));
    QCOMPARE(readSwitch(QStringLiteral("ipv4/ip_forward")), QByteArray("0"));
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/lan0/force_forwarding")) == "1", isForced);
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/all/forwarding")) == "1", withIPv6 && pretendsOlderKernel);
    const QByteArray rules = mustRead(QStringLiteral("nft list table inet gvpn_gvpnt0"));
    QVERIFY2(rules.contains("iifname \"gvpnt0\" ip saddr 10.86.0.0/24 ip daddr 172.17.0.0/16 accept"), rules);
    QVERIFY2(rules.contains("ip saddr 10.86.0.0/24 ip daddr 172.17.0.0/16 masquerade"), rules);
    QCOMPARE(rules.contains("ip6 saddr fd00:86::/64 ip6 daddr fd00:17::/64 masquerade"), withIPv6);

    const auto cleared = clear(*configurator);
    QVERIFY2(cleared.has_value(), reason(cleared));
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemTest::appliesOnlyWhatDiffers()
{
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator();
    NetworkConfig config = serverConfig(TunName, false);
    QVERIFY(apply(*configurator, config).has_value());
    const QByteArray first = networkState();
    const QByteArray handles = mustRead(QStringLiteral("nft -a list ruleset"));
    QVERIFY(apply(*configurator, config).has_value());
    QCOMPARE(changesSince(first), QByteArray());
    // A table that is loaded again has other handles.
    QCOMPARE(mustRead(QStringLiteral("nft -a list ruleset")), handles);

    config.mtu = 1300;
    config.routes = {*net::Prefix::parse("10.88.0.0/16")};
    config.forwarding->masquerades = false;
    QVERIFY(apply(*configurator, config).has_value());
    const QByteArray routes = mustRead(QStringLiteral("ip route show dev ") + QLatin1String(TunName));
    QVERIFY(routes.contains("10.88.0.0/16") && !routes.contains("10.87.0.0/16"));
    QVERIFY(!ruleset().contains("masquerade"));
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(changesSince(before), QByteArray());
}

void LinuxSystemTest::leavesAForeignRouteAloneAndUndoesTheRest()
{
    mustRun(QStringLiteral("ip route add 10.99.0.0/24 via 172.17.0.9"));
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator();
    NetworkConfig config = serverConfig(TunName, false);
    config.routes.push_back(*net::Prefix::parse("10.99.0.0/24"));
    const auto applied = apply(*configurator, config);
    QVERIFY(!applied);
    QCOMPARE(applied.error().code, ErrorCode::AlreadyExists);
    QCOMPARE(applied.error().context, std::string("add route 10.99.0.0/24 to gvpnt0: file exists"));
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(changesSince(before), QByteArray());
}

void LinuxSystemTest::leavesAForeignAddressAlone()
{
    mustRun(QStringLiteral("ip addr add 10.86.0.1/24 dev gvpnt0"));
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator();
    const auto applied = apply(*configurator, serverConfig(TunName, true));
    QVERIFY(!applied);
    QCOMPARE(applied.error().context, std::string("add address 10.86.0.1/24 to gvpnt0: file exists"));
    QCOMPARE(changesSince(before), QByteArray());
}

void LinuxSystemTest::clearsAfterTheInterfaceIsGone()
{
    m_tun.reset();
    const QByteArray before = networkState();
    m_tun = openTun(TunName);
    const auto configurator = makeConfigurator();
    QVERIFY(apply(*configurator, serverConfig(TunName, true)).has_value());
    m_tun.reset();
    const auto cleared = clear(*configurator);
    QVERIFY2(cleared.has_value(), reason(cleared));
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

/// At no moment may a packet take another way.
void LinuxSystemTest::keepsTheRoutesWhenTheAddressChanges()
{
    const auto configurator = makeConfigurator();
    const QByteArray before = networkState();
    NetworkConfig config = clientConfig(TunName);
    QVERIFY(apply(*configurator, config).has_value());
    QProcess monitor;
    monitor.start(QStringLiteral("ip"), {QStringLiteral("monitor"), QStringLiteral("route")});
    QVERIFY(monitor.waitForStarted());
    const auto seenAfterAMark = [&](const QString& route) {
        QByteArray seen;
        const auto isSeen = [&] {
            mustRun(QStringLiteral("ip route add %1 dev lo").arg(route));
            mustRun(QStringLiteral("ip route del %1 dev lo").arg(route));
            monitor.waitForReadyRead(50);
            seen += monitor.readAll();
            return seen.contains("Deleted " + route.toLatin1());
        };
        return QTest::qWaitFor(isSeen) ? seen : QByteArray();
    };
    // It doesn't tell when it begins to listen.
    QVERIFY(!seenAfterAMark(QStringLiteral("10.66.0.1")).isEmpty());

    for (const char* address : {"10.86.0.3/24", "10.86.0.3/16", "10.96.0.3/16", "10.96.0.4/32", "10.86.0.2/24"}) {
        config.addresses[0] = *net::InterfaceAddress::parse(address);
        QVERIFY(apply(*configurator, config).has_value());
        const QByteArray addresses = mustRead(QStringLiteral("ip -4 addr show dev ") + QLatin1String(TunName));
        QCOMPARE(addresses.count("inet "), 1);
        QVERIFY2(addresses.contains(QByteArray("inet ") + address), addresses);
        const QByteArray routes = mustRead(QStringLiteral("ip route show dev ") + QLatin1String(TunName));
        QVERIFY2(routes.contains("172.20.0.0/16"), routes);
    }
    const QByteArray seen = seenAfterAMark(QStringLiteral("10.66.0.2"));
    QVERIFY2(seen.contains("Deleted 10.86.0.0/24") && !seen.contains("172.20.0.0/16"), seen);
    monitor.kill();
    QVERIFY(monitor.waitForFinished());
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(changesSince(before), QByteArray());
}

int LinuxSystemTest::applyWithoutNft(const QString& runDirectory)
{
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0
        || ::mount("/dev/null", "/usr/sbin/nft", nullptr, MS_BIND, nullptr) != 0)
        return 1;
    auto configurator = LinuxConfigurator::create(runDirectory.toStdString());
    if (!configurator)
        return 1;
    std::cout << reason(apply(**configurator, clientConfig(TunName))) << std::endl;
    return 0;
}

void LinuxSystemTest::saysWhatToDoWithoutNft()
{
    const QByteArray before = networkState();
    QByteArray said;
    const auto program = startProgram({QStringLiteral("--apply-without-nft")}, &said);
    QVERIFY(program->waitForFinished());
    QCOMPARE(said, QByteArray("load nftables table gvpn_gvpnt0: /usr/sbin/nft, which filters for the tunnel, is not "
                              "there; install the package nftables"));
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

int LinuxSystemTest::applyWithoutRoot(const QString& runDirectory, bool isServer)
{
    constexpr uid_t Nobody = 65534;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    data[0].permitted = data[0].effective = 1U << CAP_NET_ADMIN;
    if (::prctl(PR_SET_KEEPCAPS, 1) != 0 || ::setresgid(Nobody, Nobody, Nobody) != 0
        || ::setresuid(Nobody, Nobody, Nobody) != 0 || ::syscall(SYS_capset, &header, data.data()) != 0)
        return 1;
    const NetworkConfig config = isServer ? serverConfig(TunName, true) : clientConfig(TunName);
    auto configurator = LinuxConfigurator::create(runDirectory.toStdString());
    if (!configurator)
        return 1;
    std::cout << reason(apply(**configurator, config)) << std::endl;
    std::cout << mustRead(QStringLiteral("ip addr show dev ") + QLatin1String(TunName))
                     .contains(isServer ? "10.86.0.1/24" : "10.86.0.2/24")
              << std::endl;
    std::cout << reason(clear(**configurator)) << std::endl;
    return 0;
}

void LinuxSystemTest::worksWithoutRootButWithNetAdmin_data()
{
    QTest::addColumn<bool>("isServer");
    QTest::addColumn<bool>("ownsRunDirectory");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("a server that gave up root") << true << true << QByteArray("success\n1\nsuccess\n");
    QTest::newRow("a client with its own run directory") << false << true << QByteArray("success\n1\nsuccess\n");
    QTest::newRow("a client that may not write there") << false << false << QByteArray("success\n1\nsuccess\n");
}

/// CAP_NET_ADMIN is all that it has.
void LinuxSystemTest::worksWithoutRootButWithNetAdmin()
{
    QFETCH(bool, isServer);
    QFETCH(bool, ownsRunDirectory);
    QFETCH(QByteArray, expected);
    const QByteArray before = networkState();
    if (ownsRunDirectory)
        QVERIFY(::chown(runDirectory().toLocal8Bit().constData(), 65534, 65534) == 0);
    QProcess program;
    program.start(
        QCoreApplication::applicationFilePath(),
        {isServer ? QStringLiteral("--serve-without-root") : QStringLiteral("--connect-without-root"), runDirectory()});
    QVERIFY(program.waitForFinished());
    QCOMPARE(program.readAllStandardOutput(), expected);
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

int main(int argumentCount, char** arguments)
{
    QCoreApplication application(argumentCount, arguments);
    const QStringList words = QCoreApplication::arguments();
    if (words.size() == 3 && words.at(1) == u"--serve-without-root")
        return LinuxSystemTest::applyWithoutRoot(words.at(2), true);
    if (words.size() == 3 && words.at(1) == u"--connect-without-root")
        return LinuxSystemTest::applyWithoutRoot(words.at(2), false);
    if (words.size() == 3 && words.at(1) == u"--apply-without-nft")
        return LinuxSystemTest::applyWithoutNft(words.at(2));
    LinuxSystemTest test;
    return QTest::qExec(&test, argumentCount, arguments);
}

#include "tst_linux_system.moc"
