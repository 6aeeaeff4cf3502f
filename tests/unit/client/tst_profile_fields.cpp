#include "client/sentences.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;

namespace {

const QString GoodPin = QStringLiteral("BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

/// "" for a value, else what is wrong with it, by its number.
template <typename T>
std::optional<FieldFault> faultOf(const FieldResult<T>& result)
{
    return result ? std::nullopt : std::optional(result.error().fault);
}

}  // namespace

Q_DECLARE_METATYPE(std::optional<gvpn::client::FieldFault>)

class TestProfileFields : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsNames_data();
    void readsNames();
    void readsHosts_data();
    void readsHosts();
    void readsPorts_data();
    void readsPorts();
    void readsUsers_data();
    void readsUsers();
    void readsPins_data();
    void readsPins();
    void readsRoutes_data();
    void readsRoutes();
    void writesRoutesAsItReadsThem();
    void takesFewerRoutesThanAFileHolds();
    void namesTheNetworkOfAHost();
    void readsDomains();
    void everyFaultHasASentence();

private:
    static void columns()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("value");
        QTest::addColumn<std::optional<FieldFault>>("fault");
    }
    static void good(const char* name, const QString& text, const QString& value)
    {
        QTest::newRow(name) << text << value << std::optional<FieldFault>();
    }
    static void bad(const char* name, const QString& text, FieldFault fault)
    {
        QTest::newRow(name) << text << QString() << std::optional(fault);
    }
};

void TestProfileFields::readsNames_data()
{
    columns();
    good("plain", QStringLiteral("Büro 1/2"), QStringLiteral("Büro 1/2"));
    good("dots", QStringLiteral(".."), QStringLiteral(".."));
    bad("empty", {}, FieldFault::Missing);
    bad("blank", QStringLiteral("  "), FieldFault::Missing);
    bad("long", QString(65, QLatin1Char('a')), FieldFault::TooLong);
    bad("long in bytes", QString(33, QChar(0xFC)), FieldFault::TooLong);
    bad("newline", QStringLiteral("a\nb"), FieldFault::Character);
    bad("turned order", QStringLiteral("a\u202Eb"), FieldFault::Character);
    bad("blank before", QStringLiteral(" a"), FieldFault::BlankAtEdge);
    bad("blank behind", QStringLiteral("a "), FieldFault::BlankAtEdge);
}

void TestProfileFields::readsNames()
{
    QFETCH(QString, text);
    const auto name = readName(text);
    QTEST(faultOf(name), "fault");
    QTEST(QString::fromStdString(name.value_or("")), "value");
}

void TestProfileFields::readsHosts_data()
{
    columns();
    good("name", QStringLiteral(" office.example.com "), QStringLiteral("office.example.com"));
    good("IPv4", QStringLiteral("192.0.2.1"), QStringLiteral("192.0.2.1"));
    good("IPv6", QStringLiteral("2001:DB8::1"), QStringLiteral("2001:db8::1"));
    good("brackets", QStringLiteral("[2001:db8::1]"), QStringLiteral("2001:db8::1"));
    bad("empty", {}, FieldFault::Missing);
    bad("port", QStringLiteral("office:443"), FieldFault::HasPort);
    bad("IPv6 and port", QStringLiteral("[2001:db8::1]:443"), FieldFault::HasPort);
    bad("link", QStringLiteral("gvpn://office/"), FieldFault::NotAHost);
    bad("two words", QStringLiteral("of fice"), FieldFault::NotAHost);
    bad("numbers", QStringLiteral("300.1.1.1"), FieldFault::NotAHost);
    bad("too long", QString(254, QLatin1Char('a')), FieldFault::NotAHost);
}

void TestProfileFields::readsHosts()
{
    QFETCH(QString, text);
    const auto host = readHost(text);
    QTEST(faultOf(host), "fault");
    QTEST(QString::fromStdString(host.value_or("")), "value");
}

void TestProfileFields::readsPorts_data()
{
    columns();
    good("default", {}, QStringLiteral("51005"));
    good("lowest", QStringLiteral("1"), QStringLiteral("1"));
    good("highest", QStringLiteral(" 65535 "), QStringLiteral("65535"));
    for (const char* text :
         {"0", "65536", "99999999999999999999", "-1", "+1", "0x10", "01", "1.0", "a", "1 2", "1:2", "[", "]:1"})
        bad(text, QString::fromLatin1(text), FieldFault::NotAPort);
}

void TestProfileFields::readsPorts()
{
    QFETCH(QString, text);
    const auto port = readPort(text);
    QTEST(faultOf(port), "fault");
    QTEST(port ? QString::number(*port) : QString(), "value");
}

void TestProfileFields::readsUsers_data()
{
    columns();
    good("none", QStringLiteral(" "), {});
    good("name", QStringLiteral("anna "), QStringLiteral("anna"));
    bad("long", QString(65, QLatin1Char('u')), FieldFault::TooLong);
    bad("tab", QStringLiteral("a\tb"), FieldFault::Character);
}

void TestProfileFields::readsUsers()
{
    QFETCH(QString, text);
    const auto user = readUser(text);
    QTEST(faultOf(user), "fault");
    QTEST(QString::fromStdString(user.value_or("")), "value");
}

void TestProfileFields::readsPins_data()
{
    columns();
    good("none", {}, {});
    good("pin", QLatin1Char('\n') + GoodPin + QLatin1Char(' '), GoodPin);
    bad("short", GoodPin.chopped(1), FieldFault::NotAPin);
    bad("long", GoodPin + QLatin1Char('A'), FieldFault::NotAPin);
    bad("foreign", QString(GoodPin).replace(3, 1, QLatin1Char('+')), FieldFault::NotAPin);
    bad("left-over bits", GoodPin.chopped(1) + QLatin1Char('B'), FieldFault::NotAPin);
}

void TestProfileFields::readsPins()
{
    QFETCH(QString, text);
    const auto pin = readPin(text);
    QTEST(faultOf(pin), "fault");
    QTEST(pin && *pin ? QString::fromStdString((*pin)->toString()) : QString(), "value");
}

void TestProfileFields::readsRoutes_data()
{
    columns();
    const auto networks = QStringLiteral("10.0.0.0/8, fd00::/8");
    good("nothing", QStringLiteral(" ,"), QStringLiteral("auto"));
    good("auto", QStringLiteral("AUTO"), QStringLiteral("auto"));
    good("none", QStringLiteral("none"), QStringLiteral("none"));
    good("networks", QStringLiteral("10.0.0.0/8;fd00::/8\n"), networks);
    good("blanks", QStringLiteral(" 10.0.0.0/8  fd00::/8 "), networks);
    good("twice", QStringLiteral("10.0.0.0/8,fd00::/8,10.0.0.0/8"), networks);
    good("auto and more", QStringLiteral("10.0.0.0/8 auto"), QStringLiteral("auto, 10.0.0.0/8"));
    bad("none and more", QStringLiteral("none 10.0.0.0/8"), FieldFault::MixedNone);
    bad("none and auto", QStringLiteral("auto, none"), FieldFault::MixedNone);
    bad("word", QStringLiteral("10.0.0.0/8 office"), FieldFault::NotANetwork);
    bad("no length", QStringLiteral("10.0.0.0"), FieldFault::NotANetwork);
    bad("length", QStringLiteral("10.0.0.0/33"), FieldFault::NotANetwork);
    bad("host", QStringLiteral("10.0.0.1/8"), FieldFault::HostBits);
    bad("everything", QStringLiteral("0.0.0.0/0"), FieldFault::NeverRouted);
    bad("half of it", QStringLiteral("128.0.0.0/1"), FieldFault::NeverRouted);
    bad("loopback", QStringLiteral("127.0.0.0/8"), FieldFault::NeverRouted);
}

void TestProfileFields::readsRoutes()
{
    QFETCH(QString, text);
    const auto routes = readRoutes(text);
    QTEST(faultOf(routes), "fault");
    QTEST(routes ? routesText(*routes) : QString(), "value");
}

void TestProfileFields::writesRoutesAsItReadsThem()
{
    const net::Prefix network = net::Prefix::parse("10.0.0.0/8").value();
    for (const AcceptRoutes& routes : {AcceptRoutes{true, {}}, AcceptRoutes{false, {}}, AcceptRoutes{false, {network}},
                                       AcceptRoutes{true, {network}}})
        QVERIFY(readRoutes(routesText(routes)) == routes);
}

void TestProfileFields::takesFewerRoutesThanAFileHolds()
{
    QStringList networks;
    for (unsigned i = 1; i < MaxProfileRoutes; ++i)
        networks.append(QStringLiteral("10.%1.0.0/16").arg(i));
    QVERIFY(readRoutes(networks.join(QLatin1Char(' '))).has_value());
    networks.append(QStringLiteral("192.168.0.0/16"));
    QCOMPARE(readRoutes(networks.join(QLatin1Char(' '))).error().fault, FieldFault::TooManyRoutes);
}

void TestProfileFields::namesTheNetworkOfAHost()
{
    const auto routes = readRoutes(QStringLiteral("auto, 192.168.7.9/24"));
    QCOMPARE(sentenceFor(routes.error()),
             QStringLiteral("192.168.7.9/24 is a single computer: its network is 192.168.7.0/24."));
}

void TestProfileFields::readsDomains()
{
    QVERIFY(readDomains(QStringLiteral(" ; ")).value().empty());
    const auto domains = readDomains(QStringLiteral("lan, Office.Example  LAN;corp"));
    QCOMPARE(domains.value(), (std::vector<std::string>{"lan", "office.example", "corp"}));
    QCOMPARE(readDomains(domainsText(*domains)).value(), *domains);
    for (const char* text : {"lan.", "a..b", "-a", "a_b", "*", "lan/8", "b\u00fcro"}) {
        const auto refused = readDomains(QStringLiteral("corp ") + QString::fromUtf8(text));
        QVERIFY2(!refused, text);
        QCOMPARE(refused.error().fault, FieldFault::NotADomain);
        QCOMPARE(refused.error().part, QString::fromUtf8(text));
    }
    QStringList many;
    for (std::size_t i = 0; i < MaxProfileDomains; ++i)
        many.append(QStringLiteral("d%1").arg(i));
    QVERIFY(readDomains(many.join(QLatin1Char(' '))).has_value());
    many.append(QStringLiteral("lan"));
    QCOMPARE(readDomains(many.join(QLatin1Char(' '))).error().fault, FieldFault::TooManyDomains);
}

void TestProfileFields::everyFaultHasASentence()
{
    for (int i = 0; i <= int(FieldFault::TooManyDomains); ++i) {
        const QString sentence = sentenceFor(
            FieldError{.fault = FieldFault(i), .part = QStringLiteral("a\nb"), .meant = {}, .maxBytes = 64});
        QVERIFY2(sentence.endsWith(QLatin1Char('.')) && !sentence.contains(QLatin1Char('%')), qPrintable(sentence));
        QVERIFY2(!sentence.contains(QLatin1Char('\n')), qPrintable(sentence));
    }
}

QTEST_APPLESS_MAIN(TestProfileFields)
#include "tst_profile_fields.moc"
