// net::SegmentHeader to and from the kernel's virtio_net_hdr (include/uapi/linux/virtio_net.h; 10 bytes in front of
// each packet of a TUN with IFF_VNET_HDR, host byte order). Pure.
#pragma once

#include "net/segment.h"

#include <array>
#include <optional>

namespace gvpn::tun {

inline constexpr std::size_t VirtioHeaderBytes = 10;
using VirtioHeader = std::array<std::byte, VirtioHeaderBytes>;

[[nodiscard]] VirtioHeader toVirtio(const net::SegmentHeader& segment);
/// nullopt: a GSO type that we never asked for, or a packet that is not what the type says. The header's own length
/// (hdr_len) is a hint of the kernel's and is computed from the packet instead. A segment whose payload fits into one
/// packet comes out as Whole. What comes out is not yet net::validate()d.
[[nodiscard]] std::optional<net::SegmentHeader> fromVirtio(const VirtioHeader& header, ByteView packet);

/// Fills in a checksum at any place, as a network card does: behind IPv6 extension headers or inside another tunnel,
/// where SegmentHeader has no words for it. False: the place lies outside the packet.
[[nodiscard]] bool completeForeignChecksum(const net::SegmentHeader& whole, ByteSpan packet);

}  // namespace gvpn::tun
