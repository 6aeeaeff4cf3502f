#include "server/session.h"

#include <algorithm>
#include <utility>

namespace gvpn::server {

Session::Session(std::uint64_t id, Parts parts, Host& host)
    : m_id(id)
    , m_host(host)
    , m_context(parts.linkContext)
    , m_conversation(std::move(parts.offer), parts.linkContext.time.now())
    , m_link(
          std::move(parts.stream), parts.tlsContext, [](const Pin&) { return true; }, parts.linkContext, *this)
{}

void Session::acceptLogin()
{
    m_link.allowLargeControl();
    perform(m_conversation.acceptLogin(now()));
}

void Session::refuseLogin(const std::string& reason)
{
    perform(m_conversation.refuseLogin(reason));
}

void Session::assign(const net::TunnelSettings& settings)
{
    m_addresses = settings.addresses;
    perform(m_conversation.assign(settings, now()));
}

void Session::refuseAddress(protocol::GoodbyeCode code, const std::string& reason)
{
    perform(m_conversation.refuseAddress(code, reason));
}

void Session::leave(protocol::GoodbyeCode code, const std::string& text, const Error& reason)
{
    if (m_isOver)
        return;
    m_leaveReason = reason;
    perform(m_conversation.leave(code, text));
}

void Session::tick()
{
    if (!m_isOver)
        perform(m_conversation.tick(now()));
}

void Session::sendFrames(ByteView frames, std::size_t packets)
{
    // Behind what waits already, so that packets stay in order.
    const bool isTaken = (m_queue.isEmpty() && m_link.sendFrames(frames)) || (!m_isOver && m_queue.push(frames));
    if (isTaken) {
        m_counters.packetsFromTun += packets;
        m_counters.bytesFromTun += frames.size();
    } else {
        m_counters.drop(tunnel::DropReason::QueueFull, packets);
    }
}

bool Session::holdsAddress(const net::IpAddress& address) const
{
    return std::any_of(m_addresses.begin(), m_addresses.end(),
                       [&address](const auto& own) { return own.address == address; });
}

void Session::linkControl(ByteView body)
{
    perform(m_conversation.receive(body, now()));
}

void Session::linkPacket(const net::SegmentHeader& segment, ByteSpan packet)
{
    m_host.sessionPacket(*this, segment, packet);
}

void Session::linkReceived(TimePoint when)
{
    m_conversation.noteReceived(when);
    m_host.sessionReceived(*this);
}

void Session::linkRoom()
{
    while (!m_queue.isEmpty()) {
        const ByteView frames = m_queue.front(tunnel::BatchTargetBytes);
        if (!m_link.sendFrames(frames))
            return;
        m_queue.pop(frames.size());
    }
}

void Session::linkClosed(const Error& error)
{
    finish(error);
}

void Session::perform(const protocol::Actions& actions)
{
    for (const protocol::Action& action : actions) {
        if (m_isOver)
            return;
        std::visit([this](const auto& one) { performOne(one); }, action);
    }
    if (!m_isOver)
        m_host.sessionDeadlineChanged(*this);
}

void Session::performOne(const protocol::SendControl& action)
{
    m_link.sendControl(action.body);
}

void Session::performOne(const protocol::CloseConversation& action)
{
    m_link.close();
    finish(m_leaveReason.value_or(action.error));
}

void Session::performOne(const protocol::LoggedIn& /*action*/)
{
    // Only the client's conversation says so.
}

void Session::performOne(const protocol::LoginRequested& action)
{
    m_deviceName = action.login.deviceName;
    m_host.sessionLoginRequested(*this, action.login);
}

void Session::performOne(const protocol::AddressRequested& action)
{
    m_host.sessionAddressRequested(*this, action.request);
}

void Session::performOne(const protocol::Established& action)
{
    m_takes = action.peerTakes;
    m_link.allowPackets();
}

void Session::performOne(const protocol::RoundTripMeasured& /*action*/)
{
    // The server's pings only ask whether the client is there.
}

void Session::finish(const Error& reason)
{
    if (std::exchange(m_isOver, true))
        return;
    m_host.sessionEnded(*this, reason);
}

}  // namespace gvpn::server
