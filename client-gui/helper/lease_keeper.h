// The helper's work without the bus: leases, what they set up, and that nothing of it outlives its caller. What touches
// the world is handed in. Used by HelperDaemon; event loop thread.
#pragma once

#include "base/unique_fd.h"
#include "bus/settings_argument.h"
#include "helper/authority.h"
#include "helper/lease_names.h"
#include "helper/lease_table.h"
#include "system/network_configurator.h"

#include <QObject>

#include <functional>
#include <memory>
#include <optional>

namespace gvpn::helper {

struct OpenedTun {
    UniqueFd descriptor;
    std::string name;
    unsigned index = 0;
    UniqueFd held{};  // another of the same TUN: while it is open, nobody else gets the name
};

struct HandedTun {
    LeaseId lease = 0;
    OpenedTun tun;
};

/// What needs rights. A test has its own.
struct World {
    std::function<Result<OpenedTun>(bool usesOffloads)> openTun;
    std::function<Result<std::unique_ptr<system::NetworkConfigurator>>()> makeConfigurator;
    std::function<std::unique_ptr<system::DnsConfigurator>()> makeDns;
    /// Networks that this computer needs itself, for all its users. tunnelServers: name servers of leases.
    std::function<bool(const std::vector<net::Prefix>& networks, const std::vector<net::IpAddress>& tunnelServers)>
        takesOwnNetworks;
    /// Also one that a program keeps open or has made persistent. One that is gone already: no error.
    std::function<Result<void>(unsigned index)> deleteLink;
    /// The link of this index still has this name.
    std::function<bool(unsigned index, const std::string& name)> hasName;
    /// So that the next helper deletes it should this one be killed; all that there are now.
    std::function<void(const std::vector<unsigned>& indexes)> recordLinks;
    std::function<Result<void>(int socket, const std::string& name)> setCongestionControl;
};

class LeaseKeeper : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(const Result<void>&)>;
    using Opened = std::function<void(Result<HandedTun>)>;
    using Named = LeaseNames::Done;

    /// authority outlives it.
    LeaseKeeper(World world, Authority& authority);
    ~LeaseKeeper() override;

    // Each answer comes once, from inside of the call or later; none after the caller has left.
    void open(const Caller& caller, bool usesOffloads, const Opened& opened);
    void apply(const std::string& busName, LeaseId id, const bus::SettingsArgument& settings, Done done);
    /// Takes the place of a call that waits. What it fails to set, it also leaves no longer set as it was before.
    void setNames(const std::string& busName, LeaseId id, const bus::NamesArgument& names, const Named& done);
    void close(const std::string& busName, LeaseId id, Done done);
    /// The caller has a tunnel.
    [[nodiscard]] Result<void> setCongestionControl(const std::string& busName, int socket, const std::string& name);
    void callerLeft(const std::string& busName);
    /// Everything is undone, then done. Nobody gets a lease any more.
    void stop(std::function<void()> done);

    [[nodiscard]] bool isIdle() const { return m_table.isEmpty(); }

Q_SIGNALS:
    /// A lease has come or gone.
    void leasesChanged();

private:
    struct Lease {
        OpenedTun tun;  // the descriptor is with the caller, what is held stays to the end
        std::unique_ptr<system::NetworkConfigurator> configurator;
        std::unique_ptr<LeaseNames> names;  // as the configurator: none before the TUN is there
        std::optional<Authority::Question> question;
        std::optional<bus::TunnelRequest> applied;
        bool isApplying = false;  // from the question on
        Done waiting;             // whose apply waits for the question
        bool isEnding = false;
        std::vector<Done> ended;
    };

    void onMayOpen(LeaseId id, bool usesOffloads, const Opened& opened);
    [[nodiscard]] Result<OpenedTun> openTun(LeaseId id, bool usesOffloads);
    /// What there is to say against it without asking anybody.
    [[nodiscard]] Result<bus::TunnelRequest> checkApply(const std::string& busName, LeaseId id,
                                                        const bus::SettingsArgument& settings) const;
    void askForWide(const std::string& busName, LeaseId id, const bus::TunnelRequest& request, const Done& settled);
    /// What is named after an interface that is gone may be somebody else's by now.
    [[nodiscard]] Result<void> checkLink(LeaseId id) const;
    void startApply(LeaseId id, const bus::TunnelRequest& request, const Done& done);
    void onApplied(LeaseId id, const bus::TunnelRequest& request, const Result<void>& result);
    /// The domains are the lease's own then.
    [[nodiscard]] Result<bus::NamesRequest> checkNames(LeaseId id, const bus::NamesArgument& names);
    void dismantle(LeaseId id, Done done);
    void clearNetwork(LeaseId id, const Result<void>& deleted);
    void forget(LeaseId id, const Result<void>& result);
    void recordLinks() const;

    World m_world;
    Authority& m_authority;
    LeaseTable m_table;
    std::map<LeaseId, Lease> m_leases;
    std::function<void()> m_stopped;
    bool m_isStopping = false;
};

}  // namespace gvpn::helper
