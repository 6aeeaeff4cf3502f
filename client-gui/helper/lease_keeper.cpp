#include "helper/lease_keeper.h"

#include "bus/contract.h"
#include "helper/logging.h"

#include <QPointer>

#include <algorithm>
#include <utility>

namespace gvpn::helper {

namespace {

constexpr const char* ClosedCause = "the lease was closed meanwhile";

system::NetworkConfig configFor(const OpenedTun& tun, const net::TunnelSettings& settings)
{
    return {.interfaceName = tun.name,
            .interfaceIndex = tun.index,
            .mtu = settings.mtu,
            .addresses = settings.addresses,
            .routes = settings.routes,
            .guardsAddresses = true,
            .forwarding = std::nullopt};
}

}  // namespace

LeaseKeeper::LeaseKeeper(World world, Authority& authority)
    : m_world(std::move(world))
    , m_authority(authority)
{}

LeaseKeeper::~LeaseKeeper() = default;

void LeaseKeeper::open(const Caller& caller, bool usesOffloads, const Opened& opened)
{
    if (m_isStopping) {
        opened(fail(ErrorCode::SystemFailure, "the helper is ending"));
        return;
    }
    const auto id = m_table.add(caller);
    if (!id) {
        opened(fail(id.error()));
        return;
    }
    Lease& lease = m_leases[*id];
    lease.question = m_authority.ask(caller.busName, bus::ConnectAction,
                                     [this, id = *id, usesOffloads, opened](const Result<void>& answer) {
                                         m_leases.at(id).question.reset();
                                         if (answer) {
                                             onMayOpen(id, usesOffloads, opened);
                                             return;
                                         }
                                         forget(id, {});
                                         opened(fail(answer.error()));
                                     });
    Q_EMIT leasesChanged();
}

void LeaseKeeper::onMayOpen(LeaseId id, bool usesOffloads, const Opened& opened)
{
    auto tun = m_table.grant(id).and_then([&] { return openTun(id, usesOffloads); });
    if (!tun) {
        dismantle(id, {});
        opened(fail(tun.error()));
        return;
    }
    qCInfo(logHelper).noquote() << "a tunnel was opened"
                                << QLatin1String("interface=") + QString::fromStdString(tun->name);
    opened(HandedTun{id, std::move(*tun)});
}

/// The lease has all of it but the descriptor that goes to the caller.
Result<OpenedTun> LeaseKeeper::openTun(LeaseId id, bool usesOffloads)
{
    auto configurator = m_world.makeConfigurator();
    if (!configurator)
        return fail(configurator.error());
    auto tun = m_world.openTun(usesOffloads);
    if (!tun)
        return fail(tun.error());
    Lease& lease = m_leases.at(id);
    lease.configurator = std::move(*configurator);
    lease.tun.name = tun->name;
    lease.tun.index = tun->index;
    lease.tun.held = std::move(tun->held);
    lease.names = std::make_unique<LeaseNames>(m_world.makeDns(), m_authority, m_table.owner(id).busName, tun->index);
    m_table.setInterface(id, tun->name);
    recordLinks();
    return tun;
}

void LeaseKeeper::apply(const std::string& busName, LeaseId id, const bus::SettingsArgument& settings, Done done)
{
    const auto request = checkApply(busName, id, settings);
    if (!request) {
        done(fail(request.error()));
        return;
    }
    Lease& lease = m_leases.at(id);
    if (lease.applied == *request) {
        done({});
        return;
    }
    std::vector<net::Prefix> before = m_table.networks(id);
    if (const auto taken = m_table.takeNetworks(id, request->networks()); !taken) {
        done(taken);
        return;
    }
    lease.isApplying = true;
    const Done settled = [this, id, before = std::move(before), wanted = request->networks(),
                          done = std::move(done)](const Result<void>& result) {
        // Ended meanwhile: it holds nothing any more.
        if (const auto found = m_leases.find(id); found != m_leases.end() && !found->second.isEnding) {
            found->second.isApplying = false;
            m_table.keepNetworks(id, result ? wanted : before);
        }
        done(result);
    };
    if (request->isWide() || m_world.takesOwnNetworks(request->networks(), m_table.nameServers()))
        askForWide(busName, id, *request, settled);
    else
        startApply(id, *request, settled);
}

Result<bus::TunnelRequest> LeaseKeeper::checkApply(const std::string& busName, LeaseId id,
                                                   const bus::SettingsArgument& settings) const
{
    if (const auto owned = m_table.checkOwner(id, busName); !owned)
        return fail(owned.error());
    const Lease& lease = m_leases.at(id);
    if (!lease.configurator || lease.isApplying)
        return fail(ErrorCode::AlreadyExists, "an earlier call for this lease is not answered yet");
    if (const auto there = checkLink(id); !there)
        return fail(there.error());
    auto request = bus::toRequest(settings);
    if (!request)
        return fail(ErrorCode::InvalidArgument, request.error().context);
    return request;
}

void LeaseKeeper::askForWide(const std::string& busName, LeaseId id, const bus::TunnelRequest& request,
                             const Done& settled)
{
    Lease& lease = m_leases.at(id);
    lease.waiting = settled;
    lease.question =
        m_authority.ask(busName, bus::WideAction, [this, id, request, settled](const Result<void>& answer) {
            m_leases.at(id).question.reset();
            m_leases.at(id).waiting = {};
            if (answer)
                startApply(id, request, settled);
            else
                settled(answer);
        });
}

Result<void> LeaseKeeper::checkLink(LeaseId id) const
{
    const OpenedTun& tun = m_leases.at(id).tun;
    if (!m_world.hasName(tun.index, tun.name))
        return fail(ErrorCode::NotFound, "the interface " + tun.name + " is gone");
    return {};
}

void LeaseKeeper::startApply(LeaseId id, const bus::TunnelRequest& request, const Done& done)
{
    if (const auto there = checkLink(id); !there) {
        done(there);
        return;
    }
    const Lease& lease = m_leases.at(id);
    lease.configurator->apply(configFor(lease.tun, request.settings),
                              [guard = QPointer(this), id, request, done](const Result<void>& result) {
                                  if (!guard)
                                      return;
                                  guard->onApplied(id, request, result);
                                  done(result);
                              });
}

void LeaseKeeper::onApplied(LeaseId id, const bus::TunnelRequest& request, const Result<void>& result)
{
    const auto found = m_leases.find(id);
    if (found != m_leases.end() && result)
        found->second.applied = request;
}

void LeaseKeeper::setNames(const std::string& busName, LeaseId id, const bus::NamesArgument& names, const Named& done)
{
    if (const auto owned = m_table.checkOwner(id, busName); !owned) {
        done(fail(owned.error()));
        return;
    }
    if (!m_leases.at(id).names) {
        done(fail(ErrorCode::AlreadyExists, "an earlier call for this lease is not answered yet"));
        return;
    }
    LeaseNames& own = *m_leases.at(id).names;
    own.giveUp({ErrorCode::AlreadyExists, "a newer call took its place"});
    const auto request = checkNames(id, names);
    if (!request) {
        own.takeBack();
        done(fail(request.error()));
        return;
    }
    own.set(*request, [this, id, done](const Result<system::DnsOutcome>& result) {
        if (!result || *result != system::DnsOutcome::InForce)
            m_table.dropNames(id);
        done(result);
    });
}

Result<bus::NamesRequest> LeaseKeeper::checkNames(LeaseId id, const bus::NamesArgument& names)
{
    m_table.dropNames(id);
    auto request = bus::toRequest(names);
    if (!request)
        return fail(ErrorCode::InvalidArgument, request.error().context);
    const auto& applied = m_leases.at(id).applied;
    const std::vector<net::Prefix> networks = applied ? applied->networks() : std::vector<net::Prefix>();
    for (const net::IpAddress& server : request->servers) {
        const auto holds = [&server](const net::Prefix& network) { return network.contains(server); };
        if (std::ranges::none_of(networks, holds))
            return fail(ErrorCode::InvalidArgument,
                        "the name server " + server.toString() + " lies in no network of this tunnel");
    }
    if (const auto taken = m_table.takeNames(id, *request); !taken)
        return fail(taken.error());
    return request;
}

void LeaseKeeper::close(const std::string& busName, LeaseId id, Done done)
{
    if (const auto owned = m_table.checkOwner(id, busName); !owned)
        done(owned);
    else
        dismantle(id, std::move(done));
}

Result<void> LeaseKeeper::setCongestionControl(const std::string& busName, int socket, const std::string& name)
{
    const auto hasTunnel = [this](LeaseId id) { return m_leases.at(id).configurator != nullptr; };
    if (std::ranges::none_of(m_table.ownedBy(busName), hasTunnel))
        return fail(ErrorCode::PermissionDenied, "is only set for programs that have a tunnel");
    if (!bus::isCongestionName(name))
        return fail(ErrorCode::InvalidArgument, "is no name of a congestion control");
    return m_world.setCongestionControl(socket, name);
}

void LeaseKeeper::callerLeft(const std::string& busName)
{
    for (const LeaseId id : m_table.ownedBy(busName))
        dismantle(id, {});
}

void LeaseKeeper::stop(std::function<void()> done)
{
    m_isStopping = true;
    m_stopped = std::move(done);
    std::vector<LeaseId> ids;
    for (const auto& [id, lease] : m_leases)
        ids.push_back(id);
    for (const LeaseId id : ids)
        dismantle(id, {});
    if (m_leases.empty())
        std::exchange(m_stopped, {})();
}

/// The link goes first: with it its addresses and routes, at once and whatever else happens.
void LeaseKeeper::dismantle(LeaseId id, Done done)
{
    Lease& lease = m_leases.at(id);
    if (done)
        lease.ended.push_back(std::move(done));
    if (std::exchange(lease.isEnding, true))
        return;
    m_table.orphan(id);
    if (lease.question)
        m_authority.cancel(*std::exchange(lease.question, std::nullopt));
    if (const Done waiting = std::exchange(lease.waiting, {}))
        waiting(fail(ErrorCode::NotFound, ClosedCause));
    if (lease.names)
        lease.names->giveUp({ErrorCode::NotFound, ClosedCause});
    Result<void> deleted;
    if (lease.tun.index != 0)
        deleted = m_world.deleteLink(lease.tun.index);
    // Who resolves names forgets a link that is gone with all that was set for it.
    if (deleted || !lease.names)
        clearNetwork(id, deleted);
    else
        lease.names->takeBack([this, id, deleted] { clearNetwork(id, deleted); });
}

void LeaseKeeper::clearNetwork(LeaseId id, const Result<void>& deleted)
{
    // The configurator calls from inside of itself, and is destroyed with the lease.
    const auto later = [this, id, deleted](const Result<void>& cleared) {
        QMetaObject::invokeMethod(
            this, [this, id, result = deleted ? cleared : deleted] { forget(id, result); }, Qt::QueuedConnection);
    };
    if (const Lease& lease = m_leases.at(id); lease.configurator)
        lease.configurator->clear(later);
    else
        later({});
}

void LeaseKeeper::forget(LeaseId id, const Result<void>& result)
{
    const auto lease = m_leases.extract(id);
    m_table.remove(id);
    recordLinks();
    if (!result)
        qCWarning(logHelper).noquote() << "can't put everything back:" << result.error().context.c_str();
    for (const Done& done : lease.mapped().ended)
        done(result);
    Q_EMIT leasesChanged();
    if (m_leases.empty() && m_stopped)
        std::exchange(m_stopped, {})();
}

void LeaseKeeper::recordLinks() const
{
    std::vector<unsigned> indexes;
    for (const auto& [id, lease] : m_leases) {
        if (lease.tun.index != 0)
            indexes.push_back(lease.tun.index);
    }
    m_world.recordLinks(indexes);
}

}  // namespace gvpn::helper
