#include "tunnel/pending_writer.h"

#include <cstring>

namespace gvpn::tunnel {

PendingWriter::~PendingWriter()
{
    if (m_buffer)
        m_stock.giveBack(std::move(m_buffer));
}

Result<void> PendingWriter::write(ByteView bytes)
{
    if (const auto flushed = flush(); !flushed)
        return flushed;
    ByteView rest = bytes;
    if (isEmpty()) {
        const auto written = m_stream.write(rest);
        if (!written)
            return fail(written.error());
        rest = rest.subspan(*written);
    }
    if (!keep(rest))
        return fail(ErrorCode::TimedOut, "the other end does not read");
    return {};
}

Result<void> PendingWriter::flush()
{
    if (isEmpty())
        return {};
    const auto written = m_stream.write(waiting());
    if (!written)
        return fail(written.error());
    m_begin += *written;
    if (isEmpty()) {
        m_begin = m_end = 0;
        m_stock.giveBack(std::move(m_buffer));
    }
    return {};
}

bool PendingWriter::keep(ByteView bytes)
{
    if (bytes.empty())
        return true;
    if (!m_buffer)
        m_buffer = m_stock.take();
    if (m_end + bytes.size() > m_stock.bufferBytes()) {
        std::memmove(m_buffer.get(), m_buffer.get() + m_begin, m_end - m_begin);
        m_end -= std::exchange(m_begin, 0);
    }
    if (m_end + bytes.size() > m_stock.bufferBytes())
        return false;
    std::memcpy(m_buffer.get() + m_end, bytes.data(), bytes.size());
    m_end += bytes.size();
    return true;
}

}  // namespace gvpn::tunnel
