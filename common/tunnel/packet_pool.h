// Where the packets of a thread stand between the TUN and the link: blocks of three sizes that are used again and
// again, so that the packet path allocates nothing once it runs. The pool lives longer than its blocks; one thread.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "protocol/frame.h"
#include "tunnel/packet_form.h"

#include <array>
#include <memory>
#include <utility>

namespace gvpn::tunnel {

class PacketPool;

/// A packet, with room for its frame header in front of it. Goes back to its pool.
class PacketBlock {
public:
    PacketBlock() = default;
    PacketBlock(PacketBlock&& other) noexcept
        : m_body(std::exchange(other.m_body, nullptr))
    {}
    PacketBlock& operator=(PacketBlock&& other) noexcept
    {
        std::swap(m_body, other.m_body);
        return *this;
    }
    PacketBlock(const PacketBlock&) = delete;
    PacketBlock& operator=(const PacketBlock&) = delete;
    ~PacketBlock();

    [[nodiscard]] explicit operator bool() const { return m_body != nullptr; }
    [[nodiscard]] ByteSpan packet() const { return {m_body->bytes.get() + HeadroomBytes, m_body->packetBytes}; }
    /// Makes the first sizeBytes of packet() all of it.
    void truncate(std::size_t sizeBytes) { m_body->packetBytes = sizeBytes; }
    /// Writes the frame header in front of the packet. V1: segment is a plain one.
    void writeFrame(const net::SegmentHeader& segment, Framing framing);
    /// The packet with its header. Precondition: writeFrame().
    [[nodiscard]] ByteView frame() const
    {
        return {m_body->bytes.get() + m_body->frameOffset, HeadroomBytes - m_body->frameOffset + m_body->packetBytes};
    }
    /// What it takes of the computer's memory.
    [[nodiscard]] std::size_t memoryBytes() const { return m_body->capacityBytes; }

    /// Of SharedBytes.
    [[nodiscard]] std::size_t sharedBytesLeft() const;
    [[nodiscard]] TimePoint queuedAt() const { return m_body->queuedAt; }
    void setQueuedAt(TimePoint when) { m_body->queuedAt = when; }

private:
    friend class PacketPool;
    friend class PacketList;
    static constexpr std::size_t HeadroomBytes = protocol::PacketHeadroomBytes;

    struct Body {
        PacketPool* pool = nullptr;
        Body* next = nullptr;  // of a list or of the free ones
        std::unique_ptr<std::byte[]> bytes;
        std::size_t capacityBytes = 0;
        std::size_t packetBytes = 0;
        std::size_t frameOffset = HeadroomBytes;
        std::size_t sizeClass = 0;
        TimePoint queuedAt{};
    };

    explicit PacketBlock(Body* body)
        : m_body(body)
    {}

    Body* m_body = nullptr;
};

/// First in, first out; holds the blocks together without memory of its own.
class PacketList {
public:
    PacketList() = default;
    PacketList(const PacketList&) = delete;
    PacketList& operator=(const PacketList&) = delete;
    ~PacketList()
    {
        while (pop()) {
        }
    }

    void push(PacketBlock block);
    /// Nothing: it is empty.
    [[nodiscard]] PacketBlock pop();
    [[nodiscard]] bool isEmpty() const { return m_first == nullptr; }

private:
    PacketBlock::Body* m_first = nullptr;
    PacketBlock::Body* m_last = nullptr;
};

/// What the queues of a thread share: a thousand clients that read nothing don't take the computer's memory. Each queue
/// may have a part of what is left, and a little in any case (PacketQueue).
inline constexpr std::size_t SharedBytes = 256U * 1024 * 1024;
/// Blocks in all. Only the little that each queue may have leads beyond SharedBytes.
inline constexpr std::size_t PoolBytes = 2 * SharedBytes;

class PacketPool {
public:
    explicit PacketPool(std::size_t limitBytes = PoolBytes)
        : m_limitBytes(limitBytes)
    {}
    ~PacketPool();
    PacketPool(const PacketPool&) = delete;
    PacketPool& operator=(const PacketPool&) = delete;

    /// Where the next packet is read to: net::MaxPacketBytes. Stays the same until take().
    [[nodiscard]] ByteSpan space();
    /// The first sizeBytes of space() as a block: what is small is copied, what is large takes the space along.
    /// Nothing: the pool is at its limit.
    [[nodiscard]] PacketBlock take(std::size_t sizeBytes);
    /// A block for a packet of sizeBytes (at most net::MaxPacketBytes), to be written to. Nothing: as above.
    [[nodiscard]] PacketBlock make(std::size_t sizeBytes);

    /// Of the blocks that are out.
    [[nodiscard]] std::size_t bytesInUse() const { return m_bytesInUse; }
    [[nodiscard]] std::size_t sharedBytesLeft() const
    {
        return m_bytesInUse < SharedBytes ? SharedBytes - m_bytesInUse : 0;
    }

private:
    friend class PacketBlock;
    using Body = PacketBlock::Body;
    static constexpr std::size_t Classes = 3;

    [[nodiscard]] PacketBlock allot(std::size_t sizeClass, std::size_t sizeBytes);
    void giveBack(Body* body);

    struct FreeBlocks {
        Body* first = nullptr;
        std::size_t count = 0;
    };

    std::size_t m_limitBytes;
    std::size_t m_bytesInUse = 0;
    std::array<FreeBlocks, Classes> m_free{};
    PacketBlock m_space;
};

}  // namespace gvpn::tunnel
