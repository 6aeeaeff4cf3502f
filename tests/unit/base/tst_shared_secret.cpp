#include "base/shared_secret.h"

#include <QTest>

#include <optional>

using gvpn::asBytes;
using gvpn::SecretBytes;
using gvpn::SharedSecret;

namespace {

SharedSecret secret(std::string_view text)
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

}  // namespace

class TestSharedSecret : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void comparesByContent_data();
    void comparesByContent();
    void copiesShareTheBytesAndOutliveTheFirst();
    void isEmptyWithoutBytes();
};

void TestSharedSecret::comparesByContent_data()
{
    QTest::addColumn<QByteArray>("one");
    QTest::addColumn<QByteArray>("two");
    QTest::addColumn<bool>("isEqual");
    QTest::newRow("the same") << QByteArray("hunter2") << QByteArray("hunter2") << true;
    QTest::newRow("the first byte differs") << QByteArray("hunter2") << QByteArray("Hunter2") << false;
    QTest::newRow("the last byte differs") << QByteArray("hunter2") << QByteArray("hunter3") << false;
    QTest::newRow("the highest bit of a byte differs") << QByteArray("a\x01z") << QByteArray("a\x81z") << false;
    QTest::newRow("differences that cancel out in a sum") << QByteArray("ab") << QByteArray("ba") << false;
    QTest::newRow("the same difference twice") << QByteArray("aa") << QByteArray("bb") << false;
    QTest::newRow("the beginning of the other") << QByteArray("hunter") << QByteArray("hunter2") << false;
    QTest::newRow("nothing") << QByteArray() << QByteArray("hunter2") << false;
    QTest::newRow("nothing twice") << QByteArray() << QByteArray() << true;
}

void TestSharedSecret::comparesByContent()
{
    QFETCH(QByteArray, one);
    QFETCH(QByteArray, two);
    QFETCH(bool, isEqual);
    const SharedSecret first = secret(one.toStdString());
    const SharedSecret second = secret(two.toStdString());
    QCOMPARE(first == second, isEqual);
    QCOMPARE(second == first, isEqual);
}

void TestSharedSecret::copiesShareTheBytesAndOutliveTheFirst()
{
    std::optional<SharedSecret> first = secret("hunter2");
    const SharedSecret copy = *first;
    QVERIFY2(copy.view().data() == first->view().data(), "a copy of the bytes would have to be wiped as well");
    first.reset();
    QVERIFY(copy == secret("hunter2"));
}

void TestSharedSecret::isEmptyWithoutBytes()
{
    QVERIFY(SharedSecret().isEmpty());
    QVERIFY(SharedSecret() == secret(""));
    QVERIFY(!secret("x").isEmpty());
}

QTEST_APPLESS_MAIN(TestSharedSecret)
#include "tst_shared_secret.moc"
