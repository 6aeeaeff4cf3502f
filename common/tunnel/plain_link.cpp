#include "tunnel/plain_link.h"

#include "protocol/v1_conversation.h"

#include <cassert>
#include <utility>

namespace gvpn::tunnel {

namespace v1 = protocol::v1;

PlainLink::PlainLink(std::unique_ptr<transport::ByteStream> stream, std::size_t handshakeBytes, LinkContext& context,
                     Observer& observer)
    : m_stream(std::move(stream))
    , m_context(context)
    , m_observer(observer)
    , m_decoder(handshakeBytes)
    , m_writer(*m_stream, context.pending)
    , m_peer(m_stream->peer())
{}

PlainLink::~PlainLink()
{
    m_stream->setObserver(nullptr);
}

void PlainLink::start()
{
    m_stream->watchForDeadPeer(v1::DeadPeerAfter);
    m_stream->setObserver(this);
}

void PlainLink::send(ByteView bytes)
{
    if (!m_isOver)
        static_cast<void>(goesOn(m_writer.write(bytes)));
}

bool PlainLink::sendFrames(std::span<const ByteView> parts)
{
    assert(parts.size() <= MaxBatchParts);
    if (!hasRoom())
        return false;
    for (const ByteView part : parts) {
        if (!goesOn(m_writer.write(part)))
            return false;
    }
    return true;
}

void PlainLink::close()
{
    // From here on nobody is told of a failure: the caller has its reason.
    if (std::exchange(m_isOver, true))
        return;
    m_stream->closeAfter(m_writer.waiting());
}

void PlainLink::abort()
{
    m_isOver = true;
    m_stream->abort();
}

void PlainLink::streamReadable()
{
    if (!readOnce() || m_isOver)
        return;
    m_context.handshakes.notePackets(m_context.time.now());
    m_observer.linkReceived(m_context.time.now());
}

bool PlainLink::readOnce()
{
    const auto size = m_stream->read(m_context.received);
    if (!size) {
        end(size.error());
        return false;
    }
    if (*size > 0)
        decode(ByteSpan(m_context.received).first(*size));
    return *size > 0 && !m_isOver;
}

void PlainLink::decode(ByteSpan bytes)
{
    m_decoder.feed(bytes);
    while (!m_isOver) {
        const auto item = m_decoder.next();
        if (!item) {
            end(item.error());
            return;
        }
        if (!*item)
            return;
        if (const auto* frame = std::get_if<v1::Frame>(&**item))
            m_observer.linkFrame(*frame);
        else
            m_observer.linkHandshake(std::get<v1::Handshake>(**item).bytes);
    }
}

void PlainLink::streamWritable()
{
    if (!m_isOver && goesOn(m_writer.flush()) && m_writer.isEmpty())
        m_observer.linkRoom();
}

void PlainLink::streamClosed(const Error& error)
{
    end(error);
}

bool PlainLink::goesOn(const Result<void>& written)
{
    if (!written)
        end(written.error());
    return written.has_value();
}

void PlainLink::end(const Error& error)
{
    if (std::exchange(m_isOver, true))
        return;
    m_stream->closeAfter(m_writer.waiting());
    m_observer.linkClosed(error);
}

}  // namespace gvpn::tunnel
