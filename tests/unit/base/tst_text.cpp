#include "base/text.h"

#include <QTest>

#include <random>

using gvpn::asBytes;
using gvpn::asText;
using gvpn::ErrorCode;

class TestText : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void escapesWhatCouldDeceiveAReader_data();
    void escapesWhatCouldDeceiveAReader();
    void lettersOfAllLanguagesStay();
    void bytesThatAreNoUtf8DoNotPass_data();
    void bytesThatAreNoUtf8DoNotPass();
    void encodesTheVectorsOfTheRfc_data();
    void encodesTheVectorsOfTheRfc();
    void refusesBadBase64Url_data();
    void refusesBadBase64Url();
    void decodesWhatItEncoded();
};

void TestText::escapesWhatCouldDeceiveAReader_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("escaped");
    QTest::newRow("empty") << ""
                           << "";
    QTest::newRow("plain") << "login=alice port=5"
                           << "login=alice port=5";
    QTest::newRow("line feed") << "a\nb"
                               << "a\\nb";
    QTest::newRow("carriage return") << "a\rb"
                                     << "a\\x0db";
    QTest::newRow("tab") << "a\tb"
                         << "a\\x09b";
    QTest::newRow("terminal escape") << "\x1b[31mred"
                                     << "\\x1b[31mred";
    QTest::newRow("DEL") << "\x7f"
                         << "\\x7f";
    QTest::newRow("NUL") << QString(QChar(0)) << "\\x00";
    QTest::newRow("C1 control") << QString(QChar(0x9B)) << "\\x9b";
    QTest::newRow("line separator") << QString(QChar(0x2028)) << "\\u{2028}";
    QTest::newRow("paragraph separator") << QString(QChar(0x2029)) << "\\u{2029}";
    QTest::newRow("right-to-left override") << QString(QChar(0x202E)) << "\\u{202e}";
    QTest::newRow("isolate") << QString(QChar(0x2066)) << "\\u{2066}";
    QTest::newRow("pop isolate") << QString(QChar(0x2069)) << "\\u{2069}";
    QTest::newRow("right-to-left mark") << QString(QChar(0x200F)) << "\\u{200f}";
    QTest::newRow("arabic letter mark") << QString(QChar(0x061C)) << "\\u{61c}";
    QTest::newRow("zero width space") << QString(QChar(0x200B)) << "\\u{200b}";
    QTest::newRow("soft hyphen") << QString(QChar(0xAD)) << "\\xad";
    QTest::newRow("byte order mark") << QStringLiteral("a\uFEFF") << "a\\u{feff}";
    QTest::newRow("invisible tag") << QString::fromUcs4(U"\U000E0041") << "\\u{e0041}";
}

void TestText::escapesWhatCouldDeceiveAReader()
{
    QFETCH(QString, text);
    QFETCH(QString, escaped);
    QCOMPARE(QString::fromStdString(gvpn::escapeForDisplay(text.toStdString())), escaped);
}

void TestText::lettersOfAllLanguagesStay()
{
    for (const char* text : {"Grüße, Jürgen", "日本語", "שלום", "🙂", "\xC2\xA0"})
        QCOMPARE(gvpn::escapeForDisplay(text), std::string(text));
}

void TestText::bytesThatAreNoUtf8DoNotPass_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("lone continuation") << QByteArray("a\x80z");
    QTest::newRow("bare C1 control") << QByteArray("a\x9Bz");
    QTest::newRow("cut off") << QByteArray("az\xE2\x80");
    QTest::newRow("overlong line feed") << QByteArray("a\xC0\x8Az");
    QTest::newRow("surrogate") << QByteArray("a\xED\xA0\x80z");
    QTest::newRow("beyond Unicode") << QByteArray("a\xF7\xBF\xBF\xBFz");
    QTest::newRow("no byte of UTF-8") << QByteArray("a\xFFz");
}

void TestText::bytesThatAreNoUtf8DoNotPass()
{
    QFETCH(QByteArray, bytes);
    const std::string out = gvpn::escapeForDisplay(bytes.toStdString());
    const QString decoded = QString::fromStdString(out);
    QVERIFY(decoded.startsWith(QLatin1Char('a')));
    QVERIFY(decoded.contains(QLatin1Char('z')));
    QVERIFY(!decoded.contains(QLatin1Char('\n')));
    QVERIFY(out != bytes.toStdString());
    QCOMPARE(decoded.toUtf8().toStdString(), out);
}

void TestText::encodesTheVectorsOfTheRfc_data()
{
    QTest::addColumn<QString>("plain");
    QTest::addColumn<QString>("encoded");
    QTest::newRow("empty") << ""
                           << "";
    QTest::newRow("f") << "f"
                       << "Zg";
    QTest::newRow("fo") << "fo"
                        << "Zm8";
    QTest::newRow("foo") << "foo"
                         << "Zm9v";
    QTest::newRow("foob") << "foob"
                          << "Zm9vYg";
    QTest::newRow("fooba") << "fooba"
                           << "Zm9vYmE";
    QTest::newRow("foobar") << "foobar"
                            << "Zm9vYmFy";
    QTest::newRow("url alphabet") << "~~?"
                                  << "fn4_";
    QTest::newRow("url alphabet, minus") << "~~>"
                                         << "fn4-";
}

void TestText::encodesTheVectorsOfTheRfc()
{
    QFETCH(QString, plain);
    QFETCH(QString, encoded);
    const std::string bytes = plain.toStdString();
    QCOMPARE(QString::fromStdString(gvpn::toBase64Url(asBytes(bytes))), encoded);
    const auto decoded = gvpn::fromBase64Url(encoded.toStdString(), bytes.size());
    QVERIFY(decoded);
    QVERIFY(asText(*decoded) == bytes);
}

void TestText::refusesBadBase64Url_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("sizeBytes");
    QTest::newRow("too short") << "Zm8" << 3;
    QTest::newRow("too long") << "Zm9vYg" << 3;
    QTest::newRow("padding") << "Zg==" << 1;
    QTest::newRow("padding in place of digits") << "Zm9=" << 3;
    QTest::newRow("plus") << "fn4+" << 3;
    QTest::newRow("slash") << "fn4/" << 3;
    QTest::newRow("blank") << "Zm 9" << 3;
    QTest::newRow("line feed") << "Zm\n9" << 3;
    QTest::newRow("left-over bits of two digits") << "Zh" << 1;
    QTest::newRow("left-over bits of three digits") << "Zm9" << 2;
    QTest::newRow("text for no bytes") << "A" << 0;
}

void TestText::refusesBadBase64Url()
{
    QFETCH(QString, text);
    QFETCH(int, sizeBytes);
    const auto decoded = gvpn::fromBase64Url(text.toStdString(), static_cast<std::size_t>(sizeBytes));
    QVERIFY(!decoded);
    QCOMPARE(decoded.error().code, ErrorCode::Malformed);
}

void TestText::decodesWhatItEncoded()
{
    const auto seed = std::random_device()();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    for (std::size_t size = 0; size < 100; ++size) {
        gvpn::ByteVector bytes(size);
        for (std::byte& byte : bytes)
            byte = static_cast<std::byte>(random() & 0xFFU);
        const auto decoded = gvpn::fromBase64Url(gvpn::toBase64Url(bytes), size);
        QVERIFY(decoded);
        QVERIFY(*decoded == bytes);
    }
}

QTEST_APPLESS_MAIN(TestText)
#include "tst_text.moc"
