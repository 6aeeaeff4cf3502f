// What of --dns and --dns-domain clients will not use, in words for the server's log. Pure.
#pragma once

#include "server/server_options.h"

#include <span>
#include <string>
#include <vector>

namespace gvpn::server {

[[nodiscard]] std::vector<std::string> dnsAdvice(const ServerOptions& options,
                                                 std::span<const net::Prefix> lanNetworks);

}  // namespace gvpn::server
