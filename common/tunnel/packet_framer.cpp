#include "tunnel/packet_framer.h"

#include <cstring>

namespace gvpn::tunnel {

PacketBlock PacketFramer::withFrame(PacketBlock block, const net::SegmentHeader& segment, Framing framing)
{
    if (block)
        block.writeFrame(segment, framing);
    return block;
}

PacketBlock PacketFramer::takeCompleted(ByteSpan packet, const net::SegmentHeader& segment)
{
    net::completeChecksum(segment, packet);
    return m_pool.take(packet.size());
}

PacketBlock PacketFramer::copy(ByteView packet)
{
    PacketBlock block = m_pool.make(packet.size());
    if (block)
        std::memcpy(block.packet().data(), packet.data(), packet.size());
    return block;
}

}  // namespace gvpn::tunnel
