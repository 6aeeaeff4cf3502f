// The nftables table of one server as a value, and its text for `nft -j` (libnftables-json(5)). Used by plan() and
// LinuxRunner; pure.
#pragma once

#include "net/prefix.h"

#include <string>
#include <string_view>
#include <vector>

namespace gvpn::system {

/// The link group of all tunnels of gvpn servers ("gv"): a guard lets traffic to any of them pass, because a drop in
/// one table is final, and the other tunnel's own table judges that traffic.
inline constexpr unsigned TunnelLinkGroup = 0x6776;

struct TableSpec {
    std::string tunnelInterface;
    std::vector<net::Prefix> tunnelNetworks;
    std::vector<net::Prefix> lanNetworks;
    bool masquerades = true;
    // Where forwarding is switched on only for us: what comes in there and doesn't go into a tunnel is dropped.
    std::vector<std::string> guardedIPv4;
    std::vector<std::string> guardedIPv6;
    bool guardsAllIPv6 = false;  // ipv6/conf/all/forwarding was switched on, so every interface is guarded
};

/// "gvpn_gvpn0"
[[nodiscard]] std::string tableNameFor(std::string_view interfaceName);

/// One transaction that replaces the table, whatever was in it:
///
///   chain forward      iif tunnel, pool -> LAN             accept
///                      oif tunnel, LAN -> pool             accept
///                      oif tunnel, established or related  accept (ICMP errors from routers in between)
///                      iif tunnel / oif tunnel             drop
///                      guarded interfaces, not to a tunnel drop
///   chain postrouting  pool -> LAN, not into the tunnel    masquerade
[[nodiscard]] std::string makeRuleset(const TableSpec& spec);

/// Removes the table; right also when there is none.
[[nodiscard]] std::string makeTableRemoval(std::string_view tableName);

}  // namespace gvpn::system
