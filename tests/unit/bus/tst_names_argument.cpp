#include "bus/contract.h"
#include "bus/settings_argument.h"

#include <QDBusMetaType>
#include <QtTest>

using namespace gvpn;
using bus::NamesArgument;

namespace {

QByteArray bytes(const char* text)
{
    const net::IpAddress address = net::IpAddress::parse(text).value();
    return {reinterpret_cast<const char*>(address.bytes().data()), static_cast<qsizetype>(address.bytes().size())};
}

NamesArgument usual()
{
    return {.servers = {bytes("172.17.0.53"), bytes("fd00:17::53")}, .domains = {QStringLiteral("office.example")}};
}

template <typename Change>
NamesArgument with(Change change)
{
    NamesArgument argument = usual();
    change(argument);
    return argument;
}

}  // namespace

class TestNamesArgument : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hasTheSignatureOfTheContract();
    void takesTheUsual();
    void namesAreTheSameInAnyCase();
    void comesBackTheSame_data();
    void comesBackTheSame();
    void knowsWhenNothingIsToBeAsked_data();
    void knowsWhenNothingIsToBeAsked();
    void refusesWhatCannotBe_data();
    void refusesWhatCannotBe();
    void tellsWideNamesFromAnOffices_data();
    void tellsWideNamesFromAnOffices();
    void makesTextsOfCallersSafe();
};

void TestNamesArgument::hasTheSignatureOfTheContract()
{
    bus::registerTypes();
    QCOMPARE(QLatin1Char('u')
                 + QString::fromLatin1(QDBusMetaType::typeToSignature(QMetaType::fromType<NamesArgument>())),
             QString(bus::NamesSignature));
}

void TestNamesArgument::takesTheUsual()
{
    const auto request = bus::toRequest(usual());
    QVERIFY(request.has_value());
    QCOMPARE(request->servers.size(), std::size_t{2});
    QCOMPARE(request->servers[0].toString(), std::string("172.17.0.53"));
    QCOMPARE(request->servers[1].toString(), std::string("fd00:17::53"));
    QCOMPARE(request->domains, std::vector<std::string>{"office.example"});
    QVERIFY(!request->takesAllNames && !request->isEmpty());
}

void TestNamesArgument::namesAreTheSameInAnyCase()
{
    const auto request = bus::toRequest(with([](auto& a) { a.domains = {QStringLiteral("OFFICE.Example")}; }));
    QCOMPARE(request.value(), bus::toRequest(usual()).value());
}

void TestNamesArgument::comesBackTheSame_data()
{
    QTest::addColumn<NamesArgument>("argument");
    QTest::newRow("usual") << usual();
    QTest::newRow("nothing") << NamesArgument();
    QTest::newRow("all names") << with([](auto& a) { a.domains.append(QStringLiteral("~.")); });
    QTest::newRow("only all names") << with([](auto& a) { a.domains = {QStringLiteral("~.")}; });
}

void TestNamesArgument::comesBackTheSame()
{
    QFETCH(const NamesArgument, argument);
    const auto request = bus::toRequest(argument);
    QVERIFY2(request.has_value(), request ? "" : request.error().context.c_str());
    QCOMPARE(bus::toArgument(*request), argument);
}

void TestNamesArgument::knowsWhenNothingIsToBeAsked_data()
{
    QTest::addColumn<NamesArgument>("argument");
    QTest::addColumn<bool>("isEmpty");
    QTest::newRow("usual") << usual() << false;
    QTest::newRow("all names") << with([](auto& a) { a.domains = {QStringLiteral("~.")}; }) << false;
    QTest::newRow("no name server") << with([](auto& a) { a.servers.clear(); }) << true;
    QTest::newRow("no domain") << with([](auto& a) { a.domains.clear(); }) << true;
    QTest::newRow("neither") << NamesArgument() << true;
}

void TestNamesArgument::knowsWhenNothingIsToBeAsked()
{
    QFETCH(const NamesArgument, argument);
    QFETCH(const bool, isEmpty);
    QCOMPARE(bus::toRequest(argument).value().isEmpty(), isEmpty);
}

void TestNamesArgument::refusesWhatCannotBe_data()
{
    QTest::addColumn<NamesArgument>("argument");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, auto change, const char* part) {
        QTest::newRow(name) << with(change) << QString::fromLatin1(part);
    };
    const auto server = [&row](const char* name, const QByteArray& value, const char* part) {
        row(
            name, [&value](auto& a) { a.servers[0] = value; }, part);
    };
    const auto domain = [&row](const char* name, const QString& value) {
        row(
            name, [&value](auto& a) { a.domains[0] = value; }, "is not a domain");
    };
    server("two bytes", QByteArray(2, 'x'), "2 bytes");
    server("no bytes", {}, "0 bytes");
    server("a megabyte", QByteArray(1 << 20, 'x'), "1048576 bytes");
    server("loopback", bytes("127.0.0.53"), "DNS server 127.0.0.53");
    server("IPv6 loopback", bytes("::1"), "DNS server ::1");
    server("unspecified", bytes("0.0.0.0"), "DNS server 0.0.0.0");
    server("link-local", bytes("fe80::1"), "DNS server fe80::1");
    server("multicast", bytes("224.0.0.251"), "DNS server 224.0.0.251");
    server("broadcast", bytes("255.255.255.255"), "DNS server 255.255.255.255");
    row(
        "too many servers", [](auto& a) { a.servers = QList<QByteArray>(9, bytes("10.0.0.1")); }, "9 DNS");
    domain("empty", {});
    domain("one dot", QStringLiteral("."));
    domain("final dot", QStringLiteral("office.example."));
    domain("routing domain", QStringLiteral("~office.example"));
    domain("all names and more", QStringLiteral("~.x"));
    domain("blank", QStringLiteral("office example"));
    domain("zero", QStringLiteral("office") + QChar(u'\0') + QStringLiteral(".example"));
    domain("not ASCII", QString::fromUtf8("b\xc3\xbcro.example"));
    domain("long label", QString(64, u'a') + QStringLiteral(".example"));
    domain("long", QStringLiteral("a.").repeated(127) + u'a');
    row(
        "too many domains", [](auto& a) { a.domains = QStringList(17, QStringLiteral("a.example")); }, "17 DNS");
}

void TestNamesArgument::refusesWhatCannotBe()
{
    QFETCH(const NamesArgument, argument);
    QFETCH(const QString, part);
    const auto request = bus::toRequest(argument);
    QVERIFY(!request.has_value());
    const QString cause = QString::fromStdString(request.error().context);
    QVERIFY2(cause.contains(part), qPrintable(cause));
}

void TestNamesArgument::tellsWideNamesFromAnOffices_data()
{
    QTest::addColumn<QStringList>("domains");
    QTest::addColumn<bool>("isWide");
    const auto row = [](const QStringList& domains, bool isWide) {
        QTest::newRow(qPrintable(domains.join(u' '))) << domains << isWide;
    };
    row({QStringLiteral("office.example")}, false);
    row({QStringLiteral("example.com"), QStringLiteral("office.local")}, false);
    row({QStringLiteral("~.")}, true);
    row({QStringLiteral("com")}, true);
    row({QStringLiteral("COM")}, true);
    row({QStringLiteral("office.example"), QStringLiteral("lan")}, true);
    row({QStringLiteral("Co.UK")}, true);
    row({QStringLiteral("10.in-addr.arpa")}, true);
    row({QStringLiteral("d.f.IP6.arpa")}, true);
}

void TestNamesArgument::tellsWideNamesFromAnOffices()
{
    QFETCH(const QStringList, domains);
    QFETCH(const bool, isWide);
    const auto request = bus::toRequest(NamesArgument{usual().servers, domains});
    QVERIFY2(request.has_value(), request ? "" : request.error().context.c_str());
    QCOMPARE(request->isWide(), isWide);
    // To take names back needs nobody's word.
    QVERIFY(!bus::toRequest(NamesArgument{{}, domains}).value().isWide());
}

void TestNamesArgument::makesTextsOfCallersSafe()
{
    const auto request = bus::toRequest(with([](auto& a) { a.domains[0] = QStringLiteral("a\n\x1b[31mb"); }));
    QVERIFY(!request.has_value());
    QVERIFY(request.error().context.find('\n') == std::string::npos);
    QVERIFY(request.error().context.find('\x1b') == std::string::npos);
}

QTEST_GUILESS_MAIN(TestNamesArgument)
#include "tst_names_argument.moc"
