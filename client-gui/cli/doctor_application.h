// Wires `gvpn-client doctor` together: what is on the disk, the probes and their real edges, the judgement, the output.
// A composition root; main thread. Changes nothing: no profile, key, route or interface is made.
#pragma once

#include "cli/options.h"
#include "client/boot_time.h"
#include "client/bus_probe.h"
#include "client/doctor_facts.h"
#include "client/guarded_secrets.h"
#include "client/keychain_store.h"
#include "client/profile_lock.h"
#include "client/profile_store.h"
#include "client/server_probe.h"
#include "program/exit_status.h"
#include "transport/epoll_host.h"

#include <QObject>

#include <memory>
#include <optional>

namespace gvpn::cli {

class DoctorApplication : public QObject {
    Q_OBJECT
public:
    explicit DoctorApplication(DoctorCommand command, QObject* parent = nullptr);
    ~DoctorApplication() override;

    /// From inside the event loop. Ends with finished(), also when something answers nothing at all.
    void start();

Q_SIGNALS:
    /// The answer has been printed.
    void finished(int exitStatus);

private:
    void findProfile();
    void useListing(const client::ProfileStore& store);
    void useProfile(const client::Profile& profile);
    /// Whom it is about, as the command line and the profile have it; none: nobody has been named.
    void findTarget();
    void judgeTrust();
    void findTunnel();
    void startBusProbe();
    void readKeyring();
    void readPassword();
    /// The key that the login is tried with, or why it isn't.
    void findDeviceKey();
    void startServerProbe();
    [[nodiscard]] std::optional<client::NoLogin> mayLogIn(const std::vector<net::IpAddress>& addresses);
    [[nodiscard]] protocol::ClientOffer makeOffer() const;
    void onServerProbed(const client::ServerFacts& facts, std::optional<client::NoLogin> noLogin);
    void onBusProbed(const client::ComputerFacts& facts);
    /// When both are there.
    void answerWhenComplete();
    void print();
    void endWhenQuiet(program::ExitStatus status);

    CliOptions m_options;
    client::DoctorFacts m_facts;
    std::string m_stateDir;
    std::optional<client::Profile> m_profile;
    std::optional<client::ProfileLock> m_lock;
    std::string m_holder;           // who has the lock
    bool m_isConnected = false;     // he, or somebody else here, to the server
    std::string m_tunnelInterface;  // what a living tunnel would have
    SharedSecret m_deviceKey;       // from the keyring
    client::BootTime m_time;
    std::unique_ptr<client::KeychainStore> m_keychain;
    std::unique_ptr<client::GuardedSecrets> m_secrets;
    std::unique_ptr<transport::EpollLoop> m_loop;
    std::unique_ptr<transport::EpollHost> m_loopHost;
    std::unique_ptr<client::ServerProbe> m_serverProbe;
    std::unique_ptr<client::BusProbe> m_busProbe;
    bool m_isServerProbed = false;
    bool m_isBusProbed = false;
};

}  // namespace gvpn::cli
