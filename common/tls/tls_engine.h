// TLS 1.3 without a socket: ciphertext in, plaintext out, and back. Used by `tunnel` for every connection; an engine
// and its context live in one thread. OpenSSL works on a BIO_METHOD of our own that borrows the caller's buffers for
// the length of a call, so an idle connection holds no buffer.
#pragma once

#include "base/byte_buffer.h"
#include "base/clock.h"
#include "tls/identity.h"

#include <functional>
#include <memory>
#include <optional>

struct ssl_ctx_st;
struct ssl_st;

namespace gvpn::tls {

enum class Role { Client, Server };

/// Key limits. AES-GCM allows 2^24.5 records a key (RFC 8446 section 5.5).
struct TlsLimits {
    std::uint64_t recordsPerKey = std::uint64_t{1} << 22U;
    std::chrono::seconds keyAge{3600};
    /// Messages after the handshake (key updates, tickets) that the peer may send in a window of time; the first one
    /// after its end opens the next. One more is a flood and closes. An honest peer would need 4 million records a
    /// second.
    unsigned peerMessages = 64;
    std::chrono::seconds peerMessageWindow{60};
};

/// What a peer may send before the handshake is over; real handshakes take 1 to 3 KB.
inline constexpr std::size_t MaxHandshakeBytes = 32768;

/// Asked once during the handshake with the peer's pin, before our own certificate leaves (client), or before the
/// handshake ends (server). False ends the handshake with IdentityMismatch.
using PeerCheck = std::function<bool(const Pin& peer)>;

/// What connections of one identity share. TLS 1.3 only, both sides must show a certificate, no tickets, no resumption,
/// no renegotiation, no compression, no early data.
class TlsContext {
public:
    [[nodiscard]] static Result<TlsContext> create(Role role, const Identity& identity, const TlsLimits& limits = {});

    TlsContext(TlsContext&&) noexcept;
    TlsContext& operator=(TlsContext&&) noexcept;
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;
    ~TlsContext();

    [[nodiscard]] Role role() const { return m_role; }
    [[nodiscard]] ssl_ctx_st* native() const { return m_context; }
    [[nodiscard]] const TlsLimits& limits() const { return m_limits; }

private:
    TlsContext(Role role, ssl_ctx_st* context, const TlsLimits& limits);

    Role m_role;
    ssl_ctx_st* m_context = nullptr;
    TlsLimits m_limits;
};

inline constexpr std::size_t MaxRecordPlaintextBytes = 16384;  // RFC 8446 section 5.1
/// What TLS adds to a record: 5 bytes of header, 1 of content type, 16 of tag.
inline constexpr std::size_t RecordOverheadBytes = 22;
/// The room that `send` or `receive` may need in `out` beside sealedBytes(): handshake messages, alerts, key updates.
inline constexpr std::size_t ControlRoomBytes = 16384;

/// The ciphertext of a plaintext of this size sent with one call.
[[nodiscard]] constexpr std::size_t sealedBytes(std::size_t plaintextBytes)
{
    const std::size_t records = (plaintextBytes + MaxRecordPlaintextBytes - 1) / MaxRecordPlaintextBytes;
    return plaintextBytes + records * RecordOverheadBytes;
}

class TlsEngine {
public:
    /// The context must outlive the engine.
    TlsEngine(const TlsContext& context, PeerCheck check);
    TlsEngine(const TlsEngine&) = delete;
    TlsEngine& operator=(const TlsEngine&) = delete;
    ~TlsEngine();

    /// The client's first flight goes to out; a server has nothing to say yet.
    [[nodiscard]] Result<void> start(ByteBuffer& out);

    struct Received {
        std::size_t plaintextBytes = 0;
        bool isPeerClosed = false;  // close_notify came: nothing will follow
    };
    /// Takes all of the ciphertext (what follows a close_notify is ignored). Plaintext is written to `plaintext`, whose
    /// size must be at least plaintextRoom(ciphertext.size()); answers (handshake, alerts, key updates) are appended to
    /// `out`, which must have ControlRoomBytes free. On an error `out` may hold an alert that is worth sending. Errors:
    /// IdentityMismatch (the check said no), VersionMismatch (the peer wants TLS 1.2 or older), ProtocolViolation (what
    /// came is no TLS at all), LimitExceeded (flood of key updates, endless handshake), TlsFailure (anything else). An
    /// engine that has failed answers every further call with the same error.
    [[nodiscard]] Result<Received> receive(ByteView ciphertext, ByteSpan plaintext, ByteBuffer& out, TimePoint now);
    [[nodiscard]] static constexpr std::size_t plaintextRoom(std::size_t ciphertextBytes)
    {
        return ciphertextBytes + MaxRecordPlaintextBytes + 1024;
    }

    /// Seals all of the plaintext into full records. Precondition: isEstablished(), and `out` has
    /// sealedBytes(plaintext.size()) + ControlRoomBytes free. Updates the key first when a limit has come.
    [[nodiscard]] Result<void> send(ByteView plaintext, ByteBuffer& out, TimePoint now);

    /// close_notify, if the handshake is over; needs ControlRoomBytes in `out`.
    void close(ByteBuffer& out);

    /// The handshake is over and the peer's check has passed.
    [[nodiscard]] bool isEstablished() const { return m_isEstablished; }
    /// Known as soon as the peer's certificate was seen, even when the check refused it. That the peer holds the key
    /// is proven only when isEstablished().
    [[nodiscard]] const std::optional<Pin>& peerPin() const { return m_peerPin; }
    /// How often our sending key was replaced (for tests and `status`).
    [[nodiscard]] unsigned keyUpdates() const { return m_keyUpdates; }

private:
    friend struct EngineCallbacks;
    enum class Stop { None, Refused, HandshakeTooLong, Flood, NoRoom };  // why a callback wants the connection to end
    class Borrow;

    [[nodiscard]] Result<void> handshake();
    [[nodiscard]] Result<void> checkEstablished();
    [[nodiscard]] Result<Received> readRecords(ByteSpan plaintext);
    [[nodiscard]] Result<void> updateKeyIfDue();
    [[nodiscard]] bool looksLikeTls(ByteView ciphertext) const;
    /// Remembers why the engine has failed, and returns it.
    [[nodiscard]] Failure failure(int result);
    [[nodiscard]] Failure failure(Error error);
    [[nodiscard]] Error causeOf(int result) const;

    const TlsContext& m_context;
    PeerCheck m_check;
    ssl_st* m_ssl = nullptr;
    ByteView m_in;                // borrowed during a call
    ByteBuffer* m_out = nullptr;  // borrowed during a call
    TimePoint m_now{};            // of the call
    std::optional<Pin> m_peerPin;
    std::optional<Error> m_failure;
    Stop m_stop = Stop::None;
    bool m_isEstablished = false;
    bool m_isStarved = false;  // OpenSSL asked for more than m_in had
    std::size_t m_handshakeBytes = 0;
    std::uint64_t m_recordsSent = 0;  // with the present key
    TimePoint m_keyTime{};
    unsigned m_keyUpdates = 0;
    TimePoint m_windowStart{};
    unsigned m_peerMessages = 0;  // in the present window
};

}  // namespace gvpn::tls
