#include "client/direct_source.h"

#include "client/boot_time.h"
#include "client/qt_edges.h"
#include "program/privileges.h"
#include "system/linux_configurator.h"
#include "transport/epoll_host.h"
#include "tun/linux_tun.h"

#include <QRandomGenerator>

namespace gvpn::client {

namespace {

class DirectSet final : public EdgeSet {
public:
    DirectSet(std::unique_ptr<system::NetworkConfigurator> configurator, transport::EpollLoop& loop)
        : m_configurator(std::move(configurator))
        , m_edges{.makeConnector = [&loop](const net::HostPort& server) { return makeTcpConnector(server, loop); },
                  .openTun = [](const std::string& name) { return tun::openLinuxTun({.name = name}); },
                  .configurator = *m_configurator,
                  .readSnapshot = system::readNetworkSnapshot,
                  .identityFor = {},
                  .loop = loop,
                  .congestionSetter = m_congestionSetter,
                  .time = loop,
                  .makeTimer = makeQtTimer,
                  .roll = [] { return QRandomGenerator::global()->generateDouble(); }}
    {}
    [[nodiscard]] const Edges& edges() const override { return m_edges; }

private:
    std::unique_ptr<system::NetworkConfigurator> m_configurator;
    tunnel::DirectCongestionSetter m_congestionSetter;
    Edges m_edges;
};

class DirectSource final : public EdgeSource {
public:
    explicit DirectSource(std::unique_ptr<BootTime> time, std::unique_ptr<transport::EpollLoop> loop)
        : m_time(std::move(time))
        , m_loop(std::move(loop))
        , m_host(*m_loop)
    {}

    Result<std::unique_ptr<EdgeSet>> makeEdges() override
    {
        if (!program::hasNetAdmin())
            return fail(ErrorCode::PermissionDenied, "it needs the right to set up the network (CAP_NET_ADMIN)");
        auto configurator = system::LinuxConfigurator::create();
        if (!configurator)
            return fail(configurator.error());
        return std::make_unique<DirectSet>(std::move(*configurator), *m_loop);
    }
    std::unique_ptr<Timer> makeTimer() override { return makeQtTimer(); }
    [[nodiscard]] std::size_t lingering() const override { return m_loop->lingering(); }

private:
    std::unique_ptr<BootTime> m_time;
    std::unique_ptr<transport::EpollLoop> m_loop;
    transport::EpollHost m_host;
};

}  // namespace

Result<std::unique_ptr<EdgeSource>> makeDirectSource()
{
    auto time = std::make_unique<BootTime>();
    auto loop = transport::EpollLoop::create(time.get());
    if (!loop)
        return fail(loop.error());
    return std::make_unique<DirectSource>(std::move(time), std::move(*loop));
}

}  // namespace gvpn::client
