#include "protocol/link.h"

#include "base/text.h"

#include <QtTest>

#include <set>

using namespace gvpn;
using namespace gvpn::protocol;

namespace {

const char* const PinText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const char* const InviteText = "oKGio6SlpqeoqaqrrK2urw";

QByteArray linkTo(const QByteArray& server)
{
    return "gvpn://" + server + "/?pin=" + PinText;
}

Result<Link> parse(const QByteArray& text)
{
    return Link::parse(std::string_view(text.constData(), static_cast<std::size_t>(text.size())));
}

QByteArray textOf(const Link& link)
{
    return QByteArray::fromStdString(link.toString());
}

}  // namespace

class TestLink : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void comesBackAsItWas_data()
    {
        QTest::addColumn<QByteArray>("text");
        const QByteArray invite = QByteArray("&invite=") + InviteText;
        QTest::newRow("name") << linkTo("office.example.com:51005") + invite;
        QTest::newRow("IPv4") << linkTo("192.0.2.1:443") + invite;
        QTest::newRow("IPv6") << linkTo("[2001:db8::1]:51005") + invite;
        QTest::newRow("plain profile") << linkTo("office.example.com:65535");
        QTest::newRow("everything") << linkTo("a:1") + invite + "&user=eve%20b&name=B%C3%BCro%20%2B%26%3D%23%25";
    }

    void comesBackAsItWas()
    {
        QFETCH(QByteArray, text);
        const auto link = parse(text);
        QVERIFY2(link, link ? "" : link.error().context.c_str());
        QCOMPARE(textOf(*link), text);
    }

    void readsEachPart()
    {
        const auto link = parse(linkTo("[2001:db8::1]:443") + "&name=B%c3%bcro+1&user=a%2Bb&invite=" + InviteText);
        QVERIFY(link);
        QCOMPARE(link->server.host, std::string("2001:db8::1"));
        QCOMPARE(link->server.port, std::uint16_t{443});
        QCOMPARE(link->pin.toString(), std::string(PinText));
        QCOMPARE(link->label, std::string("B\xC3\xBCro+1"));  // a plus is a plus
        QCOMPARE(link->user, std::string("a+b"));
        QVERIFY(link->invite);
        QCOMPARE(link->invite->view().size(), InviteBytes);
        QCOMPARE(link->invite->view()[15], std::byte{0xAF});
    }

    void isGenerousAbout_data()
    {
        QTest::addColumn<QByteArray>("text");
        const QByteArray link = linkTo("a:51005");
        QTest::newRow("blanks and line breaks around it") << " \t\r\n" + link + "\r\n ";
        QTest::newRow("upper case in the scheme") << "GVPN" + link.mid(4);
        QTest::newRow("no port") << linkTo("a");
        QTest::newRow("no slash") << QByteArray(link).replace("/?", "?");
        QTest::newRow("unknown keys") << link + "&new=1&new=2&x&&=";
        QTest::newRow("unknown key first") << QByteArray(link).replace("?", "?v=%zz&");
        QTest::newRow("empty names") << link + "&user=&name=";
        QTest::newRow("key without a value") << link + "&user";
    }

    void isGenerousAbout()
    {
        QFETCH(QByteArray, text);
        const auto link = parse(text);
        QVERIFY2(link, link ? "" : link.error().context.c_str());
        QCOMPARE(textOf(*link), linkTo("a:51005"));
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("why");
        const QByteArray link = linkTo("a:51005");
        QTest::newRow("nothing") << QByteArray() << QByteArray("does not begin");
        QTest::newRow("blanks") << QByteArray(" \n") << QByteArray("does not begin");
        QTest::newRow("other scheme") << "http" + link.mid(4) << QByteArray("does not begin");
        QTest::newRow("one slash") << QByteArray(link).replace("//", "/") << QByteArray("does not begin");
        QTest::newRow("blank inside") << QByteArray(link).replace("pin", "p in") << QByteArray("no pin");
        QTest::newRow("invite in place of the host") << linkTo(InviteText + QByteArray("=")) << QByteArray("host");
        QTest::newRow("invite in brackets") << linkTo("[" + QByteArray(InviteText) + "]") << QByteArray("IPv6");
        for (const char* host : {"a\x1b[2Jb", "a\x07",
                                 "a\xE2\x80\xAE"
                                 "b",
                                 "[a\x1b]", "a:\x07", "[::2]\x1b"})
            QTest::newRow(QByteArray(host).toPercentEncoding().constData()) << linkTo(host) << QByteArray("link: ");
        QTest::newRow("no host") << linkTo("") << QByteArray("no host");
        QTest::newRow("only a port") << linkTo(":51005") << QByteArray("no host");
        QTest::newRow("user in front of the host") << linkTo("eve@a:51005") << QByteArray("host");
        QTest::newRow("percent in the host") << linkTo("%61:51005") << QByteArray("host");
        QTest::newRow("host is no ASCII") << linkTo("b\xC3\xBCro:51005") << QByteArray("host");
        QTest::newRow("blank in the host") << linkTo("a b:51005") << QByteArray("host");
        for (const char* port : {":", ":0", ":65536", ":-1", ":+1", ":1x", ":000001", ": 1", ":0x10", ":99999999999"})
            QTest::newRow(port) << linkTo(QByteArray("a") + port) << QByteArray("port");
        QTest::newRow("bare IPv6") << linkTo("2001:db8::1") << QByteArray("brackets");
        QTest::newRow("bare IPv6 with a port") << linkTo("2001:db8::1:51005") << QByteArray("brackets");
        QTest::newRow("open bracket") << linkTo("[2001:db8::1") << QByteArray("bracket");
        QTest::newRow("IPv4 in brackets") << linkTo("[192.0.2.1]:1") << QByteArray("IPv6");
        QTest::newRow("name in brackets") << linkTo("[a]:1") << QByteArray("IPv6");
        QTest::newRow("nothing in brackets") << linkTo("[]:1") << QByteArray("no host");
        QTest::newRow("zone") << linkTo("[fe80::1%25eth0]:1") << QByteArray("IPv6");
        QTest::newRow("text behind the bracket") << linkTo("[::2]x:1") << QByteArray("between");
        QTest::newRow("path") << QByteArray(link).replace("/?", "/x?") << QByteArray("path");
        QTest::newRow("fragment") << link + "#x" << QByteArray("fragment");
        pinRows(link);
        nameRows(link);
    }

    void refuses()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, why);
        const auto link = parse(text);
        QVERIFY(!link);
        QCOMPARE(link.error().code, ErrorCode::InvalidArgument);
        QVERIFY2(link.error().context.find(why.toStdString()) != std::string::npos, link.error().context.c_str());
        QVERIFY(link.error().context.find(InviteText) == std::string::npos);
        QCOMPARE(link.error().context, escapeForDisplay(link.error().context));
    }

    void oneChangedCharacterIsAnotherLinkOrNone()
    {
        const QByteArray text = linkTo("office.example:443") + "&invite=" + InviteText;
        QVERIFY(parse(text));
        for (qsizetype i = 0; i < text.size(); ++i) {
            for (int c = 0; c < 256; ++c) {
                QByteArray changed = text;
                changed[i] = static_cast<char>(c);
                if (changed[i] == text[i] || changed.toLower() == text.toLower())
                    continue;
                const auto link = parse(changed);
                QVERIFY2(!link || textOf(*link) != text, changed.constData());
            }
        }
    }

    void anyChangeOfThePinIsSeen()
    {
        std::set<std::string> pins;
        const QByteArray text = linkTo("a:1");
        const qsizetype last = text.size() - 1;
        for (const char c : QByteArray("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
            QByteArray changed = text;
            changed[last] = c;
            if (const auto link = parse(changed))
                QVERIFY(pins.insert(link->pin.toString()).second);
        }
        QCOMPARE(pins.size(), std::size_t{16});  // 43 characters are 258 bits, two of them must be zero
    }

    void refusesALinkThatIsTooLong()
    {
        const QByteArray link = linkTo("a:1") + "&x=";
        const auto limit = static_cast<qsizetype>(MaxLinkBytes);
        QVERIFY(parse(link + QByteArray(limit - link.size(), 'x')));
        QVERIFY(!parse(link + QByteArray(limit + 1 - link.size(), 'x')));
    }

private:
    static void pinRows(const QByteArray& link)
    {
        const QByteArray pin = PinText;
        const auto withPin = [](const QByteArray& text) { return "gvpn://a:1/?pin=" + text; };
        QTest::newRow("no query") << QByteArray("gvpn://a:1/") << QByteArray("no pin");
        QTest::newRow("no pin") << QByteArray("gvpn://a:1/?invite=") + InviteText << QByteArray("no pin");
        QTest::newRow("encoded key") << QByteArray(link).replace("pin=", "p%69n=") << QByteArray("no pin");
        QTest::newRow("upper case key") << QByteArray(link).replace("pin=", "PIN=") << QByteArray("no pin");
        QTest::newRow("empty pin") << withPin("") << QByteArray("bad pin");
        QTest::newRow("short pin") << withPin(pin.chopped(1)) << QByteArray("bad pin");
        QTest::newRow("long pin") << withPin(pin + "A") << QByteArray("bad pin");
        QTest::newRow("padded pin") << withPin(pin + "=") << QByteArray("bad pin");
        QTest::newRow("plus in the pin") << withPin("+" + pin.mid(1)) << QByteArray("bad pin");
        QTest::newRow("slash in the pin") << withPin("/" + pin.mid(1)) << QByteArray("bad pin");
        QTest::newRow("encoded pin") << withPin("%41" + pin.mid(1)) << QByteArray("bad pin");
        QTest::newRow("left-over bits in the pin") << withPin(pin.chopped(1) + "9") << QByteArray("bad pin");
        QTest::newRow("line break in the pin") << withPin(pin.left(20) + "\n" + pin.mid(20)) << QByteArray("bad pin");
        QTest::newRow("pin twice") << link + "&pin=" + pin << QByteArray("pin is there twice");
        QTest::newRow("pin twice, once empty") << link + "&pin" << QByteArray("pin is there twice");
        const QByteArray invite = InviteText;
        QTest::newRow("empty invite") << link + "&invite=" << QByteArray("bad invite");
        QTest::newRow("short invite") << link + "&invite=" + invite.chopped(1) << QByteArray("bad invite");
        QTest::newRow("left-over bits in the invite")
            << link + "&invite=" + invite.chopped(1) + "x" << QByteArray("bad invite");
        QTest::newRow("invite twice") << link + "&invite=" + invite + "&invite=" + invite
                                      << QByteArray("invite is there twice");
    }

    static void nameRows(const QByteArray& link)
    {
        QTest::newRow("user twice") << link + "&user=a&user=a" << QByteArray("user is there twice");
        QTest::newRow("name twice") << link + "&name=a&name=b" << QByteArray("name is there twice");
        QTest::newRow("long user") << link + "&user=" + QByteArray(65, 'u') << QByteArray("user: longer");
        QTest::newRow("long name") << link + "&name=" + QByteArray("%C3%BC").repeated(33) << QByteArray("name: longer");
        for (const char* bad : {"%", "%4", "%4g", "%g4", "a%", "%%41"})
            QTest::newRow(bad) << link + "&user=" + bad << QByteArray("user: a bad percent sign");
        for (const char* bad : {"%00", "%0A", "%1B[0m", "%7F", "%C2%85", "%E2%80%AE", "%EF%BB%BF", "%FF", "%C3",
                                "%C0%80", "%ED%A0%80", "\x01", "\xFF"})
            QTest::newRow(QByteArray(bad).toPercentEncoding("%").constData())
                << link + "&name=" + bad << QByteArray("name: a control character");
    }
};

QTEST_APPLESS_MAIN(TestLink)
#include "tst_link.moc"
