// Addresses of sockets as our values. IPv4-mapped IPv6 (RFC 4291, section 2.5.5.2), which a dual-stack listener sees
// for each IPv4 client, becomes the IPv4 address that people know. Any thread.
#pragma once

#include "base/result.h"
#include "net/endpoint.h"

class QHostAddress;

namespace gvpn::transport {

/// address is IPv4 or IPv6. A zone is lost.
[[nodiscard]] net::IpAddress ipAddressOf(const QHostAddress& address);
/// Whom a connected TCP socket talks to; an error if it is not (or no longer) connected.
[[nodiscard]] Result<net::Endpoint> peerOf(int descriptor);

}  // namespace gvpn::transport
