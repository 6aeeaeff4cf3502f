#include "client/helper_edges.h"

#include <QPointer>

#include <utility>

namespace gvpn::client {

void HelperConfigurator::apply(const system::NetworkConfig& config, Done done)
{
    bus::TunnelRequest request;
    request.settings.addresses = config.addresses;
    request.settings.routes = config.routes;
    request.settings.mtu = config.mtu;
    m_helper.apply(request, done);
}

void HelperConfigurator::clear(Done done)
{
    m_helper.close(std::move(done));
}

void HelperDns::apply(unsigned /*linkIndex*/, const system::DnsConfig& config, Done done)
{
    if (config.isEmpty()) {
        clear([done = std::move(done)](const Result<void>& cleared) {
            done(cleared.map([] { return system::DnsOutcome::InForce; }));
        });
        return;
    }
    m_mayBeSet = true;
    begin({config.servers, config.domains, config.takesAllNames}, std::move(done));
}

void HelperDns::clear(Cleared done)
{
    if (!std::exchange(m_mayBeSet, false)) {
        done({});
        return;
    }
    begin({}, [done = std::move(done)](const Result<system::DnsOutcome>& result) {
        // Closed: the lease is gone, and with it the link that something was set for.
        if (result || result.error().code == ErrorCode::Closed)
            done({});
        else
            done(fail(result.error()));
    });
}

void HelperDns::begin(const bus::NamesRequest& request, Done done)
{
    abandon();
    m_waiting = std::move(done);
    m_helper.setNames(request, [guard = QPointer(this), call = ++m_calls](const Result<system::DnsOutcome>& result) {
        if (guard && guard->m_calls == call)
            std::exchange(guard->m_waiting, {})(result);
    });
}

void HelperDns::abandon()
{
    ++m_calls;
    if (const Done waiting = std::exchange(m_waiting, {}))
        waiting(fail(ErrorCode::Closed, "other settings took its place"));
}

void HelperCongestionSetter::set(transport::Line& line, const std::string& name, const Done& done)
{
    const auto direct = line.setCongestionControl(name);
    if (direct || direct.error().code != ErrorCode::PermissionDenied) {
        done(direct);
        return;
    }
    auto socket = line.duplicate();
    if (socket)
        m_helper.setCongestionControl(std::move(*socket), name, done);
    else
        done(direct);
}

}  // namespace gvpn::client
