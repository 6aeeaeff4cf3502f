// A private key with its self-signed certificate: what a server or a device is known by. Any thread.
#pragma once

#include "base/pin.h"
#include "base/secret_bytes.h"

#include <memory>

struct evp_pkey_st;
struct x509_st;

namespace gvpn::tls {

class Identity {
public:
    /// A new EC P-256 key and a certificate "CN=gvpn" that never expires (RFC 5280 section 4.1.2.5: 99991231235959Z);
    /// nobody looks at it but at its key.
    [[nodiscard]] static Result<Identity> generate();
    /// PEM: a PKCS #8 private key and the certificate that belongs to it, in any order.
    [[nodiscard]] static Result<Identity> fromPem(ByteView pem);

    Identity(Identity&&) noexcept;
    Identity& operator=(Identity&&) noexcept;
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;
    ~Identity();

    [[nodiscard]] Result<SecretBytes> toPem() const;
    [[nodiscard]] const Pin& pin() const { return m_pin; }
    [[nodiscard]] evp_pkey_st* key() const;      // borrowed
    [[nodiscard]] x509_st* certificate() const;  // borrowed

private:
    struct Parts;
    Identity(std::unique_ptr<Parts> parts, const Pin& pin);

    std::unique_ptr<Parts> m_parts;
    Pin m_pin;
};

/// SHA-256 of the certificate's SubjectPublicKeyInfo.
[[nodiscard]] Result<Pin> pinOf(const x509_st* certificate);

}  // namespace gvpn::tls
