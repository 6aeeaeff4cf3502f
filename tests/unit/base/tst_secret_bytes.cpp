#include "base/secret_bytes.h"

#include <QTest>

#include <type_traits>

using gvpn::asBytes;
using gvpn::asText;
using gvpn::SecretBytes;

static_assert(!std::is_copy_constructible_v<SecretBytes> && !std::is_copy_assignable_v<SecretBytes>);

class TestSecretBytes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void holdsACopyOfTheBytes();
    void isEmptyAfterWiping();
    void movingLeavesTheSourceEmpty();
    void moveAssignmentReplacesTheOldSecret();
    void survivesAssigningToItself();
};

void TestSecretBytes::holdsACopyOfTheBytes()
{
    std::string source = "hunter2";
    SecretBytes secret(asBytes(source));
    source[0] = 'x';
    QVERIFY(asText(secret.view()) == "hunter2");
    secret.span()[0] = std::byte{'H'};
    QVERIFY(asText(secret.view()) == "Hunter2");
    QCOMPARE(SecretBytes(std::size_t{5}).view().size(), 5U);
    QVERIFY(SecretBytes().isEmpty());
}

void TestSecretBytes::isEmptyAfterWiping()
{
    SecretBytes secret(asBytes("hunter2"));
    QVERIFY(!secret.isEmpty());
    secret.wipe();
    QVERIFY(secret.isEmpty());
    secret.wipe();
    QVERIFY(secret.isEmpty());
}

void TestSecretBytes::movingLeavesTheSourceEmpty()
{
    SecretBytes first(asBytes("a secret that is longer than any small buffer"));
    const std::byte* place = first.view().data();
    const SecretBytes second(std::move(first));
    QVERIFY(first.isEmpty());  // NOLINT(bugprone-use-after-move): that is what is tested
    QVERIFY(asText(second.view()) == "a secret that is longer than any small buffer");
    QVERIFY2(second.view().data() == place, "a copy would leave the old bytes behind");
}

void TestSecretBytes::moveAssignmentReplacesTheOldSecret()
{
    SecretBytes target(asBytes("old"));
    SecretBytes source(asBytes("new secret"));
    const std::byte* place = source.view().data();
    target = std::move(source);
    QVERIFY(source.isEmpty());  // NOLINT(bugprone-use-after-move): that is what is tested
    QVERIFY(asText(target.view()) == "new secret");
    QVERIFY(target.view().data() == place);
}

void TestSecretBytes::survivesAssigningToItself()
{
    SecretBytes secret(asBytes("hunter2"));
    SecretBytes& same = secret;
    secret = std::move(same);
    QVERIFY(asText(secret.view()) == "hunter2");
}

QTEST_APPLESS_MAIN(TestSecretBytes)
#include "tst_secret_bytes.moc"
