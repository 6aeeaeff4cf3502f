// What a connection sets up on this computer: the TUN, its addresses, its routes and resolvers. Outlives single
// attempts, so that after a lost connection packets wait in the TUN instead of leaving by another way. Engine thread.
#pragma once

#include "client/edges.h"
#include "net/tunnel_settings.h"

#include <QObject>

#include <optional>

namespace gvpn::client {

class TunnelNetwork : public QObject {
public:
    using Done = std::function<void(Result<void>)>;
    using Opened = std::function<void(const Result<tun::TunDevice*>&)>;

    /// edges outlive it.
    explicit TunnelNetwork(const Edges& edges)
        : m_edges(edges)
    {}

    /// Opens the TUN, or gives the one that is open; opened may be called at once. While one is being opened a newer
    /// call waits for the same one and takes the place of the older, whose opened never comes. So it is on clear().
    void open(const std::string& name, Opened opened);
    [[nodiscard]] tun::TunDevice* device() const { return m_device.get(); }

    /// Addresses, which only the tunnel reaches, MTU and routes; only what differs from the last time is changed.
    /// Precondition: open() went well. A newer call takes the place of one that waits, whose done never comes.
    void apply(const net::TunnelSettings& settings, const std::vector<net::Prefix>& routes, Done done);
    /// As system::DnsConfigurator::apply. Precondition: open() went well. A newer call takes the place of one that
    /// waits, whose done never comes.
    void setDns(const system::DnsConfig& config, system::DnsConfigurator::Done done);
    /// What was asked for last and may be in force.
    [[nodiscard]] const system::DnsConfig& dns() const { return m_dns; }
    /// Before a connection is there: if this name would be asked at resolvers behind the tunnel, they are given up.
    void freeName(const std::string& name, std::function<void()> done);
    /// Undoes everything and closes the TUN. The done of an apply that is under way never comes.
    void clear(Done done);

private:
    struct Goal {
        system::NetworkConfig config;
        Done done;
    };
    void applyNext();
    void clearNetwork(Done done);

    const Edges& m_edges;
    std::unique_ptr<tun::TunDevice> m_device;
    Opened m_opened;  // who waits for it
    bool m_isOpening = false;
    std::optional<Goal> m_next;
    bool m_isApplying = false;
    system::DnsConfig m_dns;
    unsigned m_dnsCalls = 0;    // answers to an earlier one are not heard
    unsigned m_generation = 0;  // of clear(): what was begun before it has no say any more
};

}  // namespace gvpn::client
