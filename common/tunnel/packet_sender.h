// The sending half of an established tunnel: packets wait in a queue of their own and leave in batches while the link
// has room. Owned by a session or a client's path; the link's thread.
#pragma once

#include "tunnel/counters.h"
#include "tunnel/line_tuning.h"
#include "tunnel/link_context.h"
#include "tunnel/packet_link.h"
#include "tunnel/packet_queue.h"

namespace gvpn::tunnel {

class PacketSender {
public:
    /// Everything outlives the sender. What it sends and drops is counted.
    PacketSender(PacketLink& link, LinkContext& context, Counters& counters);

    /// A framed block; an empty one counts as dropped for lack of room. flow: net::flowHash().
    void push(PacketBlock block, std::uint64_t flow);
    /// Sends what the link takes now. To be called at the end of a wake-up that pushed, when isBatchReady(), and when
    /// the link has room again.
    void pump();
    /// Follows what is known of the line.
    void tune(const LineTuning& tuning);
    /// Enough waits to be worth a write of its own before the wake-up is over.
    [[nodiscard]] bool isBatchReady() const { return m_queue.sizeBytes() >= m_batchBytes && m_link.hasRoom(); }
    [[nodiscard]] bool isEmpty() const { return m_queue.isEmpty(); }
    /// Gives back what an idle connection doesn't need.
    void shrink() { m_queue.shrink(); }

private:
    /// Moves packets from the queue to a batch. False: there was nothing.
    [[nodiscard]] bool gather();
    void countQueue();

    PacketLink& m_link;
    LinkContext& m_context;
    Counters& m_counters;
    PacketQueue m_queue;
    QueueCounts m_counted;  // of the queue's counts
    std::size_t m_batchBytes = BatchTargetBytes;
};

}  // namespace gvpn::tunnel
