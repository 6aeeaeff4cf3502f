// Packets that leave together, as the parts of one write: small frames are copied side by side, so that they share TLS
// records, large ones stay where they are. Work space of a thread; packet path.
#pragma once

#include "tunnel/packet_link.h"
#include "tunnel/packet_pool.h"

#include <array>

namespace gvpn::tunnel {

class PacketBatch {
public:
    PacketBatch();

    /// Precondition: not isFull().
    void add(PacketBlock block);
    void clear();

    [[nodiscard]] std::span<const ByteView> parts() const { return {m_parts.data(), m_partCount}; }
    [[nodiscard]] bool isEmpty() const { return m_partCount == 0; }
    [[nodiscard]] bool isFull() const { return m_sizeBytes >= BatchTargetBytes || m_partCount + 1 >= MaxBatchParts; }
    [[nodiscard]] std::size_t packets() const { return m_packets; }
    [[nodiscard]] std::size_t sizeBytes() const { return m_sizeBytes; }
    /// Without the frame headers.
    [[nodiscard]] std::size_t packetBytes() const { return m_packetBytes; }

private:
    void copy(ByteView frame);

    std::unique_ptr<std::byte[]> m_small;  // frames that were copied
    std::size_t m_smallBytes = 0;
    std::array<ByteView, MaxBatchParts> m_parts{};
    std::size_t m_partCount = 0;
    bool m_isLastPartSmall = false;
    PacketList m_large;  // whose frames are parts
    std::size_t m_sizeBytes = 0;
    std::size_t m_packets = 0;
    std::size_t m_packetBytes = 0;
};

}  // namespace gvpn::tunnel
