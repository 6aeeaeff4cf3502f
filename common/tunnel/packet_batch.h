// Packet frames on their way to one link, back to back in one buffer, so that they travel in few records and one write.
// Packets are read from the TUN to the place where they leave from. Packet path; one thread.
#pragma once

#include "protocol/frame.h"
#include "tunnel/packet_form.h"

#include <memory>

namespace gvpn::tunnel {

/// A batch is sent when it has this size; figures of prototypes were best there, and clearly worse at 1 MB.
inline constexpr std::size_t BatchTargetBytes = 64 * 1024;
/// A last packet may begin just below the target.
inline constexpr std::size_t MaxBatchBytes = BatchTargetBytes + protocol::MaxPacketFrameBytes;

class PacketBatch {
public:
    PacketBatch();

    /// Where the next packet is to be written: net::MaxPacketBytes. Precondition: not isFull().
    [[nodiscard]] ByteSpan packetSpace();
    /// The first sizeBytes of packetSpace() are a packet now: puts its frame header in front of it. V1: a plain one.
    void commit(std::size_t sizeBytes, const net::SegmentHeader& segment, Framing framing = Framing::V2);
    /// Copies a packet from elsewhere. Precondition: not isFull().
    void append(ByteView packet, const net::SegmentHeader& segment, Framing framing = Framing::V2);

    /// Drops the frames and moves a packet of sizeBytes that stands uncommitted in packetSpace() to the front.
    void clearKeeping(std::size_t sizeBytes);
    void clear() { m_size = m_packets = 0; }

    [[nodiscard]] ByteView frames() const { return {m_bytes.get(), m_size}; }
    [[nodiscard]] bool isEmpty() const { return m_size == 0; }
    [[nodiscard]] bool isFull() const { return m_size >= BatchTargetBytes; }
    [[nodiscard]] std::size_t packets() const { return m_packets; }

private:
    std::unique_ptr<std::byte[]> m_bytes;
    std::size_t m_size = 0;
    std::size_t m_packets = 0;
};

}  // namespace gvpn::tunnel
