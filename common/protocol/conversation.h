// What both ends of the v2 conversation share (some of it with v1's): actions out. The conversation is told of control
// messages and of time, and answers with a list of what is to be done, in order. Pure: no socket, clock, thread or
// file.
#pragma once

#include "base/clock.h"
#include "protocol/messages.h"

#include <variant>
#include <vector>

namespace gvpn::protocol {

/// Up to the address reply; then whoever waits says goodbye 9. The server counts from accepting the connection (the TLS
/// handshake included), the client from its hello (its handshake has a deadline of its own).
inline constexpr Duration LoginDeadline{10'000};

/// Send this body in a Control frame.
struct SendControl {
    ByteVector body;
};
/// Close after everything before it was sent. Nothing follows.
struct CloseConversation {
    Error error;  // what the end is for the program: PeerStopping, LoginRefused, TimedOut, ProtocolViolation, …
};
/// Client: the login went through; the address is asked for.
struct LoggedIn {
    LoginMethod method = LoginMethod::None;
};
/// Client: the server has something to say to the person.
struct NoticeReceived {
    std::string text;  // escaped
};
/// Server: decide and call acceptLogin() or refuseLogin().
struct LoginRequested {
    Login login;
};
/// Server: decide and call assign() or refuseAddress().
struct AddressRequested {
    AddressRequest request;
};
/// Client: the server's settings (validated) and what the server can take. Packets may flow both ways from here on.
/// Server: sent by itself as part of assign().
struct Established {
    net::TunnelSettings settings;
    net::SegmentSupport peerTakes;
};
/// A ping was answered.
struct RoundTripMeasured {
    Duration time;
};

/// After the login a peer may send this many control messages a second; honest ones send a ping in some seconds. More
/// is a flood: each costs an answer, a record and a system call.
inline constexpr unsigned MaxControlPerSecond = 32;

class ControlRate {
public:
    /// Counts one message.
    [[nodiscard]] bool allows(TimePoint now)
    {
        if (now - m_windowStart >= std::chrono::seconds(1)) {
            m_windowStart = now;
            m_messages = 0;
        }
        return ++m_messages <= MaxControlPerSecond;
    }

private:
    TimePoint m_windowStart{};
    unsigned m_messages = 0;
};

using Action = std::variant<SendControl, CloseConversation, LoggedIn, LoginRequested, AddressRequested, Established,
                            RoundTripMeasured, NoticeReceived>;
using Actions = std::vector<Action>;

/// The Error that a goodbye from the peer means, with its (escaped) text as context.
[[nodiscard]] Error errorOf(const Goodbye& goodbye);

/// A goodbye and the end, for either conversation.
[[nodiscard]] Actions sayGoodbye(GoodbyeCode code, std::string text, Error error);

/// The end after a keepalive's silence: "nothing heard from the server for 25 s".
[[nodiscard]] Error silenceError(std::string_view peer, Duration silence);

}  // namespace gvpn::protocol
