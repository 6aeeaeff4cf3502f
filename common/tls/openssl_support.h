// Owners for OpenSSL's C objects and errors made from its queue. Private to this layer; any thread (the error queue is
// the calling thread's).
#pragma once

#include "base/result.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace gvpn::tls {

template <auto Free>
struct OpensslFree {
    template <typename T>
    void operator()(T* object) const
    {
        Free(object);
    }
};

using BioPointer = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using CertificatePointer = std::unique_ptr<X509, OpensslFree<X509_free>>;

/// "what: reason" from an OpenSSL error number; 0 is "no reason given".
[[nodiscard]] Error opensslError(ErrorCode code, std::string_view what, unsigned long number);
/// The same from the oldest entry of the queue, which is the cause of the others; empties the queue.
[[nodiscard]] Error takeOpensslError(ErrorCode code, std::string_view what);

}  // namespace gvpn::tls
