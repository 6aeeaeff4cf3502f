#include "tunnel/packet_pool.h"

#include "protocol/v1_frame.h"

#include <cassert>
#include <cstring>

namespace gvpn::tunnel {

namespace {

/// An ordinary packet of a 1500-byte line, a few of them as one segment, and the largest.
constexpr std::array<std::size_t, 3> CapacityBytes{2048, 16384, protocol::PacketHeadroomBytes + net::MaxPacketBytes};
constexpr std::size_t Largest = CapacityBytes.size() - 1;
/// Free blocks beyond these are given back to the system: what two full queues had, 12 MB at most.
constexpr std::array<std::size_t, 3> MaxFree{2048, 256, 64};

std::size_t sizeClassFor(std::size_t packetBytes)
{
    std::size_t sizeClass = 0;
    while (CapacityBytes[sizeClass] < protocol::PacketHeadroomBytes + packetBytes)
        ++sizeClass;
    return sizeClass;
}

}  // namespace

PacketBlock::~PacketBlock()
{
    if (m_body != nullptr)
        m_body->pool->giveBack(m_body);
}

std::size_t PacketBlock::sharedBytesLeft() const
{
    return m_body->pool->sharedBytesLeft();
}

void PacketBlock::writeFrame(const net::SegmentHeader& segment, Framing framing)
{
    assert(framing == Framing::V2 || segment.isPlain());
    const ByteSpan whole(m_body->bytes.get(), HeadroomBytes + m_body->packetBytes);
    m_body->frameOffset = framing == Framing::V2 ? protocol::writePacketHeader(whole, m_body->packetBytes, segment)
                                                 : protocol::v1::writePacketHeader(whole, m_body->packetBytes);
}

void PacketList::push(PacketBlock block)
{
    PacketBlock::Body* body = std::exchange(block.m_body, nullptr);
    body->next = nullptr;
    (m_last == nullptr ? m_first : m_last->next) = body;
    m_last = body;
}

PacketBlock PacketList::pop()
{
    PacketBlock::Body* body = m_first;
    if (body != nullptr) {
        m_first = body->next;
        if (m_first == nullptr)
            m_last = nullptr;
    }
    return PacketBlock(body);
}

PacketPool::~PacketPool()
{
    m_space = PacketBlock();
    assert(m_bytesInUse == 0);
    for (FreeBlocks& blocks : m_free) {
        while (blocks.first != nullptr)
            delete std::exchange(blocks.first, blocks.first->next);
    }
}

ByteSpan PacketPool::space()
{
    // Not held back by the limit: who reads and drops must be able to read.
    if (!m_space)
        m_space = allot(Largest, net::MaxPacketBytes);
    return m_space.packet();
}

PacketBlock PacketPool::take(std::size_t sizeBytes)
{
    assert(m_space && sizeBytes <= net::MaxPacketBytes);
    if (sizeClassFor(sizeBytes) == Largest) {
        if (m_bytesInUse > m_limitBytes)
            return {};
        PacketBlock block = std::exchange(m_space, PacketBlock());
        block.truncate(sizeBytes);
        return block;
    }
    PacketBlock block = make(sizeBytes);
    if (block)
        std::memcpy(block.packet().data(), m_space.packet().data(), sizeBytes);
    return block;
}

PacketBlock PacketPool::make(std::size_t sizeBytes)
{
    const std::size_t sizeClass = sizeClassFor(sizeBytes);
    if (m_bytesInUse + CapacityBytes[sizeClass] > m_limitBytes)
        return {};
    return allot(sizeClass, sizeBytes);
}

PacketBlock PacketPool::allot(std::size_t sizeClass, std::size_t sizeBytes)
{
    FreeBlocks& blocks = m_free[sizeClass];
    Body* body = blocks.first;
    if (body != nullptr) {
        blocks.first = body->next;
        --blocks.count;
    } else {
        body = new Body;
        body->pool = this;
        body->bytes = std::make_unique_for_overwrite<std::byte[]>(CapacityBytes[sizeClass]);
        body->capacityBytes = CapacityBytes[sizeClass];
        body->sizeClass = sizeClass;
    }
    body->next = nullptr;
    body->packetBytes = sizeBytes;
    body->frameOffset = protocol::PacketHeadroomBytes;
    m_bytesInUse += body->capacityBytes;
    return PacketBlock(body);
}

void PacketPool::giveBack(Body* body)
{
    m_bytesInUse -= body->capacityBytes;
    FreeBlocks& blocks = m_free[body->sizeClass];
    if (blocks.count >= MaxFree[body->sizeClass]) {
        delete body;
        return;
    }
    body->next = std::exchange(blocks.first, body);
    ++blocks.count;
}

}  // namespace gvpn::tunnel
