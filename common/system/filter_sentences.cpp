#include "system/foreign_filters.h"

#include "base/text.h"

namespace gvpn::system {

namespace {

using Path = FilterObstacle::Path;

std::string ownerName(FilterKeeper keeper)
{
    switch (keeper) {
    case FilterKeeper::Docker: return "Docker";
    case FilterKeeper::Ufw: return "ufw";
    case FilterKeeper::Firewalld: return "firewalld";
    case FilterKeeper::Iptables: return "A rule of iptables";
    case FilterKeeper::IptablesLegacy: return "A rule of iptables-legacy";
    case FilterKeeper::Nftables: break;
    }
    return "A rule of nftables";
}

std::string join(const std::vector<std::string>& commands)
{
    std::string joined;
    for (const std::string& command : commands)
        joined += (joined.empty() ? "" : " && ") + command;
    return joined;
}

/// Those of the family that the obstacle is for.
std::vector<std::string> pools(const FilterObstacle& obstacle, const FilterQuestion& question)
{
    std::vector<std::string> texts;
    for (const net::Prefix& pool : question.tunnelNetworks) {
        if (pool.isIPv4() != obstacle.isIPv6)
            texts.push_back(pool.toString());
    }
    return texts;
}

std::string concatenate(std::initializer_list<std::string_view> parts)
{
    std::string text;
    for (const std::string_view part : parts)
        text += part;
    return text;
}

/// Into the tunnel and out of it: replies don't match what others accept for their own connections.
std::string iptablesCommands(const FilterObstacle& obstacle, const FilterQuestion& question)
{
    std::string program = obstacle.isIPv6 ? "ip6tables" : "iptables";
    if (obstacle.keeper == FilterKeeper::IptablesLegacy)
        program += "-legacy";
    const std::string insert = program + " -I " + escapeForDisplay(obstacle.chain);
    const std::string& tunnel = question.tunnelInterface;
    if (obstacle.isEcho)
        return concatenate({insert, " -i ", tunnel, " -p ", obstacle.isIPv6 ? "ipv6-icmp" : "icmp", " -j ACCEPT"});
    if (obstacle.path == Path::Input)
        return insert + " -p tcp --dport " + std::to_string(question.port) + " -j ACCEPT";
    std::vector<std::string> commands;
    for (const std::string& pool : pools(obstacle, question)) {
        commands.push_back(concatenate({insert, " -i ", tunnel, " -s ", pool, " -j ACCEPT"}));
        commands.push_back(concatenate({insert, " -o ", tunnel, " -d ", pool, " -j ACCEPT"}));
    }
    return join(commands);
}

std::string nftCommands(const FilterObstacle& obstacle, const FilterQuestion& question)
{
    const std::string insert = concatenate({"nft 'insert rule ", obstacle.tableFamily, " ",
                                            escapeForDisplay(obstacle.table), " ", escapeForDisplay(obstacle.chain)});
    const std::string& tunnel = question.tunnelInterface;
    if (obstacle.isEcho)
        return concatenate(
            {insert, " iifname \"", tunnel, "\" ", obstacle.isIPv6 ? "icmpv6" : "icmp", " type echo-request accept'"});
    if (obstacle.path == Path::Input)
        return concatenate({insert, " tcp dport ", std::to_string(question.port), " accept'"});
    const std::string protocol = obstacle.isIPv6 ? "ip6" : "ip";
    std::vector<std::string> commands;
    for (const std::string& pool : pools(obstacle, question)) {
        commands.push_back(concatenate({insert, " iifname \"", tunnel, "\" ", protocol, " saddr ", pool, " accept'"}));
        commands.push_back(concatenate({insert, " oifname \"", tunnel, "\" ", protocol, " daddr ", pool, " accept'"}));
    }
    return join(commands);
}

/// The command for each of the server's own addresses in the tunnel.
std::vector<std::string> gateways(const FilterObstacle& obstacle, const FilterQuestion& question,
                                  const std::string& command)
{
    std::vector<std::string> commands;
    for (const net::Prefix& pool : question.tunnelNetworks) {
        if (pool.isIPv4() != obstacle.isIPv6)
            commands.push_back(command + pool.firstHost().toString());
    }
    return commands;
}

std::string ufwCommands(const FilterObstacle& obstacle, const FilterQuestion& question)
{
    if (obstacle.isEcho)
        return join(gateways(obstacle, question, "ufw allow in on " + question.tunnelInterface + " to "));
    if (obstacle.path == Path::Input)
        return "ufw allow " + std::to_string(question.port) + "/tcp";
    std::vector<std::string> commands;
    for (const std::string& interface : question.lanInterfaces)
        commands.push_back(concatenate({"ufw route allow in on ", question.tunnelInterface, " out on ", interface}));
    return join(commands);
}

/// A zone of the tunnel's own, which takes pings and nothing else, and a policy that lets through what it forwards. The
/// same for both, so that a person is told once. firewalld 0.9 or newer; a policy's name has 18 characters at most.
std::string firewalldCommands(const FilterObstacle& obstacle, const FilterQuestion& question)
{
    if (obstacle.path == Path::Input && !obstacle.isEcho)
        return "firewall-cmd --permanent --add-port=" + std::to_string(question.port) + "/tcp && firewall-cmd --reload";
    const std::string change = "firewall-cmd --permanent ";
    const std::string& tunnel = question.tunnelInterface;
    const std::string policy = tunnel + "-fw";
    return join({concatenate({change, "--new-zone=", tunnel}),
                 concatenate({change, "--zone=", tunnel, " --change-interface=", tunnel}),
                 concatenate({change, "--new-policy=", policy}),
                 concatenate({change, "--policy=", policy, " --add-ingress-zone=", tunnel}),
                 concatenate({change, "--policy=", policy, " --add-egress-zone=ANY"}),
                 concatenate({change, "--policy=", policy, " --set-target=ACCEPT"}), "firewall-cmd --reload"});
}

}  // namespace

std::string sentenceFor(const FilterObstacle& obstacle, const FilterQuestion& question)
{
    std::string what = "what clients send to TCP port " + std::to_string(question.port);
    if (obstacle.path == Path::Forward)
        what = "what the server forwards between " + question.tunnelInterface + " and the LAN";
    else if (obstacle.isEcho)
        what = "the pings from " + question.tunnelInterface + " by which clients check the tunnel";
    const std::string family = obstacle.isIPv6 ? " over IPv6" : "";
    const std::string table = obstacle.tableFamily.empty() ? "" : obstacle.tableFamily + " ";
    // Docker's chain for rules of others isn't the one that drops.
    const std::string chain = obstacle.keeper == FilterKeeper::Docker ? "FORWARD" : escapeForDisplay(obstacle.chain);
    return ownerName(obstacle.keeper) + " drops " + what + family + " (table " + table
           + escapeForDisplay(obstacle.table) + ", chain " + chain + ").";
}

std::string remedyFor(const FilterObstacle& obstacle, const FilterQuestion& question)
{
    const std::string allow = "Allow it with: ";
    switch (obstacle.keeper) {
    case FilterKeeper::Docker:
        return "The server adds the rules for it while it runs; by hand it is: " + iptablesCommands(obstacle, question);
    case FilterKeeper::Ufw: return allow + ufwCommands(obstacle, question);
    case FilterKeeper::Firewalld: return allow + firewalldCommands(obstacle, question);
    case FilterKeeper::Iptables:
    case FilterKeeper::IptablesLegacy: return allow + iptablesCommands(obstacle, question);
    case FilterKeeper::Nftables: break;
    }
    return allow + nftCommands(obstacle, question);
}

}  // namespace gvpn::system
