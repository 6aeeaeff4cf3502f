#include "accounts/password_hash.h"
#include "scratch_store.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gvpn::accounts {

class PasswordHashTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void knowsTheRightPasswordAgain_data();
    void knowsTheRightPasswordAgain();
    void refusesTheWrongPassword_data();
    void refusesTheWrongPassword();
    void refusesToHashWhatIsNoPassword();
    void saltsEachHash();
    void makesTheStringThatRfc9106Names();
    void refusesEveryPasswordWithoutAHash();
    void refusesPasswordsThatAreTooLong();
    void tellsItsHashesFromOthers_data();
    void tellsItsHashesFromOthers();
    void reportsADamagedHash_data();
    void reportsADamagedHash();
    void staysRightWhenTheCostChanges();
    void saysNothingAboutThePasswordWithoutMemory();
};

namespace {

constexpr HashCost Cheap{.operations = 1, .memoryBytes = 8192};
constexpr char SomeHash[] =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";

}  // namespace

void PasswordHashTest::knowsTheRightPasswordAgain_data()
{
    QTest::addColumn<QByteArray>("password");
    QTest::newRow("one byte") << QByteArray("x");
    QTest::newRow("sentence") << QByteArray("correct horse battery staple");
    QTest::newRow("the longest") << QByteArray(256, 'p');
    QTest::newRow("zero bytes") << QByteArray("a\0b", 3);
    QTest::newRow("no UTF-8") << QByteArray("\xFF\xFE");
}

void PasswordHashTest::knowsTheRightPasswordAgain()
{
    QFETCH(QByteArray, password);
    const auto hash = hashPassword(secretOf(password.toStdString()), Cheap);
    VERIFY_DONE(hash);
    QVERIFY(isPasswordHash(*hash, Cheap));
    QCOMPARE(verifyPassword(secretOf(password.toStdString()), *hash, Cheap), true);
}

void PasswordHashTest::refusesTheWrongPassword_data()
{
    QTest::addColumn<QByteArray>("wrong");
    QTest::newRow("empty") << QByteArray("");
    QTest::newRow("shorter") << QByteArray("a\0", 2);
    QTest::newRow("longer") << QByteArray("a\0bc", 4);
    QTest::newRow("other case") << QByteArray("A\0b", 3);
    QTest::newRow("other after the zero") << QByteArray("a\0c", 3);
}

void PasswordHashTest::refusesTheWrongPassword()
{
    QFETCH(QByteArray, wrong);
    const auto hash = hashPassword(secretOf(std::string("a\0b", 3)), Cheap);
    VERIFY_DONE(hash);
    QCOMPARE(verifyPassword(secretOf(wrong.toStdString()), *hash, Cheap), false);
}

void PasswordHashTest::refusesToHashWhatIsNoPassword()
{
    VERIFY_FAILS(hashPassword(SharedSecret(), Cheap), ErrorCode::InvalidArgument);
    VERIFY_FAILS(hashPassword(secretOf(std::string(257, 'p')), Cheap), ErrorCode::InvalidArgument);
}

void PasswordHashTest::saltsEachHash()
{
    QVERIFY(hashPassword(secretOf("password"), Cheap) != hashPassword(secretOf("password"), Cheap));
}

void PasswordHashTest::makesTheStringThatRfc9106Names()
{
    const auto hash = hashPassword(secretOf("password"), Cheap);
    VERIFY_DONE(hash);
    const QRegularExpression form(
        QStringLiteral("^\\$argon2id\\$v=19\\$m=8,t=1,p=1\\$[A-Za-z0-9+/]{22}\\$[A-Za-z0-9+/]{43}$"));
    QVERIFY2(form.match(QString::fromStdString(*hash)).hasMatch(), hash->c_str());
}

void PasswordHashTest::refusesEveryPasswordWithoutAHash()
{
    QCOMPARE(verifyPassword(secretOf("password"), "", Cheap), false);
    QCOMPARE(verifyPassword(SharedSecret(), "", Cheap), false);
}

void PasswordHashTest::refusesPasswordsThatAreTooLong()
{
    const auto hash = hashPassword(secretOf("password"), Cheap);
    VERIFY_DONE(hash);
    QCOMPARE(verifyPassword(secretOf(std::string(100'000, 'p')), *hash, Cheap), false);
}

void PasswordHashTest::tellsItsHashesFromOthers_data()
{
    QTest::addColumn<QByteArray>("hash");
    QTest::addColumn<bool>("isOurs");
    const QByteArray ours(SomeHash);
    QTest::newRow("ours") << ours << true;
    QTest::newRow("empty") << QByteArray() << false;
    QTest::newRow("a password") << QByteArray("password") << false;
    QTest::newRow("cut") << ours.left(ours.size() - 10) + "!" << false;
    QTest::newRow("longer") << ours + "$" << false;
    QTest::newRow("a zero byte behind") << ours + '\0' << false;
    QTest::newRow("other algorithm") << QByteArray(ours).replace("argon2id", "argon2i") << false;
    QTest::newRow("other version") << QByteArray(ours).replace("v=19", "v=16") << false;
    QTest::newRow("other memory") << QByteArray(ours).replace("m=8", "m=16") << false;
    QTest::newRow("other operations") << QByteArray(ours).replace("t=1", "t=2") << false;
    QTest::newRow("scrypt") << QByteArray("$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D")
                            << false;
}

void PasswordHashTest::tellsItsHashesFromOthers()
{
    QFETCH(QByteArray, hash);
    QFETCH(bool, isOurs);
    QCOMPARE(isPasswordHash(hash.toStdString(), Cheap), isOurs);
}

void PasswordHashTest::reportsADamagedHash_data()
{
    QTest::addColumn<QByteArray>("hash");
    QTest::newRow("text") << QByteArray("password");
    QTest::newRow("half") << QByteArray(SomeHash).left(40);
    QTest::newRow("other algorithm") << QByteArray(SomeHash).replace("argon2id", "argon2d");
    QTest::newRow("too long") << QByteArray(SomeHash) + QByteArray(200, 'x');
}

void PasswordHashTest::reportsADamagedHash()
{
    QFETCH(QByteArray, hash);
    VERIFY_FAILS(verifyPassword(secretOf("password"), hash.toStdString(), Cheap), ErrorCode::SystemFailure);
}

void PasswordHashTest::staysRightWhenTheCostChanges()
{
    const auto hash = hashPassword(secretOf("password"), Cheap);
    VERIFY_DONE(hash);
    constexpr HashCost Later{.operations = 2, .memoryBytes = 16384};
    QVERIFY(!isPasswordHash(*hash, Later));
    QCOMPARE(verifyPassword(secretOf("password"), *hash, Later), true);
    QCOMPARE(verifyPassword(secretOf("passwore"), *hash, Later), false);
}

void PasswordHashTest::saysNothingAboutThePasswordWithoutMemory()
{
#ifdef __SANITIZE_ADDRESS__
    QSKIP("AddressSanitizer itself needs the memory that this test takes away");
#endif
    constexpr HashCost Dear{.operations = 1, .memoryBytes = std::size_t{1} << 30U};
    const std::string dearHash = QByteArray(SomeHash).replace("m=8", "m=1048576").toStdString();
    const pid_t child = ::fork();
    if (child == 0) {
        // In a process of its own: the limit can't be raised again.
        const struct rlimit limit {
            0, 0
        };
        if (::setrlimit(RLIMIT_AS, &limit) != 0)
            ::_exit(1);
        const auto hashed = hashPassword(secretOf("p"), Dear);
        const auto known = verifyPassword(secretOf("p"), dearHash, Dear);
        const auto unknown = verifyPassword(secretOf("p"), "", Dear);
        const bool isRight = !hashed && hashed.error().code == ErrorCode::SystemFailure && !known
                             && known.error().code == ErrorCode::SystemFailure && !unknown
                             && unknown.error().code == ErrorCode::SystemFailure;
        ::_exit(isRight ? 0 : 2);
    }
    int status = -1;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QVERIFY(WIFEXITED(status));
    QCOMPARE(WEXITSTATUS(status), 0);
}

}  // namespace gvpn::accounts

QTEST_GUILESS_MAIN(gvpn::accounts::PasswordHashTest)
#include "tst_password_hash.moc"
