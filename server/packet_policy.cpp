#include "server/packet_policy.h"

#include <algorithm>

namespace gvpn::server {

PacketPolicy::PacketPolicy(const PacketPolicyConfig& config)
    : m_gateways(config.gateways)
    , m_allowsClientToClient(config.allowsClientToClient)
    , m_v1Bypass(config.v1Bypass)
{
    for (const net::Prefix& network : config.lanNetworks)
        m_lan.insert(network, true);
}

tl::expected<PacketTarget, tunnel::DropReason> PacketPolicy::judge(const net::IpPacket& ip, ByteView packet) const
{
    const net::IpAddress& destination = ip.destination();
    if (m_lan.find(destination) != nullptr)
        return PacketTarget::Tun;
    const auto pool = std::find_if(m_gateways.begin(), m_gateways.end(), [&destination](const auto& gateway) {
        return gateway.prefix().contains(destination);
    });
    if (pool == m_gateways.end())
        return tl::unexpected(tunnel::DropReason::ForeignDestination);
    if (pool->address == destination) {
        if (net::isEchoRequest(ip, packet))
            return PacketTarget::Tun;
        return tl::unexpected(tunnel::DropReason::ForeignDestination);
    }
    if (m_allowsClientToClient)
        return PacketTarget::Client;
    return tl::unexpected(tunnel::DropReason::ForeignDestination);
}

tl::expected<PacketTarget, tunnel::DropReason> PacketPolicy::judgeV1(const net::IpPacket& ip) const
{
    if (m_v1Bypass && m_v1Bypass->contains(ip.destination()))
        return PacketTarget::Tun;
    return tl::unexpected(tunnel::DropReason::ForeignDestination);
}

bool PacketPolicy::isInPool(const net::IpAddress& address) const
{
    return std::any_of(m_gateways.begin(), m_gateways.end(),
                       [&address](const auto& gateway) { return gateway.prefix().contains(address); });
}

}  // namespace gvpn::server
