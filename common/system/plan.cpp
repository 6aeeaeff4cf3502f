#include "net/segment.h"
#include "system/nft_ruleset.h"
#include "system/operation.h"

#include <algorithm>

namespace gvpn::system {

namespace {

constexpr std::size_t MaxInterfaceNameLength = 15;  // IFNAMSIZ - 1
constexpr unsigned MainTable = 254;

/// Names go into paths below /proc/sys/net and into nftables rules, where "*" at the end would mean "any that begins
/// so".
bool isUsableName(std::string_view name)
{
    if (name.empty() || name.size() > MaxInterfaceNameLength || name == "." || name == "..")
        return false;
    return std::ranges::all_of(name, [](char character) {
        constexpr std::string_view Unusable = "/:*\"\\";
        return character > ' ' && character < 0x7F && Unusable.find(character) == std::string_view::npos;
    });
}

Result<void> checkName(const std::string& name)
{
    if (isUsableName(name))
        return {};
    return fail(ErrorCode::InvalidArgument, "interface \"" + name + "\": its name can't be used; rename it");
}

/// The interfaces that lead to a LAN network. Never the loopback interface or the tunnel.
class LanSearch {
public:
    LanSearch(const NetworkSnapshot& snapshot, unsigned tunnelIndex)
        : m_snapshot(snapshot)
    {
        std::erase_if(m_snapshot.interfaces, [&](const InterfaceInfo& interface) {
            return interface.isLoopback || interface.index == tunnelIndex;
        });
        std::erase_if(m_snapshot.routes,
                      [&](const RouteInfo& route) { return !m_snapshot.findInterface(route.interfaceIndex); });
    }

    [[nodiscard]] Result<std::vector<InterfaceInfo>> find(const std::vector<net::Prefix>& lanNetworks) const
    {
        std::vector<InterfaceInfo> found;
        for (const net::Prefix& network : lanNetworks) {
            const std::vector<const InterfaceInfo*> leading = find(network);
            if (leading.empty()) {
                return fail(ErrorCode::NotFound, "no interface leads to the LAN network " + network.toString()
                                                     + "; connect this computer to it, or add a route to it");
            }
            for (const InterfaceInfo* interface : leading) {
                if (auto usable = checkName(interface->name); !usable)
                    return fail(usable.error());
                if (std::ranges::find(found, interface->index, &InterfaceInfo::index) == found.end())
                    found.push_back(*interface);
            }
        }
        return found;
    }

private:
    [[nodiscard]] std::vector<const InterfaceInfo*> find(const net::Prefix& network) const
    {
        const std::vector<unsigned> routed = findRouted(network);
        std::vector<const InterfaceInfo*> found;
        for (const InterfaceInfo& interface : m_snapshot.interfaces) {
            const bool isOnLink = std::ranges::any_of(interface.addresses, [&](const net::InterfaceAddress& address) {
                return address.prefix().overlaps(network);
            });
            if (isOnLink || std::ranges::find(routed, interface.index) != routed.end())
                found.push_back(&interface);
        }
        const RouteInfo* fallback = found.empty() ? m_snapshot.routeTo(network.firstHost()) : nullptr;
        if (fallback)
            found.push_back(m_snapshot.findInterface(fallback->interfaceIndex));
        return found;
    }

    /// Where routes to parts of the network lead, and the narrowest of those to more than it. Not the default route:
    /// the rest of a large private network isn't out there.
    [[nodiscard]] std::vector<unsigned> findRouted(const net::Prefix& network) const
    {
        std::vector<unsigned> found;
        unsigned narrowest = 1;
        for (const RouteInfo& route : m_snapshot.routes) {
            if (isAround(route, network))
                narrowest = std::max(narrowest, route.destination.length());
        }
        for (const RouteInfo& route : m_snapshot.routes) {
            const bool isInside = route.table == MainTable && route.destination.overlaps(network)
                                  && route.destination.length() > network.length();
            if (isInside || (isAround(route, network) && route.destination.length() == narrowest))
                found.push_back(route.interfaceIndex);
        }
        return found;
    }

    [[nodiscard]] static bool isAround(const RouteInfo& route, const net::Prefix& network)
    {
        return route.table == MainTable && route.destination.overlaps(network)
               && route.destination.length() <= network.length();
    }

    NetworkSnapshot m_snapshot;
};

struct ForwardingPlan {
    ForwardingRules rules;
    std::vector<Operation> switches;
};

std::string switchPath(std::string_view family, std::string_view interface, std::string_view name)
{
    return std::string(family) + "/conf/" + std::string(interface) + "/" + std::string(name);
}

/// LAN networks of a family without a pool in it can't be reached from the tunnel: there is nothing to switch on then.
bool forwardsFamily(const ForwardingConfig& config, net::Family family)
{
    const auto isOfFamily = [&](const net::Prefix& prefix) { return prefix.family() == family; };
    return std::ranges::any_of(config.tunnelNetworks, isOfFamily)
           && std::ranges::any_of(config.lanNetworks, isOfFamily);
}

/// The tunnel last: until then nothing from a client is forwarded.
void switchIPv4(const std::vector<InterfaceInfo>& lan, const InterfaceInfo& tunnel, ForwardingPlan& plan)
{
    for (const InterfaceInfo& interface : lan) {
        if (interface.forwardsIPv4)
            continue;
        plan.switches.emplace_back(SetSwitch{switchPath("ipv4", interface.name, "forwarding"), "1"});
        plan.rules.guardedIPv4.push_back(interface.name);
    }
    if (!tunnel.forwardsIPv4)
        plan.switches.emplace_back(SetSwitch{switchPath("ipv4", tunnel.name, "forwarding"), "1"});
}

void forceIPv6(const std::vector<InterfaceInfo>& lan, const InterfaceInfo& tunnel, ForwardingPlan& plan)
{
    for (const InterfaceInfo& interface : lan) {
        if (interface.forcesForwardingIPv6)
            continue;
        plan.switches.emplace_back(SetSwitch{switchPath("ipv6", interface.name, "force_forwarding"), "1"});
        plan.rules.guardedIPv6.push_back(interface.name);
    }
    if (!tunnel.forcesForwardingIPv6)
        plan.switches.emplace_back(SetSwitch{switchPath("ipv6", tunnel.name, "force_forwarding"), "1"});
}

/// A router ignores router advertisements unless accept_ra is 2, and drops the routes that it learned from them at the
/// moment it becomes one: so accept_ra comes first (kernel documentation, ip-sysctl).
/// Also where no advertisement has come in yet; but nobody in the tunnel is our router.
Result<void> switchAllIPv6(const NetworkSnapshot& snapshot, unsigned tunnelIndex, ForwardingPlan& plan)
{
    if (snapshot.defaultAcceptRa == 1)
        plan.switches.emplace_back(SetSwitch{switchPath("ipv6", "default", "accept_ra"), "2"});
    for (const InterfaceInfo& interface : snapshot.interfaces) {
        if (interface.acceptRa != 1 || interface.isLoopback || interface.index == tunnelIndex)
            continue;
        if (auto usable = checkName(interface.name); !usable)
            return usable;
        plan.switches.emplace_back(SetSwitch{switchPath("ipv6", interface.name, "accept_ra"), "2"});
    }
    plan.switches.emplace_back(SetSwitch{switchPath("ipv6", "all", "forwarding"), "1"});
    plan.rules.guardsAllIPv6 = true;
    return {};
}

/// Those that the guards would cut otherwise.
Result<void> findBridges(const NetworkSnapshot& snapshot, ForwardingRules& rules)
{
    const auto isIn = [](const std::vector<std::string>& names, const std::string& name) {
        return std::ranges::find(names, name) != names.end();
    };
    for (const InterfaceInfo& interface : snapshot.interfaces) {
        const std::string& name = interface.name;
        const bool isGuarded = rules.guardsAllIPv6 || isIn(rules.guardedIPv4, name) || isIn(rules.guardedIPv6, name);
        if (interface.kind != "bridge" || !isGuarded)
            continue;
        if (auto usable = checkName(name); !usable)
            return usable;
        rules.bridges.push_back(name);
    }
    return {};
}

Result<ForwardingPlan> planForwarding(const NetworkConfig& config, const NetworkSnapshot& snapshot)
{
    const ForwardingConfig& forwarding = *config.forwarding;
    const auto lan = LanSearch(snapshot, config.interfaceIndex).find(forwarding.lanNetworks);
    if (!lan)
        return fail(lan.error());

    ForwardingPlan plan;
    plan.rules.tunnelNetworks = forwarding.tunnelNetworks;
    plan.rules.lanNetworks = forwarding.lanNetworks;
    plan.rules.masquerades = forwarding.masquerades;
    std::ranges::transform(*lan, std::back_inserter(plan.rules.lanInterfaces), &InterfaceInfo::name);

    InterfaceInfo tunnel;
    if (const InterfaceInfo* known = snapshot.findInterface(config.interfaceIndex))
        tunnel = *known;
    tunnel.name = config.interfaceName;

    if (forwardsFamily(forwarding, net::Family::IPv4))
        switchIPv4(*lan, tunnel, plan);
    if (forwardsFamily(forwarding, net::Family::IPv6) && !snapshot.forwardsAllIPv6) {
        if (snapshot.hasForceForwarding)
            forceIPv6(*lan, tunnel, plan);
        else if (auto switched = switchAllIPv6(snapshot, config.interfaceIndex, plan); !switched)
            return fail(switched.error());
    }
    if (auto found = findBridges(snapshot, plan.rules); !found)
        return fail(found.error());
    return plan;
}

Operation loadTable(const NetworkConfig& config, std::optional<ForwardingRules> rules)
{
    TableSpec spec;
    spec.tunnelInterface = config.interfaceName;
    if (config.guardsAddresses)
        std::ranges::transform(config.addresses, std::back_inserter(spec.guardedAddresses),
                               &net::InterfaceAddress::address);
    spec.forwarding = std::move(rules);
    // Without the tunnel, a guard holds back only what is for an address that is gone.
    return LoadTable{tableNameFor(config.interfaceName), makeRuleset(spec), !spec.forwarding, ""};
}

void appendDockerRules(const NetworkConfig& config, std::vector<Operation>& operations)
{
    for (const net::Family family : config.forwarding->dockerFamilies) {
        AddDockerRules rules{family, config.interfaceName, {}, ""};
        std::ranges::copy_if(config.forwarding->tunnelNetworks, std::back_inserter(rules.tunnelNetworks),
                             [&](const net::Prefix& network) { return network.family() == family; });
        operations.emplace_back(std::move(rules));
    }
}

}  // namespace

Result<std::vector<Operation>> plan(const NetworkConfig& config, const NetworkSnapshot& snapshot)
{
    if (auto usable = checkName(config.interfaceName); !usable)
        return fail(usable.error());

    ForwardingPlan forwarding;
    if (config.forwarding) {
        auto planned = planForwarding(config, snapshot);
        if (!planned)
            return fail(planned.error());
        forwarding = std::move(*planned);
    }

    const unsigned index = config.interfaceIndex;
    std::vector<Operation> operations{SetMtu{index, config.mtu}};
    // First, since an address answers as soon as it is there, also while the link is down.
    if (config.forwarding)
        operations.push_back(loadTable(config, std::move(forwarding.rules)));
    else if (config.guardsAddresses && !config.addresses.empty())
        operations.push_back(loadTable(config, std::nullopt));
    for (const net::InterfaceAddress& address : config.addresses)
        operations.emplace_back(AddAddress{index, address});
    operations.emplace_back(LimitSegments{index, net::MaxSegments});
    operations.emplace_back(SetLinkUp{index});
    for (const net::Prefix& route : config.routes)
        operations.emplace_back(AddRoute{index, route});
    // Only now do other servers' tables let traffic to this tunnel pass: its own table is there to judge it.
    if (config.forwarding)
        operations.emplace_back(SetLinkGroup{index, TunnelLinkGroup});
    std::ranges::move(forwarding.switches, std::back_inserter(operations));
    if (config.forwarding)
        appendDockerRules(config, operations);
    return operations;
}

Result<std::vector<std::string>> findLanInterfaces(const NetworkConfig& config, const NetworkSnapshot& snapshot)
{
    if (!config.forwarding)
        return {};
    const auto lan = LanSearch(snapshot, config.interfaceIndex).find(config.forwarding->lanNetworks);
    if (!lan)
        return fail(lan.error());
    std::vector<std::string> names;
    std::ranges::transform(*lan, std::back_inserter(names), &InterfaceInfo::name);
    return names;
}

}  // namespace gvpn::system
