// The client's side of the v2 conversation: hello, login, address, then keepalive. Pure; one thread.
#pragma once

#include "protocol/conversation.h"
#include "protocol/keepalive.h"

#include <optional>

namespace gvpn::protocol {

struct PasswordLogin {
    std::string user;
    SharedSecret password;
};

/// What a client can show, beside its device key.
struct Credentials {
    std::string deviceName;
    std::optional<SharedSecret> invite;
    std::optional<PasswordLogin> password;
};

/// The first that there is and that the server takes: invite, password, device key, nothing at all. A secret is sent
/// only to a server that asks for it. None: no way in that both ends know.
[[nodiscard]] std::optional<Login> chooseLogin(const Credentials& credentials, const std::vector<LoginMethod>& offered);

struct ClientOffer {
    std::string software;
    InstanceId instance{};
    std::uint16_t minVersion = MinVersion;
    std::uint16_t maxVersion = MaxVersion;
    net::SegmentSupport takes;
    Credentials credentials;
    AddressRequest address;
    net::SettingsLimits limits;
};

class ClientConversation {
public:
    explicit ClientConversation(ClientOffer offer);

    /// TLS is up: sends the hello.
    [[nodiscard]] Actions start(TimePoint now);
    /// The body of a Control frame. Answers of the wrong kind or out of order end in ProtocolViolation.
    [[nodiscard]] Actions receive(ByteView controlBody, TimePoint now);
    /// Any bytes came. Once a wake-up.
    void noteReceived(TimePoint now);
    [[nodiscard]] Actions tick(TimePoint now);
    [[nodiscard]] TimePoint deadline() const;
    /// We leave: a goodbye and the end.
    [[nodiscard]] Actions leave(GoodbyeCode code, std::string text);

    /// How it has logged in, from the login on: a secret may have reached the server, whatever comes back.
    [[nodiscard]] std::optional<LoginMethod> sentLogin() const { return m_sentLogin; }
    /// The server has said that a password is a way to log in.
    [[nodiscard]] bool takesPasswords() const { return m_takesPasswords; }
    [[nodiscard]] bool isEstablished() const { return m_state == State::Established; }
    /// Packet frames are allowed from the peer: from the address reply on.
    [[nodiscard]] bool acceptsPackets() const { return isEstablished(); }

private:
    /// Pings and messages of a newer server are fine.
    [[nodiscard]] bool isLoggedIn() const { return m_state == State::AwaitingAddress || isEstablished(); }

    enum class State {
        Idle,  // start() was not called
        AwaitingHelloReply,
        AwaitingLoginReply,
        AwaitingAddress,
        Established,
        Closed,
    };
    [[nodiscard]] Actions onMessage(const HelloReply& reply);
    [[nodiscard]] Actions onMessage(const LoginReply& reply);
    [[nodiscard]] Actions onMessage(const AddressReply& reply, TimePoint now);
    [[nodiscard]] Actions violation(std::string what);
    [[nodiscard]] Actions close(Error error);

    ClientOffer m_offer;
    std::optional<LoginMethod> m_sentLogin;
    bool m_takesPasswords = false;
    State m_state = State::Idle;
    net::SegmentSupport m_peerTakes;
    TimePoint m_deadline = Never;
    std::optional<Keepalive> m_keepalive;
    ControlRate m_controlRate;
};

}  // namespace gvpn::protocol
