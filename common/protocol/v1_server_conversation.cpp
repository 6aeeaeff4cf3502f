#include "protocol/v1_conversation.h"
#include "protocol/v1_registration.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <charconv>

namespace gvpn::protocol::v1 {

namespace {

SendBytes replyWith(HandshakeReply reply)
{
    return {ByteVector{static_cast<std::byte>(reply)}};
}

/// The shortest form that no other double has, so that 0.9999999999999999 doesn't read as 1.
std::string versionText(double version)
{
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), version).ptr;
    return {digits.data(), end};
}

}  // namespace

ServerConversation::ServerConversation(TimePoint now)
    : m_deadline(now + LoginDeadline)
{}

Actions ServerConversation::receiveHandshake(ByteView bytes)
{
    if (m_state == State::Closed)
        return {};
    assert(m_state == State::AwaitingHandshake && bytes.size() == HandshakeBytes);
    // The bytes are compared, not the numbers: the version is a name here, and a NaN is as wrong as any other.
    if (std::ranges::equal(bytes, makeHandshake(Version))) {
        m_state = State::AwaitingRegistration;
        return {replyWith(HandshakeReply::Success)};
    }
    const auto asked = std::bit_cast<double>(readBigEndian<std::uint64_t>(bytes));
    m_state = State::Closed;
    return {replyWith(HandshakeReply::VersionMismatch),
            CloseConversation{{ErrorCode::VersionMismatch,
                               "the client asks for version " + versionText(asked) + ", without TLS there is only 1"}}};
}

Actions ServerConversation::receive(const Frame& frame, TimePoint now)
{
    if (m_state == State::Closed)
        return {};
    const bool isRegistration = frame.command == static_cast<std::int32_t>(Command::Register);
    if (m_state == State::AwaitingHandshake || (m_state == State::AwaitingRegistration && !isRegistration))
        return close(
            {ErrorCode::ProtocolViolation, "command " + std::to_string(frame.command) + " before the registration"});
    if (isRegistration)
        return onRegistration(frame);
    if (frame.command == static_cast<std::int32_t>(Command::Packet))
        return {};
    if (!m_controlRate.allows(now))
        return close({ErrorCode::ProtocolViolation,
                      "more than " + std::to_string(MaxControlPerSecond) + " control frames a second"});
    return {};
}

Actions ServerConversation::onRegistration(const Frame& frame)
{
    if (m_state != State::AwaitingRegistration)
        return refuse(frame.transaction, AddressTakenMessage,
                      {ErrorCode::ProtocolViolation, "a second registration on one connection"});
    const auto address = decodeRegistration(frame.data);
    if (!address)
        return refuse(frame.transaction, "An IPv4 address is needed: 4 bytes, or 16 in the IPv4-mapped form.",
                      address.error());
    m_state = State::DecidingAddress;
    m_transaction = frame.transaction;
    return {RegistrationRequested{*address}};
}

Actions ServerConversation::tick(TimePoint now)
{
    if (now < deadline())
        return {};
    return close({ErrorCode::TimedOut, m_state == State::AwaitingHandshake ? "the client sent no whole handshake"
                                                                           : "the registration took too long"});
}

TimePoint ServerConversation::deadline() const
{
    return m_state == State::Closed || m_state == State::Registered ? Never : m_deadline;
}

Actions ServerConversation::accept(const net::Prefix& bypass)
{
    assert(isAddressOpen() && bypass.isIPv4());
    m_state = State::Registered;
    const ByteVector answer = encodeAnswer({.isSuccess = true, .message = {}, .bypass = bypass});
    return {SendBytes{makeFrame(Command::Callback, m_transaction, answer)}};
}

Actions ServerConversation::refuse(std::string_view message, Error error)
{
    assert(isAddressOpen());
    return refuse(m_transaction, message, std::move(error));
}

Actions ServerConversation::refuse(std::int32_t transaction, std::string_view message, Error error)
{
    m_state = State::Closed;
    const ByteVector answer = encodeAnswer({.isSuccess = false, .message = std::string(message), .bypass = {}});
    return {SendBytes{makeFrame(Command::Callback, transaction, answer)}, CloseConversation{std::move(error)}};
}

Actions ServerConversation::close(Error error)
{
    m_state = State::Closed;
    return {CloseConversation{std::move(error)}};
}

}  // namespace gvpn::protocol::v1
