// This computer's network as a value: interfaces, addresses, routes, resolvers, forwarding switches. Read at once by
// netlink and from /proc; the decisions that are made on it (which LAN, which routes to accept, what to switch) are
// pure.
#pragma once

#include "base/result.h"
#include "net/prefix.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gvpn::system {

struct InterfaceInfo {
    std::string name;
    unsigned index = 0;
    std::string kind;  // rtnetlink IFLA_INFO_KIND: "", "veth", "bridge", "tun", "wireguard", …
    unsigned mtu = 0;
    bool isUp = false;
    bool isLoopback = false;
    bool isPointToPoint = false;
    std::vector<net::InterfaceAddress> addresses;
    bool forwardsIPv4 = false;          // ipv4/conf/<if>/forwarding
    bool forwardsIPv6 = false;          // ipv6/conf/<if>/forwarding
    bool forcesForwardingIPv6 = false;  // ipv6/conf/<if>/force_forwarding
    int acceptRa = 0;                   // ipv6/conf/<if>/accept_ra
};

struct RouteInfo {
    net::Prefix destination;
    std::optional<net::IpAddress> gateway;
    unsigned interfaceIndex = 0;
    unsigned table = 0;  // 254: main
    unsigned metric = 0;
    unsigned protocol = 0;  // rtnetlink RTPROT_*: 9 is router advertisement
};

struct NetworkSnapshot {
    std::vector<InterfaceInfo> interfaces;
    std::vector<RouteInfo> routes;          // unicast, all tables but local
    std::vector<net::IpAddress> resolvers;  // nameserver lines of /etc/resolv.conf
    int defaultAcceptRa = 0;                // ipv6/conf/default/accept_ra
    bool hasForceForwarding = false;        // the kernel has ipv6/conf/*/force_forwarding (6.17)
    bool forwardsAllIPv6 = false;           // ipv6/conf/all/forwarding

    [[nodiscard]] const InterfaceInfo* findInterface(unsigned index) const;
    [[nodiscard]] const InterfaceInfo* findInterface(std::string_view name) const;
    /// The route of the main table that a packet to this address takes: longest prefix, then lowest metric.
    [[nodiscard]] const RouteInfo* routeTo(const net::IpAddress& address) const;
};

/// Reads it now. A fast netlink dump; doesn't wait for anybody but the kernel.
[[nodiscard]] Result<NetworkSnapshot> readNetworkSnapshot();

}  // namespace gvpn::system
