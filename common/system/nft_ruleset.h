// The nftables table of one tunnel as a value, and its text for `nft -j` (libnftables-json(5)). Used by plan() and
// LinuxRunner; pure.
#pragma once

#include "net/prefix.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gvpn::system {

/// The link group of all tunnels of gvpn servers ("gv"): a guard lets traffic to any of them pass, because a drop in
/// one table is final, and the other tunnel's own table judges that traffic.
inline constexpr unsigned TunnelLinkGroup = 0x6776;

struct ForwardingRules {
    std::vector<net::Prefix> tunnelNetworks;
    std::vector<net::Prefix> lanNetworks;
    std::vector<std::string> lanInterfaces;  // where connections from the LAN into the tunnel may come in
    bool masquerades = true;
    // Where forwarding is switched on only for us: what comes in there and doesn't go into a tunnel is dropped.
    std::vector<std::string> guardedIPv4;
    std::vector<std::string> guardedIPv6;
    bool guardsAllIPv6 = false;  // ipv6/conf/all/forwarding was switched on, so every interface is guarded
    // Those among the guarded ones that are bridges: with br_netfilter, what they only bridge comes by here, too.
    std::vector<std::string> bridges;
};

struct TableSpec {
    std::string tunnelInterface;
    std::vector<net::IpAddress> guardedAddresses;  // of the tunnel; what comes for them from elsewhere is dropped
    std::optional<ForwardingRules> forwarding;
};

/// "gvpn_gvpn0"
[[nodiscard]] std::string tableNameFor(std::string_view interfaceName);

/// One transaction that replaces the table, whatever was in it:
///
///   chain prerouting   not iif tunnel, to its address, not from
///                      this computer itself                      drop
///   chain forward      iif tunnel / oif tunnel, TCP SYN          MSS at most the route's MTU less headers
///                      iif tunnel, pool -> LAN                   accept
///                      iif LAN, oif tunnel, LAN -> pool          accept
///                      oif tunnel, replies and what they relate  accept (ICMP errors from routers in between)
///                      iif tunnel / oif tunnel                   drop
///     with guards:     from a bridge back into it                accept
///                      established or related, or redirected     accept (other programs' containers and their ports)
///                      guarded interfaces, not to a tunnel       drop
///   chain postrouting  pool -> LAN, not into the tunnel          masquerade
[[nodiscard]] std::string makeRuleset(const TableSpec& spec);

/// The same with a mark in the table of who loads it: an empty chain "owner_OWNER".
[[nodiscard]] std::string addOwner(const std::string& ruleset, std::string_view tableName, std::string_view owner);

/// Removes the table; right also when there is none.
[[nodiscard]] std::string makeTableRemoval(std::string_view tableName);
/// Removes the table if it has this mark, or else changes nothing and fails, in one step: nobody can put another table
/// in its place in between.
[[nodiscard]] std::string makeTableRemoval(std::string_view tableName, std::string_view owner);

}  // namespace gvpn::system
