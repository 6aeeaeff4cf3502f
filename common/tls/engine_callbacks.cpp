#include "tls/engine_callbacks.h"

#include "tls/openssl_support.h"
#include "tls/tls_engine.h"

#include <algorithm>

namespace gvpn::tls {

namespace {

TlsEngine& engineOf(BIO* bio)
{
    return *static_cast<TlsEngine*>(BIO_get_data(bio));
}

}  // namespace

BIO* EngineCallbacks::createBio(TlsEngine& engine)
{
    const BIO_METHOD* bioMethod = method();
    BIO* bio = bioMethod == nullptr ? nullptr : BIO_new(bioMethod);
    if (bio == nullptr)
        return nullptr;
    BIO_set_data(bio, &engine);
    BIO_set_init(bio, 1);
    return bio;
}

void EngineCallbacks::install(SSL_CTX* context)
{
    SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
    SSL_CTX_set_msg_callback(context, message);
}

int EngineCallbacks::read(BIO* bio, char* to, std::size_t size, std::size_t* sizeRead)
{
    TlsEngine& engine = engineOf(bio);
    BIO_clear_retry_flags(bio);
    *sizeRead = std::min(size, engine.m_in.size());
    if (*sizeRead == 0) {
        engine.m_isStarved = true;
        BIO_set_retry_read(bio);
        return 0;
    }
    if (!engine.m_isEstablished) {
        engine.m_handshakeBytes += *sizeRead;
        if (engine.m_handshakeBytes > MaxHandshakeBytes) {
            engine.m_stop = TlsEngine::Stop::HandshakeTooLong;
            return 0;
        }
    }
    std::memcpy(to, engine.m_in.data(), *sizeRead);
    engine.m_in = engine.m_in.subspan(*sizeRead);
    return 1;
}

int EngineCallbacks::write(BIO* bio, const char* from, std::size_t size, std::size_t* sizeWritten)
{
    TlsEngine& engine = engineOf(bio);
    BIO_clear_retry_flags(bio);
    if (engine.m_out == nullptr || !engine.m_out->append(std::as_bytes(std::span(from, size)))) {
        engine.m_stop = TlsEngine::Stop::NoRoom;
        return 0;
    }
    *sizeWritten = size;
    return 1;
}

long EngineCallbacks::control(BIO*, int command, long, void*)
{
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// Replaces OpenSSL's check of chain, name and validity: the key is all that counts. Without a refusal here OpenSSL goes
// on to check that the peer can sign with it.
int EngineCallbacks::verify(X509_STORE_CTX* store, void*)
{
    const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& engine = *static_cast<TlsEngine*>(SSL_get_app_data(ssl));
    const X509* certificate = X509_STORE_CTX_get0_cert(store);
    const auto pin = certificate == nullptr ? fail(ErrorCode::TlsFailure, "no certificate") : pinOf(certificate);
    if (pin) {
        engine.m_peerPin = *pin;
        if (engine.m_check(*pin)) {
            X509_STORE_CTX_set_error(store, X509_V_OK);
            return 1;
        }
        engine.m_stop = TlsEngine::Stop::Refused;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

void EngineCallbacks::message(int isWritten, int, int contentType, const void* bytes, std::size_t size, SSL* ssl, void*)
{
    if (contentType != SSL3_RT_HANDSHAKE || size == 0)
        return;
    auto& engine = *static_cast<TlsEngine*>(SSL_get_app_data(ssl));
    if (!engine.m_isEstablished)
        return;
    if (isWritten == 0) {
        countPeerMessage(engine);
    } else if (*static_cast<const unsigned char*>(bytes) == SSL3_MT_KEY_UPDATE) {
        // Also when the peer asked for it.
        ++engine.m_keyUpdates;
        engine.m_recordsSent = 0;
        engine.m_keyTime = engine.m_now;
    }
}

void EngineCallbacks::countPeerMessage(TlsEngine& engine)
{
    const TlsLimits& limits = engine.m_context.limits();
    if (engine.m_now - engine.m_windowStart >= limits.peerMessageWindow) {
        engine.m_windowStart = engine.m_now;
        engine.m_peerMessages = 0;
    }
    if (++engine.m_peerMessages > limits.peerMessages)
        engine.m_stop = TlsEngine::Stop::Flood;
}

const BIO_METHOD* EngineCallbacks::method()
{
    using Method = std::unique_ptr<BIO_METHOD, OpensslFree<BIO_meth_free>>;
    static const Method instance = [] {
        Method made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gvpn buffers"));
        if (made) {
            BIO_meth_set_read_ex(made.get(), read);
            BIO_meth_set_write_ex(made.get(), write);
            BIO_meth_set_ctrl(made.get(), control);
        }
        return made;
    }();
    return instance.get();
}

}  // namespace gvpn::tls
