// The resolvers that /etc/resolv.conf names. Used by readNetworkSnapshot; pure.
#pragma once

#include "net/ip_address.h"

#include <string_view>
#include <vector>

namespace gvpn::system {

/// The addresses of the "nameserver" lines (resolv.conf(5)), in order; a zone ("fe80::1%eth0") is cut off, lines that
/// are no such thing are skipped.
[[nodiscard]] std::vector<net::IpAddress> parseResolvConf(std::string_view text);

}  // namespace gvpn::system
