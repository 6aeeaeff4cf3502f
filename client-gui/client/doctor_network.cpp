#include "client/dns_policy.h"
#include "client/doctor.h"
#include "client/doctor_checks.h"
#include "client/sentences.h"

#include <QStringList>

#include <algorithm>

namespace gvpn::client {

namespace {

constexpr unsigned MainTable = 254;  // RT_TABLE_MAIN

Check notKnown(const char* name)
{
    return skippedCheck(name, QStringLiteral("Not looked at: only a login tells."));
}

/// What the server's answer would become here; none: there is none.
std::optional<RouteDecision> decisionOf(const DoctorFacts& facts)
{
    const TargetFacts& target = *facts.target;
    if (!target.probe.settings || !target.probe.peer || !facts.network)
        return std::nullopt;
    return decideRoutes(*target.probe.settings, target.acceptRoutes, {*facts.network, *target.probe.peer, {}});
}

const system::InterfaceInfo* livingInterface(const DoctorFacts& facts)
{
    const auto& tunnel = facts.target->tunnel;
    return tunnel && facts.network ? facts.network->findInterface(tunnel->interfaceName) : nullptr;
}

/// The networks behind the server that lead into the tunnel now.
std::vector<net::Prefix> routesThrough(const system::InterfaceInfo& interface, const system::NetworkSnapshot& network)
{
    std::vector<net::Prefix> routes;
    for (const system::RouteInfo& route : network.routes) {
        const bool isOwn = std::ranges::any_of(interface.addresses, [&route](const net::InterfaceAddress& address) {
            return address.prefix().contains(route.destination);
        });
        if (route.interfaceIndex == interface.index && !isOwn && !isNeverRouted(route.destination))
            routes.push_back(route.destination);
    }
    return routes;
}

/// A person chose it, or nobody can help it: the others work.
bool isInTheWay(const SkippedRoute& skipped)
{
    switch (skipped.reason) {
    case SkipReason::NeverRouted:
    case SkipReason::NotWanted:
    case SkipReason::Public: return false;
    case SkipReason::LocalNetwork:
    case SkipReason::HoldsGateway:
    case SkipReason::HoldsResolver:
    case SkipReason::HoldsServer:
    case SkipReason::AlreadyRouted: break;
    }
    return true;
}

QString adviceOnRoute(const SkippedRoute& skipped)
{
    switch (skipped.reason) {
    case SkipReason::LocalNetwork:
    case SkipReason::HoldsGateway:
    case SkipReason::HoldsResolver:
        return QStringLiteral("Give one of the two networks other addresses (at home mostly in the router), or connect "
                              "with --accept-routes %1 to have all of it lead into the tunnel.")
            .arg(QString::fromStdString(skipped.route.toString()));
    case SkipReason::AlreadyRouted: return QStringLiteral("Leave the other VPN, or remove its route.");
    case SkipReason::HoldsServer: return QStringLiteral("Reach the server by an address outside of its own network.");
    case SkipReason::NeverRouted:
    case SkipReason::NotWanted:
    case SkipReason::Public: break;
    }
    return {};
}

Check checkLivingRoutes(const DoctorFacts& facts, const system::InterfaceInfo& interface)
{
    constexpr const char* Name = "routes";
    const auto routes = routesThrough(interface, *facts.network);
    std::vector<net::Prefix> missing;
    std::ranges::copy_if(facts.target->tunnel->lan, std::back_inserter(missing), [&routes](const net::Prefix& known) {
        return std::ranges::find(routes, known) == routes.end();
    });
    if (!missing.empty())
        return noteCheck(Name,
                         QStringLiteral("No route through %1 leads to %2, which earlier connections had.")
                             .arg(doctorText(interface.name), QString::fromStdString(net::joinPrefixes(missing))),
                         QStringLiteral("What the program said that is connected names the reason."));
    if (routes.empty())
        return noteCheck(Name,
                         QStringLiteral("No network of the office leads into %1.").arg(doctorText(interface.name)));
    return goodCheck(Name, QStringLiteral("These networks lead into %1: %2.")
                               .arg(doctorText(interface.name), QString::fromStdString(net::joinPrefixes(routes))));
}

bool isRival(const system::RouteInfo& route, const net::Prefix& network, const system::RouteInfo* ours)
{
    if (route.destination.length() <= 1 || !route.destination.overlaps(network))
        return false;
    // Rules put other tables before the main one mostly.
    if (route.table != MainTable || route.destination.length() > network.length())
        return true;
    return route.destination == network && (ours == nullptr || route.metric < ours->metric);
}

Check checkLivingDns(const DoctorFacts& facts, const system::InterfaceInfo& interface)
{
    constexpr const char* Name = "dns";
    const QString name = doctorText(interface.name);
    if (!facts.computer.tunnelDomains.empty()) {
        QStringList domains;
        for (const std::string& domain : facts.computer.tunnelDomains)
            domains.append(doctorText(domain));
        return goodCheck(
            Name, QStringLiteral("Names of %1 are asked through %2.").arg(domains.join(QStringLiteral(", ")), name));
    }
    return noteCheck(Name, QStringLiteral("No names are asked through %1: the server names none, or they are not "
                                          "taken here.")
                               .arg(name));
}

}  // namespace

std::string tunnelInterfaceOf(const system::NetworkSnapshot& network, std::span<const net::Prefix> lan)
{
    std::string ours;
    for (const system::InterfaceInfo& interface : network.interfaces) {
        if (interface.kind != "tun" || !interface.isUp)
            continue;
        const bool leadsThere = std::ranges::any_of(network.routes, [&](const system::RouteInfo& route) {
            return route.interfaceIndex == interface.index && std::ranges::find(lan, route.destination) != lan.end();
        });
        if (leadsThere)
            return interface.name;
        if (ours.empty() && interface.name.starts_with("gvpn"))
            ours = interface.name;
    }
    return ours;
}

std::vector<std::string> rivalsOf(const net::Prefix& network, const system::NetworkSnapshot& snapshot,
                                  const std::string& tunnelInterface)
{
    const system::InterfaceInfo* const tunnel = snapshot.findInterface(tunnelInterface);
    const auto isOurs = [tunnel](const system::RouteInfo& route) {
        return tunnel != nullptr && route.interfaceIndex == tunnel->index;
    };
    const auto ours = std::ranges::find_if(snapshot.routes, [&](const system::RouteInfo& route) {
        return isOurs(route) && route.table == MainTable && route.destination == network;
    });
    std::vector<std::string> rivals;
    for (const system::RouteInfo& route : snapshot.routes) {
        const system::InterfaceInfo* const interface = snapshot.findInterface(route.interfaceIndex);
        if (isOurs(route) || interface == nullptr || !interface->isUp || interface->isLoopback
            || !isRival(route, network, ours == snapshot.routes.end() ? nullptr : &*ours))
            continue;
        rivals.push_back(route.destination.toString() + " on " + interface->name);
    }
    return rivals;
}

Check checkRoutes(const DoctorFacts& facts)
{
    constexpr const char* Name = "routes";
    if (!facts.network)
        return troubleCheck(Name, QStringLiteral("This computer's network can't be read: %1.")
                                      .arg(doctorText(facts.network.error().context)));
    if (const auto* interface = livingInterface(facts))
        return checkLivingRoutes(facts, *interface);
    const auto decision = decisionOf(facts);
    if (!decision)
        return notKnown(Name);
    QStringList sentences;
    std::optional<SkippedRoute> inTheWay;
    for (const SkippedRoute& skipped : decision->skipped) {
        if (isInTheWay(skipped) && !inTheWay)
            inTheWay = skipped;
        sentences.append(sentenceFor(skipped));
    }
    const QString skipped = sentences.join(u' ');
    if (inTheWay)
        return troubleCheck(Name, skipped, adviceOnRoute(*inTheWay));
    if (decision->accepted.empty())
        return noteCheck(Name, skipped.isEmpty() ? QStringLiteral("The server names no network behind it.") : skipped);
    const QString used = QStringLiteral("These networks will lead into the tunnel: %1.")
                             .arg(QString::fromStdString(net::joinPrefixes(decision->accepted)));
    return skipped.isEmpty() ? goodCheck(Name, used) : noteCheck(Name, used + u' ' + skipped);
}

Check checkRoute(const DoctorFacts& facts)
{
    constexpr const char* Name = "route";
    const auto* const interface = livingInterface(facts);
    const auto decision = decisionOf(facts);
    if (!facts.network || (interface == nullptr && !decision))
        return notKnown(Name);
    const auto networks = interface != nullptr ? routesThrough(*interface, *facts.network) : decision->accepted;
    for (const net::Prefix& network : networks) {
        const auto rivals = rivalsOf(network, *facts.network, interface != nullptr ? interface->name : std::string());
        if (!rivals.empty())
            return troubleCheck(Name,
                                QStringLiteral("Not all packets for %1 go into the tunnel: this computer has a route "
                                               "to %2.")
                                    .arg(QString::fromStdString(network.toString()), doctorText(rivals.front())),
                                QStringLiteral("Leave the other VPN or network, or remove its route."));
    }
    if (networks.empty())
        return skippedCheck(Name, QStringLiteral("There is no route that somebody else could claim."));
    return goodCheck(Name,
                     interface != nullptr
                         ? QStringLiteral("Packets for the office go into the tunnel; no other network claims them.")
                         : QStringLiteral("No other network of this computer claims those of the office."));
}

Check checkDns(const DoctorFacts& facts)
{
    constexpr const char* Name = "dns";
    const TargetFacts& target = *facts.target;
    if (const auto* interface = livingInterface(facts))
        return checkLivingDns(facts, *interface);
    if (!target.usesDns)
        return goodCheck(Name, QStringLiteral("Names are asked as before, as it was chosen."));
    const auto routes = decisionOf(facts);
    if (!routes)
        return notKnown(Name);
    const DnsDecision decision = decideDns(*target.probe.settings, routes->accepted, target.acceptDomains);
    std::vector<SkippedDns> skipped = decision.skipped;
    if (!decision.config.isEmpty() && !facts.computer.hasResolved)
        std::ranges::move(skippedBy(decision.config, system::DnsOutcome::NoService), std::back_inserter(skipped));
    QStringList sentences;
    for (const SkippedDns& one : skipped)
        sentences.append(sentenceFor(one));
    if (!sentences.isEmpty())
        return noteCheck(Name, sentences.join(u' '));
    if (decision.config.isEmpty())
        return goodCheck(Name, QStringLiteral("The server names no resolver: names are asked as before."));
    QStringList domains;
    for (const std::string& domain : decision.config.domains)
        domains.append(doctorText(domain));
    return goodCheck(
        Name, QStringLiteral("Names of %1 will be asked at the office.").arg(domains.join(QStringLiteral(", "))));
}

Check checkMtu(const DoctorFacts& facts)
{
    constexpr const char* Name = "mtu";
    const unsigned path = facts.target->probe.pathMtu;
    const auto* const interface = livingInterface(facts);
    if (interface != nullptr && interface->mtu < SmallestGoodMtu)
        return noteCheck(
            Name,
            QStringLiteral("%1 takes packets of %2 bytes only.").arg(doctorText(interface->name)).arg(interface->mtu),
            QStringLiteral("Somebody has changed it; connect again."));
    if (path == 0)
        return skippedCheck(Name, QStringLiteral("Not known: nothing was connected."));
    if (path < SmallestGoodMtu)
        return noteCheck(Name,
                         QStringLiteral("The way to the server takes packets of %1 bytes only, which makes the "
                                        "tunnel slow.")
                             .arg(path),
                         QStringLiteral("Look at this computer's router or modem, or at a VPN that the way leads "
                                        "through."));
    const QString tunnel = interface != nullptr ? QStringLiteral("%1 takes packets of %2 bytes, the way to the server ")
                                                      .arg(doctorText(interface->name))
                                                      .arg(interface->mtu)
                                                : QStringLiteral("The way to the server takes ");
    return goodCheck(Name, tunnel + QStringLiteral("%1.").arg(path));
}

}  // namespace gvpn::client
