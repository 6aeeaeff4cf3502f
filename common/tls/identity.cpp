#include "tls/identity.h"

#include "tls/openssl_support.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

namespace gvpn::tls {

namespace {

// A key and a certificate, even of RSA 16384, are far smaller.
constexpr std::size_t MaxPemBytes = 64 * 1024;

// OpenSSL's own callback would ask on the terminal.
int refusePassword(char*, int, int, void*)
{
    return -1;
}

BioPointer memoryBio(ByteView bytes)
{
    return BioPointer(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

bool setName(X509* certificate)
{
    X509_NAME* name = X509_get_subject_name(certificate);
    const std::string_view text = "gvpn";
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, bytes, static_cast<int>(text.size()), -1, 0)
               == 1
           && X509_set_issuer_name(certificate, name) == 1;
}

bool setSerial(X509* certificate)
{
    std::uint64_t serial = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) != 1)
        return false;
    serial >>= 1U;  // RFC 5280 section 4.1.2.2: positive; some parsers stop at 63 bits
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial | 1U) == 1;
}

// Both ends of the validity are constants, so that a computer with a wrong clock makes a usable certificate.
bool setValidity(X509* certificate)
{
    return ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "19700101000000Z") == 1
           && ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "99991231235959Z") == 1;
}

CertificatePointer selfSigned(EVP_PKEY* key)
{
    CertificatePointer certificate(X509_new());
    if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 || !setSerial(certificate.get())
        || !setName(certificate.get()) || !setValidity(certificate.get())
        || X509_set_pubkey(certificate.get(), key) != 1 || X509_sign(certificate.get(), key, EVP_sha256()) == 0)
        return nullptr;
    return certificate;
}

}  // namespace

struct Identity::Parts {
    KeyPointer key;
    CertificatePointer certificate;
};

Identity::Identity(std::unique_ptr<Parts> parts, const Pin& pin)
    : m_parts(std::move(parts))
    , m_pin(pin)
{}

Identity::Identity(Identity&&) noexcept = default;
Identity& Identity::operator=(Identity&&) noexcept = default;
Identity::~Identity() = default;

Result<Identity> Identity::generate()
{
    ERR_clear_error();
    auto parts = std::make_unique<Parts>();
    parts->key.reset(EVP_EC_gen("P-256"));
    if (!parts->key)
        return fail(takeOpensslError(ErrorCode::TlsFailure, "generate a key"));
    parts->certificate = selfSigned(parts->key.get());
    if (!parts->certificate)
        return fail(takeOpensslError(ErrorCode::TlsFailure, "make a certificate"));
    const auto pin = pinOf(parts->certificate.get());
    if (!pin)
        return fail(pin.error());
    return Identity(std::move(parts), *pin);
}

Result<Identity> Identity::fromPem(ByteView pem)
{
    if (pem.size() > MaxPemBytes)
        return fail(ErrorCode::LimitExceeded, "identity: larger than 64 KB");
    ERR_clear_error();
    auto parts = std::make_unique<Parts>();
    // Each reader skips the blocks that are not its own; that is why the order does not matter.
    parts->key.reset(PEM_read_bio_PrivateKey(memoryBio(pem).get(), nullptr, refusePassword, nullptr));
    if (!parts->key)
        return fail(takeOpensslError(ErrorCode::Malformed, "identity: private key"));
    parts->certificate.reset(PEM_read_bio_X509(memoryBio(pem).get(), nullptr, refusePassword, nullptr));
    if (!parts->certificate)
        return fail(takeOpensslError(ErrorCode::Malformed, "identity: certificate"));
    if (X509_check_private_key(parts->certificate.get(), parts->key.get()) != 1)
        return fail(takeOpensslError(ErrorCode::Malformed, "identity: key and certificate"));
    const auto pin = pinOf(parts->certificate.get());
    if (!pin)
        return fail(pin.error());
    return Identity(std::move(parts), *pin);
}

Result<SecretBytes> Identity::toPem() const
{
    ERR_clear_error();
    // A memory BIO wipes what it held when it grows and when it is freed.
    const BioPointer bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key(), nullptr, nullptr, 0, nullptr, nullptr) != 1
        || PEM_write_bio_X509(bio.get(), certificate()) != 1)
        return fail(takeOpensslError(ErrorCode::TlsFailure, "write identity"));
    char* text = nullptr;
    const auto length = BIO_get_mem_data(bio.get(), &text);
    return SecretBytes(asBytes({text, static_cast<std::size_t>(length)}));
}

evp_pkey_st* Identity::key() const
{
    return m_parts->key.get();
}

x509_st* Identity::certificate() const
{
    return m_parts->certificate.get();
}

Result<Pin> pinOf(const x509_st* certificate)
{
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (length <= 0)
        return fail(takeOpensslError(ErrorCode::Malformed, "public key"));
    std::array<std::byte, Pin::SizeBytes> hash{};
    const int isDone = EVP_Digest(der, static_cast<std::size_t>(length), reinterpret_cast<unsigned char*>(hash.data()),
                                  nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    if (isDone != 1)
        return fail(takeOpensslError(ErrorCode::TlsFailure, "hash the public key"));
    return Pin(hash);
}

}  // namespace gvpn::tls
