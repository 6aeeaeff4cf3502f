// What OpenSSL calls while an engine works: the BIO that borrows the caller's buffers, the check of the peer's
// certificate, and the count of messages after the handshake. Private to this layer; the engine's thread.
#pragma once

#include <openssl/ssl.h>

namespace gvpn::tls {

class TlsEngine;

struct EngineCallbacks {
    /// A BIO for this engine; null when there is no memory. The caller owns it.
    [[nodiscard]] static BIO* createBio(TlsEngine& engine);
    /// Installs the peer check and the message count; they find the engine by SSL_get_app_data().
    static void install(SSL_CTX* context);

private:
    static int read(BIO* bio, char* to, std::size_t size, std::size_t* sizeRead);
    static int write(BIO* bio, const char* from, std::size_t size, std::size_t* sizeWritten);
    static long control(BIO* bio, int command, long number, void* pointer);
    static int verify(X509_STORE_CTX* store, void* argument);
    static void message(int isWritten, int version, int contentType, const void* bytes, std::size_t size, SSL* ssl,
                        void* argument);
    static void countPeerMessage(TlsEngine& engine);
    [[nodiscard]] static const BIO_METHOD* method();
};

}  // namespace gvpn::tls
