#include "server/network_choice.h"

#include "net/tunnel_settings.h"

#include <algorithm>
#include <array>

namespace gvpn::server {

namespace {

constexpr unsigned MainTable = 254;
constexpr int RandomTries = 256;

/// Why an interface is no LAN, or an empty text.
std::string whyNoLan(const system::InterfaceInfo& interface)
{
    const std::string& name = interface.name;
    if (interface.isPointToPoint || interface.kind == "tun")
        return name + " is a tunnel";
    if (interface.kind == "veth")
        return name + " leads to a container";
    if (name == "docker0" || name.starts_with("br-"))
        return name + " belongs to containers";
    if (name.starts_with("virbr"))
        return name + " belongs to virtual machines";
    return {};
}

/// The network of this computer that overlaps, as words.
std::string overlapOnLink(const net::Prefix& pool, const system::NetworkSnapshot& snapshot)
{
    for (const system::InterfaceInfo& interface : snapshot.interfaces) {
        for (const net::InterfaceAddress& address : interface.addresses) {
            if (address.prefix().overlaps(pool))
                return address.prefix().toString() + " on " + interface.name;
        }
    }
    return {};
}

bool isFree(const net::Prefix& pool, const PoolRequest& request, const system::NetworkSnapshot& snapshot)
{
    const auto overlaps = [&pool](const net::Prefix& other) { return other.overlaps(pool); };
    if (std::any_of(request.lanNetworks.begin(), request.lanNetworks.end(), overlaps)
        || std::any_of(request.asked.begin(), request.asked.end(), overlaps) || !overlapOnLink(pool, snapshot).empty())
        return false;
    return std::none_of(snapshot.routes.begin(), snapshot.routes.end(), [&pool](const system::RouteInfo& route) {
        return route.table == MainTable && route.destination.length() > 0 && route.destination.overlaps(pool);
    });
}

/// What clients would refuse is refused here, where somebody reads it.
bool isTunnelForClients(const net::Prefix& pool)
{
    net::TunnelSettings settings;
    settings.addresses = {{pool.firstHost().plus(1), pool.length()}};
    settings.gateways = {pool.firstHost()};
    return net::validate(settings, {}).has_value();
}

Result<void> checkAsked(const net::Prefix& pool, const PoolRequest& request, const system::NetworkSnapshot& snapshot)
{
    const std::string name = "--cidr " + pool.toString();
    const net::IpAddress& network = pool.network();
    const unsigned shortest = pool.isIPv4() ? 8 : 16;
    const unsigned longest = net::bitCount(pool.family()) - 2;
    if (pool.length() < shortest || pool.length() > longest) {
        return fail(ErrorCode::InvalidArgument, name + " can't be used: the length must be " + std::to_string(shortest)
                                                    + " to " + std::to_string(longest));
    }
    if (network.isUnspecified() || !isTunnelForClients(pool))
        return fail(ErrorCode::InvalidArgument, name + " can't be used: these addresses are reserved");
    for (const net::Prefix& lan : request.lanNetworks) {
        if (lan.overlaps(pool)) {
            return fail(ErrorCode::InvalidArgument, name + " overlaps the LAN network " + lan.toString()
                                                        + "; choose a tunnel network that is used nowhere else");
        }
    }
    if (const std::string where = overlapOnLink(pool, snapshot); !where.empty()) {
        return fail(ErrorCode::InvalidArgument,
                    name + " overlaps " + where + "; choose a tunnel network that is used nowhere else");
    }
    return {};
}

net::Prefix randomIPv4(std::uint64_t value)
{
    // RFC 1918. Mostly 10.64.0.0 to 10.127.255.0, which are rarely used at home and in offices; but a LAN may have all
    // of 10.0.0.0/8.
    const auto third = static_cast<std::uint32_t>((value >> 8U) & 0xFFU) << 8U;
    const auto pick = static_cast<std::uint32_t>(value & 0xFFU);
    switch ((value >> 16U) & 0x3U) {
    case 0: return {net::IpAddress::fromIPv4((172U << 24U) | ((16U + (pick & 0xFU)) << 16U) | third), 24};
    case 1: return {net::IpAddress::fromIPv4((192U << 24U) | (168U << 16U) | third), 24};
    default: return {net::IpAddress::fromIPv4((10U << 24U) | ((64U + (pick & 0x3FU)) << 16U) | third), 24};
    }
}

net::Prefix randomIPv6(std::uint64_t value)
{
    std::array<std::byte, 16> bytes{};
    writeBigEndian<std::uint64_t>(bytes, 0, value);
    bytes[0] = std::byte{0xFD};
    return {net::IpAddress::fromBytes(bytes), 64};
}

const net::Prefix* findFamily(const std::vector<net::Prefix>& prefixes, net::Family family)
{
    const auto found = std::find_if(prefixes.begin(), prefixes.end(),
                                    [family](const net::Prefix& prefix) { return prefix.family() == family; });
    return found == prefixes.end() ? nullptr : &*found;
}

Result<net::Prefix> chooseFree(net::Family family, const PoolRequest& request, const system::NetworkSnapshot& snapshot,
                               const std::function<std::uint64_t()>& random)
{
    if (const net::Prefix* remembered = findFamily(request.remembered, family);
        remembered != nullptr && isFree(*remembered, request, snapshot))
        return *remembered;
    const net::Prefix usual(net::IpAddress::fromIPv4((10U << 24U) | (86U << 16U)), 24);
    if (family == net::Family::IPv4 && isFree(usual, request, snapshot))
        return usual;
    for (int i = 0; i < RandomTries; ++i) {
        const net::Prefix candidate = family == net::Family::IPv4 ? randomIPv4(random()) : randomIPv6(random());
        if (isFree(candidate, request, snapshot))
            return candidate;
    }
    return fail(ErrorCode::NotFound, "no free private network was found for the tunnel; name one with --cidr");
}

}  // namespace

LanChoice chooseLan(const system::NetworkSnapshot& snapshot)
{
    LanChoice choice;
    for (const system::InterfaceInfo& interface : snapshot.interfaces) {
        if (!interface.isUp || interface.isLoopback)
            continue;
        const std::string reason = whyNoLan(interface);
        for (const net::InterfaceAddress& address : interface.addresses) {
            const net::Prefix network = address.prefix();
            if (!network.isPrivate() || network.length() == net::bitCount(network.family()))
                continue;
            const bool isKnown =
                std::find(choice.networks.begin(), choice.networks.end(), network) != choice.networks.end();
            if (!reason.empty())
                choice.skipped.push_back({network, reason});
            else if (!isKnown)
                choice.networks.push_back(network);
        }
    }
    return choice;
}

Result<std::vector<net::Prefix>> choosePools(const PoolRequest& request, const system::NetworkSnapshot& snapshot,
                                             const std::function<std::uint64_t()>& random)
{
    for (const net::Prefix& pool : request.asked) {
        if (const auto checked = checkAsked(pool, request, snapshot); !checked)
            return fail(checked.error());
        if (findFamily(request.asked, pool.family()) != &pool) {
            return fail(ErrorCode::InvalidArgument, "--cidr " + pool.toString()
                                                        + " is the second of its family; give one IPv4 and one IPv6 "
                                                          "network at most");
        }
    }
    std::vector<net::Prefix> pools = request.asked;
    const bool needsIPv4 = request.asked.empty() || findFamily(request.lanNetworks, net::Family::IPv4) != nullptr;
    const bool needsIPv6 = findFamily(request.lanNetworks, net::Family::IPv6) != nullptr;
    for (const net::Family family : {net::Family::IPv4, net::Family::IPv6}) {
        const bool isNeeded = family == net::Family::IPv4 ? needsIPv4 : needsIPv6;
        if (!isNeeded || findFamily(pools, family) != nullptr)
            continue;
        const auto chosen = chooseFree(family, request, snapshot, random);
        if (!chosen)
            return fail(chosen.error());
        pools.push_back(*chosen);
    }
    std::sort(pools.begin(), pools.end(), [](const auto& a, const auto& b) { return a.family() < b.family(); });
    return pools;
}

std::optional<OwnAddress> chooseOwnAddress(const system::NetworkSnapshot& snapshot,
                                           const std::vector<net::Prefix>& lanNetworks)
{
    std::optional<OwnAddress> best;
    for (const system::InterfaceInfo& interface : snapshot.interfaces) {
        if (!interface.isUp || interface.isLoopback)
            continue;
        for (const net::InterfaceAddress& address : interface.addresses) {
            const net::IpAddress& own = address.address;
            // Containers' and tunnels' addresses lead nowhere from outside, unless somebody has named their network.
            const bool isNamed = std::any_of(lanNetworks.begin(), lanNetworks.end(),
                                             [&own](const net::Prefix& network) { return network.contains(own); });
            if (own.isLinkLocal() || own.isMulticast() || own.isLoopback()
                || (!isNamed && !whyNoLan(interface).empty()))
                continue;
            const OwnAddress candidate{own, !own.isPrivate()};
            // Global before private, IPv4 before IPv6: the routers of offices forward ports of IPv4.
            const bool isBetter = !best || (candidate.isGlobal && !best->isGlobal)
                                  || (candidate.isGlobal == best->isGlobal && own.isIPv4() && !best->address.isIPv4());
            if (isBetter)
                best = candidate;
        }
    }
    return best;
}

Result<net::Prefix> chooseV1Bypass(const std::vector<net::Prefix>& lanNetworks, const std::vector<net::Prefix>& pools)
{
    const net::Prefix* lan = findFamily(lanNetworks, net::Family::IPv4);
    if (lan == nullptr || findFamily(pools, net::Family::IPv4) == nullptr) {
        return fail(ErrorCode::NotFound, "--allow-v1 needs an IPv4 network to reach (--bypass) and one for the tunnel "
                                         "(--cidr): v1 knows nothing else");
    }
    return *lan;
}

std::vector<net::Prefix> sharedSources(const system::NetworkSnapshot& snapshot, const std::vector<net::Prefix>& relays)
{
    std::vector<net::Prefix> shared = relays;
    for (const system::InterfaceInfo& interface : snapshot.interfaces) {
        for (const net::InterfaceAddress& address : interface.addresses)
            shared.push_back(address.prefix());
    }
    return shared;
}

}  // namespace gvpn::server
