#include "server/doctor_checks.h"
#include "server/doctor_sentences.h"
#include "system/nft_ruleset.h"
#include "system/operation.h"

#include <algorithm>

namespace gvpn::server {

namespace {

using program::Check;
using system::InterfaceInfo;
using system::RouteInfo;

constexpr unsigned MainTable = 254;

std::string tunnelOf(const DoctorFacts& facts)
{
    return facts.server ? facts.server->interfaceName : std::string();
}

std::string nameOf(const system::NetworkSnapshot& network, unsigned index)
{
    const InterfaceInfo* interface = network.findInterface(index);
    return interface != nullptr ? interface->name : "interface " + std::to_string(index);
}

/// There is a server that says nothing of its networks: what this computer's own tunnel is, nobody knows.
bool isServerSilent(const DoctorFacts& facts)
{
    return !facts.server && facts.server.error().code != ErrorCode::Unreachable;
}

/// Where a network's addresses go to if not to the LAN.
bool isOtherTunnel(const InterfaceInfo& interface)
{
    return interface.isPointToPoint || interface.kind == "tun" || interface.kind == "wireguard";
}

/// Whether this computer has an address in such a network that is none of a tunnel.
bool hasLanAddress(const DoctorFacts& facts, const auto& isSuch)
{
    return std::ranges::any_of(facts.network->interfaces, [&](const InterfaceInfo& interface) {
        return interface.name != tunnelOf(facts) && !isOtherTunnel(interface)
               && std::ranges::any_of(interface.addresses, isSuch, &net::InterfaceAddress::prefix);
    });
}

/// As the server chooses them: what an interface is in. Others were named by somebody, and may well be behind a tunnel.
bool isOwnNetwork(const net::Prefix& lan, const DoctorFacts& facts)
{
    const bool isNamed = std::ranges::find(facts.options.lanNetworks, lan) != facts.options.lanNetworks.end();
    return !isNamed && hasLanAddress(facts, [&lan](const net::Prefix& own) { return own == lan; });
}

/// A route that takes a part of the network into another tunnel. Not to a single host: that one dialled in there, and
/// others find it by this computer.
const RouteInfo* findWayIntoTunnel(const net::Prefix& lan, const DoctorFacts& facts)
{
    const system::NetworkSnapshot& network = *facts.network;
    const auto found = std::ranges::find_if(network.routes, [&](const RouteInfo& route) {
        const InterfaceInfo* interface = network.findInterface(route.interfaceIndex);
        return route.table == MainTable && interface != nullptr && interface->name != tunnelOf(facts)
               && isOtherTunnel(*interface) && lan.contains(route.destination)
               && route.destination.length() < net::bitCount(lan.family())
               && network.routeTo(route.destination.firstHost()) == &route;
    });
    return found == network.routes.end() ? nullptr : &*found;
}

/// What is wrong with a LAN network, or a note about it.
std::optional<Check> findingOn(const net::Prefix& lan, const DoctorFacts& facts, const QString& name)
{
    const system::NetworkSnapshot& network = *facts.network;
    for (const InterfaceInfo& interface : network.interfaces) {
        const bool leadsThere = std::ranges::any_of(interface.addresses, [&lan](const net::InterfaceAddress& address) {
            return address.prefix().overlaps(lan);
        });
        if (leadsThere && !interface.isUp) {
            return trouble(name,
                           QStringLiteral("%1, which leads to the LAN network %2, is down.")
                               .arg(fromStd(interface.name), fromStd(lan.toString())),
                           QStringLiteral("Run: ip link set %1 up").arg(fromStd(interface.name)));
        }
    }
    const bool isOnLink = hasLanAddress(facts, [&lan](const net::Prefix& own) { return own.overlaps(lan); });
    const bool isRouted = std::ranges::any_of(network.routes, [&lan](const RouteInfo& route) {
        return route.table == MainTable && route.destination.overlaps(lan);
    });
    if (!isOnLink && !isRouted) {
        return trouble(
            name,
            QStringLiteral("No interface of this computer leads to the LAN network %1.").arg(fromStd(lan.toString())),
            QStringLiteral("Connect the LAN, or correct --bypass."));
    }
    const RouteInfo* other = isOnLink ? findWayIntoTunnel(lan, facts) : nullptr;
    if (other == nullptr)
        return std::nullopt;
    const QString destination = fromStd(other->destination.toString());
    const QString tunnel = fromStd(nameOf(network, other->interfaceIndex));
    const QString sentence = QStringLiteral("%1 of the LAN network %2 goes into another tunnel, %3.")
                                 .arg(destination, fromStd(lan.toString()), tunnel);
    if (!isOwnNetwork(lan, facts))
        return note(name, sentence);
    return trouble(name, sentence,
                   QStringLiteral("If nothing else needs that route, take it away: ip route del %1 dev %2")
                       .arg(destination, tunnel));
}

/// What else there is of a tunnel network.
struct Overlap {
    std::string where;
    // Of a larger network only what no narrower route takes: the tunnel's own is narrower.
    bool isLarger = false;
};

std::optional<Overlap> overlapOf(const net::Prefix& pool, const DoctorFacts& facts)
{
    const std::string tunnel = tunnelOf(facts);
    for (const InterfaceInfo& interface : facts.network->interfaces) {
        for (const net::InterfaceAddress& address : interface.addresses) {
            if (interface.name != tunnel && address.prefix().overlaps(pool))
                return Overlap{address.prefix().toString() + " on " + interface.name, false};
        }
    }
    std::optional<Overlap> larger;
    for (const RouteInfo& route : facts.network->routes) {
        const std::string name = nameOf(*facts.network, route.interfaceIndex);
        if (route.table != MainTable || route.destination.length() == 0 || name == tunnel
            || !route.destination.overlaps(pool))
            continue;
        Overlap overlap{"the route to " + route.destination.toString() + " by " + name,
                        route.destination.length() < pool.length()};
        if (!overlap.isLarger)
            return overlap;
        larger = std::move(overlap);
    }
    return larger;
}

std::optional<net::IpAddress> ownAddressInLan(net::Family family, const DoctorFacts& facts)
{
    if (!facts.network)
        return std::nullopt;
    for (const InterfaceInfo& interface : facts.network->interfaces) {
        for (const net::InterfaceAddress& address : interface.addresses) {
            const bool isInLan = std::ranges::any_of(
                facts.lanNetworks, [&address](const net::Prefix& lan) { return lan.contains(address.address); });
            if (isInLan && address.address.family() == family)
                return address.address;
        }
    }
    return std::nullopt;
}

}  // namespace

Check checkLan(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("lan");
    if (!facts.network)
        return trouble(name, sentenceOf("This computer's network can't be read: " + facts.network.error().context));
    if (isServerSilent(facts))
        return skipped(name, QStringLiteral("Which networks clients reach only the running server knows."));
    if (facts.lanNetworks.empty()) {
        return trouble(name, QStringLiteral("No private network was found on this computer that clients could reach."),
                       QStringLiteral("Connect the LAN, or name it with --bypass, for example --bypass "
                                      "192.168.1.0/24."));
    }
    std::optional<Check> noted;
    for (const net::Prefix& lan : facts.lanNetworks) {
        auto found = findingOn(lan, facts, name);
        if (found && found->verdict == program::Verdict::Trouble)
            return *found;
        if (found && !noted)
            noted = std::move(found);
    }
    if (noted)
        return *noted;
    return good(name, QStringLiteral("Clients reach %1.").arg(fromStd(net::joinPrefixes(facts.lanNetworks))));
}

Check checkOverlap(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("overlap");
    if (isServerSilent(facts))
        return skipped(name, QStringLiteral("Which tunnel network is in use only the running server knows."));
    if (!facts.network || facts.pools.empty())
        return skipped(name, QStringLiteral("The tunnel network is chosen at the first start."));
    std::optional<Check> noted;
    for (const net::Prefix& pool : facts.pools) {
        const auto overlap = overlapOf(pool, facts);
        if (overlap && !overlap->isLarger) {
            return trouble(name,
                           QStringLiteral("The tunnel network %1 overlaps %2.")
                               .arg(fromStd(pool.toString()), fromStd(overlap->where)),
                           QStringLiteral("Choose a tunnel network that is used nowhere else: --cidr PREFIX."));
        }
        if (overlap && !noted) {
            noted = note(name, QStringLiteral("The tunnel network %1 is a part of %2; it must be in use nowhere there.")
                                   .arg(fromStd(pool.toString()), fromStd(overlap->where)));
        }
    }
    if (noted)
        return *noted;
    return good(
        name,
        QStringLiteral("The tunnel network %1 is used by nobody else.").arg(fromStd(net::joinPrefixes(facts.pools))));
}

Check checkForwarding(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("forwarding");
    if (!facts.server || !facts.network)
        return skipped(name, QStringLiteral("The server switches forwarding on while it runs."));
    const auto operations = system::plan(networkConfig(facts), *facts.network);
    if (!operations)
        return trouble(name, sentenceOf("Nothing can be forwarded: " + operations.error().context));
    for (const system::Operation& operation : *operations) {
        const auto* needed = std::get_if<system::SetSwitch>(&operation);
        if (needed == nullptr || needed->path.find("forwarding") == std::string::npos)
            continue;
        return trouble(name,
                       QStringLiteral("Forwarding is off: /proc/sys/net/%1 is not %2.")
                           .arg(fromStd(needed->path), fromStd(needed->value)),
                       QStringLiteral("The server switches it on, and guards what it opens, when it is started again: "
                                      "sudo systemctl restart gvpn-server (look for what changes it in "
                                      "/etc/sysctl.d)."));
    }
    return good(name, QStringLiteral("Forwarding is on between %1 and the LAN.").arg(fromStd(tunnelOf(facts))));
}

Check checkFilter(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("filter");
    if (!facts.server)
        return skipped(name, QStringLiteral("The server loads its packet filter while it runs."));
    const QString table = fromStd(system::tableNameFor(facts.server->interfaceName));
    if (!facts.isTableLoaded)
        return facts.mayChangeNetwork ? trouble(
                   name, sentenceOf("The packet filter can't be read: " + facts.isTableLoaded.error().context))
                                      : skipped(name, QStringLiteral("Only root can read the packet filter."));
    if (!*facts.isTableLoaded) {
        return trouble(name,
                       QStringLiteral("The server's nftables table inet %1 is gone: another program has removed "
                                      "it.")
                           .arg(table),
                       QStringLiteral("Load it again: systemctl restart gvpn-server (and don't flush the ruleset while "
                                      "it runs)."));
    }
    return good(name, QStringLiteral("The server's nftables table inet %1 is loaded.").arg(table));
}

std::vector<Check> checkFirewall(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("firewall");
    const auto question = facts.server && facts.network ? filterQuestion(facts) : std::nullopt;
    if (!question)
        return {skipped(name, QStringLiteral("What other packet filters drop depends on the running server."))};
    if (!facts.obstacles)
        return {skipped(name, sentenceOf("Other packet filters can't be read: " + facts.obstacles.error().context))};
    std::vector<Check> checks;
    for (const system::FilterObstacle& obstacle : *facts.obstacles) {
        const QString remedy = fromStd(system::remedyFor(obstacle, *question));
        const bool isSaid = std::ranges::find(checks, remedy, &Check::remedy) != checks.end();
        checks.push_back(trouble(name, fromStd(system::sentenceFor(obstacle, *question)), isSaid ? QString() : remedy));
    }
    if (checks.empty())
        checks.push_back(
            good(name, QStringLiteral("No other packet filter drops what the server forwards and takes in.")));
    return checks;
}

Check checkWayBack(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("nat");
    const bool masquerades = facts.server ? facts.server->masquerades : facts.options.masquerade != Masquerade::Off;
    if (masquerades)
        return good(name, QStringLiteral("The LAN sees this computer's address, so that answers find back."));
    const QString sentence = QStringLiteral("The LAN sees the clients' own addresses (--masquerade off).");
    for (const net::Prefix& pool : facts.pools) {
        if (const auto own = ownAddressInLan(pool.family(), facts)) {
            return note(name, sentence,
                        QStringLiteral("The LAN's router needs a route to %1 via %2.")
                            .arg(fromStd(pool.toString()), fromStd(own->toString())));
        }
    }
    return note(name, sentence,
                QStringLiteral("The LAN's router needs a route to the tunnel network via this computer."));
}

}  // namespace gvpn::server
