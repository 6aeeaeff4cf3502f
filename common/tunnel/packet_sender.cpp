#include "tunnel/packet_sender.h"

namespace gvpn::tunnel {

PacketSender::PacketSender(PacketLink& link, LinkContext& context, Counters& counters)
    : m_link(link)
    , m_context(context)
    , m_counters(counters)
{}

void PacketSender::push(PacketBlock block, std::uint64_t flow)
{
    if (block)
        m_queue.push(std::move(block), flow, m_context.time.now());
    else
        m_counters.drop(DropReason::QueueFull);
}

void PacketSender::pump()
{
    while (m_link.hasRoom() && gather()) {
        PacketBatch& batch = m_context.batch;
        const std::size_t packets = batch.packets();
        const std::size_t packetBytes = batch.packetBytes();
        // A link that ends in this call may make another sender of the thread pump: then the batch is that one's.
        if (m_link.sendFrames(batch.parts())) {
            m_counters.packetsFromTun += packets;
            m_counters.bytesFromTun += packetBytes;
        } else {
            m_counters.drop(DropReason::QueueFull, packets);
        }
        batch.clear();
    }
    countQueue();
}

void PacketSender::tune(const LineTuning& tuning)
{
    m_batchBytes = tuning.batchBytes;
    m_queue.setRoundTrip(tuning.roundTrip);
}

bool PacketSender::gather()
{
    const TimePoint now = m_context.time.now();
    PacketBatch& batch = m_context.batch;
    // Never what another sender has left there: it would leave by the wrong link.
    batch.clear();
    while (!batch.isFull() && batch.sizeBytes() < m_batchBytes) {
        PacketBlock block = m_queue.pop(now);
        if (!block)
            break;
        batch.add(std::move(block));
    }
    return !batch.isEmpty();
}

void PacketSender::countQueue()
{
    const QueueCounts& counts = m_queue.counts();
    m_counters.drop(DropReason::QueueFull, counts.overflowed - m_counted.overflowed);
    m_counters.drop(DropReason::TooLate, counts.late - m_counted.late);
    m_counters.congestionMarks += counts.marked - m_counted.marked;
    m_counted = counts;
}

}  // namespace gvpn::tunnel
