#include "tunnel/packet_queue.h"

#include <algorithm>
#include <cassert>

namespace gvpn::tunnel {

bool PacketQueue::push(ByteView frames)
{
    if (!m_bytes.append(frames))
        return false;
    m_runs.push_back(frames.size());
    return true;
}

ByteView PacketQueue::front(std::size_t maxBytes) const
{
    if (m_runs.empty())
        return {};
    std::size_t size = m_runs.front();
    for (auto run = std::next(m_runs.begin()); run != m_runs.end() && size + *run <= maxBytes; ++run)
        size += *run;
    return m_bytes.data().first(size);
}

void PacketQueue::pop(std::size_t sizeBytes)
{
    m_bytes.consume(sizeBytes);
    while (sizeBytes > 0) {
        assert(!m_runs.empty() && m_runs.front() <= sizeBytes);
        sizeBytes -= m_runs.front();
        m_runs.pop_front();
    }
    // An idle client holds no queue.
    m_bytes.shrink();
}

}  // namespace gvpn::tunnel
