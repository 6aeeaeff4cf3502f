#include "server/doctor_checks.h"

#include <QtTest>

#include <functional>

using namespace gvpn;
using namespace gvpn::server;
using program::Check;
using program::Verdict;

namespace {

using Fault = std::function<void(DoctorFacts&)>;

constexpr unsigned LanIndex = 2;
constexpr unsigned TunnelIndex = 7;
constexpr unsigned WorkIndex = 9;
constexpr unsigned MainTable = 254;

net::Prefix prefix(const char* text)
{
    return net::Prefix::parse(text).value();
}

net::IpAddress address(const char* text)
{
    return net::IpAddress::parse(text).value();
}

Pin pin(int number)
{
    std::array<std::byte, Pin::SizeBytes> hash{};
    hash[0] = static_cast<std::byte>(number);
    return Pin(hash);
}

accounts::UnixTime at(std::int64_t seconds)
{
    return accounts::UnixTime(std::chrono::seconds(seconds));
}

system::InterfaceInfo interface(const char* name, unsigned index, const char* kind, const char* ownAddress)
{
    system::InterfaceInfo info;
    info.name = name;
    info.index = index;
    info.kind = kind;
    info.mtu = 1500;
    info.isUp = true;
    info.forwardsIPv4 = true;
    info.addresses = {net::InterfaceAddress::parse(ownAddress).value()};
    return info;
}

system::RouteInfo route(const char* destination, unsigned index)
{
    system::RouteInfo info;
    info.destination = prefix(destination);
    info.interfaceIndex = index;
    info.table = MainTable;
    return info;
}

FileFact file(const char* path, unsigned mode)
{
    FileFact fact;
    fact.path = path;
    fact.isThere = true;
    fact.mode = mode;
    fact.owner = 101;
    fact.ownerName = "gvpn-server";
    fact.changed = at(1'900'000'000);
    return fact;
}

/// A server that runs as a service, and all is well.
DoctorFacts healthy()
{
    DoctorFacts facts;
    facts.isRoot = true;
    facts.mayChangeNetwork = true;
    facts.stateDir = "/var/lib/gvpn";
    facts.directory = file("/var/lib/gvpn", 0700);
    facts.keyFile = file("/var/lib/gvpn/server-key.pem", 0600);
    facts.databaseFile = file("/var/lib/gvpn/gvpn.db", 0600);
    facts.key = pin(1);
    facts.built = at(1'800'000'000);
    facts.now = at(1'900'000'100);
    facts.lanNetworks = {prefix("192.168.1.0/24")};
    facts.pools = {prefix("10.86.0.0/24")};
    facts.port = 51005;
    facts.server = RunningServer{51005, "", "gvpn0", facts.pools, facts.lanNetworks, true, pin(1), 3};
    system::NetworkSnapshot network;
    network.interfaces = {interface("eth0", LanIndex, "", "192.168.1.10/24"),
                          interface("gvpn0", TunnelIndex, "tun", "10.86.0.1/24")};
    network.routes = {route("192.168.1.0/24", LanIndex), route("10.86.0.0/24", TunnelIndex)};
    facts.network = network;
    facts.isTableLoaded = true;
    facts.obstacles = std::vector<system::FilterObstacle>();
    facts.reached = {{{address("192.168.1.10"), 51005}, pin(1)}};
    facts.unit = system::UnitState{"gvpn-server.service", "active", "enabled", 0};
    facts.publicHost = "office.example";
    facts.publicAddresses = std::vector{address("203.0.113.7")};
    return facts;
}

system::FilterObstacle obstacle(system::FilterKeeper keeper, const char* chain, const char* family)
{
    return {.keeper = keeper,
            .path = system::FilterObstacle::Path::Forward,
            .isIPv6 = std::string_view(family) == "ip6",
            .table = "filter",
            .chain = chain,
            .isMendedByUs = false,
            .tableFamily = family};
}

void addTunnel(DoctorFacts& facts, const char* kind, const char* destination)
{
    facts.network->interfaces.push_back(interface("work0", WorkIndex, kind, "10.200.0.2/32"));
    facts.network->routes.push_back(route(destination, WorkIndex));
}

void stopServer(DoctorFacts& facts)
{
    facts.server = fail(ErrorCode::Unreachable, "nobody listens");
    facts.unit = fail(ErrorCode::NotFound, "there is no system bus");
    facts.network->interfaces.pop_back();
    facts.network->routes.pop_back();
}

const Check& checkOf(const program::Checkup& checkup, const QString& name)
{
    const auto found = std::ranges::find(checkup.checks(), name, &Check::name);
    if (found == checkup.checks().end())
        qFatal("there is no check %s", qUtf8Printable(name));
    return *found;
}

}  // namespace

Q_DECLARE_METATYPE(Fault)
Q_DECLARE_METATYPE(Verdict)

class TestDoctorChecks : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsNothingWhereAllIsWell();
    void namesTheFaultFirst_data();
    void namesTheFaultFirst();
    void isNotAlarmed_data();
    void isNotAlarmed();
    void saysWhatTheFirstOfSeveralFaultsIs();
    void tellsOptionsThatCannotBeUsed();
    void givesNoCommandAgainstANamedNetwork();
    void tellsOfEachFilterThatDrops();
    void tellsARouterWhatToForward();
};

void TestDoctorChecks::findsNothingWhereAllIsWell()
{
    const program::Checkup checkup = judge(healthy());
    for (const Check& check : checkup.checks()) {
        // What can't be known from inside, and what is not configured.
        const Verdict expected = check.name == QLatin1String("router") ? Verdict::Note
                                 : check.name == QLatin1String("dns")  ? Verdict::Skipped
                                                                       : Verdict::Good;
        QVERIFY2(check.verdict == expected, qPrintable(check.name + QLatin1String(": ") + check.sentence));
        QVERIFY2(check.sentence.endsWith(u'.'), qPrintable(check.sentence));
    }
    QCOMPARE(checkup.status(), program::ExitStatus::Success);
}

void TestDoctorChecks::namesTheFaultFirst_data()
{
    QTest::addColumn<Fault>("fault");
    QTest::addColumn<QString>("check");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* title, const char* check, const char* part, Fault fault) {
        QTest::newRow(title) << std::move(fault) << QString::fromLatin1(check) << QString::fromLatin1(part);
    };
    row("not root", "rights", "sudo gvpn-server doctor", [](DoctorFacts& f) { f.isRoot = f.mayChangeNetwork = false; });
    row("a container", "rights", "--cap-add NET_ADMIN", [](DoctorFacts& f) { f.mayChangeNetwork = false; });
    row("a state directory for all", "state", "chmod 700", [](DoctorFacts& f) { f.directory.mode = 0777; });
    row("damaged memory", "state", "server.json: no JSON",
        [](DoctorFacts& f) { f.memory = fail(ErrorCode::Malformed, "server.json: no JSON"); });
    row("a key for all", "key", "mode 0644", [](DoctorFacts& f) { f.keyFile.mode = 0644; });
    row("a key for a group", "key", "mode 0640", [](DoctorFacts& f) { f.keyFile.mode = 0640; });
    row("root's key", "key", "chown gvpn-server:", [](DoctorFacts& f) {
        f.keyFile.owner = 0;
        f.keyFile.ownerName = "root";
    });
    row("a damaged key", "key", "damaged", [](DoctorFacts& f) { f.key = fail(ErrorCode::Malformed, "damaged"); });
    row("accounts for all", "database", "mode 0666", [](DoctorFacts& f) { f.databaseFile.mode = 0666; });
    row("damaged accounts", "database", "malformed",
        [](DoctorFacts& f) { f.database = fail(ErrorCode::Malformed, "malformed"); });
    row("a clock before the program", "clock", "1970-01-01", [](DoctorFacts& f) { f.now = at(60); });
    row("a clock before the key", "clock", "server-key.pem was written",
        [](DoctorFacts& f) { f.keyFile.changed = f.now + std::chrono::hours(2); });
    row("a clock before the accounts", "clock", "gvpn.db was written",
        [](DoctorFacts& f) { f.databaseFile.changed = f.now + std::chrono::hours(2); });
    row("no network", "lan", "netlink", [](DoctorFacts& f) { f.network = fail(ErrorCode::SystemFailure, "netlink"); });
    row("no LAN", "lan", "--bypass", [](DoctorFacts& f) { f.lanNetworks.clear(); });
    row("a LAN that is nowhere", "lan", "10.9.0.0/16", [](DoctorFacts& f) { f.lanNetworks = {prefix("10.9.0.0/16")}; });
    row("a LAN that is down", "lan", "ip link set eth0 up",
        [](DoctorFacts& f) { f.network->interfaces.front().isUp = false; });
    row("a LAN in another tunnel", "lan", "ip route del 192.168.1.128/25 dev work0",
        [](DoctorFacts& f) { addTunnel(f, "wireguard", "192.168.1.128/25"); });
    row("a route as long as the tunnel network", "overlap", "10.86.0.0/24 by work0",
        [](DoctorFacts& f) { addTunnel(f, "wireguard", "10.86.0.0/24"); });
    row("a part of the tunnel network behind a larger route", "overlap", "10.86.0.128/25 by work0", [](DoctorFacts& f) {
        f.network->routes.push_back(route("10.0.0.0/8", LanIndex));
        addTunnel(f, "wireguard", "10.86.0.128/25");
    });
    row("an address in the tunnel network", "overlap", "10.86.0.0/24 on eth1",
        [](DoctorFacts& f) { f.network->interfaces.push_back(interface("eth1", 3, "", "10.86.0.9/24")); });
    row("no TUN", "tun", "modprobe tun", [](DoctorFacts& f) { f.tun = fail(ErrorCode::NotFound, "no such file"); });
    row("not running", "port", "sudo gvpn-server", stopServer);
    row("a service that is stopped", "port", "systemctl start gvpn-server.service", [](DoctorFacts& f) {
        stopServer(f);
        f.unit = system::UnitState{"gvpn-server.service", "failed", "enabled", 5};
    });
    row("a service with other options", "port", "the same --config", [](DoctorFacts& f) {
        stopServer(f);
        f.unit = system::UnitState{"gvpn-server.service", "active", "enabled", 0};
    });
    row("another program", "port", "nginx (process 42)", [](DoctorFacts& f) {
        stopServer(f);
        f.holder = PortHolder{"nginx", 42};
    });
    row("an unknown program", "port", "held by another program", [](DoctorFacts& f) {
        stopServer(f);
        f.holder = PortHolder{};
    });
    row("another server", "port", "--state-dir", [](DoctorFacts& f) {
        stopServer(f);
        f.holder = PortHolder{"gvpn-server", 42};
    });
    row("a server that hangs", "port", "systemctl restart", [](DoctorFacts& f) {
        stopServer(f);
        f.server = fail(ErrorCode::TimedOut, "the server does not answer");
        f.lanNetworks.clear();
        f.network->interfaces.push_back(interface("gvpn0", TunnelIndex, "tun", "10.86.0.1/24"));
    });
    row("a server that starts", "port", "again in a moment", [](DoctorFacts& f) {
        stopServer(f);
        f.server = fail(ErrorCode::PeerStopping, "the server is starting or stopping; try again in a moment");
    });
    row("an address without an answer", "reach", "192.168.1.10:51005",
        [](DoctorFacts& f) { f.reached[0].pin = fail(ErrorCode::TimedOut, "no answer"); });
    row("an address with another's answer", "reach", "another server",
        [](DoctorFacts& f) { f.reached[0].pin = pin(2); });
    row("the table is gone", "filter", "inet gvpn_gvpn0 is gone", [](DoctorFacts& f) { f.isTableLoaded = false; });
    row("no nft", "filter", "not installed",
        [](DoctorFacts& f) { f.isTableLoaded = fail(ErrorCode::NotFound, "nft is not installed"); });
    row("the whole LAN in another tunnel", "lan", "ip route del 192.168.1.0/24 dev work0", [](DoctorFacts& f) {
        f.network->routes.front().metric = 100;
        addTunnel(f, "wireguard", "192.168.1.0/24");
    });
    row("forwarding off", "forwarding", "sudo systemctl restart gvpn-server",
        [](DoctorFacts& f) { f.network->interfaces.front().forwardsIPv4 = false; });
    row("a foreign drop", "firewall", "ufw",
        [](DoctorFacts& f) { f.obstacles->push_back(obstacle(system::FilterKeeper::Ufw, "FORWARD", "ip")); });
    row("a silent resolver", "dns", "192.168.1.53", [](DoctorFacts& f) {
        f.options.dnsServers = {address("192.168.1.53")};
        f.resolvers = {{address("192.168.1.53"), fail(ErrorCode::TimedOut, "no answer")}};
    });
    row("a name without an address", "name", "office.example has no address",
        [](DoctorFacts& f) { f.publicAddresses = fail(ErrorCode::NotFound, "no such name"); });
}

void TestDoctorChecks::namesTheFaultFirst()
{
    QFETCH(Fault, fault);
    QFETCH(QString, check);
    QFETCH(QString, part);
    DoctorFacts facts = healthy();
    fault(facts);
    const program::Checkup checkup = judge(facts);
    QVERIFY(checkup.cause() != nullptr);
    QCOMPARE(checkup.cause()->name, check);
    const QString answer = QString::fromUtf8(checkup.text()).section(u'\n', 0, 0);
    QVERIFY2(answer.contains(part), qPrintable(answer));
    QCOMPARE(checkup.status(), program::ExitStatus::Failure);
}

void TestDoctorChecks::isNotAlarmed_data()
{
    QTest::addColumn<Fault>("change");
    QTest::addColumn<QString>("check");
    QTest::addColumn<Verdict>("verdict");
    const auto row = [](const char* title, const char* check, Verdict verdict, Fault change) {
        QTest::newRow(title) << std::move(change) << QString::fromLatin1(check) << verdict;
    };
    row("a clock that was put right", "clock", Verdict::Good,
        [](DoctorFacts& f) { f.keyFile.changed = f.now + std::chrono::minutes(5); });
    row("other options than the server's", "options", Verdict::Note,
        [](DoctorFacts& f) { f.options.cidrs = {prefix("10.99.0.0/24")}; });
    row("the server's own options", "options", Verdict::Good, [](DoctorFacts& f) { f.options.cidrs = f.pools; });
    row("a default route into a tunnel", "overlap", Verdict::Good,
        [](DoctorFacts& f) { addTunnel(f, "wireguard", "0.0.0.0/0"); });
    row("another tunnel elsewhere", "lan", Verdict::Good,
        [](DoctorFacts& f) { addTunnel(f, "wireguard", "10.200.0.0/16"); });
    row("a router's part of the LAN", "lan", Verdict::Good,
        [](DoctorFacts& f) { addTunnel(f, "bridge", "192.168.1.128/25"); });
    // A network that was named is where its route leads.
    row("a LAN behind another tunnel", "lan", Verdict::Good, [](DoctorFacts& f) {
        addTunnel(f, "wireguard", "10.20.0.0/16");
        f.lanNetworks = f.server->lanNetworks = f.options.lanNetworks = {prefix("10.20.0.0/16")};
    });
    row("a LAN behind another tunnel, named to the server only", "lan", Verdict::Good, [](DoctorFacts& f) {
        addTunnel(f, "wireguard", "10.20.0.0/16");
        f.lanNetworks = f.server->lanNetworks = {prefix("10.20.0.0/16")};
    });
    row("a named LAN with a part behind another tunnel", "lan", Verdict::Note, [](DoctorFacts& f) {
        addTunnel(f, "wireguard", "192.168.20.0/24");
        f.lanNetworks = f.server->lanNetworks = {prefix("192.168.0.0/16")};
    });
    row("the own LAN, named, with a part behind another tunnel", "lan", Verdict::Note, [](DoctorFacts& f) {
        addTunnel(f, "wireguard", "192.168.1.128/25");
        f.options.lanNetworks = f.lanNetworks;
    });
    row("a named LAN of which one network is here", "lan", Verdict::Good,
        [](DoctorFacts& f) { f.lanNetworks = f.server->lanNetworks = {prefix("192.168.0.0/16")}; });
    row("a route into a tunnel that loses", "lan", Verdict::Good, [](DoctorFacts& f) {
        addTunnel(f, "wireguard", "192.168.1.0/24");
        f.network->routes.back().metric = 100;
    });
    row("somebody who dialled in with an address of the LAN", "lan", Verdict::Good,
        [](DoctorFacts& f) { addTunnel(f, "tun", "192.168.1.77/32"); });
    row("a summary route of the core router", "overlap", Verdict::Note,
        [](DoctorFacts& f) { f.network->routes.push_back(route("10.0.0.0/8", LanIndex)); });
    row("another routing table", "overlap", Verdict::Good, [](DoctorFacts& f) {
        addTunnel(f, "wireguard", "10.86.0.0/24");
        f.network->routes.back().table = 51820;
    });
    row("no masquerading", "nat", Verdict::Note, [](DoctorFacts& f) { f.server->masquerades = false; });
    row("a service that is not enabled", "service", Verdict::Note,
        [](DoctorFacts& f) { f.unit->fileState = "disabled"; });
    row("a service that was restarted", "service", Verdict::Note, [](DoctorFacts& f) { f.unit->restarts = 3; });
    row("a server without its service", "service", Verdict::Note,
        [](DoctorFacts& f) { f.unit->activeState = "inactive"; });
    row("no systemd", "service", Verdict::Skipped,
        [](DoctorFacts& f) { f.unit = fail(ErrorCode::NotFound, "there is no system bus"); });
    row("no public name", "name", Verdict::Note, [](DoctorFacts& f) { f.publicHost.clear(); });
    row("a resolver that answers", "dns", Verdict::Good, [](DoctorFacts& f) {
        f.options.dnsServers = {address("192.168.1.53")};
        f.options.dnsDomains = {"office.example"};
        f.resolvers = {{address("192.168.1.53"), {}}};
    });
    row("a resolver outside of the LAN", "dns", Verdict::Note, [](DoctorFacts& f) {
        f.options.dnsServers = {address("192.168.2.53")};
        f.options.dnsDomains = {"office.example"};
        f.resolvers = {{address("192.168.2.53"), {}}};
    });
    row("filters that can't be read", "firewall", Verdict::Skipped,
        [](DoctorFacts& f) { f.obstacles = fail(ErrorCode::TimedOut, "nft did not end"); });
    row("no address at all", "reach", Verdict::Skipped, [](DoctorFacts& f) { f.reached.clear(); });
}

void TestDoctorChecks::isNotAlarmed()
{
    QFETCH(Fault, change);
    QFETCH(QString, check);
    QFETCH(Verdict, verdict);
    DoctorFacts facts = healthy();
    change(facts);
    const program::Checkup checkup = judge(facts);
    QVERIFY2(checkup.cause() == nullptr, checkup.text().constData());
    QVERIFY2(checkOf(checkup, check).verdict == verdict, checkup.text().constData());
}

void TestDoctorChecks::saysWhatTheFirstOfSeveralFaultsIs()
{
    DoctorFacts facts = healthy();
    stopServer(facts);
    facts.keyFile.mode = 0644;
    facts.publicAddresses = fail(ErrorCode::NotFound, "no such name");
    QCOMPARE(judge(facts).cause()->name, QStringLiteral("key"));
}

void TestDoctorChecks::tellsOptionsThatCannotBeUsed()
{
    const Check check = checkOptions(Error{ErrorCode::InvalidArgument, "--cidr x can't be used: no prefix."});
    QVERIFY(check.verdict == Verdict::Trouble);
    QCOMPARE(check.sentence, QStringLiteral("--cidr x can't be used: no prefix."));
}

void TestDoctorChecks::givesNoCommandAgainstANamedNetwork()
{
    DoctorFacts facts = healthy();
    addTunnel(facts, "wireguard", "192.168.20.0/24");
    facts.lanNetworks = facts.server->lanNetworks = {prefix("192.168.0.0/16")};
    const Check check = checkLan(facts);
    QVERIFY2(check.sentence.contains(QLatin1String("192.168.20.0/24")), qPrintable(check.sentence));
    QVERIFY2(check.remedy.isEmpty(), qPrintable(check.remedy));
}

void TestDoctorChecks::tellsOfEachFilterThatDrops()
{
    DoctorFacts facts = healthy();
    using system::FilterKeeper;
    facts.obstacles =
        std::vector{obstacle(FilterKeeper::Ufw, "FORWARD", "ip"), obstacle(FilterKeeper::Ufw, "FORWARD", "ip6"),
                    obstacle(FilterKeeper::Nftables, "strict", "inet")};
    const std::vector<Check> checks = checkFirewall(facts);
    QCOMPARE(checks.size(), std::size_t{3});
    for (const Check& check : checks)
        QVERIFY(check.verdict == Verdict::Trouble && check.name == QLatin1String("firewall"));
    QVERIFY2(checks[1].sentence.contains(QLatin1String("ip6")), qPrintable(checks[1].sentence));
    QVERIFY(checks[0].remedy.contains(QLatin1String("ufw")) && checks[1].remedy.isEmpty());
    QVERIFY(!checks[2].remedy.isEmpty());
    const auto all = judge(facts).checks();
    QCOMPARE(std::ranges::count(all, QStringLiteral("firewall"), &Check::name), 3);
}

void TestDoctorChecks::tellsARouterWhatToForward()
{
    DoctorFacts facts = healthy();
    QCOMPARE(checkRouter(facts).remedy, QStringLiteral("On the router, forward TCP 51005 to 192.168.1.10."));
    facts.server->masquerades = false;
    QCOMPARE(checkWayBack(facts).remedy,
             QStringLiteral("The LAN's router needs a route to 10.86.0.0/24 via 192.168.1.10."));
}

QTEST_GUILESS_MAIN(TestDoctorChecks)
#include "tst_doctor_checks.moc"
