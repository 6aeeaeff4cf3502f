// Writes to a byte stream and keeps, up to a limit, what the stream doesn't take at once. Part of a link; its thread.
#pragma once

#include "base/result.h"
#include "transport/byte_stream.h"
#include "tunnel/buffer_stock.h"

namespace gvpn::tunnel {

class PendingWriter {
public:
    /// Keeps as much as one buffer of the stock holds. stream and stock outlive the writer.
    PendingWriter(transport::ByteStream& stream, BufferStock& stock)
        : m_stream(stream)
        , m_stock(stock)
    {}
    ~PendingWriter();
    PendingWriter(const PendingWriter&) = delete;
    PendingWriter& operator=(const PendingWriter&) = delete;

    /// Behind what waits. TimedOut: more than the limit would wait, because the other end does not read; the bytes may
    /// be cut then, so the stream is of no use any more. Other errors: it is over.
    [[nodiscard]] Result<void> write(ByteView bytes);
    /// As much of what waits as the stream takes now.
    [[nodiscard]] Result<void> flush();
    [[nodiscard]] bool isEmpty() const { return m_begin == m_end; }
    [[nodiscard]] ByteView waiting() const { return {m_buffer.get() + m_begin, m_end - m_begin}; }

private:
    [[nodiscard]] bool keep(ByteView bytes);

    transport::ByteStream& m_stream;
    BufferStock& m_stock;
    BufferStock::Buffer m_buffer;  // only while something waits
    std::size_t m_begin = 0;
    std::size_t m_end = 0;
};

}  // namespace gvpn::tunnel
