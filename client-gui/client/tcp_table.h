// Which TCP connections this computer has, to find out whether one of its programs is connected to a server already.
// Read from the kernel at once; the parser is pure. Any thread.
#pragma once

#include "net/endpoint.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gvpn::client {

/// The peers of the established connections in a text like /proc/net/tcp or /proc/net/tcp6 (proc(5)). IPv4 inside of
/// IPv6 comes as IPv4. Lines that are not understood are left out.
[[nodiscard]] std::vector<net::Endpoint> connectedPeers(std::string_view table);

/// Whether somebody in this network namespace has a connection to one of these addresses at this port. What can't be
/// read counts as none.
[[nodiscard]] bool hasConnectionTo(std::span<const net::IpAddress> addresses, std::uint16_t port);

}  // namespace gvpn::client
