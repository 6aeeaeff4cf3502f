// What a connection sets up on this computer: the TUN, its addresses and its routes. Outlives single attempts, so that
// after a lost connection packets wait in the TUN instead of leaving by another way. Engine thread.
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
    /// Undoes everything and closes the TUN. The done of an apply that is under way never comes.
    void clear(Done done);

private:
    struct Goal {
        system::NetworkConfig config;
        Done done;
    };
    void applyNext();

    const Edges& m_edges;
    std::unique_ptr<tun::TunDevice> m_device;
    Opened m_opened;  // who waits for it
    bool m_isOpening = false;
    std::optional<Goal> m_next;
    bool m_isApplying = false;
    unsigned m_generation = 0;  // of clear(): what was begun before it has no say any more
};

}  // namespace gvpn::client
