#include "server/session.h"

#include "server/secure_channel.h"
#include "server/v1_channel.h"

#include <algorithm>
#include <utility>

namespace gvpn::server {

Session::Session(std::uint64_t id, Parts parts, Host& host)
    : m_id(id)
    , m_host(host)
    , m_peer(parts.stream->peer())
    , m_acceptedAt(parts.linkContext.time.now())
    , m_parts(std::move(parts))
    , m_line(m_parts.stream->line())
{}

Session::~Session()
{
    if (m_parts.stream)
        m_parts.stream->setObserver(nullptr);
}

void Session::start()
{
    // Whoever says nothing costs nothing of TLS.
    m_parts.stream->setObserver(this);
}

// Before the first byte

void Session::streamReadable()
{
    std::byte first{};
    const auto size = m_parts.stream->peek(ByteSpan(&first, 1));
    if (!size || *size == 0)
        return;
    if (first == protocol::v1::FirstByteOfTls || !m_parts.v1Bypass)
        speakTls();
    else
        speakV1();
}

void Session::streamClosed(const Error& error)
{
    finish(error);
}

void Session::speakTls()
{
    Channel::Observer& observer = *this;
    m_channel = std::make_unique<SecureChannel>(SecureChannel::Parts{std::move(m_parts.stream), m_parts.tlsContext,
                                                                     m_parts.linkContext, std::move(m_parts.offer),
                                                                     m_acceptedAt},
                                                observer);
    m_channel->start();
}

void Session::speakV1()
{
    m_form = {{}, tunnel::Framing::V1};
    Channel::Observer& observer = *this;
    m_channel = std::make_unique<V1Channel>(
        V1Channel::Parts{std::move(m_parts.stream), m_parts.linkContext, m_acceptedAt, *m_parts.v1Bypass}, observer);
    m_channel->start();
}

// The host's decisions

void Session::acceptLogin()
{
    if (!m_isOver)
        m_channel->acceptLogin();
}

void Session::acceptLogin(accounts::Account account)
{
    m_account = std::move(account);
    acceptLogin();
}

void Session::refuseLogin(protocol::GoodbyeCode code, const std::string& reason)
{
    if (!m_isOver)
        m_channel->refuseLogin(code, reason);
}

void Session::notify(const std::string& text)
{
    if (!m_isOver)
        m_channel->notify(text);
}

void Session::assign(const net::TunnelSettings& settings)
{
    if (m_isOver)
        return;
    m_addresses = settings.addresses;
    m_channel->assign(settings);
}

void Session::refuseAddress(protocol::GoodbyeCode code, const std::string& reason)
{
    if (!m_isOver)
        m_channel->refuseAddress(code, reason);
}

void Session::leave(protocol::GoodbyeCode code, const std::string& text, const Error& reason)
{
    if (m_isOver)
        return;
    m_leaveReason = reason;
    if (m_channel)
        m_channel->leave(code, text);
    else
        drop(reason);
}

void Session::drop(const Error& reason)
{
    if (m_isOver)
        return;
    if (m_channel)
        m_channel->drop();
    else
        m_parts.stream->abort();
    finish(reason);
}

void Session::tick()
{
    if (m_isOver)
        return;
    if (m_channel)
        m_channel->tick();
    else if (deadline() <= m_parts.linkContext.time.now())
        drop({ErrorCode::TimedOut, "the client said nothing"});
}

TimePoint Session::deadline() const
{
    return m_channel ? m_channel->deadline() : m_acceptedAt + protocol::LoginDeadline;
}

void Session::startWatchingLine()
{
    m_lineWatch.emplace(tunnel::LineWatch::Parts{m_line, m_parts.congestion, m_parts.congestionSetter,
                                                 [this] { m_host.sessionCongestionChanged(*this); }});
    m_lineWatch->start(m_parts.linkContext.time.now());
    m_sender->tune(m_lineWatch->tuning());
}

// Packets

void Session::push(tunnel::PacketBlock block, std::uint64_t flow)
{
    if (m_sender && !m_isOver)
        m_sender->push(std::move(block), flow);
    else
        m_counters.drop(tunnel::DropReason::NotReady);
}

void Session::pump()
{
    if (!m_sender || m_isOver)
        return;
    if (m_lineWatch && m_lineWatch->look(m_parts.linkContext.time.now()))
        m_sender->tune(m_lineWatch->tuning());
    m_sender->pump();
}

bool Session::holdsAddress(const net::IpAddress& address) const
{
    return std::any_of(m_addresses.begin(), m_addresses.end(),
                       [&address](const auto& own) { return own.address == address; });
}

void Session::channelPacket(const net::SegmentHeader& segment, ByteSpan packet)
{
    m_host.sessionPacket(*this, segment, packet);
}

void Session::channelReceived()
{
    m_host.sessionReceived(*this);
}

void Session::channelRoom()
{
    pump();
}

// What the client asks for, and the end

void Session::channelLoginRequested(const protocol::Login& login)
{
    m_host.sessionLoginRequested(*this, login);
}

void Session::channelAddressRequested(const protocol::AddressRequest& request)
{
    m_host.sessionAddressRequested(*this, request);
}

void Session::channelEstablished(const tunnel::PacketForm& form)
{
    m_form = form;
    m_establishedAt = m_parts.linkContext.time.now();
    m_sender.emplace(m_channel->packets(), m_parts.linkContext, m_counters);
}

void Session::channelDeadlineChanged()
{
    m_host.sessionDeadlineChanged(*this);
}

void Session::channelClosed(const Error& reason)
{
    finish(m_leaveReason.value_or(reason));
}

void Session::finish(const Error& reason)
{
    if (std::exchange(m_isOver, true))
        return;
    m_host.sessionEnded(*this, reason);
}

}  // namespace gvpn::server
