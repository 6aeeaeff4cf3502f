// A segment: one IP packet of up to 64 KB that stands for many, as TSO and USO make them, with the header that says how
// to cut it. Our form of the kernel's virtio_net_hdr, without its offload names and without its byte order. Pure and on
// the packet path: no allocation; any thread. The TUN device maps it to virtio_net_hdr; `protocol` puts it on the wire.
#pragma once

#include "net/ip_packet.h"

namespace gvpn::net {

enum class SegmentType : std::uint8_t {
    Whole = 0,  // an ordinary packet (it may still want its checksum filled in)
    Tcp4 = 1,   // TCP over IPv4, to be cut at segmentBytes of payload
    Tcp6 = 2,
    Udp4 = 3,  // UDP datagrams of segmentBytes each (USO), the last may be shorter
    Udp6 = 4,
};

struct SegmentHeader {
    SegmentType type = SegmentType::Whole;
    bool needsChecksum = false;        // the transport checksum field holds the pseudo header's sum only
    bool isCongestionMarked = false;   // TCP: CWR is for the first segment only (SKB_GSO_TCP_ECN)
    std::uint16_t headerBytes = 0;     // IP and transport headers together; 0 for Whole
    std::uint16_t segmentBytes = 0;    // payload of each segment; 0 for Whole
    std::uint16_t checksumStart = 0;   // offset of the transport header in the packet; 0 without needsChecksum
    std::uint16_t checksumOffset = 0;  // offset of the checksum field from checksumStart: TCP 16, UDP 6

    [[nodiscard]] bool isPlain() const { return type == SegmentType::Whole && !needsChecksum; }
    [[nodiscard]] bool operator==(const SegmentHeader&) const = default;
};

/// What an end can take from its peer, by type. Bits of the hello's capabilities.
struct SegmentSupport {
    bool checksum = false;  // packets whose checksum is not filled in
    bool tcp4 = false;
    bool tcp6 = false;
    bool udp4 = false;
    bool udp6 = false;

    /// Whether a packet with this header may be handed on as it is.
    [[nodiscard]] bool takes(const SegmentHeader& header) const;
    [[nodiscard]] static SegmentSupport all() { return {true, true, true, true, true}; }
    [[nodiscard]] bool operator==(const SegmentSupport&) const = default;
};

/// A peer may ask for no more than this: 128 segments of at least 216 bytes (design: what a peer may make us do).
inline constexpr std::size_t MaxSegments = 128;
inline constexpr std::size_t MinSegmentBytes = 216;

enum class SegmentFault : std::uint8_t {
    WrongType,       // type and packet (family, protocol, fragment) don't match
    BadHeaderSize,   // headerBytes is not where the payload begins, or the UDP length is not the packet's
    BadSegmentSize,  // segmentBytes below MinSegmentBytes (of more than one segment), 0 or 0xFFFF, or no payload
    TooManySegments,
    BadChecksumPlace,  // checksumStart or checksumOffset is not the transport checksum
};

[[nodiscard]] std::string_view segmentFaultName(SegmentFault fault);

/// What comes from a peer. Everything that the header says is checked against the packet: the kernel gets nothing that
/// the packet does not bear out. `packet` was parsed into `ip`. An IPv6 packet with extension headers is taken as Whole
/// without needsChecksum only.
[[nodiscard]] tl::expected<void, SegmentFault> validate(const SegmentHeader& header, const IpPacket& ip,
                                                        ByteView packet);
/// What comes from our own kernel: the same but for the limits of a peer. The segments may be of any size and number
/// (bounded by the packet), and IPv6 options may stand before the transport header. SegmentCutter takes all of it.
[[nodiscard]] tl::expected<void, SegmentFault> validateLocal(const SegmentHeader& header, const IpPacket& ip,
                                                             ByteView packet);
/// Whether a packet of this size that passed validateLocal() passes validate() as well, and may go to a peer that takes
/// its type. What may not is cut.
[[nodiscard]] bool mayTravel(const SegmentHeader& header, std::size_t packetBytes);

/// Fills in the transport checksum of a valid packet with needsChecksum (an UDP sum of 0 becomes 0xFFFF).
void completeChecksum(const SegmentHeader& header, ByteSpan packet);

/// Cuts a segment that passed validateLocal() into ordinary packets with all checksums filled in, one at a time into a
/// buffer.
///     SegmentCutter cutter(header, packet);
///     while (const std::size_t size = cutter.next(buffer)) use(buffer.first(size));
/// IPv4 identifications count up (RFC 6864); TCP: sequence numbers, FIN and PSH on the last, CWR on the first only.
class SegmentCutter {
public:
    /// A Whole packet comes out as itself, with its checksum.
    SegmentCutter(const SegmentHeader& header, ByteView packet);
    /// The size of the next packet, written to the front of buffer; 0 when there are no more.
    /// buffer.size() >= maxPacketBytes().
    [[nodiscard]] std::size_t next(ByteSpan buffer);
    [[nodiscard]] std::size_t maxPacketBytes() const;
    /// next() will give no more.
    [[nodiscard]] bool isDone() const { return m_isDone; }

private:
    SegmentHeader m_header;
    ByteView m_packet;
    std::size_t m_offset = 0;  // payload bytes handed out
    std::uint16_t m_index = 0;
    bool m_isDone = false;
};

}  // namespace gvpn::net
