// LinuxConfigurator against the real kernel: every test in a network namespace of its own, with a real TUN, an office
// LAN and a stranger's network behind veth pairs. Needs root, nft and ip.
#include "system/linux_configurator.h"

#include "net/icmp_echo.h"

#include <QtTest>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <iostream>

using namespace gvpn;
using namespace gvpn::system;

namespace {

const QByteArray TunName = "gvpnt0";
constexpr auto Patience = std::chrono::seconds(10);

struct Output {
    int exitCode = -1;
    QByteArray text;
};

Output run(const QString& command, const QByteArray& input = {})
{
    QStringList words = command.split(u' ');
    QProcess process;
    process.start(words.takeFirst(), words);
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(static_cast<int>(std::chrono::milliseconds(Patience).count())))
        return {};
    return {process.exitCode(), process.readAllStandardOutput() + process.readAllStandardError()};
}

void mustRun(const QString& command)
{
    const Output output = run(command);
    if (output.exitCode != 0)
        qFatal("%s: %s", qPrintable(command), output.text.constData());
}

QByteArray readFile(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed() : QByteArray();
}

void writeFile(const QString& path, const QByteArray& text)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
        qFatal("can't write %s", qPrintable(path));
}

QByteArray readSwitch(const QString& path)
{
    return readFile(QStringLiteral("/proc/sys/net/") + path);
}

void writeSwitch(const QString& path, const QByteArray& value)
{
    writeFile(QStringLiteral("/proc/sys/net/") + path, value);
}

UniqueFd openTun(const QByteArray& name)
{
    UniqueFd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request{};
    qstrncpy(request.ifr_name, name.constData(), sizeof request.ifr_name);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (!tun.isValid() || ::ioctl(tun.get(), TUNSETIFF, &request) != 0)
        return {};
    return tun;
}

/// Everything that must be the same after clear().
QByteArray networkState()
{
    QByteArray state;
    for (const char* command :
         {"ip -j addr", "ip route show table all", "ip -6 route show table all", "nft list ruleset"})
        state += run(QString::fromLatin1(command)).text + '\n';
    for (const char* family : {"ipv4", "ipv6"}) {
        const QDir directory(QStringLiteral("/proc/sys/net/%1/conf").arg(QLatin1String(family)));
        for (const QString& name : directory.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
            for (const char* file : {"forwarding", "force_forwarding", "accept_ra"}) {
                const QString path = directory.filePath(name) + u'/' + QLatin1String(file);
                state += path.toLatin1() + '=' + readFile(path) + '\n';
            }
        }
    }
    return state;
}

/// Another computer: a process in a namespace of its own, at the other end of a veth pair.
class OtherHost {
public:
    OtherHost(const QString& linkHere, const QString& address, const QString& address6, const QString& gateway,
              const QString& gateway6)
    {
        m_process.start(QStringLiteral("unshare"), {QStringLiteral("-n"), QStringLiteral("sh"), QStringLiteral("-c"),
                                                    QStringLiteral("echo ready; exec sleep 1000")});
        if (!m_process.waitForReadyRead())
            qFatal("can't start a process in a namespace");
        mustRun(QStringLiteral("ip link add %1 type veth peer name eth0 netns %2").arg(linkHere).arg(pid()));
        mustRun(QStringLiteral("ip link set %1 up").arg(linkHere));
        for (const QString& command : {QStringLiteral("link set lo up"), QStringLiteral("link set eth0 up"),
                                       QStringLiteral("addr add %1 dev eth0").arg(address),
                                       QStringLiteral("addr add %1 dev eth0 nodad").arg(address6),
                                       QStringLiteral("route add default via %1").arg(gateway),
                                       QStringLiteral("-6 route add default via %1").arg(gateway6)})
            mustRun(inside(QStringLiteral("ip ") + command));
    }
    ~OtherHost()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    OtherHost(const OtherHost&) = delete;
    OtherHost& operator=(const OtherHost&) = delete;

    [[nodiscard]] QString inside(const QString& command) const
    {
        return QStringLiteral("nsenter -n -t %1 %2").arg(pid()).arg(command);
    }

private:
    [[nodiscard]] qint64 pid() const { return m_process.processId(); }
    QProcess m_process;
};

NetworkConfig serverConfig(const QByteArray& tunName, bool withIPv6)
{
    NetworkConfig config;
    config.interfaceName = tunName.toStdString();
    config.interfaceIndex = ::if_nametoindex(tunName.constData());
    config.mtu = 1400;
    config.addresses = {*net::InterfaceAddress::parse("10.86.0.1/24")};
    config.routes = {*net::Prefix::parse("10.87.0.0/16")};
    config.forwarding = ForwardingConfig{{*net::Prefix::parse("10.86.0.0/24")}, {*net::Prefix::parse("172.17.0.0/16")}};
    if (withIPv6) {
        config.addresses.push_back(*net::InterfaceAddress::parse("fd00:86::1/64"));
        config.routes.push_back(*net::Prefix::parse("fd00:87::/48"));
        config.forwarding->tunnelNetworks.push_back(*net::Prefix::parse("fd00:86::/64"));
        config.forwarding->lanNetworks.push_back(*net::Prefix::parse("fd00:17::/64"));
    }
    return config;
}

Result<void> waitFor(const std::function<void(NetworkConfigurator::Done)>& start)
{
    std::optional<Result<void>> ended;
    start([&](Result<void> result) { ended = std::move(result); });
    if (!QTest::qWaitFor([&] { return ended.has_value(); }, static_cast<int>(Patience.count()) * 1000))
        return fail(ErrorCode::TimedOut, "no answer");
    return *ended;
}

Result<void> apply(NetworkConfigurator& configurator, const NetworkConfig& config)
{
    return waitFor([&](auto done) { configurator.apply(config, done); });
}

Result<void> clear(NetworkConfigurator& configurator)
{
    return waitFor([&](auto done) { configurator.clear(done); });
}

/// As on kernels before 6.17.
Result<NetworkSnapshot> readSnapshotOfAnOlderKernel()
{
    auto snapshot = readNetworkSnapshot();
    if (snapshot)
        snapshot->hasForceForwarding = false;
    return snapshot;
}

const char* reason(const Result<void>& result)
{
    static std::string text;
    text = result ? "success" : result.error().context;
    return text.c_str();
}

}  // namespace

class LinuxSystemTest : public QObject {
    Q_OBJECT

public:
    /// The program that is killed: applies, says so and waits.
    static int applyAndWait(const QString& runDirectory);
    static int applyWithoutRoot(const QString& runDirectory);

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();

    void readsTheNetworkOfThisComputer();
    void appliesAndPutsBack_data();
    void appliesAndPutsBack();
    void appliesOnlyWhatDiffers();
    void leavesAForeignRouteAloneAndUndoesTheRest();
    void leavesAForeignAddressAlone();
    void clearsAfterTheInterfaceIsGone();
    void carriesOnlyTrafficBetweenTunnelAndLan_data();
    void carriesOnlyTrafficBetweenTunnelAndLan();
    void doesNotRouteForStrangers();
    void takesConnectionsIntoTheTunnelOnlyFromTheLan();
    void getsAlongWithContainersThatComeLater();
    void letsABridgeBridge();
    void keepsAcceptingRouterAdvertisements();
    void keepsTheTableOfAServerThatWasStartedAgain();
    void twoServersShareTheSwitches();
    void cleansUpAfterAKilledProgram_data();
    void cleansUpAfterAKilledProgram();
    void worksWithoutRootButWithNetAdmin();

private:
    [[nodiscard]] std::unique_ptr<LinuxConfigurator> makeConfigurator(bool pretendsOlderKernel = false) const;
    void pingThroughTun(const char* source, const char* destination, std::uint16_t sequence) const;
    [[nodiscard]] int nextAnswer() const;
    [[nodiscard]] QString nextSource() const;
    [[nodiscard]] QStringList recordFiles() const;

    std::unique_ptr<QTemporaryDir> m_runDirectory;
    std::unique_ptr<OtherHost> m_lanHost;
    std::unique_ptr<OtherHost> m_stranger;
    UniqueFd m_tun;
};

void LinuxSystemTest::initTestCase()
{
    if (::geteuid() != 0)
        QSKIP("needs root: makes network namespaces and a TUN");
    for (const char* program : {"/usr/sbin/nft", "/usr/bin/nsenter", "/usr/bin/unshare", "/dev/net/tun"}) {
        if (!QFile::exists(QLatin1String(program)))
            QSKIP(qPrintable(QStringLiteral("needs %1").arg(QLatin1String(program))));
    }
}

void LinuxSystemTest::init()
{
    if (::unshare(CLONE_NEWNET) != 0)
        QSKIP("can't make a network namespace");
    m_runDirectory = std::make_unique<QTemporaryDir>();
    writeSwitch(QStringLiteral("ipv6/conf/default/accept_dad"), "0");
    mustRun(QStringLiteral("ip link set lo up"));
    m_lanHost = std::make_unique<OtherHost>(QStringLiteral("lan0"), QStringLiteral("172.17.0.9/16"),
                                            QStringLiteral("fd00:17::9/64"), QStringLiteral("172.17.0.1"),
                                            QStringLiteral("fd00:17::1"));
    m_stranger = std::make_unique<OtherHost>(QStringLiteral("wan.0"), QStringLiteral("10.55.0.9/24"),
                                             QStringLiteral("fd00:55::9/64"), QStringLiteral("10.55.0.1"),
                                             QStringLiteral("fd00:55::1"));
    mustRun(QStringLiteral("ip addr add 172.17.0.1/16 dev lan0"));
    mustRun(QStringLiteral("ip addr add fd00:17::1/64 dev lan0 nodad"));
    mustRun(QStringLiteral("ip addr add 10.55.0.1/24 dev wan.0"));
    mustRun(QStringLiteral("ip addr add fd00:55::1/64 dev wan.0 nodad"));
    m_tun = openTun(TunName);
    QVERIFY(m_tun.isValid());
    // A queueing discipline comes with the first time up, and stays.
    mustRun(QStringLiteral("ip link set %1 up").arg(QLatin1String(TunName)));
    mustRun(QStringLiteral("ip link set %1 down").arg(QLatin1String(TunName)));
}

void LinuxSystemTest::cleanup()
{
    m_tun.reset();
    m_lanHost.reset();
    m_stranger.reset();
    m_runDirectory.reset();
}

std::unique_ptr<LinuxConfigurator> LinuxSystemTest::makeConfigurator(bool pretendsOlderKernel) const
{
    auto created = LinuxConfigurator::create(m_runDirectory->path().toStdString(),
                                             pretendsOlderKernel ? readSnapshotOfAnOlderKernel : readNetworkSnapshot);
    return created ? std::move(*created) : nullptr;
}

void LinuxSystemTest::pingThroughTun(const char* source, const char* destination, std::uint16_t sequence) const
{
    const ByteVector request =
        net::makeEchoRequest(*net::IpAddress::parse(source), *net::IpAddress::parse(destination), {77, sequence});
    QCOMPARE(::write(m_tun.get(), request.data(), request.size()), static_cast<ssize_t>(request.size()));
}

/// The sequence number of the next answer that comes out of the tunnel within three seconds; 0: none.
int LinuxSystemTest::nextAnswer() const
{
    const QDeadlineTimer deadline(3000);
    pollfd waiting{m_tun.get(), POLLIN, 0};
    while (::poll(&waiting, 1, static_cast<int>(deadline.remainingTime())) > 0) {
        std::array<std::byte, 2048> buffer{};
        const ssize_t size = ::read(m_tun.get(), buffer.data(), buffer.size());
        const ByteView packet = ByteView(buffer).first(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        const auto header = net::IpPacket::parse(packet);
        const auto reply = header ? net::parseEchoReply(*header, packet) : std::nullopt;
        if (reply)
            return reply->sequence;
    }
    return 0;
}

/// Who sent the next IPv4 packet that comes out of the tunnel within a second; empty: nobody.
QString LinuxSystemTest::nextSource() const
{
    const QDeadlineTimer deadline(1000);
    pollfd waiting{m_tun.get(), POLLIN, 0};
    while (::poll(&waiting, 1, static_cast<int>(deadline.remainingTime())) > 0) {
        std::array<std::byte, 2048> buffer{};
        const ssize_t size = ::read(m_tun.get(), buffer.data(), buffer.size());
        const auto packet =
            net::IpPacket::parse(ByteView(buffer).first(static_cast<std::size_t>(std::max<ssize_t>(size, 0))));
        if (packet && packet->source().isIPv4())
            return QString::fromStdString(packet->source().toString());
    }
    return {};
}

/// Also the lock and the directory.
QStringList LinuxSystemTest::recordFiles() const
{
    return QDir(m_runDirectory->path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
}

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
    const QByteArray addresses = run(QStringLiteral("ip addr show dev ") + QLatin1String(TunName)).text;
    QVERIFY(addresses.contains("inet 10.86.0.1/24 scope global"));
    QVERIFY(addresses.contains("mtu 1400"));
    QCOMPARE(addresses.contains("inet6 fd00:86::1/64 scope global nodad"), withIPv6);
    const QByteArray routes = run(QStringLiteral("ip route show dev ") + QLatin1String(TunName)).text;
    QVERIFY(routes.contains("10.87.0.0/16 proto static scope link"));
    QVERIFY(routes.contains("10.86.0.0/24 proto kernel"));
    const QByteArray routes6 = run(QStringLiteral("ip -6 route show dev ") + QLatin1String(TunName)).text;
    QCOMPARE(routes6.contains("fd00:87::/48 proto static metric 1024"), withIPv6);
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/lan0/forwarding")), QByteArray("1"));
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/gvpnt0/forwarding")), QByteArray("1"));
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/wan.0/forwarding")), QByteArray("0"));
    QCOMPARE(readSwitch(QStringLiteral("ipv4/ip_forward")), QByteArray("0"));
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/lan0/force_forwarding")) == "1", isForced);
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/all/forwarding")) == "1", withIPv6 && pretendsOlderKernel);
    const QByteArray rules = run(QStringLiteral("nft list table inet gvpn_gvpnt0")).text;
    QVERIFY2(rules.contains("iifname \"gvpnt0\" ip saddr 10.86.0.0/24 ip daddr 172.17.0.0/16 accept"), rules);
    QVERIFY2(rules.contains("ip saddr 10.86.0.0/24 ip daddr 172.17.0.0/16 masquerade"), rules);
    QCOMPARE(rules.contains("ip6 saddr fd00:86::/64 ip6 daddr fd00:17::/64 masquerade"), withIPv6);

    const auto cleared = clear(*configurator);
    QVERIFY2(cleared.has_value(), reason(cleared));
    QCOMPARE(networkState(), before);
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemTest::appliesOnlyWhatDiffers()
{
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator();
    NetworkConfig config = serverConfig(TunName, false);
    QVERIFY(apply(*configurator, config).has_value());
    const QByteArray first = networkState();
    const QByteArray handles = run(QStringLiteral("nft -a list ruleset")).text;
    QVERIFY(apply(*configurator, config).has_value());
    QCOMPARE(networkState(), first);
    // A table that is loaded again has other handles.
    QCOMPARE(run(QStringLiteral("nft -a list ruleset")).text, handles);

    config.mtu = 1300;
    config.routes = {*net::Prefix::parse("10.88.0.0/16")};
    config.forwarding->masquerades = false;
    QVERIFY(apply(*configurator, config).has_value());
    const QByteArray routes = run(QStringLiteral("ip route show dev ") + QLatin1String(TunName)).text;
    QVERIFY(routes.contains("10.88.0.0/16") && !routes.contains("10.87.0.0/16"));
    QVERIFY(!run(QStringLiteral("nft list ruleset")).text.contains("masquerade"));
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(networkState(), before);
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
    QCOMPARE(networkState(), before);
    QCOMPARE(recordFiles(), QStringList());
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(networkState(), before);
}

void LinuxSystemTest::leavesAForeignAddressAlone()
{
    mustRun(QStringLiteral("ip addr add 10.86.0.1/24 dev gvpnt0"));
    const QByteArray before = networkState();
    const auto configurator = makeConfigurator();
    const auto applied = apply(*configurator, serverConfig(TunName, true));
    QVERIFY(!applied);
    QCOMPARE(applied.error().context, std::string("add address 10.86.0.1/24 to gvpnt0: file exists"));
    QCOMPARE(networkState(), before);
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
    QCOMPARE(networkState(), before);
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemTest::carriesOnlyTrafficBetweenTunnelAndLan_data()
{
    QTest::addColumn<bool>("pretendsOlderKernel");
    QTest::newRow("forced forwarding") << false;
    QTest::newRow("older kernel") << true;
}

void LinuxSystemTest::carriesOnlyTrafficBetweenTunnelAndLan()
{
    QFETCH(bool, pretendsOlderKernel);
    const auto configurator = makeConfigurator(pretendsOlderKernel);
    QVERIFY(apply(*configurator, serverConfig(TunName, true)).has_value());
    // To a stranger and from a stranger's address, each before one to the LAN: only those to the LAN are answered.
    pingThroughTun("10.86.0.2", "10.55.0.9", 1);
    pingThroughTun("10.86.1.2", "172.17.0.9", 2);
    pingThroughTun("10.86.0.2", "172.17.0.9", 3);
    QCOMPARE(nextAnswer(), 3);
    pingThroughTun("fd00:86::2", "fd00:55::9", 4);
    pingThroughTun("fd00:86::2", "fd00:17::9", 5);
    QCOMPARE(nextAnswer(), 5);
    pingThroughTun("10.86.0.2", "172.17.0.9", 6);
    QCOMPARE(nextAnswer(), 6);
    QVERIFY(clear(*configurator).has_value());
}

void LinuxSystemTest::doesNotRouteForStrangers()
{
    if (!QFile::exists(QStringLiteral("/usr/bin/ping")))
        QSKIP("needs ping");
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

void LinuxSystemTest::takesConnectionsIntoTheTunnelOnlyFromTheLan()
{
    if (!QFile::exists(QStringLiteral("/usr/bin/ping")))
        QSKIP("needs ping");
    // A router already, and one that believes every address.
    writeSwitch(QStringLiteral("ipv4/ip_forward"), "1");
    for (const char* name : {"all", "wan.0"})
        writeSwitch(QStringLiteral("ipv4/conf/%1/rp_filter").arg(QLatin1String(name)), "0");
    mustRun(m_stranger->inside(QStringLiteral("ip addr add 172.17.0.66/32 dev eth0")));
    const auto configurator = makeConfigurator();
    QVERIFY(apply(*configurator, serverConfig(TunName, false)).has_value());
    QCOMPARE(run(m_stranger->inside(QStringLiteral("ping -c1 -W1 -I 172.17.0.66 10.86.0.2"))).exitCode, 1);
    QCOMPARE(nextSource(), QString());
    QCOMPARE(run(m_lanHost->inside(QStringLiteral("ping -c1 -W1 10.86.0.2"))).exitCode, 1);
    QCOMPARE(nextSource(), QStringLiteral("172.17.0.9"));
    pingThroughTun("10.86.0.2", "172.17.0.9", 1);
    QCOMPARE(nextAnswer(), 1);
    QVERIFY(clear(*configurator).has_value());
}

/// The stranger plays the container: forwarding is switched on for it, and a port of ours is redirected to it.
void LinuxSystemTest::getsAlongWithContainersThatComeLater()
{
    if (!QFile::exists(QStringLiteral("/usr/bin/ping")))
        QSKIP("needs ping");
    const auto configurator = makeConfigurator();
    QVERIFY(apply(*configurator, serverConfig(TunName, false)).has_value());
    const QString direct = m_lanHost->inside(QStringLiteral("ping -c1 -W1 10.55.0.9"));
    const QString redirected = m_lanHost->inside(QStringLiteral("ping -c1 -W1 172.17.0.1"));
    const QString outwards = m_stranger->inside(QStringLiteral("ping -c1 -W1 172.17.0.9"));
    writeSwitch(QStringLiteral("ipv4/ip_forward"), "1");
    const Output loaded =
        run(QStringLiteral("nft -f -"), "table ip docker { chain p { type nat hook prerouting priority -100; "
                                        "iifname lan0 ip daddr 172.17.0.1 dnat to 10.55.0.9; }; }\n");
    QVERIFY2(loaded.exitCode == 0, loaded.text);
    QCOMPARE(run(redirected).exitCode, 0);
    QCOMPARE(run(outwards).exitCode, 0);
    QCOMPARE(run(direct).exitCode, 1);
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/lan0/forwarding")), QByteArray("1"));
    QCOMPARE(run(outwards).exitCode, 0);
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemTest::letsABridgeBridge()
{
    if (!QFile::exists(QStringLiteral("/usr/bin/ping")))
        QSKIP("needs ping");
    if (!QFile::exists(QStringLiteral("/proc/sys/net/bridge/bridge-nf-call-iptables")))
        QSKIP("needs br_netfilter");
    writeSwitch(QStringLiteral("bridge/bridge-nf-call-iptables"), "1");
    mustRun(QStringLiteral("ip link add br0 type bridge"));
    mustRun(QStringLiteral("ip link set br0 up"));
    mustRun(QStringLiteral("ip addr flush dev lan0"));
    mustRun(QStringLiteral("ip addr add 172.17.0.1/16 dev br0"));
    const OtherHost second(QStringLiteral("lan1"), QStringLiteral("172.17.0.10/16"), QStringLiteral("fd00:17::10/64"),
                           QStringLiteral("172.17.0.1"), QStringLiteral("fd00:17::1"));
    for (const char* port : {"lan0", "lan1"})
        mustRun(QStringLiteral("ip link set %1 master br0").arg(QLatin1String(port)));
    const auto configurator = makeConfigurator();
    QVERIFY(apply(*configurator, serverConfig(TunName, false)).has_value());
    QCOMPARE(run(m_lanHost->inside(QStringLiteral("ping -c1 -W1 172.17.0.10"))).exitCode, 0);
    QCOMPARE(run(m_lanHost->inside(QStringLiteral("ping -c1 -W1 10.55.0.9"))).exitCode, 1);
    QVERIFY(clear(*configurator).has_value());
}

void LinuxSystemTest::keepsAcceptingRouterAdvertisements()
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
    QVERIFY(run(QStringLiteral("ip -6 route show default")).text.contains("proto ra"));
    QVERIFY(clear(*configurator).has_value());
    QCOMPARE(networkState(), before);
}

void LinuxSystemTest::twoServersShareTheSwitches()
{
    const UniqueFd second = openTun("gvpnt1");
    mustRun(QStringLiteral("ip link set gvpnt1 up"));
    mustRun(QStringLiteral("ip link set gvpnt1 down"));
    const QByteArray before = networkState();
    NetworkConfig secondConfig = serverConfig("gvpnt1", true);
    secondConfig.addresses = {*net::InterfaceAddress::parse("10.96.0.1/24")};
    secondConfig.routes.clear();
    secondConfig.forwarding->tunnelNetworks = {*net::Prefix::parse("10.96.0.0/24")};
    secondConfig.forwarding->lanNetworks = {*net::Prefix::parse("172.17.0.0/16")};
    const auto first = makeConfigurator();
    const auto other = makeConfigurator();
    QVERIFY(apply(*other, secondConfig).has_value());
    QVERIFY(apply(*first, serverConfig(TunName, true)).has_value());
    // The other one's guard of lan0 lets the answer pass into our tunnel.
    pingThroughTun("10.86.0.2", "172.17.0.9", 1);
    QCOMPARE(nextAnswer(), 1);
    QVERIFY(clear(*other).has_value());
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/lan0/forwarding")), QByteArray("1"));
    pingThroughTun("10.86.0.2", "172.17.0.9", 2);
    QCOMPARE(nextAnswer(), 2);
    QVERIFY(clear(*first).has_value());
    QCOMPARE(networkState(), before);
}

int LinuxSystemTest::applyAndWait(const QString& runDirectory)
{
    const UniqueFd tun = openTun("gvpnt1");
    auto configurator = LinuxConfigurator::create(runDirectory.toStdString(), readSnapshotOfAnOlderKernel);
    if (!tun.isValid() || !configurator)
        return 1;
    const auto applied = apply(**configurator, serverConfig("gvpnt1", true));
    std::cout << reason(applied) << std::endl;
    return QCoreApplication::exec();
}

void LinuxSystemTest::cleansUpAfterAKilledProgram_data()
{
    QTest::addColumn<bool>("cleansUpByApply");
    QTest::newRow("the command") << false;
    QTest::newRow("the next apply") << true;
}

void LinuxSystemTest::cleansUpAfterAKilledProgram()
{
    QFETCH(bool, cleansUpByApply);
    const QByteArray before = networkState();
    QProcess program;
    program.start(QCoreApplication::applicationFilePath(),
                  {QStringLiteral("--apply-and-wait"), m_runDirectory->path()});
    QVERIFY(program.waitForReadyRead());
    QCOMPARE(program.readAllStandardOutput(), QByteArray("success\n"));

    const auto cleanUp = [&]() -> CleanupReport {
        std::optional<Result<CleanupReport>> report;
        cleanUpLeftovers(m_runDirectory->path().toStdString(), [&](auto result) { report = std::move(result); });
        if (!QTest::qWaitFor([&] { return report.has_value(); }) || !*report)
            return {{}, {"it failed"}};
        return **report;
    };
    const QByteArray during = networkState();
    const CleanupReport nothing = cleanUp();
    QCOMPARE(nothing.undone.size() + nothing.failures.size(), std::size_t(0));
    QCOMPARE(networkState(), during);

    program.kill();
    QVERIFY(program.waitForFinished());
    QVERIFY(run(QStringLiteral("nft list ruleset")).text.contains("gvpn_gvpnt1"));
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/all/forwarding")), QByteArray("1"));
    if (cleansUpByApply) {
        const auto configurator = makeConfigurator();
        NetworkConfig config = serverConfig(TunName, false);
        config.forwarding.reset();
        QVERIFY(apply(*configurator, config).has_value());
        QVERIFY(clear(*configurator).has_value());
    } else {
        const CleanupReport report = cleanUp();
        QVERIFY(report.failures.empty());
        QVERIFY(std::ranges::find(report.undone, "load nftables table gvpn_gvpnt1") != report.undone.end());
        QVERIFY(std::ranges::find(report.undone, "ipv4/conf/lan0/forwarding") != report.undone.end());
    }
    QCOMPARE(networkState(), before);
    QCOMPARE(recordFiles(), QStringList());
}

/// While others clean up after the same killed program.
void LinuxSystemTest::keepsTheTableOfAServerThatWasStartedAgain()
{
    const QByteArray before = networkState();
    QProcess program;
    program.start(QCoreApplication::applicationFilePath(),
                  {QStringLiteral("--apply-and-wait"), m_runDirectory->path()});
    QVERIFY(program.waitForReadyRead());
    program.kill();
    QVERIFY(program.waitForFinished());
    QVERIFY(run(QStringLiteral("nft list ruleset")).text.contains("gvpn_gvpnt1"));

    UniqueFd again = openTun("gvpnt1");
    const auto other = makeConfigurator();
    QVERIFY(apply(*other, serverConfig(TunName, false)).has_value());
    QVERIFY(run(QStringLiteral("nft list ruleset")).text.contains("gvpn_gvpnt1"));
    QVERIFY(clear(*other).has_value());
    const auto owner = makeConfigurator();
    QVERIFY(apply(*owner, serverConfig("gvpnt1", false)).has_value());
    QVERIFY(clear(*owner).has_value());
    again.reset();
    QCOMPARE(networkState(), before);
    QCOMPARE(recordFiles(), QStringList());
}

int LinuxSystemTest::applyWithoutRoot(const QString& runDirectory)
{
    constexpr uid_t Nobody = 65534;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    data[0].permitted = data[0].effective = 1U << CAP_NET_ADMIN;
    if (::prctl(PR_SET_KEEPCAPS, 1) != 0 || ::setresgid(Nobody, Nobody, Nobody) != 0
        || ::setresuid(Nobody, Nobody, Nobody) != 0 || ::syscall(SYS_capset, &header, data.data()) != 0)
        return 1;
    auto configurator = LinuxConfigurator::create(runDirectory.toStdString());
    if (!configurator)
        return 1;
    std::cout << reason(apply(**configurator, serverConfig(TunName, true))) << std::endl;
    std::cout << run(QStringLiteral("ip addr show dev ") + QLatin1String(TunName)).text.contains("10.86.0.1/24")
              << std::endl;
    std::cout << reason(clear(**configurator)) << std::endl;
    return 0;
}

/// A server that gave up root: the run directory is its own, and CAP_NET_ADMIN is all that it has kept.
void LinuxSystemTest::worksWithoutRootButWithNetAdmin()
{
    const QByteArray before = networkState();
    QVERIFY(::chown(m_runDirectory->path().toLocal8Bit().constData(), 65534, 65534) == 0);
    QProcess program;
    program.start(QCoreApplication::applicationFilePath(),
                  {QStringLiteral("--apply-without-root"), m_runDirectory->path()});
    QVERIFY(program.waitForFinished());
    QCOMPARE(program.readAllStandardOutput(), QByteArray("success\n1\nsuccess\n"));
    QCOMPARE(networkState(), before);
    QCOMPARE(recordFiles(), QStringList());
}

int main(int argumentCount, char** arguments)
{
    QCoreApplication application(argumentCount, arguments);
    const QStringList words = QCoreApplication::arguments();
    if (words.size() == 3 && words.at(1) == u"--apply-and-wait")
        return LinuxSystemTest::applyAndWait(words.at(2));
    if (words.size() == 3 && words.at(1) == u"--apply-without-root")
        return LinuxSystemTest::applyWithoutRoot(words.at(2));
    LinuxSystemTest test;
    return QTest::qExec(&test, argumentCount, arguments);
}

#include "tst_linux_system.moc"
