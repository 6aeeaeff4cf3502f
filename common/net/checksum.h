// The Internet checksum (RFC 1071). Packet path; any thread.
#pragma once

#include "net/ip_packet.h"

namespace gvpn::net {

/// The one's complement sum of 16-bit words, folded to 16 bits but not inverted; an odd last byte counts as its high
/// half. `start` is a sum to go on from.
[[nodiscard]] std::uint16_t checksumAdd(ByteView bytes, std::uint16_t start = 0);

/// The sum over the pseudo header (RFC 9293 section 3.1; RFC 8200 section 8.1) of a transport packet of `lengthBytes`.
[[nodiscard]] std::uint16_t pseudoHeaderSum(const IpAddress& source, const IpAddress& destination,
                                            std::uint8_t protocol, std::uint32_t lengthBytes);

}  // namespace gvpn::net
