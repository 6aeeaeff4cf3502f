#include "tunnel/secure_link.h"

#include "protocol/messages.h"

#include <cassert>
#include <utility>

namespace gvpn::tunnel {

SecureLink::SecureLink(std::unique_ptr<transport::ByteStream> stream, const tls::TlsContext& tlsContext,
                       tls::PeerCheck check, LinkContext& context, Observer& observer)
    : m_stream(std::move(stream))
    , m_engine(tlsContext, std::move(check))
    , m_context(context)
    , m_observer(observer)
    , m_writer(*m_stream, context.pending)
    , m_peer(m_stream->peer())
{}

SecureLink::~SecureLink()
{
    m_context.handshakes.leave(*this);
    m_stream->setObserver(nullptr);
}

void SecureLink::start()
{
    m_stream->setObserver(this);
    m_context.sealed.clear();
    const auto started = m_engine.start(m_context.sealed);
    if (!started)
        end(started.error());
    else
        static_cast<void>(flushSealed());
}

void SecureLink::allowPackets()
{
    m_decoder.allowPackets();
    m_isSetUp = true;
}

void SecureLink::sendControl(ByteView body)
{
    if (m_isOver || !m_engine.isEstablished())
        return;
    m_context.sealed.clear();
    ByteVector frame = protocol::makeControlFrame(body);
    const auto sent = m_engine.send(frame, m_context.sealed, m_context.time.now());
    wipe(frame);  // it may be a login
    if (!sent)
        end(sent.error());
    else
        static_cast<void>(flushSealed());
}

bool SecureLink::sendFrames(std::span<const ByteView> parts)
{
    assert(parts.size() <= MaxBatchParts);
    if (!hasRoom())
        return false;
    const TimePoint now = m_context.time.now();
    m_context.sealed.clear();
    for (const ByteView part : parts) {
        const auto sent = m_engine.send(part, m_context.sealed, now);
        if (!sent) {
            end(sent.error());
            return false;
        }
    }
    return flushSealed();
}

void SecureLink::close()
{
    // From here on nobody is told of a failure: the caller has its reason.
    if (std::exchange(m_isOver, true))
        return;
    if (m_engine.isEstablished()) {
        m_context.sealed.clear();
        m_engine.close(m_context.sealed);
        static_cast<void>(flushSealed());
    }
    m_stream->closeAfter(m_writer.waiting());
}

void SecureLink::abort()
{
    m_isOver = true;
    m_stream->abort();
}

void SecureLink::streamReadable()
{
    if (m_isSetUp) {
        m_context.handshakes.notePackets(m_context.time.now());
        readSome();
    } else if (m_context.handshakes.isPaced()) {
        // What is there would be offered again and again until it is read.
        m_stream->setObserver(nullptr);
        m_context.handshakes.enter(*this, m_hasBegun);
    } else {
        readSome();
    }
}

void SecureLink::handshakeTurn()
{
    if (m_isOver)
        return;
    m_hasBegun = true;
    m_stream->setObserver(this);
    readSome();
}

void SecureLink::readSome()
{
    const TimePoint now = m_context.time.now();
    if (readOnce(now) && !m_isOver)
        m_observer.linkReceived(now);
}

bool SecureLink::readOnce(TimePoint now)
{
    const auto size = m_stream->read(m_context.received);
    if (!size) {
        end(size.error());
        return false;
    }
    if (*size == 0)
        return false;
    m_context.sealed.clear();
    const auto received =
        m_engine.receive(ByteView(m_context.received).first(*size), m_context.plaintext, m_context.sealed, now);
    // An answer goes out even on failure: it is the alert that tells the peer why.
    if (!m_context.sealed.isEmpty() && !flushSealed())
        return false;
    if (!received) {
        end(received.error());
        return false;
    }
    if (m_engine.isEstablished() && !std::exchange(m_wasEstablished, true))
        m_observer.linkEstablished();
    decode(ByteSpan(m_context.plaintext).first(received->plaintextBytes));
    if (received->isPeerClosed && !m_isOver)
        end(Error{ErrorCode::Closed, "the other end closed the connection"});
    return true;
}

void SecureLink::decode(ByteSpan plaintext)
{
    if (m_isOver || plaintext.empty())
        return;
    m_decoder.feed(plaintext);
    while (!m_isOver) {
        const auto frame = m_decoder.next();
        if (!frame) {
            sendControl(
                protocol::encode(protocol::Goodbye{protocol::GoodbyeCode::ProtocolViolation, frame.error().context}));
            end(frame.error());
            return;
        }
        if (!*frame)
            return;
        handOut(**frame);
    }
}

void SecureLink::handOut(const protocol::Frame& frame)
{
    if (frame.type == protocol::FrameType::Control)
        m_observer.linkControl(frame.body);
    else
        m_observer.linkPacket(frame.segment, frame.body);
}

void SecureLink::streamWritable()
{
    if (!m_isOver && goesOn(m_writer.flush()) && m_writer.isEmpty() && m_engine.isEstablished())
        m_observer.linkRoom();
}

void SecureLink::streamClosed(const Error& error)
{
    end(error);
}

bool SecureLink::flushSealed()
{
    return goesOn(m_writer.write(m_context.sealed.data()));
}

bool SecureLink::goesOn(const Result<void>& written)
{
    if (!written)
        end(written.error());
    return written.has_value();
}

void SecureLink::end(const Error& error)
{
    if (std::exchange(m_isOver, true))
        return;
    m_stream->closeAfter(m_writer.waiting());
    m_observer.linkClosed(error);
}

}  // namespace gvpn::tunnel
