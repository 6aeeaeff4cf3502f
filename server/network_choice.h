// Which LAN networks a server opens and which tunnel networks it uses, when nobody said, and whether what was said can
// work. Pure: decided on a snapshot of this computer's network.
#pragma once

#include "system/network_snapshot.h"

#include <functional>
#include <string>
#include <vector>

namespace gvpn::server {

struct SkippedNetwork {
    net::Prefix network;
    std::string reason;  // "docker0 belongs to containers"
};

struct LanChoice {
    std::vector<net::Prefix> networks;
    std::vector<SkippedNetwork> skipped;
};

/// The private on-link networks of interfaces that are up; not those of loopback, point-to-point, tun, veth, docker0,
/// br-* and virbr*.
[[nodiscard]] LanChoice chooseLan(const system::NetworkSnapshot& snapshot);

struct PoolRequest {
    std::vector<net::Prefix> asked;       // --cidr
    std::vector<net::Prefix> remembered;  // what was chosen the last time
    std::vector<net::Prefix> lanNetworks;
};

/// One pool a family. Asked ones must not overlap the LAN networks or a network that this computer is on, and must be
/// fit for hosts (IPv4 /8 to /30, IPv6 /16 to /126; no loopback, link-local, multicast): InvalidArgument. Without
/// an IPv4 one a free private /24 is chosen (remembered, else 10.86.0.0/24, else by `random`) unless only IPv6 was
/// asked for; an IPv6 one (a random ULA /64, RFC 4193) only if a LAN network is IPv6.
[[nodiscard]] Result<std::vector<net::Prefix>> choosePools(const PoolRequest& request,
                                                           const system::NetworkSnapshot& snapshot,
                                                           const std::function<std::uint64_t()>& random);

/// What clients of the reference protocol v1 reach: the first IPv4 LAN network, as v1 can name only one. NotFound:
/// there is none, or no IPv4 tunnel network; v1 knows nothing else.
[[nodiscard]] Result<net::Prefix> chooseV1Bypass(const std::vector<net::Prefix>& lanNetworks,
                                                 const std::vector<net::Prefix>& pools);

/// Where many clients may share an address or a network: what this computer is on, and the relays.
[[nodiscard]] std::vector<net::Prefix> sharedSources(const system::NetworkSnapshot& snapshot,
                                                     const std::vector<net::Prefix>& relays);

/// Where a link may point: a global address, else one on a LAN network.
struct OwnAddress {
    net::IpAddress address;
    bool isGlobal = false;
};
[[nodiscard]] std::optional<OwnAddress> chooseOwnAddress(const system::NetworkSnapshot& snapshot,
                                                         const std::vector<net::Prefix>& lanNetworks);

}  // namespace gvpn::server
