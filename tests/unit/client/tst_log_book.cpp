#include "client/log_book.h"

#include <QSignalSpy>
#include <QtTest>

#include <thread>

using namespace gvpn::client;

namespace {

const QDateTime Noon = QDateTime::fromString(QStringLiteral("2026-03-01T12:00:00.250Z"), Qt::ISODateWithMs);
const QString PinText = QStringLiteral("BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
const QString InviteText = QStringLiteral("MDEyMzQ1Njc4OWFiY2RlZg");

void append(LogBook& book, const QString& text, QtMsgType level = QtInfoMsg)
{
    book.append(Noon, level, QStringLiteral("gvpn.client"), text);
}

}  // namespace

class TestLogBook : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void keepsTheLastLines();
    void cutsLongLines();
    void makesLinesSafe();
    void saysOnceThatLinesCame();
    void takesLinesFromAnyThread();
    void hidesSecrets_data();
    void hidesSecrets();
    void keepsOrdinaryText_data();
    void keepsOrdinaryText();
    void exportsWithoutSecrets();
};

void TestLogBook::keepsTheLastLines()
{
    LogBook book;
    for (std::size_t i = 0; i < MaxLogLines + 3; ++i)
        append(book, QStringLiteral("line %1").arg(i));
    QCOMPARE(book.lines().size(), MaxLogLines);
    QCOMPARE(book.lines().front().text, QStringLiteral("line 3"));
    book.clear();
    QVERIFY(book.lines().empty());
}

void TestLogBook::cutsLongLines()
{
    LogBook book;
    append(book, QString(1'000'000, QLatin1Char(' ')));
    QCOMPARE(book.lines().front().text.size(), MaxLogLineLength);
}

void TestLogBook::makesLinesSafe()
{
    LogBook book;
    append(book, QStringLiteral("a\nb\x1b[2J\u202E"), QtWarningMsg);
    QCOMPARE(book.lines().front(),
             (LogLine{Noon, QtWarningMsg, QStringLiteral("gvpn.client"), QStringLiteral("a\\nb\\x1b[2J\\u{202e}")}));
}

void TestLogBook::saysOnceThatLinesCame()
{
    LogBook book;
    QSignalSpy changed(&book, &LogBook::changed);
    append(book, QStringLiteral("a"));
    append(book, QStringLiteral("b"));
    QCOMPARE(changed.size(), 0);
    QCoreApplication::sendPostedEvents();
    QCOMPARE(changed.size(), 1);
    append(book, QStringLiteral("c"));
    QCoreApplication::sendPostedEvents();
    QCOMPARE(changed.size(), 2);
}

void TestLogBook::takesLinesFromAnyThread()
{
    LogBook book;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&book] {
            for (int line = 0; line < 100; ++line)
                append(book, QStringLiteral("line"));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    QCOMPARE(book.lines().size(), std::size_t{400});
}

void TestLogBook::hidesSecrets_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");
    const QString link = QStringLiteral("gvpn://office.example.com:51005/?pin=%1&invite=%2").arg(PinText, InviteText);
    QTest::newRow("link") << QStringLiteral("opened %1 now").arg(link)
                          << QStringLiteral("opened gvpn://office.example.com:51005/[…] now");
    QTest::newRow("link in quotes") << QStringLiteral("\"%1\"").arg(link.toUpper())
                                    << QStringLiteral("\"GVPN://OFFICE.EXAMPLE.COM:51005/[…]\"");
    QTest::newRow("broken link") << QStringLiteral("gvpn:?invite=abc") << QStringLiteral("gvpn:/[…]");
    QTest::newRow("pin") << QStringLiteral("pin=%1").arg(PinText) << QStringLiteral("pin=[…]");
    QTest::newRow("pin in a sentence") << QStringLiteral("the key %1.").arg(PinText) << QStringLiteral("the key […].");
    QTest::newRow("invite") << QStringLiteral("it was %1, wasn't it").arg(InviteText)
                            << QStringLiteral("it was […], wasn't it");
    QTest::newRow("password") << QStringLiteral("Password: horse battery") << QStringLiteral("Password: […] battery");
    QTest::newRow("quoted password") << QStringLiteral(R"({"password":"horse battery","a":1})")
                                     << QStringLiteral(R"({"password":[…],"a":1})");
    QTest::newRow("digest") << QString(64, QLatin1Char('a')) << QStringLiteral("[…]");
    QTest::newRow("private key") << QStringLiteral(
        "x -----BEGIN PRIVATE KEY-----\\nMIG/+=\\n-----END PRIVATE KEY----- y")
                                 << QStringLiteral("x […] y");
    QTest::newRow("half of one") << QStringLiteral("x -----BEGIN EC PRIVATE KEY-----\\nMIG") << QStringLiteral("x […]");
}

void TestLogBook::hidesSecrets()
{
    QFETCH(QString, text);
    QFETCH(QString, expected);
    QCOMPARE(redact(text), expected);
    QCOMPARE(redact(redact(text)), expected);
}

void TestLogBook::keepsOrdinaryText_data()
{
    QTest::addColumn<QString>("text");
    for (const char* text :
         {"connected to office.example.com:51005 address=10.86.0.2/24 interface=gvpn0",
          "congestion control because 3 of 1000 segments are lost algorithm=bbr", "a-word-of-22-letters-or",
          "the pinned route is used", "fd00:86:1234:5678:9abc:def0:1:2", "internationalisation-of"})
        QTest::newRow(text) << QString::fromLatin1(text);
}

void TestLogBook::keepsOrdinaryText()
{
    QFETCH(QString, text);
    QCOMPARE(redact(text), text);
}

void TestLogBook::exportsWithoutSecrets()
{
    LogBook book;
    append(book, QStringLiteral("invite=%1 %2 %3").arg(InviteText, PinText, QStringLiteral("%1")), QtWarningMsg);
    append(book, QStringLiteral("second"));
    QCOMPARE(book.exportText(), QStringLiteral("2026-03-01T12:00:00.250Z WARNING gvpn.client: invite=[…] […] %1\n"
                                               "2026-03-01T12:00:00.250Z INFO gvpn.client: second\n"));
}

QTEST_GUILESS_MAIN(TestLogBook)
#include "tst_log_book.moc"
