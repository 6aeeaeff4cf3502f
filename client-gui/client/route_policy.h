// Which of the networks that a server names become routes here, and why the others don't. Pure. The computer's own
// networks come first: a server can't take them over.
#pragma once

#include "net/tunnel_settings.h"
#include "system/network_snapshot.h"

#include <span>
#include <string>
#include <vector>

namespace gvpn::client {

/// --accept-routes. isAuto: private networks that don't get in the way here. named: also public ones that equal or lie
/// inside one of these; what equals one is taken even where it gets in the way. Neither: no routes.
struct AcceptRoutes {
    bool isAuto = true;
    std::vector<net::Prefix> named;
    [[nodiscard]] bool operator==(const AcceptRoutes&) const = default;
};

enum class SkipReason {
    NeverRouted,    // 0/0, its halves, loopback, link-local, multicast
    NotWanted,      // --accept-routes none, or it names others only
    Public,         // not a private network, and not named
    LocalNetwork,   // overlaps a network of this computer's
    HoldsGateway,   // contains a default gateway
    HoldsResolver,  // contains a resolver
    HoldsServer,    // contains the server: the tunnel would lead through itself
    AlreadyRouted,  // another interface has a route to the very same network
};

struct SkippedRoute {
    net::Prefix route;
    SkipReason reason = SkipReason::NotWanted;
    std::string detail;  // what it collides with: "192.168.1.0/24 on wlan0", "192.168.1.1"
    [[nodiscard]] bool operator==(const SkippedRoute&) const = default;
};

struct RouteDecision {
    std::vector<net::Prefix> accepted;  // in the server's order
    std::vector<SkippedRoute> skipped;  // one that the tunnel network covers already is in neither list
};

struct RouteSurroundings {
    const system::NetworkSnapshot& network;
    net::IpAddress server;        // its outer address
    std::string tunnelInterface;  // ours, whose own addresses and routes don't count
};

[[nodiscard]] RouteDecision decideRoutes(const net::TunnelSettings& settings, const AcceptRoutes& accept,
                                         const RouteSurroundings& surroundings);

/// The tunnel's own networks can't be left out. AlreadyExists: one overlaps a network of this computer's, or holds a
/// default gateway, a resolver or the server's outer address. AddressRefused: one is public, or larger than an IPv4 /16
/// or an IPv6 /48, and was neither asked for (wanted: --cidr) nor named.
[[nodiscard]] Result<void> checkTunnelNetworks(const net::TunnelSettings& settings, const AcceptRoutes& accept,
                                               std::span<const net::InterfaceAddress> wanted,
                                               const RouteSurroundings& surroundings);

/// 0/0, ::/0 and their halves, loopback, link-local, multicast, and what contains or overlaps those last three.
[[nodiscard]] bool isNeverRouted(const net::Prefix& prefix);

}  // namespace gvpn::client
