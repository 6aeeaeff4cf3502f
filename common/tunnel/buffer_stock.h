// Buffers of one size for the links of a thread: a link has one only while its socket is full, and the next link gets
// the same memory instead of new one. One thread; lives longer than what it has given out.
#pragma once

#include "base/bytes.h"

#include <memory>
#include <vector>

namespace gvpn::tunnel {

class BufferStock {
public:
    using Buffer = std::unique_ptr<std::byte[]>;

    explicit BufferStock(std::size_t bufferBytes)
        : m_bufferBytes(bufferBytes)
    {}

    [[nodiscard]] std::size_t bufferBytes() const { return m_bufferBytes; }
    [[nodiscard]] Buffer take();
    void giveBack(Buffer buffer);

private:
    static constexpr std::size_t MaxKept = 8;

    std::size_t m_bufferBytes;
    std::vector<Buffer> m_kept;
};

}  // namespace gvpn::tunnel
