// Wires gvpn-client together: the real edges, the connection, what is remembered and what is said. The composition root
// beside main.cpp; main thread.
#pragma once

#include "cli/options.h"
#include "cli/output.h"
#include "cli/terminal_question.h"
#include "client/boot_time.h"
#include "client/connection.h"
#include "client/guarded_secrets.h"
#include "client/helper_edges.h"
#include "client/keychain_store.h"
#include "client/known_servers.h"
#include "client/profile_lock.h"
#include "client/profile_store.h"
#include "system/dns_configurator.h"
#include "transport/epoll_host.h"

#include <QObject>

#include <memory>
#include <optional>

namespace gvpn::cli {

class Application : public QObject {
    Q_OBJECT
public:
    explicit Application(CliOptions options, QObject* parent = nullptr);
    ~Application() override;

    /// From inside the event loop. Ends with finished().
    void start();
    /// SIGINT, SIGTERM: disconnects and puts everything back. finished() follows.
    void stop();

Q_SIGNALS:
    void finished(int exitStatus);

private:
    /// What can be said against --tun, as the end of the run.
    [[nodiscard]] bool isTunNameUsable();
    [[nodiscard]] bool isTunNameTaken() const;
    /// Without the rights to do it in this process: asks the helper whether it is there.
    void startWithHelper();
    void startConnection();
    [[nodiscard]] bool isV1() const { return m_options.wireProtocol == client::WireProtocol::V1; }
    /// The state directory, where to, and the server's key. False: the run has been ended.
    [[nodiscard]] bool prepareKeys();
    [[nodiscard]] Result<void> prepareState();
    /// The profile of --profile. False: the run has been ended.
    [[nodiscard]] bool useProfile();
    /// The link's profile and device key are written before anything is sent. False: the run has been ended.
    [[nodiscard]] bool useLink();
    void applyProfile();
    /// False: another program connects this profile; the run has been ended.
    [[nodiscard]] bool lockProfile();
    /// The profile's device key is there; connectNow() follows.
    void fetchDeviceKey();
    /// The password that the profile has in the keyring, then the same again; fault: what is said without it.
    void fetchPassword(const client::Fault& fault);
    [[nodiscard]] client::SecretStore& secrets();
    void connectNow();
    void reconnect();
    [[nodiscard]] Result<tls::Identity> identityFor(const Pin& server) const;
    /// False: what is remembered and what was given contradict each other; the run has been ended.
    [[nodiscard]] bool choosePin();
    [[nodiscard]] Result<void> makeConnection();
    [[nodiscard]] Result<void> makeConfigurator();
    void openTun(const std::string& name, const client::TunOpened& opened);
    /// The secrets go with it: nothing of them stays here.
    [[nodiscard]] client::ConnectionOptions takeConnectionOptions();
    void listenTo(client::Connection& connection);
    void onState(const client::State& state);
    void onDisconnected(const client::Disconnected& state);
    void ask(const client::Fault& fault);
    void onLoggedIn(const Pin& pin, protocol::LoginMethod method);
    void onCongestionChanged(const tunnel::CongestionStatus& status);
    void rememberProfile(protocol::LoginMethod method, const Pin& server);
    void rememberRoutes(const std::vector<net::Prefix>& routes);
    void takeNoted(const Result<client::Profile>& noted);
    void end(const std::optional<client::Fault>& fault);
    /// There is no connection yet that could end.
    void refuse(ErrorCode code, const QString& sentence, program::ExitStatus status);
    void endWith(program::ExitStatus status);

    CliOptions m_options;
    Output m_output;
    std::string m_stateDir;
    std::optional<client::KnownServers> m_known;
    std::optional<client::ProfileStore> m_profiles;
    std::optional<client::Profile> m_profile;  // the one that is connected with
    bool m_announcesProfile = false;           // at the next login
    std::optional<client::ProfileLock> m_lock;
    std::unique_ptr<client::KeychainStore> m_keychain;  // when something of the profile's is there
    std::unique_ptr<client::GuardedSecrets> m_secrets;
    SharedSecret m_deviceKey;  // from the keyring; empty: it is in a file
    bool m_hasTriedPassword = false;
    client::BootTime m_time;
    std::unique_ptr<client::HelperClient> m_helper;  // none: this process has the rights itself
    std::unique_ptr<tunnel::CongestionSetter> m_congestionSetter;
    std::unique_ptr<system::NetworkConfigurator> m_configurator;
    std::unique_ptr<system::DnsConfigurator> m_dns;
    std::unique_ptr<transport::EpollLoop> m_loop;
    std::unique_ptr<transport::EpollHost> m_loopHost;
    std::unique_ptr<client::Edges> m_edges;
    std::unique_ptr<client::Connection> m_connection;
    std::unique_ptr<TerminalQuestion> m_question;
    bool m_isEnding = false;
};

}  // namespace gvpn::cli
