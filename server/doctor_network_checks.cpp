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

std::optional<Check> troubleWithLan(const net::Prefix& lan, const DoctorFacts& facts, const QString& name)
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
    const RouteInfo* route = network.routeTo(lan.firstHost());
    if (route == nullptr) {
        return trouble(
            name,
            QStringLiteral("No interface of this computer leads to the LAN network %1.").arg(fromStd(lan.toString())),
            QStringLiteral("Connect the LAN, or correct --bypass."));
    }
    for (const RouteInfo& other : network.routes) {
        const InterfaceInfo* interface = network.findInterface(other.interfaceIndex);
        if (other.table != MainTable || interface == nullptr || interface->name == tunnelOf(facts)
            || !lan.contains(other.destination) || !isOtherTunnel(*interface))
            continue;
        return trouble(
            name,
            QStringLiteral("%1 of the LAN network %2 goes into another tunnel, %3.")
                .arg(fromStd(other.destination.toString()), fromStd(lan.toString()), fromStd(interface->name)),
            QStringLiteral("Take that route away: ip route del %1 dev %2")
                .arg(fromStd(other.destination.toString()), fromStd(interface->name)));
    }
    return std::nullopt;
}

/// The foreign address or route that overlaps a tunnel network, as words; empty: none.
std::string overlapOf(const net::Prefix& pool, const DoctorFacts& facts)
{
    const std::string tunnel = tunnelOf(facts);
    for (const InterfaceInfo& interface : facts.network->interfaces) {
        for (const net::InterfaceAddress& address : interface.addresses) {
            if (interface.name != tunnel && address.prefix().overlaps(pool))
                return address.prefix().toString() + " on " + interface.name;
        }
    }
    for (const RouteInfo& route : facts.network->routes) {
        const std::string name = nameOf(*facts.network, route.interfaceIndex);
        if (route.table == MainTable && route.destination.length() > 0 && name != tunnel
            && route.destination.overlaps(pool))
            return "the route to " + route.destination.toString() + " by " + name;
    }
    return {};
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
    for (const net::Prefix& lan : facts.lanNetworks) {
        if (const auto found = troubleWithLan(lan, facts, name))
            return *found;
    }
    return good(name, QStringLiteral("Clients reach %1.").arg(fromStd(net::joinPrefixes(facts.lanNetworks))));
}

Check checkOverlap(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("overlap");
    if (isServerSilent(facts))
        return skipped(name, QStringLiteral("Which tunnel network is in use only the running server knows."));
    if (!facts.network || facts.pools.empty())
        return skipped(name, QStringLiteral("The tunnel network is chosen at the first start."));
    for (const net::Prefix& pool : facts.pools) {
        const std::string where = overlapOf(pool, facts);
        if (!where.empty()) {
            return trouble(
                name,
                QStringLiteral("The tunnel network %1 overlaps %2.").arg(fromStd(pool.toString()), fromStd(where)),
                QStringLiteral("Choose a tunnel network that is used nowhere else: --cidr PREFIX."));
        }
    }
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
                       QStringLiteral("Forwarding was switched off: /proc/sys/net/%1 is not %2.")
                           .arg(fromStd(needed->path), fromStd(needed->value)),
                       QStringLiteral("Run: sysctl -w net/%1=%2, and look for what changes it in /etc/sysctl.d.")
                           .arg(fromStd(needed->path), fromStd(needed->value)));
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

Check checkFirewall(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("firewall");
    const auto question = facts.server && facts.network ? filterQuestion(facts) : std::nullopt;
    if (!question)
        return skipped(name, QStringLiteral("What other packet filters drop depends on the running server."));
    if (!facts.obstacles)
        return skipped(name, sentenceOf("Other packet filters can't be read: " + facts.obstacles.error().context));
    if (!facts.obstacles->empty()) {
        const system::FilterObstacle& obstacle = facts.obstacles->front();
        return trouble(name, fromStd(system::sentenceFor(obstacle, *question)),
                       fromStd(system::remedyFor(obstacle, *question)));
    }
    return good(name, QStringLiteral("No other packet filter drops what the server forwards and takes in."));
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
