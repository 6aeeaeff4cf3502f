#include "helper/own_networks.h"

#include <algorithm>
#include <vector>

namespace gvpn::helper {

namespace {

bool isOwn(const system::InterfaceInfo& interface)
{
    return interface.isUp && !interface.isLoopback && interface.kind != "tun";
}

std::vector<net::Prefix> ownNetworks(const system::NetworkSnapshot& snapshot,
                                     std::span<const net::IpAddress> tunnelServers)
{
    std::vector<net::Prefix> own;
    for (const system::InterfaceInfo& interface : snapshot.interfaces) {
        if (!isOwn(interface))
            continue;
        for (const net::InterfaceAddress& address : interface.addresses)
            own.push_back(address.prefix());
    }
    for (const system::RouteInfo& route : snapshot.routes) {
        const bool isDefault = route.destination.length() <= 1;
        const system::InterfaceInfo* interface = snapshot.findInterface(route.interfaceIndex);
        // The neighbours that only a route knows: with DHCPv6 the address is a /128.
        if (!isDefault && !route.gateway && interface != nullptr && isOwn(*interface))
            own.push_back(route.destination);
        if (isDefault && route.gateway)
            own.emplace_back(*route.gateway, net::bitCount(route.gateway->family()));
    }
    for (const net::IpAddress& resolver : snapshot.resolvers) {
        if (std::ranges::find(tunnelServers, resolver) == tunnelServers.end())
            own.emplace_back(resolver, net::bitCount(resolver.family()));
    }
    return own;
}

}  // namespace

bool takesOwnNetworks(std::span<const net::Prefix> networks, const system::NetworkSnapshot& snapshot,
                      std::span<const net::IpAddress> tunnelServers)
{
    const std::vector<net::Prefix> own = ownNetworks(snapshot, tunnelServers);
    return std::ranges::any_of(networks, [&own](const net::Prefix& network) {
        return std::ranges::any_of(own, [&network](const net::Prefix& other) { return other.overlaps(network); });
    });
}

}  // namespace gvpn::helper
