// The resolvers that /etc/resolv.conf names, and those behind them. Used by readNetworkSnapshot; pure.
#pragma once

#include "net/ip_address.h"

#include <string_view>
#include <vector>

namespace gvpn::system {

/// The addresses of the "nameserver" lines (resolv.conf(5)), in order; a zone ("fe80::1%eth0") is cut off, lines that
/// are no such thing are skipped.
[[nodiscard]] std::vector<net::IpAddress> parseResolvConf(std::string_view text);

/// The same of both files, if the first names a resolver on this computer: systemd-resolved passes questions on to
/// those that it writes into a second one (systemd-resolved.service(8)).
[[nodiscard]] std::vector<net::IpAddress> parseResolvConf(std::string_view text, std::string_view upstream);

}  // namespace gvpn::system
