#include "base/pin.h"

#include <QTest>

using gvpn::ErrorCode;
using gvpn::Pin;

class TestPin : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isPrintedAsBase64Url();
    void isReadBack();
    void refusesWhatIsNoPin_data();
    void refusesWhatIsNoPin();
    void comparesByItsHash();
};

namespace {

Pin counted()
{
    std::array<std::byte, Pin::SizeBytes> hash{};
    for (std::size_t i = 0; i < hash.size(); ++i)
        hash[i] = static_cast<std::byte>(i);
    return Pin(hash);
}

constexpr const char* Counted = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

}  // namespace

void TestPin::isPrintedAsBase64Url()
{
    QCOMPARE(counted().toString(), std::string(Counted));
    QCOMPARE(Pin().toString(), std::string(Pin::TextLength, 'A'));
}

void TestPin::isReadBack()
{
    const auto pin = Pin::parse(Counted);
    QVERIFY(pin);
    QVERIFY(*pin == counted());
}

void TestPin::refusesWhatIsNoPin_data()
{
    const QString good = QString::fromLatin1(Counted);
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << QString();
    QTest::newRow("too short") << good.chopped(1);
    QTest::newRow("too long") << good + QLatin1Char('A');
    QTest::newRow("padded") << good + QLatin1Char('=');
    QTest::newRow("padding in place") << good.chopped(1) + QLatin1Char('=');
    QTest::newRow("ordinary base64: plus") << QLatin1Char('+') + good.mid(1);
    QTest::newRow("ordinary base64: slash") << QLatin1Char('/') + good.mid(1);
    QTest::newRow("blank in front") << QLatin1Char(' ') + good.mid(1);
    QTest::newRow("newline at the end") << good.chopped(1) + QLatin1Char('\n');
    QTest::newRow("left-over bits") << good.chopped(1) + QLatin1Char('9');
    QTest::newRow("NUL") << good.chopped(1) + QChar(0);
    QTest::newRow("not ASCII") << good.chopped(2) + QChar(0xE4);
}

void TestPin::refusesWhatIsNoPin()
{
    QFETCH(QString, text);
    const auto pin = Pin::parse(text.toStdString());
    QVERIFY(!pin);
    QCOMPARE(pin.error().code, ErrorCode::InvalidArgument);
    QVERIFY(pin.error().context.starts_with("pin: "));
}

void TestPin::comparesByItsHash()
{
    auto hash = counted().hash();
    hash.back() = std::byte{0x20};
    QVERIFY(Pin(hash) != counted());
    QVERIFY(Pin(hash) > counted());
}

QTEST_APPLESS_MAIN(TestPin)
#include "tst_pin.moc"
