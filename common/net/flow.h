// Which packets belong together, and telling their sender that the way is full. For queues; packet path: no
// allocation. Any thread.
#pragma once

#include "net/ip_packet.h"

#include <cstdint>

namespace gvpn::net {

/// A number that the packets of one flow share: same addresses, protocol and, for TCP and UDP, ports (a fragment has
/// none). packet was parsed into ip. Different seeds put different flows together.
[[nodiscard]] std::uint64_t flowHash(const IpPacket& ip, ByteView packet, std::uint64_t seed);

/// Marks an ECN-capable packet as "congestion experienced" (RFC 3168 section 5) and mends the IPv4 header checksum
/// (RFC 1624). False: its sender doesn't understand that; nothing was changed. packet: a parsed one.
[[nodiscard]] bool markCongestion(ByteSpan packet);

}  // namespace gvpn::net
