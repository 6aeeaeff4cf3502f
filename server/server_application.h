// Wires a server together: reads, checks, opens, announces, serves, undoes. The composition root of gvpn-server beside
// main.cpp; main thread.
#pragma once

#include "program/json_lines.h"
#include "program/service_notifier.h"
#include "server/admin_desk.h"
#include "server/filter_watch.h"
#include "server/listener.h"
#include "server/log_budget.h"
#include "server/sentences.h"
#include "server/server_events.h"
#include "server/server_options.h"
#include "server/server_state.h"
#include "server/service_report.h"
#include "system/network_configurator.h"
#include "system/network_snapshot.h"

#include <QObject>

#include <memory>
#include <optional>

#include <unistd.h>

namespace gvpn::server {

class ServerApplication : public QObject {
    Q_OBJECT
public:
    /// device: the TUN if it had to be opened before the program gave its rights away; else it is opened in the start.
    ServerApplication(ServerOptions options, std::unique_ptr<tun::TunDevice> device, program::ServiceNotifier notifier,
                      QObject* parent = nullptr);
    ~ServerApplication() override;

    /// From inside the event loop. Ends with finished().
    void start();
    /// SIGHUP: options that were read anew, and sessions whose user or device is gone from the database end.
    void reload(const Result<ServerOptions>& fresh);
    /// SIGINT, SIGTERM: tells the clients, undoes every change. finished() follows.
    void stop();

Q_SIGNALS:
    void finished(int exitStatus);

private:
    /// What the steps of the start leave for the next.
    struct Plan {
        std::string stateDir;
        ServerState state;
        std::vector<net::Prefix> lanNetworks;
        std::vector<net::Prefix> pools;
        std::optional<net::Prefix> v1Bypass;
        std::vector<net::Prefix> sharedSources;
        std::optional<tls::TlsContext> tlsContext;
        Pin pin;
        std::unique_ptr<tun::TunDevice> device;
        system::NetworkConfig goal;
        std::vector<Lease> leases;
        bool wasEverInvited = true;
    };

    [[nodiscard]] bool prepareState();
    [[nodiscard]] bool openAccounts();
    void readAccounts();
    void onAccountsRead(const Result<std::vector<accounts::AccountStore::Lease>>& leases, const Result<bool>& invited);
    [[nodiscard]] bool loadKey();
    [[nodiscard]] bool chooseNetworks();
    [[nodiscard]] bool listen();
    [[nodiscard]] bool openTun();
    void configureNetwork();
    void chooseLinkAddress(const system::NetworkSnapshot& snapshot);
    [[nodiscard]] admin::LinkParts linkParts() const;
    [[nodiscard]] Result<void> rememberPublicAddress(const net::HostPort& address);
    [[nodiscard]] bool openAdminSocket();
    void onNetworkConfigured(const Result<void>& result);
    [[nodiscard]] HubConfig hubConfig() const;
    [[nodiscard]] bool masquerades() const;
    [[nodiscard]] std::vector<protocol::LoginMethod> loginMethods() const;
    [[nodiscard]] HalfOpenConfig halfOpenConfig() const;
    void warnOfOpenDoors() const;
    void announce(const std::string& interfaceName);
    void announceWith(ListeningInfo info, const Result<QJsonObject>& invite);
    void watchFilters();
    void onFilterFinding(const FilterFinding& finding);
    void reportToService();
    void saveLeases(const ClientInfo& client);
    void onRefused(const ConnectionRefused& refused);
    void logCongestion(const ClientInfo& client);
    void onDataEvent(const DataEvent& event);
    void print(const QJsonObject& json, const QString& text);
    /// Says the sentence, undoes what was done, ends. False, so that steps can return it.
    bool giveUp(StartStep step, const Error& error);
    void undoNetwork();
    void onNetworkCleared(const Result<void>& result);

    ServerOptions m_options;
    Plan m_plan;
    ServiceReport m_service;  // outlives the data thread, which answers its pings
    std::unique_ptr<Listener> m_listener;
    std::unique_ptr<AdminDesk> m_adminDesk;  // outlives the threads, which answer to it
    std::unique_ptr<admin::AdminSocket> m_adminSocket;
    std::unique_ptr<accounts::Accounts> m_accounts;
    std::unique_ptr<system::NetworkConfigurator> m_configurator;
    system::ForeignFilterReader m_filterReader;
    std::unique_ptr<FilterWatch> m_filterWatch;
    std::unique_ptr<DataThread> m_dataThread;
    program::JsonLines m_output{STDOUT_FILENO};
    LogBudget m_refusalLog{20, 0.5};
    LogBudget m_refusalEvents{1000, 50};
    bool m_isOutputLost = false;
    bool m_hasWarnedOfCongestion = false;
    int m_exitStatus = 0;
    bool m_isStopping = false;
};

}  // namespace gvpn::server
