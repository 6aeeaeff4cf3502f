#include "net/tunnel_settings.h"

#include <QTest>

using namespace gvpn;
using namespace gvpn::net;

class TestTunnelSettings : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void acceptsGoodSettings_data();
    void acceptsGoodSettings();
    void refusesBadSettings_data();
    void refusesBadSettings();
    void publicTunnelNetworkIsALimit();
    void reservedRoutesAreALimit();
};

namespace {

IpAddress ip(const char* text)
{
    return IpAddress::parse(text).value();
}

Prefix prefix(const char* text)
{
    return Prefix::parse(text).value();
}

InterfaceAddress interfaceAddress(const char* text)
{
    return InterfaceAddress::parse(text).value();
}

TunnelSettings good()
{
    return {.addresses = {interfaceAddress("10.86.0.2/24"), interfaceAddress("fd00:86::2/64")},
            .gateways = {ip("10.86.0.1"), ip("fd00:86::1")},
            .routes = {prefix("172.17.0.0/16"), prefix("fd00:17::/48")},
            .dnsServers = {ip("172.17.0.53")},
            .dnsDomains = {"office.example.com"},
            .mtu = 1400,
            .keepalive = std::chrono::seconds(10)};
}

}  // namespace

void TestTunnelSettings::acceptsGoodSettings_data()
{
    QTest::addColumn<TunnelSettings>("settings");
    const auto row = [](const char* name, auto change) {
        TunnelSettings settings = good();
        change(settings);
        QTest::newRow(name) << settings;
    };
    row("both families", [](auto&) {});
    row("IPv4 only", [](auto& s) {
        s.addresses.pop_back();
        s.gateways.pop_back();
    });
    row("no gateway, as in version 1", [](auto& s) { s.gateways.clear(); });
    row("nothing but an address", [](auto& s) {
        s = TunnelSettings();
        s.addresses = {interfaceAddress("10.86.0.2/32")};
    });
    row("public network", [](auto& s) {
        s.addresses[0] = interfaceAddress("182.1.1.2/24");
        s.gateways[0] = ip("182.1.1.1");
    });
    row("point to point", [](auto& s) {
        s.addresses[0] = interfaceAddress("10.86.0.0/31");
        s.gateways[0] = ip("10.86.0.1");
    });
    row("smallest MTU and keepalive", [](auto& s) {
        s.mtu = 1280;
        s.keepalive = std::chrono::seconds(2);
    });
    row("largest MTU and keepalive", [](auto& s) {
        s.mtu = 65535;
        s.keepalive = std::chrono::seconds(120);
    });
    row("most routes", [](auto& s) {
        s.routes.clear();
        for (unsigned i = 0; i < 256; ++i)
            s.routes.emplace_back(IpAddress::fromIPv4(0x0A000000 + (i << 16)), 16);
    });
    row("public and nested routes", [](auto& s) {
        s.routes = {prefix("8.8.8.8/32"), prefix("10.0.0.0/8"), prefix("10.1.0.0/16"), prefix("2000::/3")};
    });
    row("digits in a domain", [](auto& s) { s.dnsDomains = {"1.168.192.in-addr.arpa", "lan", "X-1.example"}; });
    row("longest domain", [](auto& s) {
        const std::string label(63, 'a');
        s.dnsDomains = {label + "." + label + "." + label + "." + label.substr(2)};
    });
}

void TestTunnelSettings::acceptsGoodSettings()
{
    QFETCH(TunnelSettings, settings);
    const auto checked = validate(settings, SettingsLimits());
    QVERIFY2(checked, checked ? "" : checked.error().context.c_str());
}

void TestTunnelSettings::refusesBadSettings_data()
{
    QTest::addColumn<TunnelSettings>("settings");
    QTest::addColumn<QString>("named");
    QTest::addColumn<ErrorCode>("code");
    const auto rowWithCode = [](const char* name, ErrorCode code, const QString& named, auto change) {
        TunnelSettings settings = good();
        change(settings);
        QTest::newRow(name) << settings << named << code;
    };
    const auto row = [&](const char* name, auto change, const char* named) {
        rowWithCode(name, ErrorCode::InvalidArgument, QString::fromUtf8(named), change);
    };
    const auto address = [&](const char* text) {
        row(
            text, [text](auto& s) { s.addresses = {interfaceAddress(text)}, s.gateways.clear(); }, text);
    };
    row(
        "no address", [](auto& s) { s.addresses.clear(), s.gateways.clear(); }, "address");
    row(
        "two IPv4 addresses", [](auto& s) { s.addresses[1] = interfaceAddress("10.87.0.2/24"); }, "address");
    row(
        "two IPv6 addresses", [](auto& s) { s.addresses[0] = interfaceAddress("fd00:87::2/64"); }, "address");
    row(
        "length 33", [](auto& s) { s.addresses[0].length = 33; }, "10.86.0.2/33");
    row(
        "length 129", [](auto& s) { s.addresses[1].length = 129; }, "fd00:86::2/129");
    row(
        "length 4 billion", [](auto& s) { s.addresses[0].length = 0xFFFFFFFF; }, "10.86.0.2/4294967295");
    for (const char* text :
         {"10.86.0.0/24", "10.86.0.255/24", "0.0.0.0/24", "127.0.0.1/8", "127.0.0.1/32", "169.254.1.1/16",
          "224.0.0.5/24", "255.255.255.255/32", "10.86.0.2/0", "10.86.0.2/1", "126.0.0.1/7", "fd00:86::/64", "::/64",
          "::1/128", "::2/64", "fe80::2/64", "ff02::1/64", "fd00::2/0"})
        address(text);

    const auto gateway = [&](const char* text) {
        row(
            QByteArray("gateway ").append(text).constData(), [text](auto& s) { s.gateways[0] = ip(text); }, text);
    };
    for (const char* text : {"10.86.0.2", "10.86.1.1", "10.86.0.0", "10.86.0.255", "127.0.0.1", "0.0.0.0"})
        gateway(text);
    row(
        "two gateways", [](auto& s) { s.gateways[1] = ip("10.86.0.3"); }, "gateway");
    row(
        "IPv6 gateway without an address", [](auto& s) { s.addresses.pop_back(); }, "fd00:86::1");
    row(
        "IPv6 subnet-router gateway", [](auto& s) { s.gateways[1] = ip("fd00:86::"); }, "fd00:86::");

    for (const char* text :
         {"0.0.0.0/0",   "0.0.0.0/1",    "128.0.0.0/1",        "::/0",           "::/1",           "8000::/1",
          "127.0.0.0/8", "127.0.0.1/32", "126.0.0.0/7",        "169.254.0.0/16", "169.254.7.0/24", "168.0.0.0/6",
          "224.0.0.0/4", "239.1.1.1/32", "255.255.255.255/32", "192.0.0.0/2",    "::1/128",        "::/64",
          "fe80::/10",   "fe80::1/128",  "ff00::/8",           "fe00::/7"})
        row(
            QByteArray("route ").append(text).constData(), [text](auto& s) { s.routes[1] = prefix(text); }, text);
    row(
        "route twice", [](auto& s) { s.routes.push_back(s.routes.front()); }, "172.17.0.0/16");
    rowWithCode("257 routes", ErrorCode::LimitExceeded, QStringLiteral("257 routes"), [](auto& s) {
        s.routes.clear();
        for (unsigned i = 0; i < 257; ++i)
            s.routes.emplace_back(IpAddress::fromIPv4(0x0A000000 + (i << 8)), 24);
    });

    for (const char* text :
         {"0.0.0.0", "127.0.0.53", "169.254.0.1", "224.0.0.251", "255.255.255.255", "::", "::1", "fe80::1", "ff02::fb"})
        row(
            QByteArray("DNS ").append(text).constData(), [text](auto& s) { s.dnsServers[0] = ip(text); }, text);
    rowWithCode("9 DNS servers", ErrorCode::LimitExceeded, QStringLiteral("9 DNS servers"),
                [](auto& s) { s.dnsServers.assign(9, ip("10.0.0.1")); });
    rowWithCode("17 DNS domains", ErrorCode::LimitExceeded, QStringLiteral("17 DNS domains"),
                [](auto& s) { s.dnsDomains.assign(17, "lan"); });
    for (const char* text : {"", ".", "example.com.", ".example.com", "a..b", "my office", "under_score", "-a.example",
                             "a-.example", "~.", "a\nb", "b\xC3\xBCro", "a/b", "a;b"})
        row(
            QByteArray("domain ").append(text).constData(), [text](auto& s) { s.dnsDomains[0] = text; }, text);
    row(
        "label of 64", [](auto& s) { s.dnsDomains[0] = std::string(64, 'a'); }, "aaaa");
    row(
        "domain of 254",
        [](auto& s) {
            s.dnsDomains[0].clear();
            for (int i = 0; i < 127; ++i)
                s.dnsDomains[0] += "a.";
            s.dnsDomains[0].back() = 'a';
            s.dnsDomains[0] += "a";
        },
        "a.a.a");

    row(
        "MTU 1279", [](auto& s) { s.mtu = 1279; }, "1279");
    row(
        "MTU 0", [](auto& s) { s.mtu = 0; }, "0");
    row(
        "MTU 65536", [](auto& s) { s.mtu = 65536; }, "65536");
    row(
        "keepalive 1", [](auto& s) { s.keepalive = std::chrono::seconds(1); }, "1");
    row(
        "keepalive 121", [](auto& s) { s.keepalive = std::chrono::seconds(121); }, "121");
    row(
        "keepalive -5", [](auto& s) { s.keepalive = std::chrono::seconds(-5); }, "-5");
}

void TestTunnelSettings::refusesBadSettings()
{
    QFETCH(TunnelSettings, settings);
    QFETCH(QString, named);
    QFETCH(ErrorCode, code);
    const auto checked = validate(settings, SettingsLimits());
    QVERIFY(!checked);
    QCOMPARE(checked.error().code, code);
    const QString context = QString::fromStdString(checked.error().context);
    QVERIFY2(context.contains(named), qPrintable(context));
}

void TestTunnelSettings::publicTunnelNetworkIsALimit()
{
    const SettingsLimits limits{.allowsPublicTunnelNetwork = false};
    TunnelSettings settings = good();
    QVERIFY(validate(settings, limits));
    settings.addresses[0] = interfaceAddress("182.1.1.2/24");
    settings.gateways[0] = ip("182.1.1.1");
    QVERIFY(validate(settings, SettingsLimits()));
    const auto checked = validate(settings, limits);
    QVERIFY(!checked);
    QVERIFY(checked.error().context.find("182.1.1.2/24") != std::string::npos);
}

void TestTunnelSettings::reservedRoutesAreALimit()
{
    TunnelSettings settings = good();
    for (const char* text : {"0.0.0.0/0", "128.0.0.0/1", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "fe80::/10"}) {
        settings.routes = {*Prefix::parse(text)};
        QVERIFY(!validate(settings, SettingsLimits()));
        QVERIFY(validate(settings, {.allowsReservedRoutes = true}));
    }
}

QTEST_APPLESS_MAIN(TestTunnelSettings)
#include "tst_tunnel_settings.moc"
