#include "net/prefix.h"

#include <QTest>

using namespace gvpn;
using namespace gvpn::net;

class TestPrefix : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isReadAndPrinted_data();
    void isReadAndPrinted();
    void refusesBadText_data();
    void refusesBadText();
    void namesTheNetworkThatWasMeant();
    void interfaceAddressKeepsItsHostBits();
    void knowsItsEnds_data();
    void knowsItsEnds();
    void containment_data();
    void containment();
    void isPrivateOnlyAsAWhole_data();
    void isPrivateOnlyAsAWhole();
    void clearsHostBits();
    void networksSortBeforeTheirParts();
    void joinsForMessages();
};

namespace {

Prefix prefix(const QString& text)
{
    return Prefix::parse(text.toStdString()).value();
}

}  // namespace

void TestPrefix::isReadAndPrinted_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("printed");
    QTest::addColumn<unsigned>("length");
    QTest::newRow("everything") << "0.0.0.0/0"
                                << "0.0.0.0/0" << 0U;
    QTest::newRow("v4") << "10.86.0.0/24"
                        << "10.86.0.0/24" << 24U;
    QTest::newRow("v4 host") << "10.86.0.7/32"
                             << "10.86.0.7/32" << 32U;
    QTest::newRow("v6 everything") << "::/0"
                                   << "::/0" << 0U;
    QTest::newRow("v6") << "FD00:0086::/64"
                        << "fd00:86::/64" << 64U;
    QTest::newRow("v6 host") << "fd00::1/128"
                             << "fd00::1/128" << 128U;
}

void TestPrefix::isReadAndPrinted()
{
    QFETCH(QString, text);
    QFETCH(QString, printed);
    QFETCH(unsigned, length);
    const auto parsed = Prefix::parse(text.toStdString());
    QVERIFY(parsed);
    QCOMPARE(QString::fromStdString(parsed->toString()), printed);
    QCOMPARE(parsed->length(), length);
    QCOMPARE(parsed->isIPv4(), !text.contains(QLatin1Char(':')));
}

void TestPrefix::refusesBadText_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << "";
    QTest::newRow("slash") << "/";
    QTest::newRow("no length") << "10.0.0.0";
    QTest::newRow("empty length") << "10.0.0.0/";
    QTest::newRow("length 33") << "10.0.0.0/33";
    QTest::newRow("length 129") << "fd00::/129";
    QTest::newRow("huge length") << "10.0.0.0/4294967320";
    QTest::newRow("negative length") << "10.0.0.0/-1";
    QTest::newRow("plus") << "10.0.0.0/+8";
    QTest::newRow("leading zero") << "10.0.0.0/08";
    QTest::newRow("netmask") << "10.0.0.0/255.0.0.0";
    QTest::newRow("two lengths") << "10.0.0.0/8/8";
    QTest::newRow("blank in front") << " 10.0.0.0/8";
    QTest::newRow("blank behind") << "10.0.0.0/8 ";
    QTest::newRow("blank inside") << "10.0.0.0 /8";
    QTest::newRow("blank before the length") << "10.0.0.0/ 8";
    QTest::newRow("hexadecimal length") << "10.0.0.0/0x8";
    QTest::newRow("no address") << "/8";
    QTest::newRow("short address") << "10/8";
    QTest::newRow("octal address") << "010.0.0.0/8";
    QTest::newRow("zone") << "fe80::%eth0/64";
    QTest::newRow("brackets") << "[fd00::]/64";
    QTest::newRow("name") << "localhost/8";
}

void TestPrefix::refusesBadText()
{
    QFETCH(QString, text);
    const auto asPrefix = Prefix::parse(text.toStdString());
    QVERIFY(!asPrefix);
    QCOMPARE(asPrefix.error().code, ErrorCode::InvalidArgument);
    const auto asInterface = InterfaceAddress::parse(text.toStdString());
    QVERIFY(!asInterface);
    QCOMPARE(asInterface.error().code, ErrorCode::InvalidArgument);
}

void TestPrefix::namesTheNetworkThatWasMeant()
{
    for (const auto& [text, meant] : {std::pair("10.0.0.1/24", "10.0.0.0/24"), std::pair("fd00::1/64", "fd00::/64"),
                                      std::pair("0.0.0.1/0", "0.0.0.0/0")}) {
        const auto parsed = Prefix::parse(text);
        QVERIFY(!parsed);
        QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
        QVERIFY(parsed.error().context.find(std::string("did you mean ") + meant + "?") != std::string::npos);
    }
}

void TestPrefix::interfaceAddressKeepsItsHostBits()
{
    const auto address = InterfaceAddress::parse("10.86.0.7/24");
    QVERIFY(address);
    QCOMPARE(address->toString(), std::string("10.86.0.7/24"));
    QCOMPARE(address->prefix().toString(), std::string("10.86.0.0/24"));
    QCOMPARE(InterfaceAddress::parse("fd00::7/64")->prefix().toString(), std::string("fd00::/64"));
}

void TestPrefix::knowsItsEnds_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("firstHost");
    QTest::addColumn<QString>("last");
    QTest::newRow("/0") << "0.0.0.0/0"
                        << "0.0.0.1"
                        << "255.255.255.255";
    QTest::newRow("/24") << "10.86.0.0/24"
                         << "10.86.0.1"
                         << "10.86.0.255";
    QTest::newRow("/23") << "10.86.2.0/23"
                         << "10.86.2.1"
                         << "10.86.3.255";
    QTest::newRow("/30") << "10.86.0.4/30"
                         << "10.86.0.5"
                         << "10.86.0.7";
    QTest::newRow("/31") << "10.86.0.4/31"
                         << "10.86.0.4"
                         << "10.86.0.5";
    QTest::newRow("/32") << "10.86.0.4/32"
                         << "10.86.0.4"
                         << "10.86.0.4";
    QTest::newRow("v6 /64") << "fd00::/64"
                            << "fd00::1"
                            << "fd00::ffff:ffff:ffff:ffff";
    QTest::newRow("v6 /7") << "fc00::/7"
                           << "fc00::1"
                           << "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    QTest::newRow("v6 /127") << "fd00::4/127"
                             << "fd00::4"
                             << "fd00::5";
    QTest::newRow("v6 /128") << "fd00::4/128"
                             << "fd00::4"
                             << "fd00::4";
}

void TestPrefix::knowsItsEnds()
{
    QFETCH(QString, text);
    QFETCH(QString, firstHost);
    QFETCH(QString, last);
    QCOMPARE(QString::fromStdString(prefix(text).firstHost().toString()), firstHost);
    QCOMPARE(QString::fromStdString(prefix(text).last().toString()), last);
}

void TestPrefix::containment_data()
{
    QTest::addColumn<QString>("outer");
    QTest::addColumn<QString>("inner");
    QTest::addColumn<bool>("contains");
    QTest::addColumn<bool>("overlaps");
    QTest::newRow("itself") << "10.0.0.0/8"
                            << "10.0.0.0/8" << true << true;
    QTest::newRow("part") << "10.0.0.0/8"
                          << "10.86.0.0/24" << true << true;
    QTest::newRow("whole of a part") << "10.86.0.0/24"
                                     << "10.0.0.0/8" << false << true;
    QTest::newRow("same network, shorter") << "10.0.0.0/16"
                                           << "10.0.0.0/8" << false << true;
    QTest::newRow("neighbour") << "10.0.0.0/9"
                               << "10.128.0.0/9" << false << false;
    QTest::newRow("everything") << "0.0.0.0/0"
                                << "255.255.255.255/32" << true << true;
    QTest::newRow("other family") << "0.0.0.0/0"
                                  << "::/0" << false << false;
    QTest::newRow("other family, equal bytes") << "0.0.0.0/8"
                                               << "::/8" << false << false;
    QTest::newRow("v6") << "fc00::/7"
                        << "fd00:86::/64" << true << true;
    QTest::newRow("v6 neighbour") << "fc00::/7"
                                  << "fe00::/7" << false << false;
}

void TestPrefix::containment()
{
    QFETCH(QString, outer);
    QFETCH(QString, inner);
    QFETCH(bool, contains);
    QFETCH(bool, overlaps);
    QCOMPARE(prefix(outer).contains(prefix(inner)), contains);
    QCOMPARE(prefix(outer).overlaps(prefix(inner)), overlaps);
    QCOMPARE(prefix(inner).overlaps(prefix(outer)), overlaps);
    QCOMPARE(prefix(outer).contains(prefix(inner).network()) && prefix(outer).contains(prefix(inner).last()), contains);
}

void TestPrefix::isPrivateOnlyAsAWhole_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("isPrivate");
    QTest::newRow("10/8") << "10.0.0.0/8" << true;
    QTest::newRow("10/7") << "10.0.0.0/7" << false;
    QTest::newRow("172.16/12") << "172.16.0.0/12" << true;
    QTest::newRow("172.16/11") << "172.0.0.0/11" << false;
    QTest::newRow("172.32/12") << "172.32.0.0/12" << false;
    QTest::newRow("192.168/16") << "192.168.0.0/16" << true;
    QTest::newRow("192.168/15") << "192.168.0.0/15" << false;
    QTest::newRow("192.168.3/24") << "192.168.3.0/24" << true;
    QTest::newRow("all") << "0.0.0.0/0" << false;
    QTest::newRow("public") << "182.1.1.0/24" << false;
    QTest::newRow("fc00::/7") << "fc00::/7" << true;
    QTest::newRow("fc00::/6") << "fc00::/6" << false;
    QTest::newRow("fd00::/8") << "fd00::/8" << true;
    QTest::newRow("global") << "2001:db8::/32" << false;
    QTest::newRow("v6 all") << "::/0" << false;
}

void TestPrefix::isPrivateOnlyAsAWhole()
{
    QFETCH(QString, text);
    QFETCH(bool, isPrivate);
    QCOMPARE(prefix(text).isPrivate(), isPrivate);
}

void TestPrefix::clearsHostBits()
{
    QCOMPARE(Prefix(IpAddress::fromIPv4(0x0A560307), 23).toString(), std::string("10.86.2.0/23"));
    QCOMPARE(Prefix().toString(), std::string("0.0.0.0/0"));
}

void TestPrefix::networksSortBeforeTheirParts()
{
    QVERIFY(prefix(QStringLiteral("10.0.0.0/8")) < prefix(QStringLiteral("10.0.0.0/16")));
    QVERIFY(prefix(QStringLiteral("10.0.0.0/16")) < prefix(QStringLiteral("10.1.0.0/16")));
    QVERIFY(prefix(QStringLiteral("255.0.0.0/8")) < prefix(QStringLiteral("::/0")));
}

void TestPrefix::joinsForMessages()
{
    const std::vector<Prefix> prefixes{prefix(QStringLiteral("10.0.0.0/8")), prefix(QStringLiteral("fd00::/8"))};
    QCOMPARE(joinPrefixes(prefixes), std::string("10.0.0.0/8, fd00::/8"));
    QCOMPARE(joinPrefixes({}), std::string());
}

QTEST_APPLESS_MAIN(TestPrefix)
#include "tst_prefix.moc"
