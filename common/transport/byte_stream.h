// A connection's byte stream with back-pressure: the edge to the network. Implementations: EpollStream,
// MemoryStream (tests). One thread; nothing blocks.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "transport/line.h"

namespace gvpn::transport {

class ByteStream {
public:
    class Observer {
    public:
        /// There is something to read. The reader may stop early: it is called again.
        virtual void streamReadable() = 0;
        /// There is room again after a write() that took less than all.
        virtual void streamWritable() = 0;
        /// The peer closed (Closed) or the connection broke. Once; nothing follows. What was received before it has
        /// been offered by streamReadable.
        virtual void streamClosed(const Error& error) = 0;

    protected:
        ~Observer() = default;
    };

    /// Without close() before it: as abort().
    virtual ~ByteStream() = default;

    /// Before anything else. The observer outlives the stream or is set to nullptr first. From inside a callback the
    /// stream may be closed or aborted, but not destroyed.
    virtual void setObserver(Observer* observer) = 0;
    /// 0: nothing there now, or the end, of which streamClosed tells. An error: the stream is over already.
    [[nodiscard]] virtual Result<std::size_t> read(ByteSpan into) = 0;
    /// What read() would give first; it stays to be read. For finding out who speaks before somebody reads.
    [[nodiscard]] virtual Result<std::size_t> peek(ByteSpan into) = 0;
    /// Takes as much as it can now; less than all: streamWritable or streamClosed follows, never from inside of this
    /// call. An error: the stream is over already.
    [[nodiscard]] virtual Result<std::size_t> write(ByteView bytes) = 0;
    /// What was taken is still sent, then the connection ends. No callback follows.
    void close() { closeAfter({}); }
    /// The same with some last words that write() did not take: they are sent if the peer reads them within a second or
    /// so.
    virtual void closeAfter(ByteView lastWords) = 0;
    /// The connection ends now. No callback follows.
    virtual void abort() = 0;
    /// From now on a peer that answers nothing any more is noticed after `silence` or a few seconds more, also while
    /// nothing is being sent: for protocols without a keepalive of their own.
    virtual void watchForDeadPeer(Duration silence) = 0;
    [[nodiscard]] virtual net::Endpoint peer() const = 0;
    /// The state of the connection below; nullptr: it is none of TCP. Lives as long as the stream; after the
    /// connection's end it answers with errors.
    [[nodiscard]] virtual Line* line() = 0;
};

}  // namespace gvpn::transport
