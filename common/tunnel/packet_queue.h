// What waits for one link: fair between flows, short between ends. Each flow gets its turn (deficit round robin, new
// flows first), a packet that has waited too long is marked or dropped (CoDel), and when the whole is too large the
// largest flow loses its oldest. RFC 8290 (FQ-CoDel). Pure; one thread; owned by a PacketSender.
#pragma once

#include "tunnel/codel.h"
#include "tunnel/packet_pool.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>

namespace gvpn::tunnel {

/// What a link that reads nothing may hold of the computer's memory. 17 ms of a gigabit line.
inline constexpr std::size_t QueueBytes = 2U * 1024 * 1024;
/// And what it may hold in any case, however much the other links of the thread hold.
inline constexpr std::size_t MinQueueBytes = 128U * 1024;
/// In between it may have this part of what the links share: those that stand still leave enough for those that move.
inline constexpr std::size_t ShareDivisor = 8;

/// What became of packets beside being handed out.
struct QueueCounts {
    std::uint64_t overflowed = 0;  // dropped because there was no more room
    std::uint64_t late = 0;        // dropped because they had waited too long
    std::uint64_t marked = 0;      // marked instead, and handed out
};

class PacketQueue {
public:
    explicit PacketQueue(std::size_t limitBytes = QueueBytes)
        : m_limitBytes(limitBytes)
    {}
    ~PacketQueue();

    /// flow: net::flowHash(). May drop others, or this one, as overflowed.
    void push(PacketBlock packet, std::uint64_t flow, TimePoint now);
    /// The next packet, or nothing. May drop others before it as late. Ask until there is nothing: only then a flow
    /// without packets loses its turn, and counts as new when it comes back.
    [[nodiscard]] PacketBlock pop(TimePoint now);

    /// The outer connection's: what is too long and how fast senders can react follows it.
    void setRoundTrip(Clock::duration roundTrip);
    [[nodiscard]] const CodelLimits& limits() const { return m_limits; }
    /// Gives the memory of an empty queue back.
    void shrink();

    [[nodiscard]] bool isEmpty() const { return m_packets == 0; }
    [[nodiscard]] std::size_t packets() const { return m_packets; }
    /// Of the packets' frames.
    [[nodiscard]] std::size_t sizeBytes() const { return m_sizeBytes; }
    /// Of the blocks that hold them: at most the limit.
    [[nodiscard]] std::size_t memoryBytes() const { return m_memoryBytes; }
    [[nodiscard]] const QueueCounts& counts() const { return m_counts; }

private:
    static constexpr std::size_t FlowCount = 128;
    static constexpr std::uint8_t NoFlow = 0xFF;
    static_assert(FlowCount <= NoFlow);

    struct Flow {
        PacketList packets;
        Codel codel;
        std::size_t sizeBytes = 0;
        std::size_t memoryBytes = 0;
        std::int64_t deficitBytes = 0;
        std::uint8_t next = NoFlow;  // in its turn
        bool isActive = false;       // has a turn
    };
    /// Flows that wait for their turn.
    struct Turn {
        std::uint8_t first = NoFlow;
        std::uint8_t last = NoFlow;
    };

    void append(Turn& turn, std::uint8_t index);
    void removeFirst(Turn& turn);
    [[nodiscard]] PacketBlock popFrom(Flow& flow, TimePoint now);
    [[nodiscard]] PacketBlock takeOldest(Flow& flow);
    void dropFromLargest();

    std::size_t m_limitBytes;
    CodelLimits m_limits;
    std::unique_ptr<std::array<Flow, FlowCount>> m_flows;
    Turn m_new;
    Turn m_old;
    std::size_t m_packets = 0;
    std::size_t m_sizeBytes = 0;
    std::size_t m_memoryBytes = 0;
    QueueCounts m_counts;
};

}  // namespace gvpn::tunnel
