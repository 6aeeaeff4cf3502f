#include "client/system_source.h"

#include "client/boot_time.h"
#include "client/helper_edges.h"
#include "client/qt_edges.h"
#include "program/privileges.h"
#include "system/linux_configurator.h"
#include "system/resolved_dns.h"
#include "transport/epoll_host.h"
#include "tun/linux_tun.h"

#include <QRandomGenerator>

namespace gvpn::client {

namespace {

using OpenTun = std::function<void(const std::string& name, const TunOpened& opened)>;

/// What both kinds have in common; what they borrow belongs to the derived class.
class SystemSet : public EdgeSet {
public:
    [[nodiscard]] const Edges& edges() const override { return m_edges; }

protected:
    SystemSet(OpenTun openTun, system::NetworkConfigurator& configurator, system::DnsConfigurator& dns,
              tunnel::CongestionSetter& congestionSetter, transport::EpollLoop& loop)
        : m_edges{.makeConnector = [&loop](const net::HostPort& server) { return makeTcpConnector(server, loop); },
                  .openTun = std::move(openTun),
                  .configurator = configurator,
                  .dns = dns,
                  .readSnapshot = system::readNetworkSnapshot,
                  .identityFor = {},
                  .loop = loop,
                  .congestionSetter = congestionSetter,
                  .time = loop,
                  .makeTimer = makeQtTimer,
                  .roll = [] { return QRandomGenerator::global()->generateDouble(); }}
    {}

private:
    Edges m_edges;
};

struct OwnRights {
    explicit OwnRights(std::unique_ptr<system::NetworkConfigurator> made)
        : configurator(std::move(made))
    {}

    std::unique_ptr<system::NetworkConfigurator> configurator;
    system::ResolvedDns dns;
    tunnel::DirectCongestionSetter congestionSetter;
};

class DirectSet final : private OwnRights, public SystemSet {
public:
    DirectSet(std::unique_ptr<system::NetworkConfigurator> made, transport::EpollLoop& loop)
        : OwnRights(std::move(made))
        , SystemSet([](const std::string& name, const TunOpened& opened) { opened(tun::openLinuxTun({.name = name})); },
                    *configurator, dns, congestionSetter, loop)
    {}
    void setLostHandler(LostHandler /*lost*/) override {}  // the kernel stays
};

struct HelpersRights {
    HelperClient helper;
    HelperConfigurator configurator{helper};
    HelperDns dns{helper};
    HelperCongestionSetter congestionSetter{helper};

    void openTun(const TunOpened& opened)
    {
        helper.open(true, [opened](Result<UniqueFd> descriptor) {
            if (descriptor)
                opened(tun::adoptLinuxTun(std::move(*descriptor)));
            else
                opened(fail(descriptor.error()));
        });
    }
};

class HelperSet final : private HelpersRights, public SystemSet {
public:
    explicit HelperSet(transport::EpollLoop& loop)
        : SystemSet([this](const std::string&, const TunOpened& opened) { HelpersRights::openTun(opened); },
                    configurator, dns, congestionSetter, loop)
    {}
    void setLostHandler(LostHandler lost) override
    {
        QObject::connect(&helper, &HelperClient::lost, &helper, std::move(lost));
    }
};

class SystemSource final : public EdgeSource {
public:
    explicit SystemSource(std::unique_ptr<BootTime> time, std::unique_ptr<transport::EpollLoop> loop)
        : m_time(std::move(time))
        , m_loop(std::move(loop))
        , m_host(*m_loop)
    {}

    Result<std::unique_ptr<EdgeSet>> makeEdges() override
    {
        if (!program::hasNetAdmin())
            return std::make_unique<HelperSet>(*m_loop);
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

Result<std::unique_ptr<EdgeSource>> makeSystemSource()
{
    auto time = std::make_unique<BootTime>();
    auto loop = transport::EpollLoop::create(time.get());
    if (!loop)
        return fail(loop.error());
    return std::make_unique<SystemSource>(std::move(time), std::move(*loop));
}

}  // namespace gvpn::client
