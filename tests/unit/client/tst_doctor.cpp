#include "client/doctor.h"

#include "bus/contract.h"
#include "client/doctor_checks.h"
#include "client/helper_client.h"

#include <QtTest>

#include <functional>

using namespace gvpn;
using namespace gvpn::client;

namespace {

using Mutation = std::function<void(DoctorFacts&)>;

net::Prefix prefix(const char* text)
{
    return net::Prefix::parse(text).value();
}

net::IpAddress address(const char* text)
{
    return net::IpAddress::parse(text).value();
}

Pin pinOf(int fill)
{
    std::array<std::byte, Pin::SizeBytes> hash{};
    hash.fill(static_cast<std::byte>(fill));
    return Pin(hash);
}

system::InterfaceInfo interface(const char* name, unsigned index, const char* addressText, const char* kind = "")
{
    system::InterfaceInfo result;
    result.name = name;
    result.index = index;
    result.kind = kind;
    result.mtu = 1500;
    result.isUp = true;
    if (*addressText != 0)
        result.addresses = {net::InterfaceAddress::parse(addressText).value()};
    return result;
}

system::RouteInfo route(const char* destination, unsigned index, unsigned table = 254, unsigned metric = 0)
{
    system::RouteInfo result;
    result.destination = prefix(destination);
    result.interfaceIndex = index;
    result.table = table;
    result.metric = metric;
    return result;
}

constexpr unsigned Home = 2;
constexpr unsigned Vpn = 3;
constexpr unsigned Ours = 4;
constexpr const char* Lan = "172.17.0.0/16";

system::NetworkSnapshot home()
{
    system::NetworkSnapshot network;
    network.interfaces = {interface("wlan0", Home, "192.168.1.23/24"), interface("tun5", Vpn, "10.60.0.2/30", "tun")};
    network.interfaces[1].isPointToPoint = true;
    network.routes = {route("192.168.1.0/24", Home), route("0.0.0.0/0", Home)};
    network.routes[1].gateway = address("192.168.1.1");
    return network;
}

/// A profile whose server lets in, and nothing in the way.
DoctorFacts healthy()
{
    DoctorFacts facts;
    facts.profile = {.asked = {}, .used = "Office", .failure = {}, .known = {"Office"}, .unusable = {}};
    facts.network = home();
    TargetFacts& target = facts.target.emplace();
    target.server = {"office.example", 51005};
    target.pin = pinOf(1);
    target.probe.addresses = {address("203.0.113.1")};
    target.probe.lookupTime = Duration(12);
    target.probe.ports = {{.address = address("203.0.113.1"), .answer = PortAnswer::Open, .time = Duration(7)}};
    target.probe.peer = address("203.0.113.1");
    target.probe.pathMtu = 1500;
    net::TunnelSettings& settings = target.probe.settings.emplace();
    settings.addresses = {net::InterfaceAddress::parse("10.86.0.2/24").value()};
    settings.gateways = {address("10.86.0.1")};
    settings.routes = {prefix(Lan)};
    facts.computer.hasRights = true;
    return facts;
}

/// The same while a program is connected.
DoctorFacts connected()
{
    DoctorFacts facts = healthy();
    facts.network->interfaces.push_back(interface("gvpn0", Ours, "10.86.0.2/24", "tun"));
    facts.network->routes.push_back(route("10.86.0.0/24", Ours));
    facts.network->routes.push_back(route(Lan, Ours));
    facts.target->noLogin = NoLogin::TunnelIsUp;
    facts.target->probe.settings.reset();
    facts.target->tunnel = TunnelFacts{true, "gvpn-gui (process 12)", "gvpn0", {prefix(Lan)}};
    return facts;
}

void failAt(DoctorFacts& facts, Stage stage, ErrorCode code, const char* context)
{
    ServerFacts& probe = facts.target->probe;
    probe.fault = Fault{.stage = stage, .error = {code, context}};
    probe.settings.reset();
    if (stage <= Stage::Tcp)
        probe.peer.reset();
}

Mutation failing(Stage stage, ErrorCode code, const char* context)
{
    return [=](DoctorFacts& facts) { failAt(facts, stage, code, context); };
}

Mutation portThat(PortAnswer answer, const char* reason)
{
    return [=](DoctorFacts& facts) {
        failAt(facts, Stage::Tcp, ErrorCode::Unreachable, reason);
        facts.target->probe.ports = {{.address = address("203.0.113.1"), .answer = answer, .reason = reason}};
    };
}

Mutation keyThatIsAnother(ErrorCode code)
{
    return [code](DoctorFacts& facts) {
        failAt(facts, Stage::Tls, code, "x");
        facts.target->probe.fault->presentedPin = pinOf(2);
        facts.target->probe.fault->expectedPin = pinOf(1);
    };
}

Mutation withRoute(const char* named)
{
    return [=](DoctorFacts& facts) { facts.target->probe.settings->routes = {prefix(named)}; };
}

Mutation withForeignRoute(const char* destination, unsigned index, unsigned table = 254, unsigned metric = 0)
{
    return [=](DoctorFacts& facts) { facts.network->routes.push_back(route(destination, index, table, metric)); };
}

Mutation withoutRights(std::optional<Error> helper, std::optional<Error> polkit)
{
    return [=](DoctorFacts& facts) {
        facts.computer.hasRights = false;
        facts.computer.helper = helper;
        facts.computer.polkit = polkit;
    };
}

Error denied(std::string_view cause)
{
    return {ErrorCode::PermissionDenied, std::string(cause)};
}

Mutation thatDoesNotLogIn(NoLogin reason, const char* cause = "")
{
    return [=](DoctorFacts& facts) {
        facts.target->noLogin = reason;
        facts.target->noLoginReason = cause;
        facts.target->probe.settings.reset();
    };
}

const Check* find(const program::Checkup& checkup, const QString& name)
{
    const auto& checks = checkup.checks();
    const auto at = std::ranges::find(checks, name, &Check::name);
    return at == checks.end() ? nullptr : &*at;
}

QString textOf(const Check& check)
{
    return check.sentence + u' ' + check.remedy;
}

}  // namespace

class TestDoctor : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void findsNothingWhereNothingIs_data();
    void findsNothingWhereNothingIs();
    void namesWhatIsInTheWay_data();
    void namesWhatIsInTheWay();
    void notesWhatIsGoodToKnow_data();
    void notesWhatIsGoodToKnow();
    void leavesOutWhatFollowsFromAFailure();
    void looksAtTheComputerAloneWithoutATarget();
    void findsTheLivingTunnel_data();
    void findsTheLivingTunnel();
    void tellsRivalsFromNeighbours_data();
    void tellsRivalsFromNeighbours();
};

void TestDoctor::findsNothingWhereNothingIs_data()
{
    QTest::addColumn<DoctorFacts>("facts");
    QTest::newRow("before connecting") << healthy();
    QTest::newRow("connected") << connected();
}

void TestDoctor::findsNothingWhereNothingIs()
{
    QFETCH(DoctorFacts, facts);
    const auto checkup = judge(facts);
    QCOMPARE(checkup.cause(), nullptr);
    QStringList names;
    for (const Check& check : checkup.checks()) {
        names.append(check.name);
        const bool isUnknown = check.name == u"tray" || check.name == u"protocol";
        if (check.name != u"dns")
            QVERIFY2(check.verdict == Verdict::Good || isUnknown, qPrintable(check.name + textOf(check)));
    }
    QCOMPARE(names.join(u' '), QStringLiteral("profile keyring name port tls protocol login address routes route dns "
                                              "mtu helper tun tray"));
    QVERIFY(find(checkup, QStringLiteral("routes"))->sentence.contains(QLatin1String(Lan)));
    QVERIFY(find(checkup, QStringLiteral("address"))->sentence.contains(u"10.86.0.2/24"));
}

void TestDoctor::namesWhatIsInTheWay_data()
{
    QTest::addColumn<bool>("isConnected");
    QTest::addColumn<Mutation>("change");
    QTest::addColumn<QString>("check");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, const char* check, const char* part, const Mutation& change,
                        bool isConnected = false) {
        QTest::newRow(name) << isConnected << change << QString::fromLatin1(check) << QString::fromLatin1(part);
    };
    row("no such profile", "profile", "\"Attic\"", [](DoctorFacts& facts) {
        facts.profile.asked = "Attic";
        facts.profile.failure = Error{ErrorCode::NotFound, "x"};
        facts.target.reset();
    });
    row("a broken profile", "profile", "office.json: broken", [](DoctorFacts& facts) {
        facts.profile.unusable = {{ErrorCode::Malformed, "office.json: broken"}};
        facts.profile.used.clear();
        facts.target.reset();
    });
    row("the key's keyring", "keyring", "\"Office\"", [](DoctorFacts& facts) {
        facts.keyring = {.isNeeded = true, .deviceKey = Error{ErrorCode::PermissionDenied, "locked"}, .password = {}};
        thatDoesNotLogIn(NoLogin::KeyWithheld)(facts);
    });
    row("name", "name", "stage resolve", failing(Stage::Resolve, ErrorCode::NotFound, "no such name"));
    row("refused", "port", "no program listens", portThat(PortAnswer::Refused, "Connection refused"));
    row("silent", "port", "Nothing answers at all", portThat(PortAnswer::Silent, "no answer"));
    row("unreachable", "port", "no way to this address", portThat(PortAnswer::Unreachable, "No route to host"));
    row("forbidden", "port", "forbids", portThat(PortAnswer::Forbidden, "Permission denied"));
    row("another program", "tls", "stage tls", failing(Stage::Tls, ErrorCode::TlsFailure, "no TLS"));
    row("another key", "tls", "only a new link", keyThatIsAnother(ErrorCode::IdentityMismatch));
    row("a contradiction", "tls", "trusted before", [](DoctorFacts& facts) {
        facts.target->trusted = pinOf(3);
        thatDoesNotLogIn(NoLogin::NotTrusted)(facts);
    });
    row("a broken file of keys", "tls", "servers.json", [](DoctorFacts& facts) {
        facts.target->knownKeys = Error{ErrorCode::Malformed, "servers.json: broken"};
        thatDoesNotLogIn(NoLogin::NotTrusted)(facts);
    });
    row("version", "protocol", "same version", failing(Stage::Login, ErrorCode::VersionMismatch, "2 and 3"));
    row("revoked", "login", "stage login", failing(Stage::Login, ErrorCode::LoginRefused, "the device is revoked"));
    row("an unusable key", "login", "x.pem", thatDoesNotLogIn(NoLogin::KeyUnusable, "x.pem: no key"));
    row("no address", "address", "stage address", failing(Stage::Address, ErrorCode::AddressRefused, "none left"));
    row("the tunnel's network is ours", "address", "192.168.1.0/24 on wlan0", [](DoctorFacts& facts) {
        facts.target->probe.settings->addresses = {net::InterfaceAddress::parse("192.168.1.7/24").value()};
    });
    row("no snapshot", "routes", "netlink",
        [](DoctorFacts& facts) { facts.network = fail(ErrorCode::SystemFailure, "netlink: broken"); });
    row("the home's network", "routes", "--accept-routes 192.168.0.0/16", withRoute("192.168.0.0/16"));
    row("another VPN has it", "routes", "through tun5", withForeignRoute(Lan, Vpn));
    row("it holds the server", "routes", "203.0.113.1", [](DoctorFacts& facts) {
        facts.target->probe.settings->routes = {prefix("203.0.113.0/24")};
        facts.target->acceptRoutes.named = {prefix("203.0.113.0/24")};
    });
    row("another VPN has a part", "route", "172.17.4.0/24 on tun5", withForeignRoute("172.17.4.0/24", Vpn));
    row("another VPN by a rule", "route", "172.16.0.0/12 on tun5", withForeignRoute("172.16.0.0/12", Vpn, 52));
    row("a part while connected", "route", "172.17.4.0/24 on tun5", withForeignRoute("172.17.4.0/24", Vpn), true);
    row("no device", "tun", "tun", [](DoctorFacts& facts) {
        facts.computer.tunDevice = Error{ErrorCode::NotFound, "open /dev/net/tun: No such file"};
    });
    row("no helper", "helper", "install gvpn-helper", withoutRights(denied(NoHelperCause), std::nullopt));
    row("no bus", "helper", "no system bus", withoutRights(denied(NoBusCause), std::nullopt));
    row("not allowed", "polkit", "administrator", withoutRights(std::nullopt, denied(bus::DeniedCause)));
    row("no polkit", "polkit", "install polkit", withoutRights(std::nullopt, denied(bus::NoPolkitCause)));
}

void TestDoctor::namesWhatIsInTheWay()
{
    QFETCH(bool, isConnected);
    QFETCH(Mutation, change);
    QFETCH(QString, check);
    QFETCH(QString, part);
    DoctorFacts facts = isConnected ? connected() : healthy();
    change(facts);
    const auto checkup = judge(facts);
    QVERIFY(checkup.cause() != nullptr);
    QCOMPARE(checkup.cause()->name, check);
    const QString first = QString::fromUtf8(checkup.text()).section(u'\n', 0, 0);
    QVERIFY2(first.contains(part), qPrintable(first));
    QCOMPARE(std::ranges::count(checkup.checks(), Verdict::Trouble, &Check::verdict), 1);
    for (const Check& one : checkup.checks())
        QVERIFY2(one.sentence.endsWith(u'.'), qPrintable(one.name + u' ' + one.sentence));
}

void TestDoctor::notesWhatIsGoodToKnow_data()
{
    QTest::addColumn<bool>("isConnected");
    QTest::addColumn<Mutation>("change");
    QTest::addColumn<QString>("check");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, const char* check, const char* part, const Mutation& change,
                        bool isConnected = false) {
        QTest::newRow(name) << isConnected << change << QString::fromLatin1(check) << QString::fromLatin1(part);
    };
    row("a pending profile", "profile", "invite", [](DoctorFacts& facts) { facts.profile.isPending = true; });
    row("the password's keyring", "keyring", "asked for", [](DoctorFacts& facts) {
        facts.keyring = {.isNeeded = true, .deviceKey = {}, .password = Error{ErrorCode::PermissionDenied, "locked"}};
    });
    row("one of two addresses", "port", "2001:db8::1 does not answer", [](DoctorFacts& facts) {
        facts.target->probe.ports.push_back({.address = address("2001:db8::1"), .answer = PortAnswer::Silent});
    });
    row("an unknown key", "tls", "not known here", keyThatIsAnother(ErrorCode::IdentityUnknown));
    row("a link's new key", "tls", "in place of", [](DoctorFacts& facts) {
        facts.target->trusted = pinOf(3);
        facts.target->isByLink = true;
    });
    row("v1", "tls", "nothing is encrypted", [](DoctorFacts& facts) { facts.target->wireProtocol = WireProtocol::V1; });
    row("whose tunnel?", "login", "gvpn7 is up", thatDoesNotLogIn(NoLogin::MayBeUp, "gvpn7"));
    row("no key yet", "login", "first connection", thatDoesNotLogIn(NoLogin::NoDeviceKey));
    row("an invite", "login", "redeems", thatDoesNotLogIn(NoLogin::Pending));
    row("no lock", "login", "disk full", thatDoesNotLogIn(NoLogin::NoProfileLock, "disk full"));
    row(
        "trying again", "login", "gvpn-gui (process 12) has the profile",
        [](DoctorFacts& facts) { facts.target->tunnel->isConnected = false; }, true);
    row(
        "about to connect", "address", "no tunnel interface",
        [](DoctorFacts& facts) { facts.target->tunnel->interfaceName.clear(); }, true);
    row("no route accepted", "routes", "--accept-routes leaves it out",
        [](DoctorFacts& facts) { facts.target->acceptRoutes.isAuto = false; });
    row("a public network", "routes", "public", withRoute("198.51.100.0/24"));
    row("no network", "routes", "no network", [](DoctorFacts& facts) { facts.target->probe.settings->routes.clear(); });
    row(
        "a network less than before", "routes", "10.9.0.0/16",
        [](DoctorFacts& facts) { facts.target->tunnel->lan.push_back(prefix("10.9.0.0/16")); }, true);
    row("no systemd-resolved", "dns", "no systemd-resolved", [](DoctorFacts& facts) {
        facts.target->probe.settings->dnsServers = {address("172.17.0.53")};
        facts.target->probe.settings->dnsDomains = {"office.example"};
    });
    row("nobody's domain", "dns", "--accept-domain com", [](DoctorFacts& facts) {
        facts.target->probe.settings->dnsServers = {address("172.17.0.53")};
        facts.target->probe.settings->dnsDomains = {"com"};
        facts.computer.hasResolved = true;
    });
    row("a narrow way", "mtu", "1200", [](DoctorFacts& facts) { facts.target->probe.pathMtu = 1200; });
    row(
        "a narrow tunnel", "mtu", "gvpn0", [](DoctorFacts& facts) { facts.network->interfaces.back().mtu = 1279; },
        true);
    row("a password", "polkit", "as over ssh", withoutRights(std::nullopt, denied(bus::NoAgentCause)));
    row("no tray", "tray", "GNOME", [](DoctorFacts& facts) { facts.computer.tray = TrayFact::None; });
}

void TestDoctor::notesWhatIsGoodToKnow()
{
    QFETCH(bool, isConnected);
    QFETCH(Mutation, change);
    QFETCH(QString, check);
    QFETCH(QString, part);
    DoctorFacts facts = isConnected ? connected() : healthy();
    change(facts);
    const auto checkup = judge(facts);
    QVERIFY2(checkup.cause() == nullptr, checkup.text().constData());
    const Check* const found = find(checkup, check);
    QVERIFY(found != nullptr);
    QCOMPARE(found->verdict, Verdict::Note);
    QVERIFY2(textOf(*found).contains(part), qPrintable(textOf(*found)));
}

void TestDoctor::leavesOutWhatFollowsFromAFailure()
{
    DoctorFacts facts = healthy();
    failAt(facts, Stage::Resolve, ErrorCode::NotFound, "no such name");
    facts.target->probe.pathMtu = 0;
    const auto checkup = judge(facts);
    for (const char* name : {"port", "tls", "protocol", "login", "address", "routes", "route", "dns", "mtu"})
        QCOMPARE(find(checkup, QString::fromLatin1(name))->verdict, Verdict::Skipped);
    QCOMPARE(find(checkup, QStringLiteral("tun"))->verdict, Verdict::Good);
}

void TestDoctor::looksAtTheComputerAloneWithoutATarget()
{
    DoctorFacts facts = healthy();
    facts.target.reset();
    facts.profile.used.clear();
    facts.profile.known = {"Attic\n", "Office"};
    facts.computer.hasResolved = true;
    const auto checkup = judge(facts);
    QCOMPARE(checkup.cause(), nullptr);
    QVERIFY(textOf(*find(checkup, QStringLiteral("profile"))).contains(u"\"Office\""));
    QVERIFY(find(checkup, QStringLiteral("port")) == nullptr);
    QCOMPARE(find(checkup, QStringLiteral("dns"))->verdict, Verdict::Good);
    withoutRights(denied(NoHelperCause), std::nullopt)(facts);
    const QByteArray text = judge(facts).text();
    QVERIFY2(text.contains("; install gvpn-helper, or run it with sudo."), text.constData());
    facts.profile.known.clear();
    QVERIFY(textOf(*find(judge(facts), QStringLiteral("profile"))).contains(u"--server"));
}

void TestDoctor::findsTheLivingTunnel_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("kind");
    QTest::addColumn<bool>("isUp");
    QTest::addColumn<bool>("hasRoute");
    QTest::addColumn<bool>("isFound");
    QTest::newRow("ours by its name") << QByteArray("gvpn3") << QByteArray("tun") << true << false << true;
    QTest::newRow("by its route") << QByteArray("mine") << QByteArray("tun") << true << true << true;
    QTest::newRow("another VPN") << QByteArray("tun0") << QByteArray("tun") << true << false << false;
    QTest::newRow("down") << QByteArray("gvpn3") << QByteArray("tun") << false << true << false;
    QTest::newRow("no TUN") << QByteArray("gvpn3") << QByteArray("bridge") << true << true << false;
}

void TestDoctor::findsTheLivingTunnel()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, kind);
    QFETCH(bool, isUp);
    QFETCH(bool, hasRoute);
    system::NetworkSnapshot network = home();
    network.interfaces.push_back(interface(name.constData(), Ours, "10.86.0.2/24", kind.constData()));
    network.interfaces.back().isUp = isUp;
    if (hasRoute)
        network.routes.push_back(route(Lan, Ours));
    const std::vector<net::Prefix> lan{prefix(Lan)};
    QTEST(tunnelInterfaceOf(network, lan) == name.toStdString(), "isFound");
}

void TestDoctor::tellsRivalsFromNeighbours_data()
{
    QTest::addColumn<system::RouteInfo>("other");
    QTest::addColumn<bool>("isRival");
    const auto row = [](const char* name, const system::RouteInfo& other, bool isRival) {
        QTest::newRow(name) << other << isRival;
    };
    row("longer", route("172.17.128.0/17", Vpn), true);
    row("a host", route("172.17.0.4/32", Vpn), true);
    row("shorter", route("172.16.0.0/12", Vpn), false);
    row("shorter in another table", route("172.16.0.0/12", Vpn, 52), true);
    row("all in another table", route("0.0.0.0/0", Vpn, 51820), false);
    row("half of all", route("128.0.0.0/1", Vpn), false);
    row("the same, later", route(Lan, Vpn, 254, 200), false);
    row("the same, before", route(Lan, Vpn, 254, 50), true);
    row("ours", route("172.17.128.0/17", Ours), false);
    row("elsewhere", route("172.18.0.0/16", Vpn), false);
    row("of the other family", route("fd00::/8", Vpn), false);
    row("of nobody", route("172.17.128.0/17", 99), false);
}

void TestDoctor::tellsRivalsFromNeighbours()
{
    QFETCH(system::RouteInfo, other);
    system::NetworkSnapshot network = home();
    network.interfaces.push_back(interface("gvpn0", Ours, "10.86.0.2/24", "tun"));
    network.routes.push_back(route(Lan, Ours, 254, 100));
    network.routes.push_back(other);
    QTEST(!rivalsOf(prefix(Lan), network, "gvpn0").empty(), "isRival");
}

QTEST_GUILESS_MAIN(TestDoctor)
#include "tst_doctor.moc"
