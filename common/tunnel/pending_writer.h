// Writes to a byte stream and keeps, up to a limit, what the stream doesn't take at once. Part of a link; its thread.
#pragma once

#include "base/byte_buffer.h"
#include "transport/byte_stream.h"

namespace gvpn::tunnel {

class PendingWriter {
public:
    /// stream outlives the writer.
    PendingWriter(transport::ByteStream& stream, std::size_t limitBytes)
        : m_stream(stream)
        , m_pending(limitBytes)
    {}

    /// Behind what waits. TimedOut: more than the limit would wait, because the other end does not read; the bytes may
    /// be cut then, so the stream is of no use any more. Other errors: it is over.
    [[nodiscard]] Result<void> write(ByteView bytes);
    /// As much of what waits as the stream takes now.
    [[nodiscard]] Result<void> flush();
    [[nodiscard]] bool isEmpty() const { return m_pending.isEmpty(); }
    [[nodiscard]] ByteView waiting() const { return m_pending.data(); }

private:
    transport::ByteStream& m_stream;
    ByteBuffer m_pending;
};

}  // namespace gvpn::tunnel
