// The client's packets between its TUN and its link, with the client's rules: out go packets from our address, in come
// packets for our address from an accepted route or the tunnel network. In v1 only IPv4 crosses, and a packet that the
// TUN gives for our own address goes back into it. One established connection; the link's thread.
#pragma once

#include "net/icmp_echo.h"
#include "net/prefix_map.h"
#include "net/tunnel_settings.h"
#include "tun/tun_device.h"
#include "tunnel/counters.h"
#include "tunnel/packet_framer.h"
#include "tunnel/packet_sender.h"

#include <optional>

namespace gvpn::tunnel {

struct ClientPathConfig {
    std::vector<net::InterfaceAddress> addresses;
    std::vector<net::Prefix> acceptedRoutes;
    PacketForm form;  // in which the server takes packets
};

class ClientPath {
public:
    /// device, link and context outlive the path. counters live longer than one connection.
    ClientPath(tun::TunDevice& device, PacketLink& link, LinkContext& context, const ClientPathConfig& config,
               Counters& counters);

    /// The TUN is readable. Reads also while the link has no room, so that what can't leave waits where flows are told
    /// apart. An error: the device is gone.
    [[nodiscard]] Result<void> tunReadable();
    /// The link has room again.
    void linkRoom() { m_sender.pump(); }
    void tune(const LineTuning& tuning) { m_sender.tune(tuning); }
    /// A packet from the link. An error: the device is gone.
    [[nodiscard]] Result<void> linkPacket(const net::SegmentHeader& segment, ByteSpan packet);

    /// Sends an echo request through the tunnel, as a packet of ours.
    void sendProbe(const net::IpAddress& gateway, net::EchoId id);
    /// The reply to the last probe came; it was not given to the TUN. True once.
    [[nodiscard]] bool takeProbeAnswer();

private:
    [[nodiscard]] std::optional<DropReason> judgeOutgoing(const net::IpPacket& ip, const net::SegmentHeader& segment,
                                                          ByteView packet) const;
    [[nodiscard]] Result<void> toTun(const net::SegmentHeader& segment, ByteView packet);
    [[nodiscard]] bool isOurs(const net::IpAddress& address) const;
    [[nodiscard]] bool isProbeAnswer(const net::IpPacket& ip, ByteView packet);
    [[nodiscard]] Result<void> handleOutgoing(const tun::TunRead& read, ByteView packet);

    tun::TunDevice& m_device;
    LinkContext& m_context;
    std::vector<net::IpAddress> m_addresses;
    net::PrefixMap<bool> m_sources;
    PacketForm m_form;
    Counters& m_counters;
    PacketFramer m_framer;
    PacketSender m_sender;
    std::optional<net::EchoId> m_openProbe;
    net::IpAddress m_probedGateway;
    bool m_isProbeAnswered = false;
};

}  // namespace gvpn::tunnel
