// One v1 connection: byte stream <-> frames, in the clear. Used by client and server alike; lives in the thread of its
// stream. What SecureLink is for v2.
#pragma once

#include "protocol/v1_frame.h"
#include "transport/byte_stream.h"
#include "tunnel/link_context.h"
#include "tunnel/packet_link.h"
#include "tunnel/pending_writer.h"

#include <memory>

namespace gvpn::tunnel {

class PlainLink final : public PacketLink, private transport::ByteStream::Observer {
public:
    /// From inside a callback the link may be closed or aborted, but not destroyed.
    class Observer {
    public:
        virtual void linkHandshake(ByteView bytes) = 0;
        /// Every frame, packets included. The data may be changed in place.
        virtual void linkFrame(const protocol::v1::Frame& frame) = 0;
        /// Bytes came, and their frames have been handed out. Once a wake-up.
        virtual void linkReceived(TimePoint now) = 0;
        /// hasRoom() is true again.
        virtual void linkRoom() = 0;
        /// Once; nothing follows. Not called after close() or abort().
        virtual void linkClosed(const Error& error) = 0;

    protected:
        ~Observer() = default;
    };

    /// handshakeBytes: of the peer's. A peer that answers nothing is noticed after v1::DeadPeerAfter, even while
    /// nothing is sent. context and observer outlive the link.
    PlainLink(std::unique_ptr<transport::ByteStream> stream, std::size_t handshakeBytes, LinkContext& context,
              Observer& observer);
    ~PlainLink() override;
    PlainLink(const PlainLink&) = delete;
    PlainLink& operator=(const PlainLink&) = delete;

    void start();
    /// The client is registered: frames may hold packets.
    void allowPackets() { m_decoder.allowPackets(); }

    /// A handshake or a control frame; goes ahead of queued packets. A peer that leaves so many unread that a buffer of
    /// context.pending is full is closed with TimedOut. Ignored after the end.
    void send(ByteView bytes);
    using PacketLink::sendFrames;
    [[nodiscard]] bool sendFrames(std::span<const ByteView> parts) override;
    [[nodiscard]] bool hasRoom() const override { return !m_isOver && m_writer.isEmpty(); }

    /// What was taken, then the end of the stream.
    void close();
    void abort();
    [[nodiscard]] net::Endpoint peer() const { return m_peer; }

private:
    void streamReadable() override;
    void streamWritable() override;
    void streamClosed(const Error& error) override;

    /// False: nothing more to read now, or the link is over.
    [[nodiscard]] bool readOnce();
    void decode(ByteSpan bytes);
    /// False: the link is over.
    [[nodiscard]] bool goesOn(const Result<void>& written);
    void end(const Error& error);

    std::unique_ptr<transport::ByteStream> m_stream;
    LinkContext& m_context;
    Observer& m_observer;
    protocol::v1::Decoder m_decoder;
    PendingWriter m_writer;
    net::Endpoint m_peer;
    bool m_isOver = false;
};

}  // namespace gvpn::tunnel
