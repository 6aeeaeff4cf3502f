// For the tests of this folder: an engine with its buffers, two of them connected, and a peer made of plain OpenSSL
// that does what our engine never would.
#pragma once

#include "tls/tls_engine.h"

#include <QtTest>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <random>

namespace gvpn::tls::test {

inline ByteVector pattern(std::size_t size, unsigned seed = 1)
{
    ByteVector bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::byte>((i * 31 + seed + (i >> 8)) & 0xFFU);
    return bytes;
}

inline Identity newIdentity()
{
    auto identity = Identity::generate();
    if (!identity)
        qFatal("%s", identity.error().context.c_str());
    return std::move(*identity);
}

inline TlsContext newContext(Role role, const Identity& identity, const TlsLimits& limits = {})
{
    auto context = TlsContext::create(role, identity, limits);
    if (!context)
        qFatal("%s", context.error().context.c_str());
    return std::move(*context);
}

inline bool acceptAll(const Pin&)
{
    return true;
}

inline TimePoint later(std::chrono::seconds seconds)
{
    return TimePoint{} + std::chrono::hours(1) + seconds;
}

/// One end with everything that came out of it.
struct End {
    explicit End(TlsContext made, PeerCheck check = acceptAll)
        : context(std::move(made))
        , engine(context, std::move(check))
    {
        start();
    }

    void start()
    {
        if (const auto started = engine.start(out); !started)
            error = started.error();
    }

    void take(ByteView bytes, TimePoint now = later({}))
    {
        ByteVector room(TlsEngine::plaintextRoom(bytes.size()));
        const auto received = engine.receive(bytes, room, out, now);
        if (!received) {
            error = received.error();
            return;
        }
        plaintext.insert(plaintext.end(), room.begin(),
                         room.begin() + static_cast<std::ptrdiff_t>(received->plaintextBytes));
        isPeerClosed = isPeerClosed || received->isPeerClosed;
    }

    void send(ByteView bytes, TimePoint now = later({}))
    {
        if (const auto sent = engine.send(bytes, out, now); !sent)
            error = sent.error();
    }

    [[nodiscard]] ByteVector taken()
    {
        const ByteVector bytes(std::as_const(out).data().begin(), std::as_const(out).data().end());
        out.clear();
        return bytes;
    }

    [[nodiscard]] ErrorCode code() const { return error ? error->code : ErrorCode::SystemFailure; }

    TlsContext context;
    TlsEngine engine;
    ByteBuffer out{256 * 1024};
    ByteVector plaintext;
    std::optional<Error> error;
    bool isPeerClosed = false;
};

/// Carries bytes until both are silent. chunk(n) says how many of n bytes go in one call (at least 1).
template <typename Chunk>
void carry(End& a, End& b, Chunk chunk, TimePoint now = later({}))
{
    while (!a.out.isEmpty() || !b.out.isEmpty()) {
        for (auto [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
            const ByteVector bytes = from->taken();
            for (ByteView rest = bytes; !rest.empty();) {
                const std::size_t size = std::clamp<std::size_t>(chunk(rest.size()), 1, rest.size());
                to->take(rest.first(size), now);
                rest = rest.subspan(size);
            }
        }
    }
}

inline void carry(End& a, End& b, TimePoint now = later({}))
{
    carry(
        a, b, [](std::size_t size) { return size; }, now);
}

/// A client and a server that have shaken hands.
struct Pair {
    explicit Pair(const TlsLimits& clientLimits = {}, const TlsLimits& serverLimits = {})
        : client(newContext(Role::Client, clientIdentity, clientLimits))
        , server(newContext(Role::Server, serverIdentity, serverLimits))
    {
        carry(client, server);
    }

    [[nodiscard]] bool isEstablished() const
    {
        return client.engine.isEstablished() && server.engine.isEstablished() && !client.error && !server.error;
    }

    Identity clientIdentity = newIdentity();
    Identity serverIdentity = newIdentity();
    End client;
    End server;
};

/// Plain OpenSSL over two memory BIOs.
class RawPeer {
public:
    explicit RawPeer(Role role, const Identity* identity = nullptr)
        : m_context(SSL_CTX_new(role == Role::Server ? TLS_server_method() : TLS_client_method()))
    {
        SSL_CTX_set_verify(m_context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
        if (identity != nullptr) {
            SSL_CTX_use_certificate(m_context, identity->certificate());
            SSL_CTX_use_PrivateKey(m_context, identity->key());
        }
        m_isServer = role == Role::Server;
    }
    RawPeer(const RawPeer&) = delete;
    RawPeer& operator=(const RawPeer&) = delete;
    ~RawPeer()
    {
        SSL_free(m_ssl);
        SSL_CTX_free(m_context);
    }

    [[nodiscard]] SSL_CTX* context() { return m_context; }
    [[nodiscard]] SSL* ssl()
    {
        if (m_ssl == nullptr) {
            m_ssl = SSL_new(m_context);
            SSL_set_bio(m_ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
            m_isServer ? SSL_set_accept_state(m_ssl) : SSL_set_connect_state(m_ssl);
        }
        return m_ssl;
    }

    [[nodiscard]] ByteVector taken()
    {
        ByteVector bytes(BIO_ctrl_pending(SSL_get_wbio(ssl())));
        if (!bytes.empty())
            BIO_read(SSL_get_wbio(ssl()), bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }
    void give(ByteView bytes)
    {
        if (!bytes.empty())
            BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size()));
    }

    /// Shakes hands and reads whatever comes until both are silent.
    void carry(End& end)
    {
        for (;;) {
            std::byte data[1024];
            ERR_clear_error();
            if (SSL_is_init_finished(ssl()) == 0)
                SSL_do_handshake(ssl());
            else
                SSL_read(ssl(), data, sizeof(data));
            const ByteVector toEnd = taken();
            if (!toEnd.empty())
                end.take(toEnd);
            const ByteVector fromEnd = end.taken();
            give(fromEnd);
            if (toEnd.empty() && fromEnd.empty())
                return;
        }
    }

private:
    SSL_CTX* m_context;
    SSL* m_ssl = nullptr;
    bool m_isServer = false;
};

}  // namespace gvpn::tls::test
