// The goal that a program wants its computer's network in, as a value: given to NetworkConfigurator::apply, and later
// over D-Bus to the privileged helper.
#pragma once

#include "net/prefix.h"

#include <optional>
#include <string>
#include <vector>

namespace gvpn::system {

/// A server only: packets between the tunnel and the LAN.
struct ForwardingConfig {
    std::vector<net::Prefix> tunnelNetworks;  // the pools, at most one of each family
    std::vector<net::Prefix> lanNetworks;     // --bypass
    bool masquerades = true;                  // the LAN sees the office box's address
    // Where Docker drops what it doesn't know: for these, its chain for rules of others lets our packets pass.
    std::vector<net::Family> dockerFamilies = {};

    [[nodiscard]] bool operator==(const ForwardingConfig&) const = default;
};

struct NetworkConfig {
    std::string interfaceName;
    unsigned interfaceIndex = 0;
    unsigned mtu = 1500;
    std::vector<net::InterfaceAddress> addresses;
    std::vector<net::Prefix> routes;  // into the interface
    // Only the tunnel and this computer itself reach the addresses. A neighbour on a shared network can send to them as
    // well, and tell from the answers what goes on in the tunnel, or join in (CVE-2019-14899). For clients.
    bool guardsAddresses = false;
    std::optional<ForwardingConfig> forwarding;

    [[nodiscard]] bool operator==(const NetworkConfig&) const = default;
};

}  // namespace gvpn::system
