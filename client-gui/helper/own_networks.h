// What a tunnel would take from everybody on this computer. Pure; used by HelperDaemon.
#pragma once

#include "system/network_snapshot.h"

#include <span>

namespace gvpn::helper {

/// Whether one of these networks overlaps one that this computer is on itself, or holds a default gateway or a name
/// server of it: whoever gets such a route can pretend to be the neighbours, for all users. Other tunnels don't count:
/// LeaseTable keeps those apart. tunnelServers: name servers that are this computer's through a tunnel of ours.
[[nodiscard]] bool takesOwnNetworks(std::span<const net::Prefix> networks, const system::NetworkSnapshot& snapshot,
                                    std::span<const net::IpAddress> tunnelServers);

}  // namespace gvpn::helper
