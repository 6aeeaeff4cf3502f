#include "tls/engine_callbacks.h"
#include "tls/openssl_support.h"
#include "tls/tls_engine.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cassert>

namespace gvpn::tls {

namespace {

// AES-GCM first: with AES in hardware it is twice as fast as ChaCha20.
constexpr const char* CipherSuites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* Groups = "X25519:P-256";
// Of the peer's Certificate message; OpenSSL would take 100 KB from anybody.
constexpr long MaxCertificateBytes = 16384;

bool configure(SSL_CTX* context, Role role, const Identity& identity)
{
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                                     | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(context, MaxCertificateBytes);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    // One message at a time, so that a flood of key updates is seen while it is being read.
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (role == Role::Server ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       nullptr);
    EngineCallbacks::install(context);
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1
           && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1
           && SSL_CTX_set_max_early_data(context, 0) == 1 && SSL_CTX_set_recv_max_early_data(context, 0) == 1
           && SSL_CTX_set_ciphersuites(context, CipherSuites) == 1 && SSL_CTX_set1_groups_list(context, Groups) == 1
           && SSL_CTX_use_certificate(context, identity.certificate()) == 1
           && SSL_CTX_use_PrivateKey(context, identity.key()) == 1;
}

}  // namespace

TlsContext::TlsContext(Role role, ssl_ctx_st* context, const TlsLimits& limits)
    : m_role(role)
    , m_context(context)
    , m_limits(limits)
{}

TlsContext::TlsContext(TlsContext&& other) noexcept
    : m_role(other.m_role)
    , m_context(std::exchange(other.m_context, nullptr))
    , m_limits(other.m_limits)
{}

TlsContext& TlsContext::operator=(TlsContext&& other) noexcept
{
    std::swap(m_role, other.m_role);
    std::swap(m_context, other.m_context);
    std::swap(m_limits, other.m_limits);
    return *this;
}

TlsContext::~TlsContext()
{
    SSL_CTX_free(m_context);
}

Result<TlsContext> TlsContext::create(Role role, const Identity& identity, const TlsLimits& limits)
{
    assert(limits.recordsPerKey > 0);
    ERR_clear_error();
    TlsContext context(role, SSL_CTX_new(role == Role::Server ? TLS_server_method() : TLS_client_method()), limits);
    if (context.m_context == nullptr || !configure(context.m_context, role, identity))
        return fail(takeOpensslError(ErrorCode::TlsFailure, "tls context"));
    return context;
}

}  // namespace gvpn::tls
