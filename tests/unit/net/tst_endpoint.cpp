#include "net/endpoint.h"

#include <QTest>

using namespace gvpn;
using namespace gvpn::net;

class TestEndpoint : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void hostAndPortAreRead_data();
    void hostAndPortAreRead();
    void refusesBadText_data();
    void refusesBadText();
    void listenAddressesAreRead_data();
    void listenAddressesAreRead();
    void refusesBadListenAddresses_data();
    void refusesBadListenAddresses();
    void printedTextIsReadBack();
    void endpointIsPrintedWithBrackets();
};

void TestEndpoint::hostAndPortAreRead_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("port");
    QTest::newRow("name") << "office.example.com"
                          << "office.example.com" << 51005;
    QTest::newRow("name and port") << "office.example.com:443"
                                   << "office.example.com" << 443;
    QTest::newRow("single label") << "office"
                                  << "office" << 51005;
    QTest::newRow("underscore and digits") << "my_box-2.lan3:1"
                                           << "my_box-2.lan3" << 1;
    QTest::newRow("digits in front") << "1.2.3.4.example.com"
                                     << "1.2.3.4.example.com" << 51005;
    QTest::newRow("punycode") << "xn--bro-hoa.example"
                              << "xn--bro-hoa.example" << 51005;
    QTest::newRow("v4") << "192.0.2.1"
                        << "192.0.2.1" << 51005;
    QTest::newRow("v4 and port") << "192.0.2.1:51005"
                                 << "192.0.2.1" << 51005;
    QTest::newRow("highest port") << "192.0.2.1:65535"
                                  << "192.0.2.1" << 65535;
    QTest::newRow("v6 and port") << "[2001:db8::1]:443"
                                 << "2001:db8::1" << 443;
    QTest::newRow("v6 in brackets") << "[2001:db8::1]"
                                    << "2001:db8::1" << 51005;
    QTest::newRow("v6") << "2001:db8::1"
                        << "2001:db8::1" << 51005;
    QTest::newRow("v6 in another spelling") << "[2001:0DB8:0::1]:443"
                                            << "2001:db8::1" << 443;
    QTest::newRow("v6 that ends like a port") << "2001:db8::1:443"
                                              << "2001:db8::1:443" << 51005;
    const QString label(63, QLatin1Char('a'));
    QTest::newRow("longest label") << label << label << 51005;
    const QString longest = QStringLiteral("%1.%1.%1.%2").arg(label, label.chopped(2));
    QTest::newRow("longest name") << longest << longest << 51005;
}

void TestEndpoint::hostAndPortAreRead()
{
    QFETCH(QString, text);
    QFETCH(QString, host);
    QFETCH(int, port);
    const auto parsed = HostPort::parse(text.toStdString());
    QVERIFY2(parsed, parsed ? "" : parsed.error().context.c_str());
    QCOMPARE(QString::fromStdString(parsed->host), host);
    QCOMPARE(int{parsed->port}, port);
}

void TestEndpoint::refusesBadText_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << "";
    QTest::newRow("blank") << " ";
    QTest::newRow("colon") << ":";
    QTest::newRow("no host") << ":51005";
    QTest::newRow("empty port") << "office:";
    QTest::newRow("port 0") << "office:0";
    QTest::newRow("port 65536") << "office:65536";
    QTest::newRow("port 70000") << "office:70000";
    QTest::newRow("huge port") << "office:4294967297";
    QTest::newRow("port abc") << "office:abc";
    QTest::newRow("negative port") << "office:-1";
    QTest::newRow("plus") << "office:+80";
    QTest::newRow("port with a leading zero") << "office:080";
    QTest::newRow("port and more") << "office:80x";
    QTest::newRow("blank before the port") << "office: 80";
    QTest::newRow("blank behind the port") << "office:80 ";
    QTest::newRow("blank in the name") << "my office";
    QTest::newRow("blank in front") << " office";
    QTest::newRow("empty label") << "office..example.com";
    QTest::newRow("leading dot") << ".example.com";
    QTest::newRow("trailing dot") << "example.com.";
    QTest::newRow("only a dot") << ".";
    QTest::newRow("slash") << "office/lan";
    QTest::newRow("link") << "gvpn://office:51005/";
    QTest::newRow("user") << "alice@office";
    QTest::newRow("NUL") << QStringLiteral("office") + QChar(0);
    QTest::newRow("not ASCII") << QString::fromUtf8("büro.example.com");
    QTest::newRow("label too long") << QString(64, QLatin1Char('a'));
    QTest::newRow("name too long") << QStringLiteral("ab.").repeated(84) + QStringLiteral("ab");
    QTest::newRow("octal v4") << "010.0.0.1";
    QTest::newRow("short v4") << "127.1";
    QTest::newRow("number") << "2130706433";
    QTest::newRow("hexadecimal number") << "0x7f000001";
    QTest::newRow("v4 too large") << "192.0.2.256";
    QTest::newRow("v4 with a zone") << "192.0.2.1%eth0";
    QTest::newRow("v6 with a zone") << "[fe80::1%eth0]:443";
    QTest::newRow("bare v6 with a zone") << "fe80::1%eth0";
    QTest::newRow("v4 in brackets") << "[192.0.2.1]:443";
    QTest::newRow("name in brackets") << "[office]:443";
    QTest::newRow("empty brackets") << "[]:443";
    QTest::newRow("no closing bracket") << "[2001:db8::1";
    QTest::newRow("no opening bracket") << "2001:db8::1]:443";
    QTest::newRow("text behind the bracket") << "[2001:db8::1]443";
    QTest::newRow("empty port behind the bracket") << "[2001:db8::1]:";
    QTest::newRow("two ports") << "[2001:db8::1]:443:444";
    QTest::newRow("v4 with two ports") << "192.0.2.1:443:444";
    QTest::newRow("double brackets") << "[[2001:db8::1]]:443";
}

void TestEndpoint::refusesBadText()
{
    QFETCH(QString, text);
    const auto parsed = HostPort::parse(text.toStdString());
    QVERIFY(!parsed);
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
}

void TestEndpoint::listenAddressesAreRead_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("port");
    QTest::newRow("everywhere") << ":51005"
                                << "" << 51005;
    QTest::newRow("any port") << ":0"
                              << "" << 0;
    QTest::newRow("v4") << "127.0.0.1:443"
                        << "127.0.0.1" << 443;
    QTest::newRow("v4 without a port") << "0.0.0.0"
                                       << "0.0.0.0" << 51005;
    QTest::newRow("v6") << "[::]:0"
                        << "::" << 0;
    QTest::newRow("bare v6") << "::1"
                             << "::1" << 51005;
}

void TestEndpoint::listenAddressesAreRead()
{
    QFETCH(QString, text);
    QFETCH(QString, host);
    QFETCH(int, port);
    const auto parsed = HostPort::parseListen(text.toStdString());
    QVERIFY2(parsed, parsed ? "" : parsed.error().context.c_str());
    QCOMPARE(QString::fromStdString(parsed->host), host);
    QCOMPARE(int{parsed->port}, port);
}

void TestEndpoint::refusesBadListenAddresses_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << "";
    QTest::newRow("only a colon") << ":";
    QTest::newRow("name") << "office:51005";
    QTest::newRow("only a port") << "51005";
    QTest::newRow("port 70000") << ":70000";
    QTest::newRow("port abc") << ":abc";
    QTest::newRow("port with leading zeros") << ":00";
    QTest::newRow("negative port") << ":-1";
    QTest::newRow("empty brackets") << "[]:51005";
    QTest::newRow("v4 in brackets") << "[127.0.0.1]:51005";
    QTest::newRow("star") << "*:51005";
    QTest::newRow("zone") << "[fe80::1%eth0]:51005";
}

void TestEndpoint::refusesBadListenAddresses()
{
    QFETCH(QString, text);
    const auto parsed = HostPort::parseListen(text.toStdString());
    QVERIFY(!parsed);
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
}

void TestEndpoint::printedTextIsReadBack()
{
    for (const char* text : {"office.example.com:443", "192.0.2.1:51005", "[2001:db8::1]:51005"}) {
        const auto parsed = HostPort::parse(text);
        QVERIFY(parsed);
        QCOMPARE(parsed->toString(), std::string(text));
    }
    QCOMPARE((HostPort{"", 51005}).toString(), std::string(":51005"));
}

void TestEndpoint::endpointIsPrintedWithBrackets()
{
    QCOMPARE((Endpoint{*IpAddress::parse("192.0.2.1"), 443}).toString(), std::string("192.0.2.1:443"));
    QCOMPARE((Endpoint{*IpAddress::parse("2001:db8::1"), 443}).toString(), std::string("[2001:db8::1]:443"));
}

QTEST_APPLESS_MAIN(TestEndpoint)
#include "tst_endpoint.moc"
