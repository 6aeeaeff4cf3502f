// One encrypted connection: byte stream <-> TLS <-> frames. Used by client and server alike; lives in the thread of its
// stream. Packet path: one TLS call and one socket write for a batch, buffers shared by all links of the thread.
#pragma once

#include "protocol/frame.h"
#include "tls/tls_engine.h"
#include "transport/byte_stream.h"
#include "tunnel/link_context.h"
#include "tunnel/packet_link.h"
#include "tunnel/pending_writer.h"

#include <memory>

namespace gvpn::tunnel {

class SecureLink final : public PacketLink, private transport::ByteStream::Observer, private HandshakeQueue::Waiter {
public:
    /// From inside a callback the link may be closed or aborted, but not destroyed.
    class Observer {
    public:
        /// The handshake is over; the peer's pin has passed the check.
        virtual void linkEstablished() = 0;
        virtual void linkControl(ByteView body) = 0;
        /// segment is not validated yet. The packet may be changed in place.
        virtual void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) = 0;
        /// Bytes came, and their frames have been handed out. Once a wake-up.
        virtual void linkReceived(TimePoint now) = 0;
        /// hasRoom() is true again.
        virtual void linkRoom() = 0;
        /// Once; nothing follows. Not called after close() or abort().
        virtual void linkClosed(const Error& error) = 0;

    protected:
        ~Observer() = default;
    };

    /// context, tlsContext and observer outlive the link.
    SecureLink(std::unique_ptr<transport::ByteStream> stream, const tls::TlsContext& tlsContext, tls::PeerCheck check,
               LinkContext& context, Observer& observer);
    ~SecureLink() override;
    SecureLink(const SecureLink&) = delete;
    SecureLink& operator=(const SecureLink&) = delete;

    void start();
    /// The login went through: control messages may be large.
    void allowLargeControl() { m_decoder.allowLargeControl(); }
    /// The conversation is so far that packets are welcome.
    void allowPackets();

    /// A control message; goes ahead of queued packets. A peer that leaves so many unread that a buffer of
    /// context.pending is full is closed with TimedOut. Ignored before the link is established and after its end.
    void sendControl(ByteView body);
    using PacketLink::sendFrames;
    [[nodiscard]] bool sendFrames(std::span<const ByteView> parts) override;
    [[nodiscard]] bool hasRoom() const override { return m_engine.isEstablished() && !m_isOver && m_writer.isEmpty(); }

    /// What was taken, close_notify, then the end of the stream.
    void close();
    void abort();

    [[nodiscard]] bool isEstablished() const { return m_engine.isEstablished(); }
    [[nodiscard]] const std::optional<Pin>& peerPin() const { return m_engine.peerPin(); }
    [[nodiscard]] net::Endpoint peer() const { return m_peer; }

private:
    void streamReadable() override;
    void streamWritable() override;
    void streamClosed(const Error& error) override;
    void handshakeTurn() override;

    void readSome();
    /// How many bytes; 0: there was nothing, or the link is over.
    /// True: there was something.
    [[nodiscard]] bool readOnce(TimePoint now);
    void decode(ByteSpan plaintext);
    void handOut(const protocol::Frame& frame);
    /// Sends context.sealed, keeps what the socket doesn't take. False: the link is over.
    [[nodiscard]] bool flushSealed();
    /// False: the link is over.
    [[nodiscard]] bool goesOn(const Result<void>& written);
    void end(const Error& error);

    std::unique_ptr<transport::ByteStream> m_stream;
    tls::TlsEngine m_engine;
    LinkContext& m_context;
    Observer& m_observer;
    protocol::FrameDecoder m_decoder;
    PendingWriter m_writer;
    net::Endpoint m_peer;
    bool m_wasEstablished = false;
    bool m_hasBegun = false;  // has had a turn of the context's handshakes
    bool m_isSetUp = false;   // packets are welcome: no more turns to wait for
    bool m_isOver = false;
};

}  // namespace gvpn::tunnel
