#include "client/secure_server_link.h"

#include <algorithm>
#include <utility>

namespace gvpn::client {

namespace {

/// The conversation makes "unreachable" of it, which a network that breaks down says as well.
bool isBusyGoodbye(ByteView body)
{
    const auto message = protocol::decode(body);
    const auto* goodbye = message ? std::get_if<protocol::Goodbye>(&*message) : nullptr;
    return goodbye && goodbye->code == protocol::GoodbyeCode::ServerBusy;
}

}  // namespace

Result<std::unique_ptr<ServerLink>> SecureServerLink::create(std::unique_ptr<transport::ByteStream> stream,
                                                             const std::optional<Pin>& pin, const LinkEdges& edges,
                                                             tunnel::LinkContext& context,
                                                             ServerLink::Observer& observer)
{
    // A handshake that only learns the server's key is refused before our certificate would leave: any key will do.
    const auto identity = pin ? edges.identityFor(*pin) : tls::Identity::generate();
    if (!identity)
        return fail(identity.error());
    auto tlsContext = tls::TlsContext::create(tls::Role::Client, *identity);
    if (!tlsContext)
        return fail(tlsContext.error());
    return std::unique_ptr<ServerLink>(
        new SecureServerLink(std::move(stream), pin, std::move(*tlsContext), edges, context, observer));
}

SecureServerLink::SecureServerLink(std::unique_ptr<transport::ByteStream> stream, const std::optional<Pin>& pin,
                                   tls::TlsContext tlsContext, const LinkEdges& edges, tunnel::LinkContext& context,
                                   ServerLink::Observer& observer)
    : m_edges(edges)
    , m_observer(observer)
    , m_pin(pin)
    , m_tlsContext(std::move(tlsContext))
    , m_link(
          std::move(stream), m_tlsContext, [this](const Pin& presented) { return isExpected(presented); }, context,
          *this)
    , m_timer(edges.makeTimer())
{}

void SecureServerLink::start()
{
    m_timer->start(TlsDeadline, [this] {
        m_link.abort();
        end({ErrorCode::TimedOut, "the server did not answer the TLS handshake"});
    });
    m_link.start();
}

void SecureServerLink::leave()
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_timer->stop();
    if (m_conversation) {
        for (const protocol::Action& action : m_conversation->leave(protocol::GoodbyeCode::Leaving, {})) {
            if (const auto* message = std::get_if<protocol::SendControl>(&action))
                m_link.sendControl(message->body);
        }
    }
    m_link.close();
}

void SecureServerLink::linkEstablished()
{
    m_timer->stop();
    m_observer.linkReady();
}

void SecureServerLink::begin(protocol::ClientOffer offer)
{
    if (m_isOver)
        return;
    m_conversation.emplace(std::move(offer));
    performAll(m_conversation->start(m_edges.time.now()));
}

void SecureServerLink::linkControl(ByteView body)
{
    if (!m_conversation || m_isOver)
        return;
    m_isServerBusy = !m_isLoggedIn && isBusyGoodbye(body);
    performAll(m_conversation->receive(body, m_edges.time.now()));
}

void SecureServerLink::linkPacket(const net::SegmentHeader& segment, ByteSpan packet)
{
    if (m_conversation && m_conversation->acceptsPackets() && !m_isOver)
        m_observer.linkPacket(segment, packet);
}

void SecureServerLink::linkReceived(TimePoint now)
{
    if (m_conversation)
        m_conversation->noteReceived(now);
}

void SecureServerLink::linkRoom()
{
    m_observer.linkRoom();
}

void SecureServerLink::linkClosed(const Error& error)
{
    end(error);
}

void SecureServerLink::performAll(protocol::Actions actions)
{
    for (protocol::Action& action : actions) {
        if (m_isOver)
            return;
        perform(action);
        if (auto* message = std::get_if<protocol::SendControl>(&action))
            wipe(message->body);  // it may be a login
    }
    if (!m_isOver)
        scheduleTick();
}

void SecureServerLink::perform(const protocol::Action& action)
{
    if (const auto* message = std::get_if<protocol::SendControl>(&action)) {
        m_link.sendControl(message->body);
    } else if (const auto* close = std::get_if<protocol::CloseConversation>(&action)) {
        m_link.close();
        end(close->error);
    } else if (const auto* login = std::get_if<protocol::LoggedIn>(&action)) {
        m_isLoggedIn = true;
        // The address reply may be larger than what is allowed before the login.
        m_link.allowLargeControl();
        m_observer.linkLoggedIn(login->method);
    } else if (const auto* notice = std::get_if<protocol::NoticeReceived>(&action)) {
        m_observer.linkNotice(notice->text);
    } else if (const auto* established = std::get_if<protocol::Established>(&action)) {
        m_link.allowPackets();
        m_observer.linkEstablished(*established);
    }
}

/// Bytes that come move the deadline back without touching the timer: it finds out when it expires.
void SecureServerLink::scheduleTick()
{
    const TimePoint due = m_conversation->deadline();
    if (due >= m_timerDue)
        return;
    m_timerDue = due;
    const auto delay = std::chrono::ceil<Duration>(due - m_edges.time.now());
    m_timer->start(std::max(delay, Duration(0)), [this] {
        m_timerDue = Never;
        performAll(m_conversation->tick(m_edges.time.now()));
    });
}

void SecureServerLink::end(const Error& error)
{
    if (std::exchange(m_isOver, true))
        return;
    m_timer->stop();
    LinkEnd result{error, std::nullopt, m_isServerBusy};
    if (error.code == ErrorCode::IdentityMismatch) {
        result.presentedPin = m_link.peerPin();
        if (!m_pin)
            result.error = {ErrorCode::IdentityUnknown, "no key of this server is known yet"};
    }
    m_observer.linkEnded(result);
}

}  // namespace gvpn::client
