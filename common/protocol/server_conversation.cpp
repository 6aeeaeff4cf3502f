#include "protocol/server_conversation.h"

#include <algorithm>
#include <cassert>

namespace gvpn::protocol {

namespace {

std::string rangeText(std::uint16_t min, std::uint16_t max)
{
    return min == max ? std::to_string(min) : std::to_string(min) + " to " + std::to_string(max);
}

}  // namespace

ServerConversation::ServerConversation(ServerOffer offer, TimePoint now)
    : m_offer(std::move(offer))
    , m_deadline(now + LoginDeadline)
{}

bool ServerConversation::isLoggedIn() const
{
    return m_state == State::AwaitingAddressRequest || m_state == State::DecidingAddress
           || m_state == State::Established;
}

Actions ServerConversation::receive(ByteView controlBody, TimePoint now)
{
    if (m_state == State::Closed)
        return {};
    const auto message = decode(controlBody);
    if (!message)
        return violation(message.error().context);
    if (const auto* goodbye = std::get_if<Goodbye>(&*message))
        return close(errorOf(*goodbye));
    if (const auto* hello = std::get_if<Hello>(&*message); hello && m_state == State::AwaitingHello)
        return onMessage(*hello);
    if (const auto* login = std::get_if<Login>(&*message); login && m_state == State::AwaitingLogin)
        return onMessage(*login);
    if (const auto* request = std::get_if<AddressRequest>(&*message);
        request && m_state == State::AwaitingAddressRequest)
        return onMessage(*request);
    if (isLoggedIn()) {
        if (!m_controlRate.allows(now))
            return violation("more than " + std::to_string(MaxControlPerSecond) + " control messages a second");
        if (const auto* ping = std::get_if<Ping>(&*message))
            return {SendControl{encode(Pong{ping->id})}};
        if (const auto* pong = std::get_if<Pong>(&*message)) {
            const auto time = m_keepalive ? m_keepalive->pong(pong->id, now) : std::nullopt;
            return time ? Actions{RoundTripMeasured{*time}} : Actions{};
        }
        if (std::holds_alternative<UnknownMessage>(*message))
            return {};
    }
    return violation("unexpected " + std::string(messageName(*message)) + " from the client");
}

Actions ServerConversation::onMessage(const Hello& hello)
{
    m_hello = hello;
    const std::uint16_t version = std::min(m_offer.maxVersion, hello.maxVersion);
    if (version < std::max(m_offer.minVersion, hello.minVersion)) {
        const std::string text = "the server speaks protocol version "
                                 + rangeText(m_offer.minVersion, m_offer.maxVersion) + ", the client "
                                 + rangeText(hello.minVersion, hello.maxVersion);
        return leave(GoodbyeCode::VersionMismatch, text);
    }
    m_state = State::AwaitingLogin;
    return {SendControl{encode(HelloReply{.version = version,
                                          .capabilities = toCapabilities(m_offer.takes),
                                          .software = m_offer.software,
                                          .loginMethods = m_offer.loginMethods})}};
}

Actions ServerConversation::onMessage(const Login& login)
{
    if (std::ranges::find(m_offer.loginMethods, login.method) == m_offer.loginMethods.end())
        return leave(GoodbyeCode::LoginRefused, "the server asks for another way to log in");
    m_state = State::DecidingLogin;
    return {LoginRequested{login}};
}

Actions ServerConversation::onMessage(const AddressRequest& request)
{
    m_state = State::DecidingAddress;
    return {AddressRequested{request}};
}

void ServerConversation::noteReceived(TimePoint now)
{
    if (m_keepalive)
        m_keepalive->received(now);
}

Actions ServerConversation::tick(TimePoint now)
{
    if (m_state == State::Closed)
        return {};
    if (m_keepalive) {
        switch (m_keepalive->tick(now)) {
        case Keepalive::Verdict::Nothing: return {};
        case Keepalive::Verdict::SendPing: return {SendControl{encode(Ping{m_keepalive->lastPingId()})}};
        case Keepalive::Verdict::Dead: return close(silenceError("client", m_keepalive->deadAfter()));
        }
    }
    if (now < m_deadline)
        return {};
    return leave(GoodbyeCode::TimedOut, "the login took too long");
}

TimePoint ServerConversation::deadline() const
{
    if (m_state == State::Closed)
        return Never;
    return m_keepalive ? m_keepalive->deadline() : m_deadline;
}

Actions ServerConversation::acceptLogin(TimePoint /*now*/)
{
    assert(isLoginOpen());
    m_state = State::AwaitingAddressRequest;
    return {SendControl{encode(LoginReply{})}};
}

Actions ServerConversation::refuseLogin(GoodbyeCode code, const std::string& reason)
{
    assert(isLoginOpen());
    return leave(code, reason);
}

Actions ServerConversation::assign(const net::TunnelSettings& settings, TimePoint now)
{
    assert(isAddressOpen());
    m_state = State::Established;
    m_keepalive.emplace(settings.keepalive, now);
    return {SendControl{encode(AddressReply{settings})}, Established{settings, toSegmentSupport(m_hello.capabilities)}};
}

Actions ServerConversation::refuseAddress(GoodbyeCode code, const std::string& reason)
{
    assert(isAddressOpen());
    return leave(code, reason);
}

Actions ServerConversation::notify(const std::string& text)
{
    assert(isEstablished());
    return {SendControl{encode(Notice{text})}};
}

Actions ServerConversation::leave(GoodbyeCode code, const std::string& text)
{
    if (m_state == State::Closed)
        return {};
    m_state = State::Closed;
    return sayGoodbye(code, text, errorOf({code, text}));
}

Actions ServerConversation::violation(const std::string& what)
{
    return leave(GoodbyeCode::ProtocolViolation, what);
}

Actions ServerConversation::close(Error error)
{
    m_state = State::Closed;
    return {CloseConversation{std::move(error)}};
}

}  // namespace gvpn::protocol
