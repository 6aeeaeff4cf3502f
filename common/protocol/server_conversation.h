// The server's side of the v2 conversation for one client. Decisions (may this one in, which address) are asked for by
// actions and answered by calls, so that they can take time. Pure; one thread.
#pragma once

#include "protocol/conversation.h"
#include "protocol/keepalive.h"

#include <optional>

namespace gvpn::protocol {

struct ServerOffer {
    std::string software;
    std::uint16_t minVersion = MinVersion;
    std::uint16_t maxVersion = MaxVersion;
    net::SegmentSupport takes;
    std::vector<LoginMethod> loginMethods;
};

class ServerConversation {
public:
    /// The deadline for everything up to the address runs from `now`.
    ServerConversation(ServerOffer offer, TimePoint now);

    [[nodiscard]] Actions receive(ByteView controlBody, TimePoint now);
    void noteReceived(TimePoint now);
    [[nodiscard]] Actions tick(TimePoint now);
    [[nodiscard]] TimePoint deadline() const;

    /// Answers to LoginRequested. Precondition: isLoginOpen().
    [[nodiscard]] Actions acceptLogin(TimePoint now);
    [[nodiscard]] Actions refuseLogin(GoodbyeCode code, const std::string& reason);
    /// Answers to AddressRequested. Precondition: isAddressOpen(). assign() yields the reply and Established.
    [[nodiscard]] Actions assign(const net::TunnelSettings& settings, TimePoint now);
    [[nodiscard]] Actions refuseAddress(GoodbyeCode code, const std::string& reason);
    /// Something that the person at the other end should know. Precondition: isEstablished().
    [[nodiscard]] Actions notify(const std::string& text);
    /// A goodbye and the end.
    [[nodiscard]] Actions leave(GoodbyeCode code, const std::string& text);

    [[nodiscard]] bool isLoginOpen() const { return m_state == State::DecidingLogin; }
    [[nodiscard]] bool isAddressOpen() const { return m_state == State::DecidingAddress; }
    [[nodiscard]] bool isLoggedIn() const;
    [[nodiscard]] bool isEstablished() const { return m_state == State::Established; }
    [[nodiscard]] bool acceptsPackets() const { return isEstablished(); }
    /// Known after the hello.
    [[nodiscard]] const Hello& hello() const { return m_hello; }

private:
    enum class State {
        AwaitingHello,
        AwaitingLogin,
        DecidingLogin,  // the program looks the account up; anything but a goodbye is a violation
        AwaitingAddressRequest,
        DecidingAddress,
        Established,
        Closed,
    };
    [[nodiscard]] Actions onMessage(const Hello& hello);
    [[nodiscard]] Actions onMessage(const Login& login);
    [[nodiscard]] Actions onMessage(const AddressRequest& request);
    [[nodiscard]] Actions violation(const std::string& what);
    [[nodiscard]] Actions close(Error error);

    ServerOffer m_offer;
    State m_state = State::AwaitingHello;
    Hello m_hello;
    TimePoint m_deadline = Never;
    std::optional<Keepalive> m_keepalive;
    ControlRate m_controlRate;
};

}  // namespace gvpn::protocol
