// ICMP and ICMPv6 echo (RFC 792, RFC 4443): the client's probe of the server's tunnel address, and the server's check
// that a packet for the gateway is an echo request. Pure; any thread.
#pragma once

#include "net/ip_packet.h"

namespace gvpn::net {

struct EchoId {
    std::uint16_t identifier = 0;
    std::uint16_t sequence = 0;
    [[nodiscard]] bool operator==(const EchoId&) const = default;
};

/// A whole IP packet with checksums: an echo request with 16 bytes of payload, hop limit 64. Both addresses are of one
/// family.
[[nodiscard]] ByteVector makeEchoRequest(const IpAddress& source, const IpAddress& destination, EchoId id);

/// The identifier and sequence if the packet is an unfragmented echo reply with a right checksum.
[[nodiscard]] std::optional<EchoId> parseEchoReply(const IpPacket& header, ByteView packet);

/// An ICMP or ICMPv6 echo request, whole or its first fragment; or any later fragment of ICMP (whose type can't be
/// seen; the kernel drops it when the first fragment never came).
[[nodiscard]] bool isEchoRequest(const IpPacket& header, ByteView packet);

}  // namespace gvpn::net
