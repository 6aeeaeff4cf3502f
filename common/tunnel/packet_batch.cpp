#include "tunnel/packet_batch.h"

#include <cassert>
#include <cstring>

namespace gvpn::tunnel {

namespace {

/// Above it, sealing a frame by itself costs less than copying it to its neighbours: a record costs about as much as
/// 4 KB of copying, and what is lost to half-filled records stays small.
constexpr std::size_t MaxCopiedBytes = 8192;

}  // namespace

PacketBatch::PacketBatch()
    : m_small(std::make_unique_for_overwrite<std::byte[]>(BatchTargetBytes + MaxCopiedBytes))
{}

void PacketBatch::add(PacketBlock block)
{
    assert(!isFull());
    const ByteView frame = block.frame();
    m_sizeBytes += frame.size();
    m_packetBytes += block.packet().size();
    ++m_packets;
    if (frame.size() <= MaxCopiedBytes) {
        copy(frame);
        return;
    }
    m_parts[m_partCount++] = frame;
    m_isLastPartSmall = false;
    m_large.push(std::move(block));
}

void PacketBatch::copy(ByteView frame)
{
    std::byte* target = m_small.get() + m_smallBytes;
    std::memcpy(target, frame.data(), frame.size());
    m_smallBytes += frame.size();
    if (m_isLastPartSmall) {
        ByteView& last = m_parts[m_partCount - 1];
        last = {last.data(), last.size() + frame.size()};
        return;
    }
    m_parts[m_partCount++] = {target, frame.size()};
    m_isLastPartSmall = true;
}

void PacketBatch::clear()
{
    while (m_large.pop()) {
    }
    m_smallBytes = m_partCount = m_sizeBytes = m_packets = m_packetBytes = 0;
    m_isLastPartSmall = false;
}

}  // namespace gvpn::tunnel
