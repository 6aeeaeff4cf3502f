#include "net/tunnel_settings.h"

#include "net/domain_name.h"

#include <algorithm>

namespace gvpn::net {

namespace {

constexpr std::chrono::seconds MinKeepalive{2};
constexpr std::chrono::seconds MaxKeepalive{120};

Failure bad(std::string what, std::string_view why)
{
    return fail(ErrorCode::InvalidArgument, std::move(what) + " " + std::string(why));
}

Result<void> checkCount(std::string_view what, std::size_t count, std::size_t most)
{
    if (count > most)
        return fail(ErrorCode::LimitExceeded,
                    std::to_string(count) + " " + std::string(what) + ", at most " + std::to_string(most));
    return {};
}

/// Nobody can be reached at such an address through a tunnel.
bool isSpecial(const IpAddress& address)
{
    return address.isUnspecified() || address.isLoopback() || address.isLinkLocal() || address.isMulticast()
           || address.isBroadcast();
}

/// The whole of the Internet or half of it, or a network that has addresses with a meaning on this computer or link.
bool isForbiddenNetwork(const Prefix& network)
{
    static const std::array<Prefix, 7> Reserved = {
        Prefix(IpAddress::fromIPv4(0x7F000000), 8),   // 127/8
        Prefix(IpAddress::fromIPv4(0xA9FE0000), 16),  // 169.254/16
        Prefix(IpAddress::fromIPv4(0xE0000000), 4),   // 224/4
        Prefix(IpAddress::fromIPv4(0xFFFFFFFF), 32), Prefix(*IpAddress::parse("::1"), 128),
        Prefix(*IpAddress::parse("fe80::"), 10),     Prefix(*IpAddress::parse("ff00::"), 8),
    };
    return network.length() <= 1
           || std::ranges::any_of(Reserved, [&](const Prefix& reserved) { return network.overlaps(reserved); });
}

/// False for the network's own and its broadcast address, in networks that have them.
bool isHostOf(const Prefix& network, const IpAddress& address)
{
    if (!network.contains(address))
        return false;
    if (network.length() + 1 >= bitCount(network.family()))
        return true;
    return address != network.network() && !(network.isIPv4() && address == network.last());
}

template <typename T, typename GetFamily>
bool hasFamilyTwice(const std::vector<T>& values, GetFamily family)
{
    const auto count = [&](Family wanted) {
        return std::ranges::count_if(values, [&](const T& value) { return family(value) == wanted; });
    };
    return count(Family::IPv4) > 1 || count(Family::IPv6) > 1;
}

Result<void> checkAddresses(const TunnelSettings& settings, const SettingsLimits& limits)
{
    if (settings.addresses.empty())
        return fail(ErrorCode::InvalidArgument, "no tunnel address");
    if (hasFamilyTwice(settings.addresses, [](const InterfaceAddress& a) { return a.address.family(); }))
        return fail(ErrorCode::InvalidArgument, "more than one tunnel address of a family");
    for (const InterfaceAddress& address : settings.addresses) {
        const std::string name = "tunnel address " + address.toString();
        if (address.length > bitCount(address.address.family()))
            return bad(name, "has a prefix length that does not exist");
        const Prefix network = address.prefix();
        if (isSpecial(address.address) || !isHostOf(network, address.address))
            return bad(name, "is not a host address");
        if (isForbiddenNetwork(network))
            return bad(name, "lies in a network that can't be a tunnel's");
        if (!limits.allowsPublicTunnelNetwork && !network.isPrivate())
            return bad(name, "is not in a private network");
    }
    return {};
}

Result<void> checkGateways(const TunnelSettings& settings)
{
    if (hasFamilyTwice(settings.gateways, [](const IpAddress& gateway) { return gateway.family(); }))
        return fail(ErrorCode::InvalidArgument, "more than one gateway of a family");
    for (const IpAddress& gateway : settings.gateways) {
        const std::string name = "gateway " + gateway.toString();
        const auto isNeighbour = [&](const InterfaceAddress& own) { return isHostOf(own.prefix(), gateway); };
        if (isSpecial(gateway) || std::ranges::none_of(settings.addresses, isNeighbour))
            return bad(name, "is not a host of the tunnel network");
        if (std::ranges::find(settings.addresses, gateway, &InterfaceAddress::address) != settings.addresses.end())
            return bad(name, "is the tunnel address itself");
    }
    return {};
}

Result<void> checkRoutes(const std::vector<Prefix>& routes, const SettingsLimits& limits)
{
    if (const auto counted = checkCount("routes", routes.size(), limits.maxRoutes); !counted)
        return counted;
    for (const Prefix& route : routes) {
        if (!limits.allowsReservedRoutes && isForbiddenNetwork(route))
            return bad("route " + route.toString(), "can't lead through a tunnel");
    }
    std::vector<Prefix> sorted = routes;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
        return bad("route " + twice->toString(), "is there twice");
    return {};
}

}  // namespace

Result<void> validate(const TunnelSettings& settings, const SettingsLimits& limits)
{
    if (settings.mtu < MinMtu || settings.mtu > MaxMtu)
        return bad("MTU " + std::to_string(settings.mtu),
                   "is not between " + std::to_string(MinMtu) + " and " + std::to_string(MaxMtu));
    if (settings.keepalive < MinKeepalive || settings.keepalive > MaxKeepalive)
        return bad("keepalive " + std::to_string(settings.keepalive.count()), "is not between 2 and 120 seconds");
    return checkAddresses(settings, limits)
        .and_then([&] { return checkGateways(settings); })
        .and_then([&] { return checkRoutes(settings.routes, limits); })
        .and_then([&] { return validateDns(settings.dnsServers, settings.dnsDomains, limits); });
}

Result<void> validateDns(const std::vector<IpAddress>& servers, const std::vector<std::string>& domains,
                         const SettingsLimits& limits)
{
    if (const auto counted = checkCount("DNS servers", servers.size(), limits.maxDnsServers); !counted)
        return counted;
    if (const auto counted = checkCount("DNS domains", domains.size(), limits.maxDnsDomains); !counted)
        return counted;
    for (const IpAddress& server : servers) {
        if (isSpecial(server))
            return bad("DNS server " + server.toString(), "is not a host address");
    }
    for (const std::string& domain : domains) {
        if (!isDomainName(domain))
            return bad("DNS domain \"" + domain + "\"", "is not a domain name");
    }
    return {};
}

}  // namespace gvpn::net
