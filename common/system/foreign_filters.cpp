#include "system/foreign_filters.h"

#include "system/filter_walk.h"

#include "system/nft_ruleset.h"

#include <QJsonObject>

#include <algorithm>
#include <functional>

namespace gvpn::system {

namespace {

using namespace Qt::StringLiterals;
using Path = FilterObstacle::Path;

constexpr QStringView DockerChain = u"DOCKER-USER";

/// As iptables names them: table ip filter, chain FORWARD.
bool isOfIptables(const FilterChain& chain)
{
    const bool isTable = chain.table == u"filter" || chain.table == u"mangle" || chain.table == u"security";
    return isTable && chain.family != u"inet" && chain.name == chain.name.toUpper();
}

/// The chains that its rules lead to, whatever their conditions.
bool leadsTo(const FilterChain& chain, const auto& isWanted)
{
    return std::ranges::any_of(chain.rules, [&](const QJsonArray& rule) {
        const QJsonObject last = rule.isEmpty() ? QJsonObject() : rule.last().toObject();
        const QJsonValue jump = last.contains(u"jump") ? last.value(u"jump") : last.value(u"goto");
        return isWanted(jump.toObject().value(u"target").toString());
    });
}

/// Whoever has both Docker and ufw wants ufw to decide.
FilterKeeper keeperOf(const FilterChain& chain)
{
    if (chain.table == u"firewalld")
        return FilterKeeper::Firewalld;
    if (leadsTo(chain, [](const QString& name) { return name.startsWith(u"ufw-") || name.startsWith(u"ufw6-"); }))
        return FilterKeeper::Ufw;
    if (leadsTo(chain, [](const QString& name) { return name == DockerChain; }))
        return FilterKeeper::Docker;
    return isOfIptables(chain) ? FilterKeeper::Iptables : FilterKeeper::Nftables;
}

bool isOurs(const FilterChain& chain)
{
    return chain.table.startsWith(QString::fromStdString(tableNameFor("")));
}

bool seesFamily(const FilterChain& chain, net::Family family)
{
    return chain.family == u"inet" || chain.family == (family == net::Family::IPv4 ? u"ip" : u"ip6");
}

/// From the tunnel into each LAN network, and the answers. What begins in the LAN isn't asked for: whether that may
/// reach the clients is for the keeper of the filter to decide.
std::vector<FilterPacket> forwardedPackets(const FilterQuestion& question, net::Family family)
{
    constexpr std::size_t MostPackets = 256;
    std::vector<FilterPacket> packets;
    // Without these nobody can tell what the server forwards.
    if (question.lanInterfaces.empty() || question.tunnelInterface.empty())
        return packets;
    const std::vector<std::string> tunnel{question.tunnelInterface};
    for (const net::Prefix& pool : question.tunnelNetworks) {
        for (const net::Prefix& lan : question.lanNetworks) {
            if (pool.family() != family || lan.family() != family || packets.size() >= MostPackets)
                continue;
            packets.push_back(
                {family, tunnel, question.lanInterfaces, pool, lan, question.tunnelInterface, false, {}, false});
            packets.push_back(
                {family, question.lanInterfaces, tunnel, lan, pool, question.tunnelInterface, true, {}, false});
        }
    }
    return packets;
}

/// The first thing that a client sends through the tunnel: to the gateway.
std::vector<FilterPacket> echoes(const FilterQuestion& question, net::Family family)
{
    std::vector<FilterPacket> packets;
    for (const net::Prefix& pool : question.tunnelNetworks) {
        if (pool.family() != family || question.tunnelInterface.empty())
            continue;
        const net::Prefix gateway(pool.firstHost(), net::bitCount(family));
        packets.push_back(
            {family, {question.tunnelInterface}, {}, pool, gateway, question.tunnelInterface, false, {}, true});
    }
    return packets;
}

enum class Need { Forward, Port, Echo };

std::vector<FilterPacket> packetsFor(Need need, const FilterQuestion& question, net::Family family)
{
    if (need == Need::Forward)
        return forwardedPackets(question, family);
    if (need == Need::Echo)
        return echoes(question, family);
    if (question.port == 0 || std::ranges::find(question.portFamilies, family) == question.portFamilies.end())
        return {};
    return {{family, {}, {}, {}, {}, question.tunnelInterface, false, question.port, false}};
}

bool isAnyDropped(const FilterRuleset& ruleset, const FilterChain& chain, const std::vector<FilterPacket>& packets)
{
    return std::ranges::any_of(packets,
                               [&](const FilterPacket& packet) { return isDroppedBy(ruleset, chain, packet); });
}

/// Not where another rule drops, too: neither before that chain, nor in it.
bool isOpenedByDockersChain(FilterRuleset ruleset, const FilterChain& chain, const std::vector<FilterPacket>& packets)
{
    ruleset.acceptLast(chain, DockerChain.toString());
    const FilterChain* base = ruleset.find(chain, chain.name);
    return base && !isAnyDropped(ruleset, *base, packets);
}

/// packets: of which this chain drops some.
FilterObstacle obstacleIn(const FilterRuleset& ruleset, const FilterChain& chain, Need need,
                          const std::vector<FilterPacket>& packets)
{
    FilterObstacle obstacle;
    obstacle.keeper = keeperOf(chain);
    obstacle.path = need == Need::Forward ? Path::Forward : Path::Input;
    obstacle.isEcho = need == Need::Echo;
    obstacle.isIPv6 = packets.front().family == net::Family::IPv6;
    obstacle.table = chain.table.toStdString();
    obstacle.chain = chain.name.toStdString();
    obstacle.tableFamily = chain.family.toStdString();
    // Docker has its chain for forwarding only.
    const bool isDocker = obstacle.keeper == FilterKeeper::Docker && need == Need::Forward;
    if (isDocker && isOpenedByDockersChain(ruleset, chain, packets)) {
        obstacle.chain = DockerChain.toString().toStdString();
        obstacle.isMendedByUs = true;
    } else if (obstacle.keeper == FilterKeeper::Docker) {
        obstacle.keeper = FilterKeeper::Iptables;
    }
    return obstacle;
}

std::vector<FilterObstacle> obstaclesIn(const FilterRuleset& ruleset, const FilterQuestion& question)
{
    std::vector<FilterObstacle> obstacles;
    for (const Need need : {Need::Forward, Need::Port, Need::Echo}) {
        for (const net::Family family : {net::Family::IPv4, net::Family::IPv6}) {
            const std::vector<FilterPacket> packets = packetsFor(need, question, family);
            for (const FilterChain& chain : ruleset.chains()) {
                const bool isHere = chain.hook == (need == Need::Forward ? u"forward" : u"input");
                if (isHere && seesFamily(chain, family) && !isOurs(chain) && isAnyDropped(ruleset, chain, packets))
                    obstacles.push_back(obstacleIn(ruleset, chain, need, packets));
            }
        }
    }
    return obstacles;
}

}  // namespace

std::vector<net::Family> familiesToReach(const std::string& listenHost, const NetworkSnapshot& snapshot,
                                         std::string_view tunnelInterface)
{
    const auto listening = net::IpAddress::parse(listenHost);
    if (listening && !listening->isUnspecified())
        return listening->isLoopback() ? std::vector<net::Family>() : std::vector{listening->family()};
    const auto isReachedIn = [&](net::Family family, const InterfaceInfo& interface) {
        if (!interface.isUp || interface.isLoopback || interface.name == tunnelInterface)
            return false;
        return std::ranges::any_of(interface.addresses, [&](const net::InterfaceAddress& address) {
            return address.address.family() == family && !address.address.isLinkLocal()
                   && !address.address.isLoopback();
        });
    };
    std::vector<net::Family> families;
    for (const net::Family family : {net::Family::IPv4, net::Family::IPv6}) {
        // "0.0.0.0" is IPv4 alone; Qt listens for both on "::".
        const bool isHeard = family == net::Family::IPv4 || !listening || !listening->isIPv4();
        if (isHeard && std::ranges::any_of(snapshot.interfaces, std::bind_front(isReachedIn, family)))
            families.push_back(family);
    }
    return families;
}

std::string_view keeperName(FilterKeeper keeper)
{
    switch (keeper) {
    case FilterKeeper::Docker: return "docker";
    case FilterKeeper::Ufw: return "ufw";
    case FilterKeeper::Firewalld: return "firewalld";
    case FilterKeeper::Iptables: return "iptables";
    case FilterKeeper::IptablesLegacy: return "iptables-legacy";
    case FilterKeeper::Nftables: break;
    }
    return "nftables";
}

std::string_view pathName(Path path)
{
    return path == Path::Forward ? "forward" : "input";
}

Result<std::vector<FilterObstacle>> findObstacles(QByteArrayView ruleset, const FilterQuestion& question)
{
    if (ruleset.size() > MaxRulesetBytes)
        return fail(ErrorCode::LimitExceeded, "the rules of other packet filters are too many to look at");
    const auto parsed = FilterRuleset::parse(ruleset);
    if (!parsed)
        return fail(parsed.error());
    return obstaclesIn(*parsed, question);
}

std::vector<FilterObstacle> findLegacyObstacles(QByteArrayView rules, bool isIPv6, const FilterQuestion& question)
{
    if (rules.size() > MaxRulesetBytes)
        return {};
    auto obstacles = obstaclesIn(FilterRuleset::parseIptables(rules, isIPv6 ? u"ip6"_s : u"ip"_s), question);
    for (FilterObstacle& obstacle : obstacles) {
        obstacle.isMendedByUs = false;
        obstacle.tableFamily.clear();
        // ufw's own command works with either kind of tables.
        if (obstacle.keeper != FilterKeeper::Ufw)
            obstacle.keeper = FilterKeeper::IptablesLegacy;
    }
    return obstacles;
}

}  // namespace gvpn::system
