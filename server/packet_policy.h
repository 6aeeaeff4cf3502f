// Where a packet from a client may go. Pure, on the packet path; any thread.
#pragma once

#include "net/icmp_echo.h"
#include "net/prefix_map.h"
#include "tunnel/counters.h"

#include <optional>
#include <vector>

namespace gvpn::server {

struct PacketPolicyConfig {
    std::vector<net::Prefix> lanNetworks;         // --bypass
    std::vector<net::InterfaceAddress> gateways;  // the server's tunnel addresses, with their pools
    bool allowsClientToClient = false;
    std::optional<net::Prefix> v1Bypass;
};

enum class PacketTarget : std::uint8_t { Tun, Client };

class PacketPolicy {
public:
    explicit PacketPolicy(const PacketPolicyConfig& config);

    /// The packet's source was checked already. Into a LAN network: Tun. To the gateway: Tun if the LAN covers it or it
    /// is an echo request. Into a pool: Client with --client-to-client. Anything else is refused.
    [[nodiscard]] tl::expected<PacketTarget, tunnel::DropReason> judge(const net::IpPacket& ip, ByteView packet) const;
    /// From a v1 client: into the bypass network and nowhere else.
    [[nodiscard]] tl::expected<PacketTarget, tunnel::DropReason> judgeV1(const net::IpPacket& ip) const;
    [[nodiscard]] bool isInPool(const net::IpAddress& address) const;

private:
    net::PrefixMap<bool> m_lan;
    std::vector<net::InterfaceAddress> m_gateways;
    bool m_allowsClientToClient;
    std::optional<net::Prefix> m_v1Bypass;
};

}  // namespace gvpn::server
