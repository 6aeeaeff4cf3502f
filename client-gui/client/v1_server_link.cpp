#include "client/v1_server_link.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace gvpn::client {

namespace v1 = protocol::v1;

namespace {

/// 1 … 2^31 - 1. roll: 0 <= roll < 1.
std::int32_t transactionId(double roll)
{
    return 1 + static_cast<std::int32_t>(roll * std::numeric_limits<std::int32_t>::max());
}

}  // namespace

V1ServerLink::V1ServerLink(std::unique_ptr<transport::ByteStream> stream, const LinkEdges& edges,
                           tunnel::LinkContext& context, ServerLink::Observer& observer)
    : m_edges(edges)
    , m_observer(observer)
    , m_link(std::move(stream), v1::HandshakeReplyBytes, context, *this)
    , m_timer(edges.makeTimer())
{}

void V1ServerLink::start()
{
    m_observer.linkReady();
}

void V1ServerLink::begin(protocol::ClientOffer offer)
{
    if (m_isOver)
        return;
    assert(offer.address.wanted.size() == 1);
    m_conversation.emplace(v1::ClientOffer{offer.address.wanted.front(), transactionId(m_edges.roll())});
    m_link.start();
    performAll(m_conversation->start(m_edges.time.now()));
}

void V1ServerLink::leave()
{
    if (std::exchange(m_isOver, true))
        return;
    m_timer->stop();
    m_link.close();
}

void V1ServerLink::linkHandshake(ByteView bytes)
{
    const v1::Actions actions = m_conversation->receiveHandshake(bytes);
    if (m_conversation->isGreeted())
        m_observer.linkLoggedIn(std::nullopt);
    performAll(actions);
}

void V1ServerLink::linkFrame(const v1::Frame& frame)
{
    if (frame.command == static_cast<std::int32_t>(v1::Command::Packet) && m_conversation->acceptsPackets())
        m_observer.linkPacket({}, frame.data);
    else
        performAll(m_conversation->receive(frame, m_edges.time.now()));
}

void V1ServerLink::linkReceived(TimePoint /*now*/) {}

void V1ServerLink::linkRoom()
{
    m_observer.linkRoom();
}

/// A server that knows only TLS, or doesn't allow v1, may just close; so does one that is too busy, or a relay before
/// one that is being restarted. So it is tried again.
void V1ServerLink::linkClosed(const Error& error)
{
    const bool isUnanswered = !m_conversation->isGreeted() && error.code == ErrorCode::Closed;
    end(isUnanswered ? Error{ErrorCode::Closed, "the server closed the connection instead of answering"} : error);
}

void V1ServerLink::performAll(const v1::Actions& actions)
{
    for (const v1::Action& action : actions) {
        if (m_isOver)
            return;
        perform(action);
    }
    if (!m_isOver)
        scheduleTick();
}

void V1ServerLink::perform(const v1::Action& action)
{
    if (const auto* message = std::get_if<v1::SendBytes>(&action)) {
        m_link.send(message->bytes);
    } else if (const auto* close = std::get_if<protocol::CloseConversation>(&action)) {
        m_link.close();
        end(close->error);
    } else if (const auto* established = std::get_if<protocol::Established>(&action)) {
        m_link.allowPackets();
        m_observer.linkEstablished(*established);
    }
}

void V1ServerLink::scheduleTick()
{
    const TimePoint due = m_conversation->deadline();
    if (due == Never) {
        m_timer->stop();
        return;
    }
    const auto delay = std::chrono::ceil<Duration>(due - m_edges.time.now());
    m_timer->start(std::max(delay, Duration(0)), [this] { performAll(m_conversation->tick(m_edges.time.now())); });
}

void V1ServerLink::end(const Error& error)
{
    if (std::exchange(m_isOver, true))
        return;
    m_timer->stop();
    m_observer.linkEnded({error});
}

}  // namespace gvpn::client
