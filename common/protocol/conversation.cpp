#include "protocol/conversation.h"

#include "base/text.h"

namespace gvpn::protocol {

namespace {

struct Meaning {
    ErrorCode code;
    std::string_view text;  // when the peer gave none
};

Meaning meaningOf(GoodbyeCode code)
{
    switch (code) {
    case GoodbyeCode::Unspecified: return {ErrorCode::Closed, "the other end closed the connection"};
    case GoodbyeCode::Leaving: return {ErrorCode::Closed, "the other end left"};
    case GoodbyeCode::Stopping: return {ErrorCode::PeerStopping, "the other end is shutting down"};
    case GoodbyeCode::VersionMismatch: return {ErrorCode::VersionMismatch, "no protocol version in common"};
    case GoodbyeCode::LoginRefused: return {ErrorCode::LoginRefused, "the login was refused"};
    case GoodbyeCode::AddressTaken: return {ErrorCode::AddressRefused, "another client has the address"};
    case GoodbyeCode::AddressNotAllowed: return {ErrorCode::AddressRefused, "the address is not allowed"};
    case GoodbyeCode::PoolExhausted: return {ErrorCode::AddressRefused, "there is no free address"};
    case GoodbyeCode::ProtocolViolation:
        return {ErrorCode::ProtocolViolation, "the other end saw a violation of the protocol"};
    case GoodbyeCode::TimedOut: return {ErrorCode::TimedOut, "the other end waited too long"};
    case GoodbyeCode::Replaced: return {ErrorCode::Replaced, "another connection took over"};
    case GoodbyeCode::Kicked: return {ErrorCode::Kicked, "an administrator ended the session"};
    case GoodbyeCode::ServerBusy: return {ErrorCode::Unreachable, "the server is busy"};
    }
    return {ErrorCode::Closed, "the other end closed the connection"};
}

}  // namespace

Error errorOf(const Goodbye& goodbye)
{
    const Meaning meaning = meaningOf(goodbye.code);
    return {meaning.code, goodbye.text.empty() ? std::string(meaning.text) : escapeForDisplay(goodbye.text)};
}

Actions sayGoodbye(GoodbyeCode code, std::string text, Error error)
{
    Actions actions;
    actions.emplace_back(SendControl{encode(Goodbye{code, std::move(text)})});
    actions.emplace_back(CloseConversation{std::move(error)});
    return actions;
}

Error silenceError(std::string_view peer, Duration silence)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(silence);
    return {ErrorCode::TimedOut,
            "nothing heard from the " + std::string(peer) + " for " + std::to_string(seconds.count()) + " s"};
}

}  // namespace gvpn::protocol
