#include "bus/settings_argument.h"

#include "bus/contract.h"

#include <QDBusMessage>
#include <QDBusMetaType>
#include <QtTest>

using namespace gvpn;
using bus::NetworkArgument;
using bus::SettingsArgument;

namespace {

QByteArray bytes(const char* text)
{
    const net::IpAddress address = net::IpAddress::parse(text).value();
    return {reinterpret_cast<const char*>(address.bytes().data()), static_cast<qsizetype>(address.bytes().size())};
}

NetworkArgument network(const char* text)
{
    const auto parsed = net::InterfaceAddress::parse(text).value();
    return {bytes(parsed.address.toString().c_str()), parsed.length};
}

SettingsArgument usual()
{
    return {.addresses = {network("10.86.0.2/24"), network("fd86::2/64")},
            .routes = {network("172.17.0.0/16"), network("fd00:17::/64")},
            .mtu = 1500};
}

template <typename Change>
SettingsArgument with(Change change)
{
    SettingsArgument argument = usual();
    change(argument);
    return argument;
}

QList<NetworkArgument> routes(unsigned count)
{
    QList<NetworkArgument> list;
    for (unsigned i = 0; i < count; ++i)
        list.append(network(("10." + std::to_string(i / 256) + '.' + std::to_string(i % 256) + ".0/24").c_str()));
    return list;
}

}  // namespace

class TestSettingsArgument : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hasTheSignatureOfTheContract();
    void takesTheUsual();
    void comesBackTheSame_data();
    void comesBackTheSame();
    void refusesWhatCannotBe_data();
    void refusesWhatCannotBe();
    void tellsWideFromPrivate_data();
    void tellsWideFromPrivate();
};

void TestSettingsArgument::hasTheSignatureOfTheContract()
{
    bus::registerTypes();
    QCOMPARE(QLatin1Char('u')
                 + QString::fromLatin1(QDBusMetaType::typeToSignature(QMetaType::fromType<SettingsArgument>())),
             QString(bus::ApplySignature));
}

void TestSettingsArgument::takesTheUsual()
{
    const auto request = bus::toRequest(usual());
    QVERIFY(request.has_value());
    const net::TunnelSettings& settings = request->settings;
    QCOMPARE(settings.addresses.size(), std::size_t{2});
    QCOMPARE(settings.addresses[0].toString(), std::string("10.86.0.2/24"));
    QCOMPARE(settings.addresses[1].toString(), std::string("fd86::2/64"));
    QCOMPARE(net::joinPrefixes(settings.routes), std::string("172.17.0.0/16, fd00:17::/64"));
    QCOMPARE(net::joinPrefixes(request->networks()),
             std::string("172.17.0.0/16, fd00:17::/64, 10.86.0.0/24, fd86::/64"));
    QCOMPARE(settings.mtu, 1500U);
}

void TestSettingsArgument::comesBackTheSame_data()
{
    QTest::addColumn<SettingsArgument>("argument");
    QTest::newRow("usual") << usual();
    QTest::newRow("one address") << SettingsArgument{{network("10.86.0.2/24")}, {}, 1280};
    QTest::newRow("most routes") << with([](auto& a) { a.routes = routes(256); });
}

void TestSettingsArgument::comesBackTheSame()
{
    QFETCH(const SettingsArgument, argument);
    const auto request = bus::toRequest(argument);
    QVERIFY2(request.has_value(), request ? "" : request.error().context.c_str());
    QCOMPARE(bus::toArgument(*request), argument);
}

void TestSettingsArgument::refusesWhatCannotBe_data()
{
    QTest::addColumn<SettingsArgument>("argument");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, auto change, const char* part) {
        QTest::newRow(name) << with(change) << QString::fromLatin1(part);
    };
    row(
        "no address", [](auto& a) { a.addresses.clear(); }, "no tunnel address");
    row(
        "two of a family", [](auto& a) { a.addresses.append(network("10.87.0.2/24")); }, "more than one");
    row(
        "three bytes", [](auto& a) { a.addresses[0].address.chop(1); }, "3 bytes");
    row(
        "no bytes", [](auto& a) { a.addresses[0].address.clear(); }, "0 bytes");
    row(
        "a megabyte", [](auto& a) { a.addresses[0].address = QByteArray(1 << 20, 'x'); }, "1048576 bytes");
    row(
        "length 33", [](auto& a) { a.addresses[0].length = 33; }, "prefix length of 33");
    row(
        "length 129", [](auto& a) { a.addresses[1].length = 129; }, "prefix length of 129");
    row(
        "largest length", [](auto& a) { a.routes[0].length = 0xFFFFFFFF; }, "prefix length of 4294967295");
    row(
        "the network itself", [](auto& a) { a.addresses[0] = network("10.86.0.0/24"); }, "not a host");
    row(
        "broadcast", [](auto& a) { a.addresses[0] = network("10.86.0.255/24"); }, "not a host");
    row(
        "loopback", [](auto& a) { a.addresses[0] = network("127.0.0.2/8"); }, "not a host");
    row(
        "all addresses", [](auto& a) { a.addresses[0] = network("10.86.0.2/0"); }, "can't be a tunnel's");
    row(
        "host bits", [](auto& a) { a.routes[0] = network("172.17.0.1/16"); }, "host bits");
    row(
        "default route", [](auto& a) { a.routes[0] = network("0.0.0.0/0"); }, "0.0.0.0/0 can't");
    row(
        "lower half", [](auto& a) { a.routes[0] = network("0.0.0.0/1"); }, "0.0.0.0/1 can't");
    row(
        "upper half", [](auto& a) { a.routes[0] = network("128.0.0.0/1"); }, "128.0.0.0/1 can't");
    row(
        "IPv6 default route", [](auto& a) { a.routes[1] = network("::/0"); }, "::/0 can't");
    row(
        "IPv6 half", [](auto& a) { a.routes[1] = network("8000::/1"); }, "8000::/1 can't");
    row(
        "loopback route", [](auto& a) { a.routes[0] = network("127.0.0.0/8"); }, "127.0.0.0/8 can't");
    row(
        "link-local route", [](auto& a) { a.routes[0] = network("169.254.0.0/16"); }, "can't");
    row(
        "multicast route", [](auto& a) { a.routes[1] = network("ff00::/8"); }, "can't");
    row(
        "route twice", [](auto& a) { a.routes.append(a.routes[0]); }, "twice");
    row(
        "too many routes", [](auto& a) { a.routes = routes(257); }, "257 routes");
    row(
        "MTU 0", [](auto& a) { a.mtu = 0; }, "MTU 0");
    row(
        "MTU 1279", [](auto& a) { a.mtu = 1279; }, "MTU 1279");
    row(
        "MTU 65536", [](auto& a) { a.mtu = 65536; }, "MTU 65536");
}

void TestSettingsArgument::refusesWhatCannotBe()
{
    QFETCH(const SettingsArgument, argument);
    QFETCH(const QString, part);
    const auto request = bus::toRequest(argument);
    QVERIFY(!request.has_value());
    const QString cause = QString::fromStdString(request.error().context);
    QVERIFY2(cause.contains(part), qPrintable(cause));
}

void TestSettingsArgument::tellsWideFromPrivate_data()
{
    QTest::addColumn<SettingsArgument>("argument");
    QTest::addColumn<bool>("isWide");
    const auto row = [](const char* name, auto change, bool isWide) { QTest::newRow(name) << with(change) << isWide; };
    row(
        "usual", [](auto&) {}, false);
    row(
        "whole private networks",
        [](auto& a) {
            a.routes = {network("192.168.0.0/16"), network("172.16.0.0/12")};
        },
        false);
    row(
        "public route", [](auto& a) { a.routes.append(network("8.8.8.0/24")); }, true);
    row(
        "public IPv6 route", [](auto& a) { a.routes.append(network("2001:db8::/32")); }, true);
    row(
        "private within public", [](auto& a) { a.routes[0] = network("8.0.0.0/5"); }, true);
    row(
        "a bit more than private", [](auto& a) { a.routes[0] = network("172.0.0.0/11"); }, true);
    row(
        "an eighth of all", [](auto& a) { a.routes[0] = network("32.0.0.0/3"); }, true);
    row(
        "shared address space", [](auto& a) { a.routes[0] = network("100.64.0.0/10"); }, true);
    row(
        "public tunnel network", [](auto& a) { a.addresses[0] = network("182.1.1.5/24"); }, true);
}

void TestSettingsArgument::tellsWideFromPrivate()
{
    QFETCH(const SettingsArgument, argument);
    QFETCH(const bool, isWide);
    const auto request = bus::toRequest(argument);
    QVERIFY2(request.has_value(), request ? "" : request.error().context.c_str());
    QCOMPARE(request->isWide(), isWide);
}

QTEST_GUILESS_MAIN(TestSettingsArgument)
#include "tst_settings_argument.moc"
