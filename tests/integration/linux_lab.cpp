#include "linux_lab.h"

#include "net/icmp_echo.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gvpn::lab {

using namespace gvpn::system;

namespace {

constexpr auto Patience = std::chrono::seconds(10);

void writeFile(const QString& path, const QByteArray& text)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
        qFatal("can't write %s", qPrintable(path));
}

Result<void> waitFor(const std::function<void(NetworkConfigurator::Done)>& start)
{
    std::optional<Result<void>> ended;
    start([&](Result<void> result) { ended = std::move(result); });
    if (!QTest::qWaitFor([&] { return ended.has_value(); }, static_cast<int>(Patience.count()) * 1000))
        return fail(ErrorCode::TimedOut, "no answer");
    return *ended;
}

/// The next packet within the deadline; empty: none.
ByteVector readPacket(const UniqueFd& tun, const QDeadlineTimer& deadline)
{
    pollfd waiting{tun.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(deadline.remainingTime())) <= 0)
        return {};
    ByteVector packet(2048);
    packet.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(tun.get(), packet.data(), packet.size()), 0)));
    return packet;
}

QByteArray readStateOnce()
{
    QByteArray state;
    for (const char* command : {"ip -o -d link", "ip -o addr", "ip route show table all", "ip -6 route show table all",
                                "ip rule", "ip -6 rule", "nft list ruleset"})
        state += mustRead(QString::fromLatin1(command)) + '\n';
    static const QRegularExpression Countdown(QStringLiteral("(valid_lft|preferred_lft|expires) [0-9]+sec"));
    state = QString::fromUtf8(state).remove(Countdown).toUtf8();
    for (const char* family : {"ipv4", "ipv6"}) {
        const QDir directory(QStringLiteral("/proc/sys/net/%1/conf").arg(QLatin1String(family)));
        for (const QString& name : directory.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
            for (const char* file : {"forwarding", "force_forwarding", "accept_ra"}) {
                const QString path = directory.filePath(name) + u'/' + QLatin1String(file);
                state += path.toLatin1() + '=' + readFile(path) + '\n';
            }
        }
    }
    return state + readFile(QStringLiteral("/etc/resolv.conf"));
}

}  // namespace

Output run(const QString& command, const QByteArray& input)
{
    QStringList words = command.split(u' ');
    QProcess process;
    process.start(words.takeFirst(), words);
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(static_cast<int>(std::chrono::milliseconds(Patience).count())))
        return {};
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

QByteArray mustRead(const QString& command)
{
    const Output output = run(command);
    if (output.exitCode != 0)
        qFatal("%s: %s", qPrintable(command), output.errors.constData());
    return output.text;
}

void mustRun(const QString& command)
{
    (void)mustRead(command);
}

QByteArray readFile(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed() : QByteArray();
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

UniqueFd openUsedTun(const QByteArray& name)
{
    UniqueFd tun = openTun(name);
    if (tun.isValid()) {
        mustRun(QStringLiteral("ip link set %1 up").arg(QLatin1String(name)));
        mustRun(QStringLiteral("ip link set %1 down").arg(QLatin1String(name)));
    }
    return tun;
}

/// What the kernel lists while something else changes may lack lines or have them twice, so it has to say the same
/// twice.
QByteArray networkState()
{
    constexpr int MaxAttempts = 20;
    QByteArray state = readStateOnce();
    for (int attempt = 1; attempt < MaxAttempts; ++attempt) {
        QByteArray again = readStateOnce();
        if (again == state)
            return state;
        state = std::move(again);
    }
    qFatal("the network doesn't come to rest");
}

QByteArray changesSince(const QByteArray& state)
{
    const QList<QByteArray> then = state.split('\n');
    const QList<QByteArray> now = networkState().split('\n');
    QByteArray changes;
    for (const QByteArray& line : then) {
        if (!line.isEmpty() && then.count(line) > now.count(line))
            changes += '-' + line + '\n';
    }
    for (const QByteArray& line : now) {
        if (!line.isEmpty() && now.count(line) > then.count(line))
            changes += '+' + line + '\n';
    }
    return changes;
}

QByteArray ruleset()
{
    return mustRead(QStringLiteral("nft list ruleset"));
}

OtherHost::OtherHost(const Link& link)
{
    m_process.start(QStringLiteral("unshare"), {QStringLiteral("-n"), QStringLiteral("sh"), QStringLiteral("-c"),
                                                QStringLiteral("echo ready; exec sleep 1000")});
    if (!m_process.waitForReadyRead())
        qFatal("can't start a process in a namespace");
    mustRun(QStringLiteral("ip link add %1 type veth peer name eth0 netns %2").arg(link.nameHere).arg(pid()));
    mustRun(QStringLiteral("ip link set %1 up").arg(link.nameHere));
    for (const QString& command : {QStringLiteral("link set lo up"), QStringLiteral("link set eth0 up"),
                                   QStringLiteral("addr add %1 dev eth0").arg(link.address),
                                   QStringLiteral("addr add %1 dev eth0 nodad").arg(link.address6),
                                   QStringLiteral("route add default via %1").arg(link.gateway),
                                   QStringLiteral("-6 route add default via %1").arg(link.gateway6)})
        mustRun(inside(QStringLiteral("ip ") + command));
}

OtherHost::~OtherHost()
{
    m_process.kill();
    m_process.waitForFinished();
}

QString OtherHost::inside(const QString& command) const
{
    return QStringLiteral("nsenter -n -t %1 %2").arg(pid()).arg(command);
}

/// A socket stays in the namespace that it was made in.
UniqueFd OtherHost::openSocketInside(int domain, int type, int protocol) const
{
    const UniqueFd here(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    const QString path = QStringLiteral("/proc/%1/ns/net").arg(pid());
    const UniqueFd there(::open(qPrintable(path), O_RDONLY | O_CLOEXEC));
    if (!here.isValid() || !there.isValid() || ::setns(there.get(), CLONE_NEWNET) != 0)
        qFatal("can't enter a namespace");
    UniqueFd made(::socket(domain, type | SOCK_CLOEXEC, protocol));
    if (::setns(here.get(), CLONE_NEWNET) != 0)
        qFatal("can't leave a namespace");
    return made;
}

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

NetworkConfig clientConfig(const QByteArray& tunName)
{
    NetworkConfig config;
    config.interfaceName = tunName.toStdString();
    config.interfaceIndex = ::if_nametoindex(tunName.constData());
    config.mtu = 1400;
    config.addresses = {*net::InterfaceAddress::parse("10.86.0.2/24"), *net::InterfaceAddress::parse("fd00:86::2/64")};
    config.routes = {*net::Prefix::parse("172.20.0.0/16"), *net::Prefix::parse("fd00:20::/64")};
    config.guardsAddresses = true;
    return config;
}

Result<void> apply(NetworkConfigurator& configurator, const NetworkConfig& config)
{
    return waitFor([&](auto done) { configurator.apply(config, done); });
}

Result<void> clear(NetworkConfigurator& configurator)
{
    return waitFor([&](auto done) { configurator.clear(done); });
}

CleanupReport cleanUp(const QString& runDirectory)
{
    std::optional<Result<CleanupReport>> report;
    cleanUpLeftovers(runDirectory.toStdString(), [&](auto result) { report = std::move(result); });
    if (!QTest::qWaitFor([&] { return report.has_value(); }) || !*report)
        return {{}, {"it failed"}};
    return **report;
}

Result<NetworkSnapshot> readSnapshotOfAnOlderKernel()
{
    auto snapshot = readNetworkSnapshot();
    if (snapshot)
        snapshot->hasForceForwarding = false;
    return snapshot;
}

bool hasForceForwarding()
{
    return QFile::exists(QStringLiteral("/proc/sys/net/ipv6/conf/all/force_forwarding"));
}

const char* reason(const Result<void>& result)
{
    static std::string text;
    text = result ? "success" : result.error().context;
    return text.c_str();
}

void LabTest::initTestCase()
{
    if (::geteuid() != 0)
        QSKIP("needs root: makes network namespaces and a TUN");
    for (const char* program :
         {"/usr/sbin/nft", "/usr/bin/nsenter", "/usr/bin/unshare", "/usr/bin/ping", "/dev/net/tun"}) {
        if (!QFile::exists(QLatin1String(program)))
            QSKIP(qPrintable(QStringLiteral("needs %1").arg(QLatin1String(program))));
    }
}

void LabTest::init()
{
    if (::unshare(CLONE_NEWNET) != 0)
        QSKIP("can't make a network namespace");
    m_runDirectory = std::make_unique<QTemporaryDir>();
    writeSwitch(QStringLiteral("ipv6/conf/default/accept_dad"), "0");
    mustRun(QStringLiteral("ip link set lo up"));
    m_lanHost = std::make_unique<OtherHost>(
        OtherHost::Link{QStringLiteral("lan0"), QStringLiteral("172.17.0.9/16"), QStringLiteral("fd00:17::9/64"),
                        QStringLiteral("172.17.0.1"), QStringLiteral("fd00:17::1")});
    m_stranger = std::make_unique<OtherHost>(
        OtherHost::Link{QStringLiteral("wan.0"), QStringLiteral("10.55.0.9/24"), QStringLiteral("fd00:55::9/64"),
                        QStringLiteral("10.55.0.1"), QStringLiteral("fd00:55::1")});
    mustRun(QStringLiteral("ip addr add 172.17.0.1/16 dev lan0"));
    mustRun(QStringLiteral("ip addr add fd00:17::1/64 dev lan0 nodad"));
    mustRun(QStringLiteral("ip addr add 10.55.0.1/24 dev wan.0"));
    mustRun(QStringLiteral("ip addr add fd00:55::1/64 dev wan.0 nodad"));
    m_tun = openUsedTun(TunName);
    QVERIFY(m_tun.isValid());
}

void LabTest::cleanup()
{
    m_tun.reset();
    m_lanHost.reset();
    m_stranger.reset();
    m_runDirectory.reset();
}

std::unique_ptr<LinuxConfigurator> LabTest::makeConfigurator(bool pretendsOlderKernel) const
{
    auto created = LinuxConfigurator::create(runDirectory().toStdString(),
                                             pretendsOlderKernel ? readSnapshotOfAnOlderKernel : readNetworkSnapshot);
    return created ? std::move(*created) : nullptr;
}

std::unique_ptr<QProcess> LabTest::startProgram(const QStringList& arguments, QByteArray* firstLine) const
{
    auto program = std::make_unique<QProcess>();
    program->start(QCoreApplication::applicationFilePath(), arguments + QStringList{runDirectory()});
    program->waitForReadyRead();
    *firstLine = program->readLine().trimmed();
    return program;
}

QStringList LabTest::recordFiles() const
{
    return QDir(runDirectory()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
}

void LabTest::pingThrough(const UniqueFd& tun, const char* source, const char* destination, std::uint16_t sequence)
{
    const ByteVector request =
        net::makeEchoRequest(*net::IpAddress::parse(source), *net::IpAddress::parse(destination), {77, sequence});
    QCOMPARE(::write(tun.get(), request.data(), request.size()), static_cast<ssize_t>(request.size()));
}

int LabTest::nextAnswer(const UniqueFd& tun)
{
    const QDeadlineTimer deadline(3000);
    for (ByteVector packet = readPacket(tun, deadline); !packet.empty(); packet = readPacket(tun, deadline)) {
        const auto header = net::IpPacket::parse(packet);
        const auto reply = header ? net::parseEchoReply(*header, packet) : std::nullopt;
        if (reply)
            return reply->sequence;
    }
    return 0;
}

QString LabTest::nextSource(const UniqueFd& tun)
{
    const QDeadlineTimer deadline(1000);
    for (ByteVector packet = readPacket(tun, deadline); !packet.empty(); packet = readPacket(tun, deadline)) {
        const auto header = net::IpPacket::parse(packet);
        if (header && header->source().isIPv4())
            return QString::fromStdString(header->source().toString());
    }
    return {};
}

}  // namespace gvpn::lab
