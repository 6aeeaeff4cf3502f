// What both ends of the reference protocol v1 say to each other: handshake and registration. Actions out, like the
// conversations of v2; packets pass by. Pure: no socket, clock, thread or file.
#pragma once

#include "base/clock.h"
#include "protocol/conversation.h"
#include "protocol/v1_frame.h"

namespace gvpn::protocol::v1 {

/// How the reference server says that another live client holds an address; a contract.
inline constexpr std::string_view AddressTakenMessage = "CIDR is registered!";
/// A peer that answers nothing for this long is gone (TCP keepalive and TCP_USER_TIMEOUT: v1 has no keepalive).
inline constexpr Duration DeadPeerAfter{20'000};

/// Send these bytes as they are: a handshake or a whole frame.
struct SendBytes {
    ByteVector bytes;
};
/// Server: decide and call accept() or refuse().
struct RegistrationRequested {
    net::IpAddress address;  // IPv4
};

/// CloseConversation: after everything before it was sent. Established: client only, with the bypass as its only route,
/// no gateway, and a peer that takes ordinary packets.
using Action = std::variant<SendBytes, CloseConversation, RegistrationRequested, Established>;
using Actions = std::vector<Action>;

class ServerConversation {
public:
    /// LoginDeadline for everything up to the registration runs from `now`.
    explicit ServerConversation(TimePoint now);

    [[nodiscard]] Actions receiveHandshake(ByteView bytes);
    /// Frames but for packets after the registration. A frame before the registration other than the registration
    /// itself, and a second registration, end the conversation. Packets while the program decides are dropped.
    /// Callbacks and unknown commands mean nothing (at most MaxControlPerSecond).
    [[nodiscard]] Actions receive(const Frame& frame, TimePoint now);
    [[nodiscard]] Actions tick(TimePoint now);
    [[nodiscard]] TimePoint deadline() const;

    /// Answers to RegistrationRequested. Precondition: isAddressOpen(). bypass: the office LAN.
    [[nodiscard]] Actions accept(const net::Prefix& bypass);
    /// The answer, then the end with this error.
    [[nodiscard]] Actions refuse(std::string_view message, Error error);

    [[nodiscard]] bool isAddressOpen() const { return m_state == State::DecidingAddress; }
    [[nodiscard]] bool acceptsPackets() const { return m_state == State::Registered; }

private:
    enum class State {
        AwaitingHandshake,
        AwaitingRegistration,
        DecidingAddress,  // the program looks for the address; packets are dropped meanwhile
        Registered,
        Closed,
    };
    [[nodiscard]] Actions onRegistration(const Frame& frame);
    /// An answer that says no, then the end.
    [[nodiscard]] Actions refuse(std::int32_t transaction, std::string_view message, Error error);
    [[nodiscard]] Actions close(Error error);

    State m_state = State::AwaitingHandshake;
    std::int32_t m_transaction = 0;  // of the registration
    TimePoint m_deadline;
    ControlRate m_controlRate;
};

struct ClientOffer {
    net::InterfaceAddress address;  // IPv4; registered in the 16-byte form, as the reference client does
    std::int32_t transaction = 1;   // random, positive
};

class ClientConversation {
public:
    explicit ClientConversation(const ClientOffer& offer);

    /// Sends the handshake.
    [[nodiscard]] Actions start(TimePoint now);
    /// VersionMismatch, ProtocolViolation (an unknown error; a TLS alert's first byte 0x15: "the server does not allow
    /// v1") or the registration.
    [[nodiscard]] Actions receiveHandshake(ByteView bytes);
    /// AddressRefused with the server's Message, or Established. Packets before the answer mean nothing, as other
    /// frames do after it; other frames before it end the conversation.
    [[nodiscard]] Actions receive(const Frame& frame, TimePoint now);
    /// LoginDeadline up to the registration's answer.
    [[nodiscard]] Actions tick(TimePoint now);
    [[nodiscard]] TimePoint deadline() const;
    [[nodiscard]] bool acceptsPackets() const { return m_state == State::Registered; }
    /// The server has taken the version: the registration is under way.
    [[nodiscard]] bool isGreeted() const { return m_state == State::AwaitingAnswer || m_state == State::Registered; }

private:
    enum class State {
        Idle,  // start() was not called
        AwaitingHandshakeReply,
        AwaitingAnswer,  // to the registration
        Registered,
        Closed,
    };
    [[nodiscard]] Actions onAnswer(ByteView json);
    [[nodiscard]] Actions violation(std::string what);
    [[nodiscard]] Actions close(Error error);

    ClientOffer m_offer;
    State m_state = State::Idle;
    TimePoint m_deadline = Never;
    ControlRate m_controlRate;
};

}  // namespace gvpn::protocol::v1
