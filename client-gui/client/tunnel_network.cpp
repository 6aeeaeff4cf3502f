#include "client/tunnel_network.h"

#include <QPointer>

#include <cassert>
#include <utility>

namespace gvpn::client {

Result<tun::TunDevice*> TunnelNetwork::open(const std::string& name)
{
    if (!m_device) {
        auto device = m_edges.openTun(name);
        if (!device)
            return fail(device.error());
        m_device = std::move(*device);
    }
    return m_device.get();
}

void TunnelNetwork::apply(const net::TunnelSettings& settings, const std::vector<net::Prefix>& routes, Done done)
{
    assert(m_device);
    m_next = Goal{{.interfaceName = m_device->name(),
                   .interfaceIndex = m_device->index(),
                   .mtu = settings.mtu,
                   .addresses = settings.addresses,
                   .routes = routes,
                   .guardsAddresses = true,
                   .forwarding = std::nullopt},
                  std::move(done)};
    if (!m_isApplying)
        applyNext();
}

void TunnelNetwork::applyNext()
{
    m_isApplying = true;
    Goal goal = std::move(*m_next);
    m_next.reset();
    m_edges.configurator.apply(goal.config, [guard = QPointer(this), generation = m_generation,
                                             done = std::move(goal.done)](const Result<void>& result) {
        if (!guard || guard->m_generation != generation)
            return;
        guard->m_isApplying = false;
        if (guard->m_next)
            guard->applyNext();
        else
            done(result);
    });
}

void TunnelNetwork::clear(Done done)
{
    ++m_generation;
    m_isApplying = false;
    m_next.reset();
    m_edges.configurator.clear([guard = QPointer(this), done = std::move(done)](const Result<void>& result) {
        if (!guard)
            return;
        guard->m_device.reset();
        done(result);
    });
}

}  // namespace gvpn::client
