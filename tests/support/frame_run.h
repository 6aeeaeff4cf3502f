// Packet frames back to back, as a peer of the test sends them: made by the product's own blocks.
#pragma once

#include "tunnel/packet_link.h"
#include "tunnel/packet_pool.h"

#include <algorithm>

namespace gvpn::test {

class FrameRun {
public:
    void append(ByteView packet, const net::SegmentHeader& segment, tunnel::Framing framing = tunnel::Framing::V2)
    {
        tunnel::PacketBlock block = m_pool.make(packet.size());
        std::ranges::copy(packet, block.packet().begin());
        block.writeFrame(segment, framing);
        const ByteView frame = block.frame();
        m_bytes.insert(m_bytes.end(), frame.begin(), frame.end());
        ++m_packets;
    }
    void clear()
    {
        m_bytes.clear();
        m_packets = 0;
    }

    [[nodiscard]] ByteView frames() const { return m_bytes; }
    [[nodiscard]] bool isEmpty() const { return m_bytes.empty(); }
    [[nodiscard]] bool isFull() const { return m_bytes.size() >= tunnel::BatchTargetBytes; }
    [[nodiscard]] std::size_t packets() const { return m_packets; }

private:
    tunnel::PacketPool m_pool;
    ByteVector m_bytes;
    std::size_t m_packets = 0;
};

}  // namespace gvpn::test
