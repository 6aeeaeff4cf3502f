#include "client/route_policy.h"

#include <algorithm>
#include <optional>

namespace gvpn::client {

namespace {

constexpr unsigned MainTable = 254;  // RT_TABLE_MAIN
// The largest tunnel networks that a server may choose by itself: 65,534 clients; a site's prefix (RFC 6177).
constexpr unsigned MinTunnelLength = 16;
constexpr unsigned MinTunnelLength6 = 48;

/// Whether the interface's networks are what this computer is on.
bool isLocal(const system::InterfaceInfo& interface, const RouteSurroundings& surroundings)
{
    return interface.isUp && !interface.isLoopback && interface.name != surroundings.tunnelInterface;
}

std::string describe(const net::Prefix& network, const system::InterfaceInfo& interface)
{
    return network.toString() + " on " + interface.name;
}

/// A network that one of this computer's interfaces is on, as "192.168.1.0/24 on wlan0".
std::optional<std::string> overlappedAddress(const net::Prefix& prefix, const RouteSurroundings& surroundings)
{
    for (const system::InterfaceInfo& interface : surroundings.network.interfaces) {
        if (!isLocal(interface, surroundings))
            continue;
        for (const net::InterfaceAddress& address : interface.addresses) {
            if (address.prefix().overlaps(prefix))
                return describe(address.prefix(), interface);
        }
    }
    return std::nullopt;
}

/// The neighbours that only a route knows: with DHCPv6 the address is a /128, and some leases give a /32.
std::optional<std::string> overlappedNeighbours(const net::Prefix& prefix, const RouteSurroundings& surroundings)
{
    for (const system::RouteInfo& route : surroundings.network.routes) {
        if (route.gateway || route.destination.length() <= 1 || !route.destination.overlaps(prefix))
            continue;
        const system::InterfaceInfo* interface = surroundings.network.findInterface(route.interfaceIndex);
        if (interface != nullptr && isLocal(*interface, surroundings) && !interface->isPointToPoint)
            return describe(route.destination, *interface);
    }
    return std::nullopt;
}

std::optional<std::string> overlappedLocalNetwork(const net::Prefix& prefix, const RouteSurroundings& surroundings)
{
    auto overlapped = overlappedAddress(prefix, surroundings);
    return overlapped ? overlapped : overlappedNeighbours(prefix, surroundings);
}

/// Of any table: with policy routing (several uplinks, other VPNs) the default route is not in the main one. Other VPNs
/// also cover 0/0 by its halves.
std::optional<std::string> heldGateway(const net::Prefix& prefix, const RouteSurroundings& surroundings)
{
    for (const system::RouteInfo& route : surroundings.network.routes) {
        if (route.destination.length() <= 1 && route.gateway && prefix.contains(*route.gateway))
            return route.gateway->toString();
    }
    return std::nullopt;
}

std::optional<std::string> heldResolver(const net::Prefix& prefix, const RouteSurroundings& surroundings)
{
    const auto& resolvers = surroundings.network.resolvers;
    const auto held = std::ranges::find_if(
        resolvers, [&prefix](const net::IpAddress& resolver) { return prefix.contains(resolver); });
    return held == resolvers.end() ? std::nullopt : std::optional(held->toString());
}

/// The kernel takes one route to a network with one metric only.
std::optional<std::string> otherInterfaceWith(const net::Prefix& prefix, const RouteSurroundings& surroundings)
{
    for (const system::RouteInfo& route : surroundings.network.routes) {
        const system::InterfaceInfo* interface = surroundings.network.findInterface(route.interfaceIndex);
        if (route.table == MainTable && route.destination == prefix && interface != nullptr
            && interface->name != surroundings.tunnelInterface)
            return interface->name;
    }
    return std::nullopt;
}

std::optional<SkippedRoute> judgeCollisions(const net::Prefix& route, const RouteSurroundings& surroundings)
{
    if (auto network = overlappedLocalNetwork(route, surroundings))
        return SkippedRoute{route, SkipReason::LocalNetwork, *network};
    if (auto gateway = heldGateway(route, surroundings))
        return SkippedRoute{route, SkipReason::HoldsGateway, *gateway};
    if (auto resolver = heldResolver(route, surroundings))
        return SkippedRoute{route, SkipReason::HoldsResolver, *resolver};
    return std::nullopt;
}

bool isInsideNamed(const net::Prefix& network, const AcceptRoutes& accept)
{
    return std::ranges::any_of(accept.named, [&network](const net::Prefix& named) { return named.contains(network); });
}

std::optional<SkippedRoute> judge(const net::Prefix& route, const AcceptRoutes& accept,
                                  const RouteSurroundings& surroundings)
{
    if (isNeverRouted(route))
        return SkippedRoute{route, SkipReason::NeverRouted, {}};
    if (route.contains(surroundings.server))
        return SkippedRoute{route, SkipReason::HoldsServer, surroundings.server.toString()};
    if (!isInsideNamed(route, accept)) {
        if (!accept.isAuto)
            return SkippedRoute{route, SkipReason::NotWanted, {}};
        if (!route.isPrivate())
            return SkippedRoute{route, SkipReason::Public, {}};
    }
    // Who names a wide network doesn't mean that the server may pick this computer's own part of it.
    if (std::ranges::find(accept.named, route) == accept.named.end()) {
        if (auto collision = judgeCollisions(route, surroundings))
            return collision;
    }
    if (auto interface = otherInterfaceWith(route, surroundings))
        return SkippedRoute{route, SkipReason::AlreadyRouted, *interface};
    return std::nullopt;
}

net::Prefix constantPrefix(const char* text)
{
    return net::Prefix::parse(text).value_or(net::Prefix());
}

}  // namespace

bool isNeverRouted(const net::Prefix& prefix)
{
    if (prefix.length() <= 1)
        return true;
    static const std::vector<net::Prefix> NeverRouted{
        constantPrefix("127.0.0.0/8"), constantPrefix("169.254.0.0/16"),
        constantPrefix("224.0.0.0/4"), constantPrefix("255.255.255.255/32"),
        constantPrefix("::1/128"),     constantPrefix("fe80::/10"),
        constantPrefix("ff00::/8")};
    return std::ranges::any_of(NeverRouted, [&prefix](const net::Prefix& other) { return other.overlaps(prefix); });
}

RouteDecision decideRoutes(const net::TunnelSettings& settings, const AcceptRoutes& accept,
                           const RouteSurroundings& surroundings)
{
    RouteDecision decision;
    for (const net::Prefix& route : settings.routes) {
        const bool isCovered = std::ranges::any_of(settings.addresses, [&route](const net::InterfaceAddress& address) {
            return address.prefix().contains(route);
        });
        if (isCovered)
            continue;
        if (auto skipped = judge(route, accept, surroundings))
            decision.skipped.push_back(std::move(*skipped));
        else
            decision.accepted.push_back(route);
    }
    return decision;
}

Result<void> checkTunnelNetworks(const net::TunnelSettings& settings, const AcceptRoutes& accept,
                                 std::span<const net::InterfaceAddress> wanted, const RouteSurroundings& surroundings)
{
    for (const net::InterfaceAddress& address : settings.addresses) {
        const net::Prefix network = address.prefix();
        const std::string name = "the tunnel network " + network.toString();
        if (const auto local = overlappedLocalNetwork(network, surroundings))
            return fail(ErrorCode::AlreadyExists, name + " overlaps " + *local + " of this computer");
        if (const auto gateway = heldGateway(network, surroundings))
            return fail(ErrorCode::AlreadyExists, name + " contains this computer's default gateway " + *gateway);
        if (const auto resolver = heldResolver(network, surroundings))
            return fail(ErrorCode::AlreadyExists, name + " contains this computer's name server " + *resolver);
        if (network.contains(surroundings.server))
            return fail(ErrorCode::AlreadyExists,
                        name + " contains the server's own address " + surroundings.server.toString());
        const bool isChosen = std::ranges::find(wanted, address) != wanted.end() || isInsideNamed(network, accept);
        if (!network.isPrivate() && !isChosen)
            return fail(ErrorCode::AddressRefused, name + " is a public one");
        // All of it would lead into the tunnel, whatever --accept-routes says.
        if (network.length() < (network.isIPv4() ? MinTunnelLength : MinTunnelLength6) && !isChosen)
            return fail(ErrorCode::AddressRefused, name + " is too large");
    }
    return {};
}

}  // namespace gvpn::client
