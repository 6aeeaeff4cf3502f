#include "cli/doctor_application.h"

#include "client/device_keys.h"
#include "client/doctor.h"
#include "client/known_servers.h"
#include "client/qt_edges.h"
#include "client/tcp_table.h"
#include "program/identity_store.h"
#include "program/json_lines.h"
#include "program/privileges.h"
#include "program/state_dir.h"
#include "transport/epoll_stream.h"
#include "tun/linux_tun.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QRandomGenerator>
#include <QSysInfo>
#include <QTimer>

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace gvpn::cli {

namespace {

using client::NoLogin;

/// How often it is looked whether the server has got the goodbye.
constexpr std::chrono::milliseconds FarewellStep{10};

/// A bus that would have to be started first is none.
bool hasSessionBus()
{
    const QString runtime = qEnvironmentVariable("XDG_RUNTIME_DIR");
    return qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS")
           || (!runtime.isEmpty() && QFileInfo::exists(runtime + QStringLiteral("/bus")));
}

bool hasScreen()
{
    return qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY");
}

}  // namespace

DoctorApplication::DoctorApplication(DoctorCommand command, QObject* parent)
    : QObject(parent)
    , m_options(std::move(command.options))
{}

DoctorApplication::~DoctorApplication() = default;

void DoctorApplication::start()
{
    m_facts.stateDir = m_options.stateDir;
    m_stateDir = m_options.stateDir;
    if (m_stateDir.empty())
        m_stateDir = program::defaultStateDir("gvpn-client", program::StateOwner::current()).value_or(std::string());
    m_facts.network = system::readNetworkSnapshot();
    findProfile();
    findTarget();
    findTunnel();
    startBusProbe();
    if (m_facts.target) {
        readKeyring();
    } else {
        m_isServerProbed = true;
        answerWhenComplete();
    }
}

void DoctorApplication::findProfile()
{
    client::ProfileFacts& facts = m_facts.profile;
    facts.asked = m_options.profileName;
    const auto store = profileStoreFor(m_options.stateDir);
    if (!store) {
        facts.failure = store.error();
        return;
    }
    useListing(*store);
    const bool isGiven = !m_options.server.host.empty();
    if (!facts.asked.empty()) {
        const auto profile = store->find(facts.asked);
        if (profile)
            useProfile(*profile);
        else
            facts.failure = profile.error();
    } else if (isGiven && m_options.pin && m_options.wireProtocol == client::WireProtocol::V2) {
        // Its key and its lock are this server's, whoever is asked for.
        const auto profile = store->findByServer(m_options.server, *m_options.pin);
        if (profile && *profile)
            useProfile(**profile);
    } else if (!isGiven && facts.known.size() == 1 && facts.unusable.empty()) {
        if (const auto profile = store->find(facts.known.front()))
            useProfile(*profile);
    }
}

void DoctorApplication::useListing(const client::ProfileStore& store)
{
    const auto listing = store.list();
    if (!listing) {
        m_facts.profile.failure = listing.error();
        return;
    }
    for (const client::Profile& profile : listing->profiles)
        m_facts.profile.known.push_back(profile.name);
    m_facts.profile.unusable = listing->unusable;
}

void DoctorApplication::useProfile(const client::Profile& profile)
{
    m_profile = profile;
    m_facts.profile.used = profile.name;
    m_facts.profile.isPending = profile.isPending();
    m_facts.keyring.isNeeded = profile.deviceKeyPlace == client::DeviceKeyPlace::Keyring || profile.remembersPassword;
}

/// What the command line says, wins.
void DoctorApplication::findTarget()
{
    const bool isGiven = !m_options.server.host.empty();
    if (!isGiven && !m_profile)
        return;
    client::TargetFacts& target = m_facts.target.emplace();
    const bool isOfProfile = m_profile && (!isGiven || m_options.link);
    target.server = isGiven ? m_options.server : m_profile->server;
    target.wireProtocol = m_options.wireProtocol;
    target.pin = isGiven ? m_options.pin : m_profile->pin;
    target.isByLink = m_options.link.has_value();
    target.acceptRoutes = isOfProfile ? m_profile->acceptRoutes : client::AcceptRoutes{};
    if (m_options.acceptRoutes)
        target.acceptRoutes = *m_options.acceptRoutes;
    target.wanted = m_options.wanted;
    target.usesDns = m_options.usesDns && (!isOfProfile || m_profile->usesDns);
    target.acceptDomains = m_options.acceptDomains;
    if (target.acceptDomains.empty() && isOfProfile)
        target.acceptDomains = m_profile->acceptDomains;
    if (target.wireProtocol == client::WireProtocol::V2)
        judgeTrust();
}

void DoctorApplication::judgeTrust()
{
    client::TargetFacts& target = *m_facts.target;
    const auto known = client::KnownServers::load(m_stateDir + client::KnownServersFile);
    if (!known) {
        target.knownKeys = known.error();
    } else if (!target.pin) {
        target.pin = known->find(target.server);
    } else {
        target.trusted = known->findOther(target.server, *target.pin);
    }
    if (target.knownKeys || (target.trusted && !target.isByLink))
        target.noLogin = NoLogin::NotTrusted;
}

/// Whoever holds the profile's lock has its session, which a login would take over.
void DoctorApplication::findTunnel()
{
    const std::vector<net::Prefix> lan = m_profile ? m_profile->knownRoutes : std::vector<net::Prefix>();
    if (m_facts.network)
        m_tunnelInterface = client::tunnelInterfaceOf(*m_facts.network, lan);
    if (!m_profile || !m_facts.target)
        return;
    auto lock = client::ProfileLock::takeIfThere(m_stateDir, m_profile->name, "gvpn-client doctor");
    client::TargetFacts& target = *m_facts.target;
    if (lock) {
        m_lock = std::move(*lock);
    } else if (lock.error().code == ErrorCode::AlreadyExists) {
        m_holder = lock.error().context;
        target.noLogin = NoLogin::TunnelIsUp;
    } else if (!target.noLogin) {
        target.noLogin = NoLogin::NoProfileLock;
        target.noLoginReason = lock.error().context;
    }
}

void DoctorApplication::startBusProbe()
{
    const bool hasRights = program::hasNetAdmin();
    if (hasRights) {
        if (const auto tun = tun::lookForLinuxTun(); !tun)
            m_facts.computer.tunDevice = tun.error();
    }
    const system::InterfaceInfo* const tunnel =
        m_facts.network ? m_facts.network->findInterface(m_tunnelInterface) : nullptr;
    m_busProbe = std::make_unique<client::BusProbe>(
        client::BusProbe::Plan{.asksHelper = !hasRights,
                               .hasDesktop = hasSessionBus() && hasScreen(),
                               .tunnelIndex = tunnel != nullptr ? tunnel->index : 0},
        client::makeQtTimer(), [this](const client::ComputerFacts& facts) { onBusProbed(facts); });
    m_busProbe->start();
}

/// Never the first to trouble a person: only a keyring that is open is used.
void DoctorApplication::readKeyring()
{
    client::KeyringFacts& keyring = m_facts.keyring;
    const bool isReachable = hasSessionBus();
    if (keyring.isNeeded && !isReachable) {
        const bool isForKey = m_profile->deviceKeyPlace == client::DeviceKeyPlace::Keyring;
        (isForKey ? keyring.deviceKey : keyring.password) = Error{ErrorCode::Unsupported, "there is no session bus"};
    }
    if (!keyring.isNeeded || !isReachable) {
        findDeviceKey();
        return;
    }
    m_keychain = std::make_unique<client::KeychainStore>(client::KeychainStore::Wallet::LookedAt);
    m_secrets = std::make_unique<client::GuardedSecrets>(
        client::GuardedSecrets::Parts{.store = *m_keychain, .makeTimer = client::makeQtTimer});
    if (m_profile->deviceKeyPlace == client::DeviceKeyPlace::File) {
        readPassword();
        return;
    }
    m_secrets->read(client::deviceKeyKey(m_profile->pin.value_or(Pin())), [this](const Result<SharedSecret>& key) {
        if (key)
            m_deviceKey = *key;
        else
            m_facts.keyring.deviceKey = key.error();
        readPassword();
    });
}

void DoctorApplication::readPassword()
{
    if (!m_profile->remembersPassword || !m_profile->pin) {
        findDeviceKey();
        return;
    }
    m_secrets->read(client::passwordKey(*m_profile->pin, m_profile->user),
                    [this](const Result<SharedSecret>& password) {
                        if (!password)
                            m_facts.keyring.password = password.error();
                        findDeviceKey();
                    });
}

void DoctorApplication::findDeviceKey()
{
    client::TargetFacts& target = *m_facts.target;
    const bool isNeeded = !target.noLogin && target.pin && target.wireProtocol == client::WireProtocol::V2;
    const bool isPending = m_profile ? m_profile->isPending() : m_options.link && m_options.link->invite;
    if (isNeeded && isPending) {
        target.noLogin = NoLogin::Pending;
    } else if (isNeeded && m_facts.keyring.deviceKey) {
        target.noLogin = NoLogin::KeyWithheld;
    } else if (isNeeded && m_deviceKey.isEmpty()) {
        const auto key = program::loadIdentity(client::deviceKeyFile(m_stateDir, *target.pin));
        if (!key) {
            target.noLogin = key.error().code == ErrorCode::NotFound ? NoLogin::NoDeviceKey : NoLogin::KeyUnusable;
            target.noLoginReason = key.error().context;
        }
    }
    startServerProbe();
}

void DoctorApplication::startServerProbe()
{
    auto loop = transport::EpollLoop::create(&m_time);
    if (!loop) {
        client::ServerFacts facts;
        facts.fault = client::Fault{.stage = client::Stage::Resolve, .error = loop.error()};
        onServerProbed(facts, m_facts.target->noLogin);
        return;
    }
    m_loop = std::move(*loop);
    m_loopHost = std::make_unique<transport::EpollHost>(*m_loop);
    const auto identityFor = [this](const Pin& server) -> Result<tls::Identity> {
        return m_deviceKey.isEmpty() ? program::loadIdentity(client::deviceKeyFile(m_stateDir, server))
                                     : tls::Identity::fromPem(m_deviceKey.view());
    };
    const client::TargetFacts& target = *m_facts.target;
    m_serverProbe = std::make_unique<client::ServerProbe>(
        client::ServerProbe::Plan{.server = target.server,
                                  .wireProtocol = target.wireProtocol,
                                  .pin = target.pin,
                                  .mayLogIn = [this](const auto& addresses) { return mayLogIn(addresses); },
                                  .offer = makeOffer()},
        client::ServerProbe::Parts{
            .edges = {.identityFor = identityFor,
                      .time = *m_loop,
                      .makeTimer = client::makeQtTimer,
                      .roll = [] { return QRandomGenerator::global()->generateDouble(); }},
            .makeStream = [this](UniqueFd socket) -> Result<std::unique_ptr<transport::ByteStream>> {
                return transport::EpollStream::create(*m_loop, std::move(socket));
            }},
        [this](const client::ServerFacts& facts, std::optional<NoLogin> noLogin) { onServerProbed(facts, noLogin); });
    m_serverProbe->start();
}

/// A program without a profile has no lock, but a connection; to an address that the name has no longer, perhaps.
std::optional<NoLogin> DoctorApplication::mayLogIn(const std::vector<net::IpAddress>& addresses)
{
    client::TargetFacts& target = *m_facts.target;
    m_isConnected = client::hasConnectionTo(addresses, target.server.port);
    if (!m_holder.empty() || m_isConnected)
        return NoLogin::TunnelIsUp;
    if (!target.noLogin && !m_tunnelInterface.empty()) {
        target.noLoginReason = m_tunnelInterface;
        return NoLogin::MayBeUp;
    }
    return target.noLogin;
}

protocol::ClientOffer DoctorApplication::makeOffer() const
{
    protocol::ClientOffer offer;
    offer.software = "gvpn-client " + QCoreApplication::applicationVersion().toStdString();
    std::ranges::generate(offer.instance,
                          [] { return static_cast<std::byte>(QRandomGenerator::system()->bounded(256)); });
    offer.credentials.deviceName = QSysInfo::machineHostName().toStdString();
    offer.address = {.wanted = m_options.wanted, .isRequired = !m_options.wanted.empty()};
    // The route policy leaves them out.
    offer.limits.allowsReservedRoutes = true;
    return offer;
}

void DoctorApplication::onServerProbed(const client::ServerFacts& facts, std::optional<NoLogin> noLogin)
{
    client::TargetFacts& target = *m_facts.target;
    target.probe = facts;
    // Nobody asked where the name was not found.
    if (noLogin)
        target.noLogin = noLogin;
    if (target.noLogin == NoLogin::TunnelIsUp)
        target.tunnel = client::TunnelFacts{.isConnected = m_isConnected,
                                            .holder = m_holder,
                                            .interfaceName = m_tunnelInterface,
                                            .lan = m_profile ? m_profile->knownRoutes : std::vector<net::Prefix>()};
    m_isServerProbed = true;
    answerWhenComplete();
}

void DoctorApplication::onBusProbed(const client::ComputerFacts& facts)
{
    const auto tunDevice = m_facts.computer.tunDevice;
    m_facts.computer = facts;
    m_facts.computer.tunDevice = tunDevice;
    m_isBusProbed = true;
    answerWhenComplete();
}

void DoctorApplication::answerWhenComplete()
{
    if (m_isServerProbed && m_isBusProbed)
        print();
}

void DoctorApplication::print()
{
    const program::Checkup checkup = client::judge(m_facts);
    program::JsonLines output(STDOUT_FILENO);
    Result<void> written;
    if (!m_options.isJson) {
        written = output.writeText(checkup.text().chopped(1));  // it ends the last line itself
    } else {
        for (const QJsonObject& line : checkup.json()) {
            if (written)
                written = output.write(line);
        }
    }
    endWhenQuiet(written ? checkup.status() : program::ExitStatus::Failure);
}

/// The goodbye is still on its way, and until the server has it our session is one of those that it knows.
void DoctorApplication::endWhenQuiet(program::ExitStatus status)
{
    if (m_loop && m_loop->lingering() > 0) {
        QTimer::singleShot(FarewellStep, this, [this, status] { endWhenQuiet(status); });
        return;
    }
    Q_EMIT finished(program::toInt(status));
}

}  // namespace gvpn::cli
