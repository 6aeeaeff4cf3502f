#include "tls/identity.h"

#include <QtTest>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

using namespace gvpn;
using tls::Identity;

namespace {

std::string pemOf(const Identity& identity)
{
    const auto pem = identity.toPem();
    return pem ? std::string(asText(pem->view())) : std::string();
}

/// The blocks of a PEM text: key, then certificate.
std::pair<std::string, std::string> split(const std::string& pem)
{
    const auto place = pem.find("-----BEGIN CERTIFICATE");
    return {pem.substr(0, place), pem.substr(place)};
}

std::string encrypted(const Identity& identity)
{
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, identity.key(), EVP_aes_128_cbc(), "password", 8, nullptr, nullptr);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
}

}  // namespace

class TestIdentity : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachIdentityIsAnother();
    void theCertificateNeverExpiresAndHasNoName();
    void thePinIsTheHashOfThePublicKeyInfo();
    void survivesPem();
    void takesPemInAnyOrder();
    void refusesBadPem_data();
    void refusesBadPem();
};

void TestIdentity::eachIdentityIsAnother()
{
    const auto a = Identity::generate();
    const auto b = Identity::generate();
    QVERIFY(a && b);
    QVERIFY(a->pin() != b->pin());
    QVERIFY(ASN1_INTEGER_cmp(X509_get0_serialNumber(a->certificate()), X509_get0_serialNumber(b->certificate())) != 0);
}

void TestIdentity::theCertificateNeverExpiresAndHasNoName()
{
    const auto identity = Identity::generate();
    QVERIFY(identity);
    const X509* certificate = identity->certificate();
    const ASN1_TIME* end = X509_get0_notAfter(certificate);
    QCOMPARE(std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(end))), std::string("99991231235959Z"));
    QVERIFY(X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0);
    char name[64] = {};
    X509_NAME_oneline(X509_get_subject_name(certificate), name, sizeof(name));
    QCOMPARE(std::string(name), std::string("/CN=gvpn"));
    QCOMPARE(X509_verify(identity->certificate(), identity->key()), 1);
    QCOMPARE(EVP_PKEY_get_bits(identity->key()), 256);
}

void TestIdentity::thePinIsTheHashOfThePublicKeyInfo()
{
    const auto identity = Identity::generate();
    QVERIFY(identity);
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(identity->key(), &der);
    QVERIFY(size > 0);
    std::array<std::byte, 32> hash{};
    QCOMPARE(EVP_Digest(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(hash.data()), nullptr,
                        EVP_sha256(), nullptr),
             1);
    OPENSSL_free(der);
    QVERIFY(identity->pin() == Pin(hash));
}

void TestIdentity::survivesPem()
{
    const auto identity = Identity::generate();
    QVERIFY(identity);
    const std::string pem = pemOf(*identity);
    QVERIFY(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = Identity::fromPem(asBytes(pem));
    QVERIFY(again);
    QVERIFY(again->pin() == identity->pin());
    QCOMPARE(EVP_PKEY_eq(again->key(), identity->key()), 1);
    QCOMPARE(pemOf(*again), pem);
}

void TestIdentity::takesPemInAnyOrder()
{
    const auto identity = Identity::generate();
    QVERIFY(identity);
    const auto [key, certificate] = split(pemOf(*identity));
    const std::string reversed = "a comment\n" + certificate + "\n" + key;
    const auto again = Identity::fromPem(asBytes(reversed));
    QVERIFY(again);
    QVERIFY(again->pin() == identity->pin());
}

void TestIdentity::refusesBadPem_data()
{
    QTest::addColumn<QByteArray>("pem");
    QTest::addColumn<int>("code");
    const auto identity = Identity::generate();
    const auto other = Identity::generate();
    QVERIFY(identity && other);
    const auto [key, certificate] = split(pemOf(*identity));
    const auto foreign = split(pemOf(*other)).second;
    std::string damaged = key;
    damaged[damaged.size() / 2] = '!';
    const auto row = [](const char* name, const std::string& pem, ErrorCode code = ErrorCode::Malformed) {
        QTest::newRow(name) << QByteArray::fromStdString(pem) << static_cast<int>(code);
    };
    row("nothing", "");
    row("no PEM", "hello");
    row("key only", key);
    row("certificate only", certificate);
    row("foreign certificate", key + foreign);
    row("damaged key", damaged + certificate);
    row("cut certificate", key + certificate.substr(0, certificate.size() / 2));
    row("encrypted key is not asked for", encrypted(*identity) + certificate);
    row("too large", key + certificate + std::string(65536, '\n'), ErrorCode::LimitExceeded);
}

void TestIdentity::refusesBadPem()
{
    QFETCH(QByteArray, pem);
    QFETCH(int, code);
    const auto identity = Identity::fromPem(asBytes(pem.toStdString()));
    QVERIFY(!identity);
    QCOMPARE(static_cast<int>(identity.error().code), code);
    QVERIFY(!identity.error().context.empty());
}

QTEST_APPLESS_MAIN(TestIdentity)
#include "tst_identity.moc"
