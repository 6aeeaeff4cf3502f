// Puts packets into blocks in the form that the receiving peer takes: as they are, with the checksum filled in, or cut
// into ordinary packets. Packet path; one thread.
#pragma once

#include "tunnel/packet_pool.h"

namespace gvpn::tunnel {

class PacketFramer {
public:
    /// pool outlives the framer.
    explicit PacketFramer(PacketPool& pool)
        : m_pool(pool)
    {}

    /// The first sizeBytes of the pool's space() are a packet that passed net::validateLocal(). sink(PacketBlock) is
    /// called for each block in order; an empty one stands for a packet that the pool had no room for.
    template <typename Sink>
    void commit(std::size_t sizeBytes, const net::SegmentHeader& segment, const PacketForm& form, Sink&& sink)
    {
        const ByteSpan packet = m_pool.space().first(sizeBytes);
        if (form.takes.takes(segment) && net::mayTravel(segment, sizeBytes))
            sink(withFrame(m_pool.take(sizeBytes), segment, form.framing));
        else if (segment.type == net::SegmentType::Whole)
            sink(withFrame(takeCompleted(packet, segment), {}, form.framing));
        else
            cut(packet, segment, form.framing, sink);
    }

    /// The same for a packet that stands elsewhere and passed net::validate().
    template <typename Sink>
    void append(ByteView packet, const net::SegmentHeader& segment, const PacketForm& form, Sink&& sink)
    {
        if (form.takes.takes(segment))
            sink(withFrame(copy(packet), segment, form.framing));
        else
            cut(packet, segment, form.framing, sink);
    }

private:
    [[nodiscard]] static PacketBlock withFrame(PacketBlock block, const net::SegmentHeader& segment, Framing framing);
    [[nodiscard]] PacketBlock takeCompleted(ByteSpan packet, const net::SegmentHeader& segment);
    [[nodiscard]] PacketBlock copy(ByteView packet);

    template <typename Sink>
    void cut(ByteView packet, const net::SegmentHeader& segment, Framing framing, Sink& sink)
    {
        net::SegmentCutter cutter(segment, packet);
        while (!cutter.isDone()) {
            PacketBlock block = m_pool.make(cutter.maxPacketBytes());
            // Without room the rest is lost as well; one is counted.
            if (!block) {
                sink(PacketBlock());
                return;
            }
            block.truncate(cutter.next(block.packet()));
            sink(withFrame(std::move(block), {}, framing));
        }
    }

    PacketPool& m_pool;
};

}  // namespace gvpn::tunnel
