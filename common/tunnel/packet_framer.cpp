#include "tunnel/packet_framer.h"

namespace gvpn::tunnel {

PacketFramer::PacketFramer()
    : m_kept(std::make_unique_for_overwrite<std::byte[]>(net::MaxPacketBytes))
{}

void PacketFramer::commitCompleted(std::size_t sizeBytes, const net::SegmentHeader& segment, Framing framing)
{
    net::completeChecksum(segment, m_batch.packetSpace().first(sizeBytes));
    m_batch.commit(sizeBytes, {}, framing);
}

ByteView PacketFramer::keep(std::size_t sizeBytes)
{
    std::memcpy(m_kept.get(), m_batch.packetSpace().data(), sizeBytes);
    return {m_kept.get(), sizeBytes};
}

}  // namespace gvpn::tunnel
