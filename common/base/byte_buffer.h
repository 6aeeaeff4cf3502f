// A contiguous byte queue of a fixed capacity: filled at the end, drained at the front. One thread.
// Memory is allocated once, on first use, and can be given back while the buffer is empty.
#pragma once

#include "base/bytes.h"

#include <memory>

namespace gvpn {

class ByteBuffer {
public:
    explicit ByteBuffer(std::size_t capacityBytes)
        : m_capacity(capacityBytes)
    {}

    [[nodiscard]] std::size_t size() const { return m_end - m_begin; }
    [[nodiscard]] bool isEmpty() const { return m_begin == m_end; }
    [[nodiscard]] std::size_t capacity() const { return m_capacity; }
    /// Bytes that can still be appended.
    [[nodiscard]] std::size_t freeBytes() const { return m_capacity - size(); }

    [[nodiscard]] ByteView data() const;
    [[nodiscard]] ByteSpan data();
    /// All free bytes as one span (moves what is left to the front if it must).
    [[nodiscard]] ByteSpan freeSpace();
    /// Makes the first sizeBytes of freeSpace() part of the data. sizeBytes <= freeSpace().size().
    void commit(std::size_t sizeBytes);
    /// Appends all or nothing; false when there is not enough room.
    [[nodiscard]] bool append(ByteView bytes);
    /// Drops sizeBytes (<= size()) from the front.
    void consume(std::size_t sizeBytes);
    void clear() { m_begin = m_end = 0; }
    /// Gives the memory back if the buffer is empty.
    void shrink();

private:
    std::size_t m_capacity;
    std::unique_ptr<std::byte[]> m_bytes;
    std::size_t m_begin = 0;
    std::size_t m_end = 0;
};

}  // namespace gvpn
