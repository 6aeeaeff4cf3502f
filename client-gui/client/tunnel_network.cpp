#include "client/tunnel_network.h"

#include "net/domain_name.h"

#include <QPointer>

#include <algorithm>
#include <cassert>
#include <utility>

namespace gvpn::client {

void TunnelNetwork::open(const std::string& name, Opened opened)
{
    if (m_device) {
        opened(m_device.get());
        return;
    }
    m_opened = std::move(opened);
    if (std::exchange(m_isOpening, true))
        return;
    m_edges.openTun(name, [guard = QPointer(this), generation = m_generation](auto device) {
        if (!guard || guard->m_generation != generation)
            return;
        guard->m_isOpening = false;
        const Opened waiting = std::exchange(guard->m_opened, {});
        if (!device) {
            waiting(fail(device.error()));
            return;
        }
        guard->m_device = std::move(*device);
        waiting(guard->m_device.get());
    });
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

void TunnelNetwork::setDns(const system::DnsConfig& config, system::DnsConfigurator::Done done)
{
    assert(m_device);
    m_dns = config;
    m_edges.dns.apply(m_device->index(), config,
                      [guard = QPointer(this), call = ++m_dnsCalls,
                       done = std::move(done)](const Result<system::DnsOutcome>& result) {
                          if (!guard || guard->m_dnsCalls != call)
                              return;
                          if (!result || *result != system::DnsOutcome::InForce)
                              guard->m_dns = {};
                          done(result);
                      });
}

void TunnelNetwork::freeName(const std::string& name, std::function<void()> done)
{
    const auto holds = [&name](const std::string& domain) { return net::isInDomain(name, domain); };
    if (std::ranges::none_of(m_dns.domains, holds)) {
        done();
        return;
    }
    ++m_dnsCalls;
    m_dns = {};
    // If it can't be taken back, the name may not be found: that is said then, and tried again.
    m_edges.dns.clear([done = std::move(done)](const Result<void>&) { done(); });
}

void TunnelNetwork::clear(Done done)
{
    ++m_generation;
    m_isOpening = false;
    m_opened = {};
    ++m_dnsCalls;
    m_isApplying = false;
    m_next.reset();
    m_dns = {};
    // What can't be taken back here goes with the TUN.
    m_edges.dns.clear([guard = QPointer(this), done = std::move(done)](const Result<void>&) {
        if (guard)
            guard->clearNetwork(done);
    });
}

void TunnelNetwork::clearNetwork(Done done)
{
    m_edges.configurator.clear([guard = QPointer(this), done = std::move(done)](const Result<void>& result) {
        if (!guard)
            return;
        guard->m_device.reset();
        done(result);
    });
}

}  // namespace gvpn::client
