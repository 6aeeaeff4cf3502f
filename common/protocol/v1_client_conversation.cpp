#include "protocol/v1_conversation.h"
#include "protocol/v1_registration.h"

#include <cassert>

namespace gvpn::protocol::v1 {

namespace {

// A TLS server answers the handshake, which is no ClientHello, with an alert (RFC 8446, section 5.1).
constexpr std::byte FirstByteOfTlsAlert{0x15};

}  // namespace

ClientConversation::ClientConversation(const ClientOffer& offer)
    : m_offer(offer)
{
    assert(offer.address.address.isIPv4());
}

Actions ClientConversation::start(TimePoint now)
{
    assert(m_state == State::Idle);
    m_state = State::AwaitingHandshakeReply;
    m_deadline = now + LoginDeadline;
    return {SendBytes{makeHandshake(Version)}};
}

Actions ClientConversation::receiveHandshake(ByteView bytes)
{
    if (m_state == State::Closed)
        return {};
    assert(m_state == State::AwaitingHandshakeReply && bytes.size() == HandshakeReplyBytes);
    if (bytes[0] == FirstByteOfTlsAlert)
        return close({ErrorCode::Unsupported, "the server answers with TLS and does not take v1 (--allow-v1)"});
    switch (static_cast<HandshakeReply>(bytes[0])) {
    case HandshakeReply::Success:
        m_state = State::AwaitingAnswer;
        return {
            SendBytes{makeFrame(Command::Register, m_offer.transaction, encodeRegistration(m_offer.address.address))}};
    case HandshakeReply::VersionMismatch:
        return close({ErrorCode::VersionMismatch, "the server does not speak version 1"});
    case HandshakeReply::UnknownError: return violation("the server reports an unknown error");
    }
    return violation("the server answers the handshake with byte " + std::to_string(std::to_integer<int>(bytes[0])));
}

Actions ClientConversation::receive(const Frame& frame, TimePoint now)
{
    if (m_state == State::Idle || m_state == State::Closed)
        return {};
    const bool isAnswer = frame.command == static_cast<std::int32_t>(Command::Callback);
    if (m_state != State::Registered) {
        if (m_state == State::AwaitingAnswer && isAnswer && frame.transaction == m_offer.transaction)
            return onAnswer(frame.data);
        // The reference server forwards as soon as it has noted the address, which may be before it answers.
        if (m_state == State::AwaitingAnswer && frame.command == static_cast<std::int32_t>(Command::Packet))
            return {};
        return violation("command " + std::to_string(frame.command) + ", transaction "
                         + std::to_string(frame.transaction) + " before the answer to the registration");
    }
    if (frame.command == static_cast<std::int32_t>(Command::Packet) || m_controlRate.allows(now))
        return {};
    return violation("more than " + std::to_string(MaxControlPerSecond) + " control frames a second");
}

Actions ClientConversation::onAnswer(ByteView json)
{
    const auto answer = decodeAnswer(json);
    if (!answer)
        return close(answer.error());
    if (!answer->isSuccess)
        return close(
            {ErrorCode::AddressRefused, answer->message.empty() ? "the server gives no reason" : answer->message});
    net::TunnelSettings settings;
    settings.addresses = {m_offer.address};
    if (answer->bypass)
        settings.routes = {*answer->bypass};
    // Whoever sets the route decides about reserved networks, as in v2.
    if (const auto valid = net::validate(settings, {.allowsReservedRoutes = true}); !valid)
        return violation("the server's settings: " + valid.error().context);
    m_state = State::Registered;
    return {Established{settings, {}}};
}

Actions ClientConversation::tick(TimePoint now)
{
    if (now < deadline())
        return {};
    return close({ErrorCode::TimedOut, m_state == State::AwaitingHandshakeReply
                                           ? "the server did not answer the handshake"
                                           : "the server did not answer the registration"});
}

TimePoint ClientConversation::deadline() const
{
    return m_state == State::AwaitingHandshakeReply || m_state == State::AwaitingAnswer ? m_deadline : Never;
}

Actions ClientConversation::violation(std::string what)
{
    return close({ErrorCode::ProtocolViolation, std::move(what)});
}

Actions ClientConversation::close(Error error)
{
    m_state = State::Closed;
    return {CloseConversation{std::move(error)}};
}

}  // namespace gvpn::protocol::v1
