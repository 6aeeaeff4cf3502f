#include "server/v1_channel.h"

#include <utility>

namespace gvpn::server {

namespace v1 = protocol::v1;

V1Channel::V1Channel(Parts parts, Channel::Observer& observer)
    : m_observer(observer)
    , m_context(parts.linkContext)
    , m_bypass(parts.bypass)
    , m_conversation(parts.acceptedAt)
    , m_link(std::move(parts.stream), v1::HandshakeBytes, parts.linkContext, *this)
{}

void V1Channel::refuseLogin(protocol::GoodbyeCode code, const std::string& reason)
{
    leave(code, reason);
}

void V1Channel::assign(const net::TunnelSettings& /*settings*/)
{
    // Before the answer: the client may send packets as soon as it has read it.
    m_link.allowPackets();
    m_observer.channelEstablished({{}, tunnel::Framing::V1});
    perform(m_conversation.accept(m_bypass));
}

void V1Channel::refuseAddress(protocol::GoodbyeCode code, const std::string& reason)
{
    const Error error = protocol::errorOf({code, reason});
    const bool isTaken = code == protocol::GoodbyeCode::AddressTaken;
    perform(m_conversation.refuse(isTaken ? v1::AddressTakenMessage : std::string_view(reason), error));
}

void V1Channel::leave(protocol::GoodbyeCode code, const std::string& text)
{
    if (m_isOver)
        return;
    m_link.close();
    finish(protocol::errorOf({code, text}));
}

void V1Channel::drop()
{
    m_isOver = true;
    m_link.abort();
}

void V1Channel::tick()
{
    if (!m_isOver)
        perform(m_conversation.tick(now()));
}

void V1Channel::linkHandshake(ByteView bytes)
{
    perform(m_conversation.receiveHandshake(bytes));
}

void V1Channel::linkFrame(const v1::Frame& frame)
{
    if (m_conversation.acceptsPackets() && frame.command == static_cast<std::int32_t>(v1::Command::Packet))
        m_observer.channelPacket({}, frame.data);
    else
        perform(m_conversation.receive(frame, now()));
}

void V1Channel::linkReceived(TimePoint /*now*/)
{
    m_observer.channelReceived();
}

void V1Channel::linkRoom()
{
    m_observer.channelRoom();
}

void V1Channel::linkClosed(const Error& error)
{
    finish(error);
}

void V1Channel::perform(const v1::Actions& actions)
{
    for (const v1::Action& action : actions) {
        if (m_isOver)
            return;
        std::visit([this](const auto& one) { performOne(one); }, action);
    }
    if (!m_isOver)
        m_observer.channelDeadlineChanged();
}

void V1Channel::performOne(const v1::SendBytes& action)
{
    m_link.send(action.bytes);
}

void V1Channel::performOne(const protocol::CloseConversation& action)
{
    m_link.close();
    finish(action.error);
}

void V1Channel::performOne(const v1::RegistrationRequested& action)
{
    m_observer.channelAddressRequested(
        {.wanted = {{action.address, net::bitCount(net::Family::IPv4)}}, .isRequired = true});
}

void V1Channel::performOne(const protocol::Established& /*action*/)
{
    // Only the client's conversation says so.
}

void V1Channel::finish(const Error& reason)
{
    if (!std::exchange(m_isOver, true))
        m_observer.channelClosed(reason);
}

}  // namespace gvpn::server
