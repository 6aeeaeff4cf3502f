#include "protocol/client_conversation.h"

#include "base/text.h"

#include <algorithm>
#include <cassert>

namespace gvpn::protocol {

std::optional<Login> chooseLogin(const Credentials& credentials, const std::vector<LoginMethod>& offered)
{
    const auto isOffered = [&offered](LoginMethod method) {
        return std::ranges::find(offered, method) != offered.end();
    };
    Login login;
    login.deviceName = credentials.deviceName;
    if (credentials.invite && isOffered(LoginMethod::Invite)) {
        login.method = LoginMethod::Invite;
        login.secret = *credentials.invite;
        return login;
    }
    if (credentials.password && isOffered(LoginMethod::Password)) {
        login.method = LoginMethod::Password;
        login.user = credentials.password->user;
        login.secret = credentials.password->password;
        return login;
    }
    for (const LoginMethod method : {LoginMethod::Device, LoginMethod::None}) {
        login.method = method;
        if (isOffered(method))
            return login;
    }
    return {};
}

ClientConversation::ClientConversation(ClientOffer offer)
    : m_offer(std::move(offer))
{}

Actions ClientConversation::start(TimePoint now)
{
    assert(m_state == State::Idle);
    m_state = State::AwaitingHelloReply;
    m_deadline = now + LoginDeadline;
    return {SendControl{encode(Hello{.minVersion = m_offer.minVersion,
                                     .maxVersion = m_offer.maxVersion,
                                     .capabilities = toCapabilities(m_offer.takes),
                                     .software = m_offer.software,
                                     .instance = m_offer.instance})}};
}

Actions ClientConversation::receive(ByteView controlBody, TimePoint now)
{
    if (m_state == State::Idle || m_state == State::Closed)
        return {};
    const auto message = decode(controlBody);
    if (!message)
        return violation(message.error().context);
    if (const auto* goodbye = std::get_if<Goodbye>(&*message))
        return close(errorOf(*goodbye));
    if (const auto* reply = std::get_if<HelloReply>(&*message); reply && m_state == State::AwaitingHelloReply)
        return onMessage(*reply);
    if (const auto* reply = std::get_if<LoginReply>(&*message); reply && m_state == State::AwaitingLoginReply)
        return onMessage(*reply);
    if (const auto* reply = std::get_if<AddressReply>(&*message); reply && m_state == State::AwaitingAddress)
        return onMessage(*reply, now);
    if (isLoggedIn()) {
        if (!m_controlRate.allows(now))
            return violation("more than " + std::to_string(MaxControlPerSecond) + " control messages a second");
        if (const auto* ping = std::get_if<Ping>(&*message))
            return {SendControl{encode(Pong{ping->id})}};
        if (const auto* pong = std::get_if<Pong>(&*message)) {
            const auto time = m_keepalive ? m_keepalive->pong(pong->id, now) : std::nullopt;
            return time ? Actions{RoundTripMeasured{*time}} : Actions{};
        }
        if (const auto* notice = std::get_if<Notice>(&*message); notice && isEstablished())
            return {NoticeReceived{escapeForDisplay(notice->text)}};
        if (std::holds_alternative<UnknownMessage>(*message))
            return {};
    }
    return violation("unexpected " + std::string(messageName(*message)) + " from the server");
}

Actions ClientConversation::onMessage(const HelloReply& reply)
{
    if (reply.version < m_offer.minVersion || reply.version > m_offer.maxVersion)
        return violation("the server chose version " + std::to_string(reply.version) + ", which was not offered");
    const auto login = chooseLogin(m_offer.credentials, reply.loginMethods);
    m_offer.credentials = {};  // not needed again
    m_takesPasswords = std::ranges::find(reply.loginMethods, LoginMethod::Password) != reply.loginMethods.end();
    if (!login) {
        m_state = State::Closed;
        return sayGoodbye(GoodbyeCode::Leaving, "no way to log in that both ends know",
                          {ErrorCode::LoginRefused, "the server asks for another way to log in"});
    }
    m_peerTakes = toSegmentSupport(reply.capabilities);
    m_state = State::AwaitingLoginReply;
    m_sentLogin = login->method;
    return {SendControl{encode(*login)}};
}

Actions ClientConversation::onMessage(const LoginReply& /*reply*/)
{
    m_state = State::AwaitingAddress;
    return {LoggedIn{*m_sentLogin}, SendControl{encode(m_offer.address)}};
}

Actions ClientConversation::onMessage(const AddressReply& reply, TimePoint now)
{
    const net::TunnelSettings& settings = reply.settings;
    if (const auto valid = net::validate(settings, m_offer.limits); !valid)
        return violation("the server's settings: " + valid.error().context);
    // validate() knows that v1 has no gateway; here it has checked that those that there are fit.
    if (settings.gateways.size() != settings.addresses.size())
        return violation("the server's settings: a tunnel network without a gateway");
    const auto isAssigned = [&settings](const net::InterfaceAddress& wanted) {
        return std::ranges::find(settings.addresses, wanted) != settings.addresses.end();
    };
    if (m_offer.address.isRequired && !std::ranges::all_of(m_offer.address.wanted, isAssigned)) {
        m_state = State::Closed;
        return sayGoodbye(GoodbyeCode::Leaving, "not the address that was asked for",
                          {ErrorCode::AddressRefused, "the server gave another address than the one asked for"});
    }
    m_state = State::Established;
    m_keepalive.emplace(settings.keepalive, now);
    return {Established{settings, m_peerTakes}};
}

void ClientConversation::noteReceived(TimePoint now)
{
    if (m_keepalive)
        m_keepalive->received(now);
}

Actions ClientConversation::tick(TimePoint now)
{
    if (m_state == State::Idle || m_state == State::Closed)
        return {};
    if (m_keepalive) {
        switch (m_keepalive->tick(now)) {
        case Keepalive::Verdict::Nothing: return {};
        case Keepalive::Verdict::SendPing: return {SendControl{encode(Ping{m_keepalive->lastPingId()})}};
        case Keepalive::Verdict::Dead: return close(silenceError("server", m_keepalive->deadAfter()));
        }
    }
    if (now < m_deadline)
        return {};
    const std::string_view asked = m_state == State::AwaitingHelloReply   ? "hello"
                                   : m_state == State::AwaitingLoginReply ? "login"
                                                                          : "address request";
    m_state = State::Closed;
    return sayGoodbye(GoodbyeCode::TimedOut, "no answer to the " + std::string(asked),
                      {ErrorCode::TimedOut, "the server did not answer the " + std::string(asked)});
}

TimePoint ClientConversation::deadline() const
{
    if (m_state == State::Idle || m_state == State::Closed)
        return Never;
    return m_keepalive ? m_keepalive->deadline() : m_deadline;
}

Actions ClientConversation::leave(GoodbyeCode code, std::string text)
{
    if (m_state == State::Closed)
        return {};
    Error error = errorOf({code, text});
    if (m_state == State::Idle)  // there is nobody to say goodbye to
        return close(std::move(error));
    m_state = State::Closed;
    return sayGoodbye(code, std::move(text), std::move(error));
}

Actions ClientConversation::violation(std::string what)
{
    m_state = State::Closed;
    Error error{ErrorCode::ProtocolViolation, what};
    return sayGoodbye(GoodbyeCode::ProtocolViolation, std::move(what), std::move(error));
}

Actions ClientConversation::close(Error error)
{
    m_state = State::Closed;
    return {CloseConversation{std::move(error)}};
}

}  // namespace gvpn::protocol
