#include "tls/tls_engine.h"

#include "tls/engine_callbacks.h"
#include "tls/openssl_support.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cassert>

namespace gvpn::tls {

namespace {

constexpr std::byte AlertRecord{21};  // RFC 8446 section 5.1
constexpr std::byte HandshakeRecord{22};
constexpr std::byte MajorVersion{3};

ErrorCode codeOfHandshakeError(unsigned long number)
{
    if (ERR_GET_LIB(number) != ERR_LIB_SSL)
        return ErrorCode::TlsFailure;
    switch (ERR_GET_REASON(number)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return ErrorCode::VersionMismatch;
    default: return ErrorCode::TlsFailure;
    }
}

}  // namespace

// Lends the caller's buffers to the callbacks for the length of a call, and starts it with an empty error queue.
class TlsEngine::Borrow {
public:
    Borrow(TlsEngine& engine, ByteView in, ByteBuffer& out, TimePoint now)
        : m_engine(engine)
    {
        ERR_clear_error();
        engine.m_in = in;
        engine.m_out = &out;
        engine.m_now = now;
        engine.m_isStarved = false;
    }
    Borrow(const Borrow&) = delete;
    Borrow& operator=(const Borrow&) = delete;
    ~Borrow()
    {
        m_engine.m_in = {};
        m_engine.m_out = nullptr;
    }

private:
    TlsEngine& m_engine;
};

TlsEngine::TlsEngine(const TlsContext& context, PeerCheck check)
    : m_context(context)
    , m_check(std::move(check))
{
    assert(m_check);
    ERR_clear_error();
    m_ssl = SSL_new(context.native());
    BIO* bio = m_ssl == nullptr ? nullptr : EngineCallbacks::createBio(*this);
    if (bio == nullptr) {
        m_failure = takeOpensslError(ErrorCode::SystemFailure, "tls engine");
        return;
    }
    SSL_set_bio(m_ssl, bio, bio);
    SSL_set_app_data(m_ssl, this);
    if (context.role() == Role::Server)
        SSL_set_accept_state(m_ssl);
    else
        SSL_set_connect_state(m_ssl);
}

TlsEngine::~TlsEngine()
{
    SSL_free(m_ssl);
}

Result<void> TlsEngine::start(ByteBuffer& out)
{
    assert(out.freeBytes() >= ControlRoomBytes);
    if (m_failure)
        return fail(*m_failure);
    if (m_context.role() == Role::Server)
        return {};
    const Borrow borrow(*this, {}, out, {});
    return handshake();
}

Result<TlsEngine::Received> TlsEngine::receive(ByteView ciphertext, ByteSpan plaintext, ByteBuffer& out, TimePoint now)
{
    assert(plaintext.size() >= plaintextRoom(ciphertext.size()));
    assert(out.freeBytes() >= ControlRoomBytes);
    if (m_failure)
        return fail(*m_failure);
    if (!looksLikeTls(ciphertext))
        return failure(Error{ErrorCode::ProtocolViolation, "tls handshake: what came is not tls"});
    const Borrow borrow(*this, ciphertext, out, now);
    if (!m_isEstablished) {
        const auto progress = handshake();
        if (!progress)
            return fail(progress.error());
        if (!m_isEstablished)
            return Received{};
    }
    return readRecords(plaintext);
}

// The first bytes of a peer are a handshake or an alert record of version 3.x. OpenSSL's own words for anything else
// ("wrong version number", "http request") don't tell a foreign protocol from an old version.
bool TlsEngine::looksLikeTls(ByteView ciphertext) const
{
    for (std::size_t i = 0; i < ciphertext.size() && m_handshakeBytes + i < 2; ++i) {
        const std::byte byte = ciphertext[i];
        const bool isFirst = m_handshakeBytes + i == 0;
        if (isFirst ? byte != HandshakeRecord && byte != AlertRecord : byte != MajorVersion)
            return false;
    }
    return true;
}

Result<void> TlsEngine::handshake()
{
    for (;;) {
        const int result = SSL_do_handshake(m_ssl);
        if (result == 1)
            return checkEstablished();
        if (m_stop != Stop::None || SSL_get_error(m_ssl, result) != SSL_ERROR_WANT_READ)
            return failure(result);
        if (m_isStarved)
            return {};
    }
}

Result<void> TlsEngine::checkEstablished()
{
    if (!m_peerPin)
        return failure(Error{ErrorCode::TlsFailure, "tls handshake: the peer showed no certificate"});
    // RFC 6066 section 4: OpenSSL would send records of 512 bytes on a client's request, and sealedBytes() and the
    // count of records would be wrong. Nobody who speaks our protocol asks for it.
    if (SSL_SESSION_get_max_fragment_length(SSL_get_session(m_ssl)) != TLSEXT_max_fragment_length_DISABLED)
        return failure(Error{ErrorCode::TlsFailure, "tls handshake: the peer wants short records"});
    m_isEstablished = true;
    m_keyTime = m_now;
    return {};
}

Result<TlsEngine::Received> TlsEngine::readRecords(ByteSpan plaintext)
{
    Received received;
    for (;;) {
        std::size_t size = 0;
        const ByteSpan room = plaintext.subspan(received.plaintextBytes);
        const int result = SSL_read_ex(m_ssl, room.data(), room.size(), &size);
        if (m_stop != Stop::None)
            return failure(result);
        if (result == 1) {
            received.plaintextBytes += size;
            continue;
        }
        switch (SSL_get_error(m_ssl, result)) {
        case SSL_ERROR_WANT_READ:
            if (m_isStarved)
                return received;
            break;  // a message without data was read
        case SSL_ERROR_ZERO_RETURN: received.isPeerClosed = true; return received;
        default: return failure(result);
        }
    }
}

Result<void> TlsEngine::send(ByteView plaintext, ByteBuffer& out, TimePoint now)
{
    assert(out.freeBytes() >= sealedBytes(plaintext.size()) + ControlRoomBytes);
    if (m_failure)
        return fail(*m_failure);
    assert(m_isEstablished);
    const Borrow borrow(*this, {}, out, now);
    while (!plaintext.empty()) {
        if (const auto updated = updateKeyIfDue(); !updated)
            return updated;
        // One call for as many full records as the key still allows.
        const std::uint64_t records = std::min<std::uint64_t>(m_context.limits().recordsPerKey - m_recordsSent,
                                                              plaintext.size() / MaxRecordPlaintextBytes + 1);
        const auto part =
            plaintext.first(std::min(plaintext.size(), static_cast<std::size_t>(records) * MaxRecordPlaintextBytes));
        std::size_t written = 0;
        const int result = SSL_write_ex(m_ssl, part.data(), part.size(), &written);
        if (result != 1)
            return failure(result);
        m_recordsSent += (part.size() + MaxRecordPlaintextBytes - 1) / MaxRecordPlaintextBytes;
        plaintext = plaintext.subspan(part.size());
    }
    return {};
}

Result<void> TlsEngine::updateKeyIfDue()
{
    const TlsLimits& limits = m_context.limits();
    if (m_recordsSent < limits.recordsPerKey && m_now - m_keyTime < limits.keyAge)
        return {};
    // Our direction only: the peer counts its own records.
    if (const int result = SSL_key_update(m_ssl, SSL_KEY_UPDATE_NOT_REQUESTED); result != 1)
        return failure(result);
    if (const int result = SSL_do_handshake(m_ssl); result != 1)
        return failure(result);
    return {};
}

void TlsEngine::close(ByteBuffer& out)
{
    assert(out.freeBytes() >= ControlRoomBytes);
    if (m_failure || !m_isEstablished)
        return;
    const Borrow borrow(*this, {}, out, m_now);
    SSL_shutdown(m_ssl);
    ERR_clear_error();
}

Failure TlsEngine::failure(int result)
{
    return failure(causeOf(result));
}

Failure TlsEngine::failure(Error error)
{
    ERR_clear_error();
    m_failure = std::move(error);
    return fail(*m_failure);
}

Error TlsEngine::causeOf(int result) const
{
    switch (m_stop) {
    case Stop::None: break;
    case Stop::Refused: return {ErrorCode::IdentityMismatch, "tls handshake: the peer's key was refused"};
    case Stop::HandshakeTooLong: return {ErrorCode::LimitExceeded, "tls handshake: the peer's messages never end"};
    case Stop::Flood: return {ErrorCode::LimitExceeded, "tls: too many key updates"};
    case Stop::NoRoom: return {ErrorCode::LimitExceeded, "tls: no room for what has to be sent"};
    }
    const unsigned long number = ERR_peek_error();
    if (number == 0)
        return {ErrorCode::TlsFailure, "tls: failed with status " + std::to_string(SSL_get_error(m_ssl, result))};
    return m_isEstablished ? opensslError(ErrorCode::TlsFailure, "tls", number)
                           : opensslError(codeOfHandshakeError(number), "tls handshake", number);
}

}  // namespace gvpn::tls
