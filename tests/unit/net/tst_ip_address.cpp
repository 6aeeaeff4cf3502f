#include "net/ip_address.h"

#include <QTest>

#include <unordered_set>

using namespace gvpn;
using namespace gvpn::net;

class TestIpAddress : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isReadAndPrinted_data();
    void isReadAndPrinted();
    void refusesWhatIsNoAddress_data();
    void refusesWhatIsNoAddress();
    void refusesTextBehindANul();
    void defaultIsUnspecifiedIPv4();
    void keepsTheFamilyOfMappedBytes();
    void addsAndWraps_data();
    void addsAndWraps();
    void masksToTheFirstBits_data();
    void masksToTheFirstBits();
    void knowsItsKind_data();
    void knowsItsKind();
    void familiesDifferEvenWithEqualBytes();
    void ordersByFamilyAndValue();
};

namespace {

IpAddress address(const QString& text)
{
    return IpAddress::parse(text.toStdString()).value();
}

}  // namespace

void TestIpAddress::isReadAndPrinted_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("printed");
    QTest::newRow("zero") << "0.0.0.0"
                          << "0.0.0.0";
    QTest::newRow("v4") << "10.86.0.7"
                        << "10.86.0.7";
    QTest::newRow("v4 all ones") << "255.255.255.255"
                                 << "255.255.255.255";
    QTest::newRow("v6 unspecified") << "::"
                                    << "::";
    QTest::newRow("v6 loopback") << "::1"
                                 << "::1";
    QTest::newRow("v6 full") << "2001:0db8:0000:0000:0000:0000:0000:0001"
                             << "2001:db8::1";
    QTest::newRow("v6 upper case") << "FD00:86::A"
                                   << "fd00:86::a";
    QTest::newRow("v6 longest run, first of two") << "2001:db8:0:0:1:0:0:1"
                                                  << "2001:db8::1:0:0:1";
    QTest::newRow("v6 lone zero stays") << "2001:db8:0:1:1:1:1:1"
                                        << "2001:db8:0:1:1:1:1:1";
    QTest::newRow("v6 mapped") << "::ffff:192.0.2.1"
                               << "::ffff:192.0.2.1";
    QTest::newRow("v6 longest text") << "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"
                                     << "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
}

void TestIpAddress::isReadAndPrinted()
{
    QFETCH(QString, text);
    QFETCH(QString, printed);
    const auto parsed = IpAddress::parse(text.toStdString());
    QVERIFY(parsed);
    QCOMPARE(QString::fromStdString(parsed->toString()), printed);
    QCOMPARE(parsed->family(), text.contains(QLatin1Char(':')) ? Family::IPv6 : Family::IPv4);
    QVERIFY(IpAddress::fromBytes(parsed->bytes()) == *parsed);
}

void TestIpAddress::refusesWhatIsNoAddress_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << "";
    QTest::newRow("blank") << " ";
    QTest::newRow("blank in front") << " 10.0.0.1";
    QTest::newRow("blank behind") << "10.0.0.1 ";
    QTest::newRow("newline behind") << "10.0.0.1\n";
    QTest::newRow("leading zero") << "010.0.0.1";
    QTest::newRow("double zero") << "10.00.0.1";
    QTest::newRow("three parts") << "10.0.1";
    QTest::newRow("five parts") << "10.0.0.0.1";
    QTest::newRow("one number") << "167772161";
    QTest::newRow("hexadecimal") << "0x0a.0.0.1";
    QTest::newRow("part too large") << "10.0.0.256";
    QTest::newRow("part much too large") << "10.0.0.4294967297";
    QTest::newRow("negative") << "10.0.0.-1";
    QTest::newRow("plus") << "10.0.0.+1";
    QTest::newRow("trailing dot") << "10.0.0.1.";
    QTest::newRow("empty part") << "10..0.1";
    QTest::newRow("port") << "10.0.0.1:80";
    QTest::newRow("prefix") << "10.0.0.1/24";
    QTest::newRow("name") << "localhost";
    QTest::newRow("zone") << "fe80::1%eth0";
    QTest::newRow("numbered zone") << "fe80::1%2";
    QTest::newRow("brackets") << "[::1]";
    QTest::newRow("two runs") << "2001::db8::1";
    QTest::newRow("three colons") << ":::1";
    QTest::newRow("nine groups") << "1:2:3:4:5:6:7:8:9";
    QTest::newRow("seven groups") << "1:2:3:4:5:6:7";
    QTest::newRow("five digits") << "2001:00db8::1";
    QTest::newRow("not hexadecimal") << "2001:dg8::1";
    QTest::newRow("one colon") << ":";
    QTest::newRow("too long") << QString(100, QLatin1Char('1'));
    QTest::newRow("very long v6") << QString(100000, QLatin1Char(':'));
    QTest::newRow("other digits") << QString::fromUtf8("١٠.٠.٠.١");
}

void TestIpAddress::refusesWhatIsNoAddress()
{
    QFETCH(QString, text);
    const auto parsed = IpAddress::parse(text.toStdString());
    QVERIFY(!parsed);
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
}

void TestIpAddress::refusesTextBehindANul()
{
    QVERIFY(!IpAddress::parse(std::string_view("10.0.0.1\0", 9)));
    QVERIFY(!IpAddress::parse(std::string_view("10.0.0.1\0evil", 13)));
    QVERIFY(!IpAddress::parse(std::string_view("\0", 1)));
}

void TestIpAddress::defaultIsUnspecifiedIPv4()
{
    QVERIFY(IpAddress() == address(QStringLiteral("0.0.0.0")));
    QVERIFY(IpAddress::fromIPv4(0x0A560007) == address(QStringLiteral("10.86.0.7")));
    QCOMPARE(address(QStringLiteral("10.86.0.7")).toIPv4(), 0x0A560007U);
}

void TestIpAddress::keepsTheFamilyOfMappedBytes()
{
    const IpAddress mapped = address(QStringLiteral("::ffff:10.0.0.1"));
    QCOMPARE(IpAddress::fromBytes(mapped.bytes()).family(), Family::IPv6);
    QVERIFY(mapped != address(QStringLiteral("10.0.0.1")));
}

void TestIpAddress::addsAndWraps_data()
{
    QTest::addColumn<QString>("start");
    QTest::addColumn<quint64>("offset");
    QTest::addColumn<QString>("sum");
    QTest::newRow("nothing") << "10.0.0.1" << quint64{0} << "10.0.0.1";
    QTest::newRow("carry") << "10.0.0.255" << quint64{1} << "10.0.1.0";
    QTest::newRow("wrap") << "255.255.255.255" << quint64{1} << "0.0.0.0";
    QTest::newRow("offset beyond 32 bits") << "10.0.0.1" << quint64{0x100000001} << "10.0.0.2";
    QTest::newRow("v6") << "fd00::1" << quint64{0xFF} << "fd00::100";
    QTest::newRow("v6 carry to the upper half") << "fd00::ffff:ffff:ffff:ffff" << quint64{1} << "fd00:0:0:1::";
    QTest::newRow("v6 largest offset") << "fd00::1" << ~quint64{0} << "fd00:0:0:1::";
    QTest::newRow("v6 wrap") << "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" << quint64{1} << "::";
}

void TestIpAddress::addsAndWraps()
{
    QFETCH(QString, start);
    QFETCH(quint64, offset);
    QFETCH(QString, sum);
    QCOMPARE(QString::fromStdString(address(start).plus(offset).toString()), sum);
}

void TestIpAddress::masksToTheFirstBits_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<unsigned>("length");
    QTest::addColumn<QString>("masked");
    QTest::newRow("/0") << "255.255.255.255" << 0U << "0.0.0.0";
    QTest::newRow("/1") << "255.255.255.255" << 1U << "128.0.0.0";
    QTest::newRow("/8") << "10.86.3.7" << 8U << "10.0.0.0";
    QTest::newRow("/23") << "10.86.3.7" << 23U << "10.86.2.0";
    QTest::newRow("/31") << "10.86.3.7" << 31U << "10.86.3.6";
    QTest::newRow("/32") << "10.86.3.7" << 32U << "10.86.3.7";
    QTest::newRow("v6 /0") << "ffff::ffff" << 0U << "::";
    QTest::newRow("v6 /10") << "febf::1" << 10U << "fe80::";
    QTest::newRow("v6 /64") << "fd00:1:2:3:4:5:6:7" << 64U << "fd00:1:2:3::";
    QTest::newRow("v6 /127") << "fd00::7" << 127U << "fd00::6";
    QTest::newRow("v6 /128") << "fd00::7" << 128U << "fd00::7";
}

void TestIpAddress::masksToTheFirstBits()
{
    QFETCH(QString, text);
    QFETCH(unsigned, length);
    QFETCH(QString, masked);
    QCOMPARE(QString::fromStdString(address(text).masked(length).toString()), masked);
}

void TestIpAddress::knowsItsKind_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("kinds");
    QTest::newRow("unspecified") << "0.0.0.0"
                                 << "unspecified ";
    QTest::newRow("0.0.0.1") << "0.0.0.1"
                             << "";
    QTest::newRow("loopback") << "127.255.0.1"
                              << "loopback ";
    QTest::newRow("128.0.0.1") << "128.0.0.1"
                               << "";
    QTest::newRow("link-local") << "169.254.0.1"
                                << "link-local ";
    QTest::newRow("169.253.0.1") << "169.253.0.1"
                                 << "";
    QTest::newRow("multicast, first") << "224.0.0.1"
                                      << "multicast ";
    QTest::newRow("multicast, last") << "239.255.255.255"
                                     << "multicast ";
    QTest::newRow("240.0.0.1") << "240.0.0.1"
                               << "";
    QTest::newRow("broadcast") << "255.255.255.255"
                               << "broadcast ";
    QTest::newRow("10/8") << "10.255.255.255"
                          << "private ";
    QTest::newRow("11.0.0.0") << "11.0.0.0"
                              << "";
    QTest::newRow("172.15.255.255") << "172.15.255.255"
                                    << "";
    QTest::newRow("172.16/12, first") << "172.16.0.0"
                                      << "private ";
    QTest::newRow("172.16/12, last") << "172.31.255.255"
                                     << "private ";
    QTest::newRow("172.32.0.0") << "172.32.0.0"
                                << "";
    QTest::newRow("192.168/16") << "192.168.255.255"
                                << "private ";
    QTest::newRow("192.169.0.0") << "192.169.0.0"
                                 << "";
    QTest::newRow("v6 unspecified") << "::"
                                    << "unspecified ";
    QTest::newRow("v6 loopback") << "::1"
                                 << "loopback ";
    QTest::newRow("::2") << "::2"
                         << "";
    QTest::newRow("v6 ends in 1") << "fe00::1"
                                  << "";
    QTest::newRow("v6 link-local, first") << "fe80::1"
                                          << "link-local ";
    QTest::newRow("v6 link-local, last") << "febf::1"
                                         << "link-local ";
    QTest::newRow("fec0::1") << "fec0::1"
                             << "";
    QTest::newRow("v6 multicast") << "ff02::1"
                                  << "multicast ";
    QTest::newRow("unique local, first") << "fc00::1"
                                         << "private ";
    QTest::newRow("unique local, last") << "fdff::1"
                                        << "private ";
    QTest::newRow("fe00::") << "fe00::"
                            << "";
    QTest::newRow("global") << "2001:db8::1"
                            << "";
}

void TestIpAddress::knowsItsKind()
{
    QFETCH(QString, text);
    QFETCH(QString, kinds);
    const IpAddress ip = address(text);
    QString found;
    const auto note = [&found](bool is, const char* kind) { found += QLatin1String(is ? kind : ""); };
    note(ip.isUnspecified(), "unspecified ");
    note(ip.isLoopback(), "loopback ");
    note(ip.isLinkLocal(), "link-local ");
    note(ip.isMulticast(), "multicast ");
    note(ip.isBroadcast(), "broadcast ");
    note(ip.isPrivate(), "private ");
    QCOMPARE(found, kinds);
}

void TestIpAddress::familiesDifferEvenWithEqualBytes()
{
    std::unordered_set<IpAddress> set{address(QStringLiteral("0.0.0.0")), address(QStringLiteral("::")),
                                      address(QStringLiteral("10.0.0.1")), address(QStringLiteral("a00:1::"))};
    QCOMPARE(set.size(), 4U);
    QVERIFY(set.contains(IpAddress::fromIPv4(0x0A000001)));
    QVERIFY(!set.contains(IpAddress::fromIPv4(0x0A000002)));
}

void TestIpAddress::ordersByFamilyAndValue()
{
    QVERIFY(address(QStringLiteral("9.0.0.0")) < address(QStringLiteral("10.0.0.0")));
    QVERIFY(address(QStringLiteral("127.0.0.1")) < address(QStringLiteral("128.0.0.0")));
    QVERIFY(address(QStringLiteral("255.0.0.0")) < address(QStringLiteral("::")));
    QVERIFY(address(QStringLiteral("::1")) < address(QStringLiteral("8000::")));
}

QTEST_APPLESS_MAIN(TestIpAddress)
#include "tst_ip_address.moc"
