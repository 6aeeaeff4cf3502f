#include "tunnel/pending_writer.h"

namespace gvpn::tunnel {

Result<void> PendingWriter::write(ByteView bytes)
{
    if (const auto flushed = flush(); !flushed)
        return flushed;
    ByteView rest = bytes;
    if (m_pending.isEmpty()) {
        const auto written = m_stream.write(rest);
        if (!written)
            return fail(written.error());
        rest = rest.subspan(*written);
    }
    if (!m_pending.append(rest))
        return fail(ErrorCode::TimedOut, "the other end does not read");
    return {};
}

Result<void> PendingWriter::flush()
{
    if (m_pending.isEmpty())
        return {};
    const auto written = m_stream.write(m_pending.data());
    if (!written)
        return fail(written.error());
    m_pending.consume(*written);
    m_pending.shrink();
    return {};
}

}  // namespace gvpn::tunnel
