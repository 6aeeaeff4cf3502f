#include "tunnel/packet_batch.h"

#include "protocol/v1_frame.h"

#include <cassert>

namespace gvpn::tunnel {

PacketBatch::PacketBatch()
    : m_bytes(std::make_unique_for_overwrite<std::byte[]>(MaxBatchBytes))
{}

ByteSpan PacketBatch::packetSpace()
{
    assert(!isFull());
    return {m_bytes.get() + m_size + protocol::PacketHeadroomBytes, net::MaxPacketBytes};
}

void PacketBatch::commit(std::size_t sizeBytes, const net::SegmentHeader& segment, Framing framing)
{
    assert(sizeBytes <= net::MaxPacketBytes && (framing == Framing::V2 || segment.isPlain()));
    const std::size_t wholeBytes = protocol::PacketHeadroomBytes + sizeBytes;
    const ByteSpan space(m_bytes.get() + m_size, wholeBytes);
    const std::size_t offset = framing == Framing::V2 ? protocol::writePacketHeader(space, sizeBytes, segment)
                                                      : protocol::v1::writePacketHeader(space, sizeBytes);
    // A plain packet has no segment header. It moves up so that the frames stay without gaps; it is small, while what
    // is large has a segment header and stays.
    if (offset > 0)
        std::memmove(space.data(), space.data() + offset, wholeBytes - offset);
    m_size += wholeBytes - offset;
    ++m_packets;
}

void PacketBatch::append(ByteView packet, const net::SegmentHeader& segment, Framing framing)
{
    std::memcpy(packetSpace().data(), packet.data(), packet.size());
    commit(packet.size(), segment, framing);
}

void PacketBatch::clearKeeping(std::size_t sizeBytes)
{
    const std::byte* packet = m_bytes.get() + m_size + protocol::PacketHeadroomBytes;
    clear();
    std::memmove(packetSpace().data(), packet, sizeBytes);
}

}  // namespace gvpn::tunnel
