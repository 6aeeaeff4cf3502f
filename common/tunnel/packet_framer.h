// Puts packets into a batch in the form that the receiving peer takes: as they are, with the checksum filled in, or cut
// into ordinary packets. Packet path; one thread.
#pragma once

#include "tunnel/packet_batch.h"

namespace gvpn::tunnel {

class PacketFramer {
public:
    PacketFramer();

    [[nodiscard]] PacketBatch& batch() { return m_batch; }

    /// The first sizeBytes of batch().packetSpace() are a packet whose segment header is valid. `flush()` is called
    /// whenever the batch is full and must empty it.
    template <typename Flush>
    void commit(std::size_t sizeBytes, const net::SegmentHeader& segment, const PacketForm& form, Flush&& flush)
    {
        if (form.takes.takes(segment))
            m_batch.commit(sizeBytes, segment, form.framing);
        else if (segment.type == net::SegmentType::Whole)
            commitCompleted(sizeBytes, segment, form.framing);
        else
            cut(keep(sizeBytes), segment, form.framing, flush);
        if (m_batch.isFull())
            flush();
    }

    /// The same for a packet that stands elsewhere.
    template <typename Flush>
    void append(ByteView packet, const net::SegmentHeader& segment, const PacketForm& form, Flush&& flush)
    {
        std::memcpy(m_batch.packetSpace().data(), packet.data(), packet.size());
        commit(packet.size(), segment, form, flush);
    }

private:
    void commitCompleted(std::size_t sizeBytes, const net::SegmentHeader& segment, Framing framing);
    [[nodiscard]] ByteView keep(std::size_t sizeBytes);

    template <typename Flush>
    void cut(ByteView packet, const net::SegmentHeader& segment, Framing framing, Flush& flush)
    {
        net::SegmentCutter cutter(segment, packet);
        while (true) {
            if (m_batch.isFull())
                flush();
            const std::size_t size = cutter.next(m_batch.packetSpace());
            if (size == 0)
                return;
            m_batch.commit(size, {}, framing);
        }
    }

    PacketBatch m_batch;
    std::unique_ptr<std::byte[]> m_kept;  // the segment that is being cut
};

}  // namespace gvpn::tunnel
