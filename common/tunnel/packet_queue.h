// Packet frames that wait for a link with no room: bounded, in order, drops what comes when it is full. Pure; one
// thread.
#pragma once

#include "base/byte_buffer.h"

#include <cstdint>
#include <deque>

namespace gvpn::tunnel {

inline constexpr std::size_t QueueBytes = 256 * 1024;

class PacketQueue {
public:
    explicit PacketQueue(std::size_t limitBytes = QueueBytes)
        : m_bytes(limitBytes)
    {}

    /// Takes a run of whole frames, all or nothing.
    [[nodiscard]] bool push(ByteView frames);
    /// Whole runs from the front, at most maxBytes of them unless the first is larger. Valid until the next call.
    [[nodiscard]] ByteView front(std::size_t maxBytes) const;
    /// Drops what front(…) has returned.
    void pop(std::size_t sizeBytes);

    [[nodiscard]] bool isEmpty() const { return m_runs.empty(); }
    [[nodiscard]] std::size_t sizeBytes() const { return m_bytes.size(); }

private:
    ByteBuffer m_bytes;
    std::deque<std::size_t> m_runs;  // bytes of each run
};

}  // namespace gvpn::tunnel
