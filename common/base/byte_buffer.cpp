#include "base/byte_buffer.h"

#include <cassert>

namespace gvpn {

ByteView ByteBuffer::data() const
{
    return {m_bytes.get() + m_begin, size()};
}

ByteSpan ByteBuffer::data()
{
    return {m_bytes.get() + m_begin, size()};
}

ByteSpan ByteBuffer::freeSpace()
{
    if (!m_bytes)
        m_bytes = std::make_unique_for_overwrite<std::byte[]>(m_capacity);
    if (m_begin == m_end) {
        m_begin = m_end = 0;
    } else if (m_begin > 0) {
        std::memmove(m_bytes.get(), m_bytes.get() + m_begin, size());
        m_end -= m_begin;
        m_begin = 0;
    }
    return {m_bytes.get() + m_end, m_capacity - m_end};
}

void ByteBuffer::commit(std::size_t sizeBytes)
{
    assert(m_end + sizeBytes <= m_capacity);
    m_end += sizeBytes;
}

bool ByteBuffer::append(ByteView bytes)
{
    if (bytes.size() > freeBytes())
        return false;
    if (bytes.empty())
        return true;
    if (!m_bytes || m_end + bytes.size() > m_capacity)
        static_cast<void>(freeSpace());
    std::memcpy(m_bytes.get() + m_end, bytes.data(), bytes.size());
    m_end += bytes.size();
    return true;
}

void ByteBuffer::consume(std::size_t sizeBytes)
{
    assert(sizeBytes <= size());
    m_begin += sizeBytes;
    if (m_begin == m_end)
        m_begin = m_end = 0;
}

void ByteBuffer::shrink()
{
    if (isEmpty())
        m_bytes.reset();
}

}  // namespace gvpn
