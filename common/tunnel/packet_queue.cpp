#include "tunnel/packet_queue.h"

#include "net/flow.h"

#include <algorithm>

namespace gvpn::tunnel {

namespace {

/// What a flow may send in its turn. Larger than RFC 8290's one packet, as ours are segments of up to 64 KB; still
/// below a millisecond of a 200 Mbit/s line.
constexpr std::int64_t QuantumBytes = 16 * 1024;

// On short lines RFC 8289's own figures (section 4.2). On long ones more: whenever the outer connection repairs a loss,
// everything stands still for a round trip, which is no fault of the flow that waits. With a target of a fifth of the
// round trip one stream got 13 Mbit/s of a line of 200 Mbit/s with 20 ms each way and 1 % loss, with half of it 75,
// with all of it 94. Other flows don't wait for it: each has its own turn.
constexpr Clock::duration MinTarget = std::chrono::milliseconds(5);
constexpr Clock::duration MaxTarget = std::chrono::milliseconds(200);
constexpr Clock::duration MinInterval = std::chrono::milliseconds(100);
constexpr Clock::duration MaxInterval = std::chrono::milliseconds(1000);
constexpr int RoundTripsPerInterval = 4;

}  // namespace

PacketQueue::~PacketQueue() = default;

void PacketQueue::setRoundTrip(Clock::duration roundTrip)
{
    m_limits.interval = std::clamp(RoundTripsPerInterval * roundTrip, MinInterval, MaxInterval);
    m_limits.target = std::clamp(roundTrip, MinTarget, MaxTarget);
}

void PacketQueue::shrink()
{
    if (isEmpty()) {
        m_flows.reset();
        m_new = m_old = {};
    }
}

void PacketQueue::push(PacketBlock packet, std::uint64_t flow, TimePoint now)
{
    if (!m_flows)
        m_flows = std::make_unique<std::array<Flow, FlowCount>>();
    const auto index = static_cast<std::uint8_t>(flow % FlowCount);
    Flow& target = (*m_flows)[index];
    packet.setQueuedAt(now);
    const std::size_t share = std::max(packet.sharedBytesLeft() / ShareDivisor, MinQueueBytes);
    const std::size_t limitBytes = std::min(m_limitBytes, share);
    const std::size_t sizeBytes = packet.frame().size();
    ++m_packets;
    m_sizeBytes += sizeBytes;
    m_memoryBytes += packet.memoryBytes();
    target.sizeBytes += sizeBytes;
    target.memoryBytes += packet.memoryBytes();
    target.packets.push(std::move(packet));
    if (!target.isActive) {
        target.isActive = true;
        target.deficitBytes = QuantumBytes;
        append(m_new, index);
    }
    while (m_memoryBytes > limitBytes)
        dropFromLargest();
}

PacketBlock PacketQueue::pop(TimePoint now)
{
    while (m_new.first != NoFlow || m_old.first != NoFlow) {
        Turn& turn = m_new.first != NoFlow ? m_new : m_old;
        const std::uint8_t index = turn.first;
        Flow& flow = (*m_flows)[index];
        if (flow.deficitBytes <= 0) {
            flow.deficitBytes += QuantumBytes;
            removeFirst(turn);
            append(m_old, index);
            continue;
        }
        PacketBlock packet = popFrom(flow, now);
        if (packet) {
            flow.deficitBytes -= static_cast<std::int64_t>(packet.frame().size());
            return packet;
        }
        // A new flow that runs dry waits once behind the old ones, so that it can't overtake them for ever by pausing
        // (RFC 8290 section 4.2).
        const bool wasNew = &turn == &m_new;
        removeFirst(turn);
        if (wasNew && m_old.first != NoFlow)
            append(m_old, index);
        else
            flow.isActive = false;
    }
    return {};
}

PacketBlock PacketQueue::popFrom(Flow& flow, TimePoint now)
{
    while (!flow.packets.isEmpty()) {
        PacketBlock packet = takeOldest(flow);
        if (!flow.codel.shouldDrop(now - packet.queuedAt(), flow.sizeBytes, m_limits, now))
            return packet;
        if (net::markCongestion(packet.packet())) {
            ++m_counts.marked;
            return packet;
        }
        ++m_counts.late;
    }
    flow.codel.noteEmpty();
    return {};
}

PacketBlock PacketQueue::takeOldest(Flow& flow)
{
    PacketBlock packet = flow.packets.pop();
    const std::size_t sizeBytes = packet.frame().size();
    --m_packets;
    m_sizeBytes -= sizeBytes;
    m_memoryBytes -= packet.memoryBytes();
    flow.sizeBytes -= sizeBytes;
    flow.memoryBytes -= packet.memoryBytes();
    return packet;
}

/// The oldest one: its sender hears of it soonest. The largest in memory, which is what there is too little of: many
/// small packets must not push out a flow of segments.
void PacketQueue::dropFromLargest()
{
    Flow& largest = *std::ranges::max_element(*m_flows, {}, &Flow::memoryBytes);
    static_cast<void>(takeOldest(largest));
    ++m_counts.overflowed;
}

void PacketQueue::append(Turn& turn, std::uint8_t index)
{
    (*m_flows)[index].next = NoFlow;
    (turn.last == NoFlow ? turn.first : (*m_flows)[turn.last].next) = index;
    turn.last = index;
}

void PacketQueue::removeFirst(Turn& turn)
{
    turn.first = (*m_flows)[turn.first].next;
    if (turn.first == NoFlow)
        turn.last = NoFlow;
}

}  // namespace gvpn::tunnel
