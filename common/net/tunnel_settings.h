// What a server gives a client: addresses, routes, resolvers, MTU. Comes off the wire, goes to the TUN and to `system`
// (and over D-Bus to the privileged helper), so it is validated by one pure function in the lowest place. Any thread.
#pragma once

#include "net/prefix.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace gvpn::net {

inline constexpr unsigned MinMtu = 1280;  // RFC 8200 section 5
inline constexpr unsigned MaxMtu = 65535;
inline constexpr unsigned DefaultMtu = 1500;

struct TunnelSettings {
    std::vector<InterfaceAddress> addresses;  // at most one of each family, at least one
    std::vector<IpAddress> gateways;          // the server's tunnel address in each family that has an address
    std::vector<Prefix> routes;               // networks behind the server
    std::vector<IpAddress> dnsServers;
    std::vector<std::string> dnsDomains;
    unsigned mtu = DefaultMtu;
    std::chrono::seconds keepalive{10};  // ping when nothing was received for this long

    [[nodiscard]] bool operator==(const TunnelSettings&) const = default;
};

struct SettingsLimits {
    std::size_t maxRoutes = 256;
    std::size_t maxDnsServers = 8;
    std::size_t maxDnsDomains = 16;
    bool allowsPublicTunnelNetwork = true;  // 182.1.1.0/24 is what the reference uses
    // Routes that are 0/0, one of its halves, loopback, link-local or multicast: for whoever leaves them out
    // afterwards, so that the other routes work.
    bool allowsReservedRoutes = false;
};

/// Everything that can be judged without looking at this computer: counts, families, host addresses (not network,
/// broadcast, loopback, multicast, unspecified, link-local), gateway in the address's prefix and not the address, MTU
/// and keepalive (2..120 s) ranges, names (RFC 1035 letters, digits, hyphens; 253 characters), no route twice, no
/// reserved route. The error names the value.
[[nodiscard]] Result<void> validate(const TunnelSettings& settings, const SettingsLimits& limits);

/// What validate says of dnsServers and dnsDomains, for those alone.
[[nodiscard]] Result<void> validateDns(const std::vector<IpAddress>& servers, const std::vector<std::string>& domains,
                                       const SettingsLimits& limits);

}  // namespace gvpn::net
