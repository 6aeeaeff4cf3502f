#include "server/secure_channel.h"

#include <utility>

namespace gvpn::server {

SecureChannel::SecureChannel(Parts parts, Channel::Observer& observer)
    : m_observer(observer)
    , m_context(parts.linkContext)
    , m_conversation(std::move(parts.offer), parts.acceptedAt)
    , m_link(
          std::move(parts.stream), parts.tlsContext, [](const Pin&) { return true; }, parts.linkContext, *this)
{}

void SecureChannel::acceptLogin()
{
    m_link.allowLargeControl();
    perform(m_conversation.acceptLogin(now()));
}

void SecureChannel::refuseLogin(protocol::GoodbyeCode code, const std::string& reason)
{
    perform(m_conversation.refuseLogin(code, reason));
}

void SecureChannel::assign(const net::TunnelSettings& settings)
{
    perform(m_conversation.assign(settings, now()));
}

void SecureChannel::refuseAddress(protocol::GoodbyeCode code, const std::string& reason)
{
    perform(m_conversation.refuseAddress(code, reason));
}

void SecureChannel::notify(const std::string& text)
{
    if (!m_isOver && m_conversation.isEstablished())
        perform(m_conversation.notify(text));
}

void SecureChannel::leave(protocol::GoodbyeCode code, const std::string& text)
{
    if (!m_isOver)
        perform(m_conversation.leave(code, text));
}

void SecureChannel::drop()
{
    m_isOver = true;
    m_link.abort();
}

void SecureChannel::tick()
{
    if (!m_isOver)
        perform(m_conversation.tick(now()));
}

void SecureChannel::linkEstablished()
{
    m_claims.device = m_link.peerPin();
}

void SecureChannel::linkControl(ByteView body)
{
    perform(m_conversation.receive(body, now()));
}

void SecureChannel::linkPacket(const net::SegmentHeader& segment, ByteSpan packet)
{
    m_observer.channelPacket(segment, packet);
}

void SecureChannel::linkReceived(TimePoint when)
{
    m_conversation.noteReceived(when);
    m_observer.channelReceived();
}

void SecureChannel::linkRoom()
{
    m_observer.channelRoom();
}

void SecureChannel::linkClosed(const Error& error)
{
    finish(error);
}

void SecureChannel::perform(const protocol::Actions& actions)
{
    for (const protocol::Action& action : actions) {
        if (m_isOver)
            return;
        std::visit([this](const auto& one) { performOne(one); }, action);
    }
    if (!m_isOver)
        m_observer.channelDeadlineChanged();
}

void SecureChannel::performOne(const protocol::SendControl& action)
{
    m_link.sendControl(action.body);
}

void SecureChannel::performOne(const protocol::CloseConversation& action)
{
    m_link.close();
    finish(action.error);
}

void SecureChannel::performOne(const protocol::LoggedIn& /*action*/)
{
    // Only the client's conversation says so.
}

void SecureChannel::performOne(const protocol::LoginRequested& action)
{
    m_claims.deviceName = action.login.deviceName;
    m_claims.software = m_conversation.hello().software;
    m_claims.instance = m_conversation.hello().instance;
    m_observer.channelLoginRequested(action.login);
}

void SecureChannel::performOne(const protocol::AddressRequested& action)
{
    m_observer.channelAddressRequested(action.request);
}

void SecureChannel::performOne(const protocol::Established& action)
{
    m_link.allowPackets();
    m_observer.channelEstablished({action.peerTakes, tunnel::Framing::V2});
}

void SecureChannel::performOne(const protocol::RoundTripMeasured& /*action*/)
{
    // The server's pings only ask whether the client is there.
}

void SecureChannel::performOne(const protocol::NoticeReceived& /*action*/)
{
    // Only the client's conversation says so.
}

void SecureChannel::finish(const Error& reason)
{
    if (!std::exchange(m_isOver, true))
        m_observer.channelClosed(reason);
}

}  // namespace gvpn::server
