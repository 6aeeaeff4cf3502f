#include "accounts/account.h"

#include <QtTest>

namespace gvpn::accounts {

class AccountTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void takesNamesOfPeople_data();
    void takesNamesOfPeople();
    void refusesNamesThatAreNone_data();
    void refusesNamesThatAreNone();
    void saysNothingInvisibleInItsReason();
    void makesNamesOfDevicesSafe_data();
    void makesNamesOfDevicesSafe();
    void makesUserNamesOfAnyBytes();
};

void AccountTest::takesNamesOfPeople_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("short") << QByteArray("a");
    QTest::newRow("blank inside") << QByteArray("anna maria");
    QTest::newRow("umlaut") << QByteArray("jörg");
    QTest::newRow("Hebrew") << QByteArray("דנה");
    QTest::newRow("Japanese") << QByteArray("山田");
    QTest::newRow("beyond the first plane") << QByteArray("\xF0\x9F\x90\xA7");
    QTest::newRow("markup") << QByteArray("<b>bold</b>");
    QTest::newRow("format") << QByteArray("%n%s");
    QTest::newRow("SQL") << QByteArray("'; DROP TABLE users; --");
    QTest::newRow("mail address") << QByteArray("anna@example.org");
    QTest::newRow("the limit") << QByteArray(64, 'x');
    QTest::newRow("digits") << QByteArray("12");
    QTest::newRow("nearly an address") << QByteArray("10.0.0.256");
    QTest::newRow("shared, but longer") << QByteArray("shared laptop");
}

void AccountTest::takesNamesOfPeople()
{
    QFETCH(QByteArray, name);
    const auto isValid = validateUserName(name.toStdString());
    QVERIFY2(isValid.has_value(), isValid ? "" : isValid.error().context.c_str());
    QCOMPARE(cleanDeviceName(name.toStdString()), name.toStdString());
}

void AccountTest::refusesNamesThatAreNone_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("empty") << QByteArray("");
    QTest::newRow("one byte too long") << QByteArray(65, 'x');
    QTest::newRow("zero byte") << QByteArray("a\0b", 3);
    QTest::newRow("newline") << QByteArray("a\nb");
    QTest::newRow("escape") << QByteArray("a\x1B[31mb");
    QTest::newRow("delete") << QByteArray("a\x7F");
    QTest::newRow("C1 control") << QByteArray("a\xC2\x9B");
    QTest::newRow("right-to-left override") << QByteArray("a\xE2\x80\xAE"
                                                          "b");
    QTest::newRow("right-to-left mark") << QByteArray("a\xE2\x80\x8F"
                                                      "b");
    QTest::newRow("isolate") << QByteArray("a\xE2\x81\xA6"
                                           "b");
    QTest::newRow("zero width space") << QByteArray("a\xE2\x80\x8B"
                                                    "b");
    QTest::newRow("soft hyphen") << QByteArray("a\xC2\xAD"
                                               "b");
    QTest::newRow("byte order mark") << QByteArray("\xEF\xBB\xBF"
                                                   "a");
    QTest::newRow("language tag, beyond the first plane") << QByteArray("a\xF3\xA0\x81\x81");
    QTest::newRow("line separator") << QByteArray("a\xE2\x80\xA8"
                                                  "b");
    QTest::newRow("paragraph separator") << QByteArray("a\xE2\x80\xA9"
                                                       "b");
    QTest::newRow("no UTF-8") << QByteArray("a\xFF");
    QTest::newRow("half a character") << QByteArray("a\xC3");
    QTest::newRow("a surrogate") << QByteArray("a\xED\xA0\x80");
    QTest::newRow("overlong") << QByteArray("\xC0\xAF");
    QTest::newRow("blank in front") << QByteArray(" a");
    QTest::newRow("blank behind") << QByteArray("a ");
    QTest::newRow("blanks only") << QByteArray("  ");
    QTest::newRow("no-break space behind") << QByteArray("a\xC2\xA0");
    QTest::newRow("wide space in front") << QByteArray("\xE3\x80\x80"
                                                       "a");
    QTest::newRow("IPv4") << QByteArray("192.0.2.1");
    QTest::newRow("IPv6") << QByteArray("2001:db8::1");
    QTest::newRow("network") << QByteArray("10.0.0.0/8");
    QTest::newRow("address in a network") << QByteArray("10.0.0.7/8");
    QTest::newRow("IPv6 network") << QByteArray("fd00::/64");
    QTest::newRow("shared") << QByteArray("shared");
    QTest::newRow("Shared") << QByteArray("Shared");
}

void AccountTest::refusesNamesThatAreNone()
{
    QFETCH(QByteArray, name);
    const auto isValid = validateUserName(name.toStdString());
    QVERIFY(!isValid);
    QCOMPARE(isValid.error().code, ErrorCode::InvalidArgument);
    QVERIFY(!isValid.error().context.empty());
}

void AccountTest::saysNothingInvisibleInItsReason()
{
    const auto isValid = validateUserName("a\x1B[2J\n\xE2\x80\xAE");
    QVERIFY(!isValid);
    QCOMPARE(isValid.error().context.find('\x1B'), std::string::npos);
    QCOMPARE(isValid.error().context.find('\n'), std::string::npos);
    QCOMPARE(isValid.error().context.find("\xE2\x80\xAE"), std::string::npos);
}

void AccountTest::makesNamesOfDevicesSafe_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("clean");
    QTest::newRow("empty") << QByteArray("") << QByteArray("device");
    QTest::newRow("blanks") << QByteArray(" \t ") << QByteArray("device");
    QTest::newRow("invisible") << QByteArray("\xE2\x80\x8B\xE2\x80\xAE") << QByteArray("device");
    QTest::newRow("newline") << QByteArray("lap\ntop") << QByteArray("lap top");
    QTest::newRow("newlines at the ends") << QByteArray("\nlaptop\r\n") << QByteArray("laptop");
    QTest::newRow("escape") << QByteArray("lap\x1B[31mtop") << QByteArray("lap [31mtop");
    QTest::newRow("zero byte") << QByteArray("lap\0top", 7) << QByteArray("lap top");
    QTest::newRow("override") << QByteArray("lap\xE2\x80\xAEtop") << QByteArray("laptop");
    QTest::newRow("no UTF-8") << QByteArray("lap\xFFtop") << QByteArray("lap\xEF\xBF\xBDtop");
    QTest::newRow("too long") << QByteArray(100, 'x') << QByteArray(64, 'x');
    QTest::newRow("cut at a character") << QByteArray(63, 'x') + QByteArray("é") << QByteArray(63, 'x');
    QTest::newRow("cut beyond the first plane")
        << QByteArray(62, 'x') + QByteArray("\xF0\x9F\x90\xA7") << QByteArray(62, 'x');
    QTest::newRow("cut before a blank") << QByteArray(63, 'x') + QByteArray(" y") << QByteArray(63, 'x');
    QTest::newRow("address") << QByteArray("10.0.0.1") << QByteArray("device-10.0.0.1");
    QTest::newRow("network") << QByteArray("fd00::/64") << QByteArray("device-fd00::/64");
    QTest::newRow("shared") << QByteArray("SHARED") << QByteArray("device-SHARED");
}

void AccountTest::makesNamesOfDevicesSafe()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, clean);
    QCOMPARE(cleanDeviceName(name.toStdString()), clean.toStdString());
}

void AccountTest::makesUserNamesOfAnyBytes()
{
    const quint32 seed = QRandomGenerator::system()->generate();
    qInfo("seed %u", seed);
    QRandomGenerator random(seed);
    for (int i = 0; i < 5000; ++i) {
        QString text;
        const int length = random.bounded(60);
        for (int j = 0; j < length; ++j)
            text += QChar(static_cast<char16_t>(random.bounded(j % 3 == 0 ? 0x10000 : 0x100)));
        QByteArray bytes = text.toUtf8();
        if (!bytes.isEmpty() && i % 2 == 0)
            bytes[random.bounded(static_cast<int>(bytes.size()))] = static_cast<char>(random.bounded(256));
        const auto isValid = validateUserName(cleanDeviceName(bytes.toStdString()));
        QVERIFY2(isValid.has_value(), bytes.toHex().constData());
    }
}

}  // namespace gvpn::accounts

QTEST_APPLESS_MAIN(gvpn::accounts::AccountTest)
#include "tst_account.moc"
