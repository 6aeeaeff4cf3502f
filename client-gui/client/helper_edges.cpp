#include "client/helper_edges.h"

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
