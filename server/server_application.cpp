#include "server/server_application.h"

#include "base/text.h"
#include "program/exit_status.h"
#include "program/identity_store.h"
#include "program/json_lines.h"
#include "program/privileges.h"
#include "program/state_dir.h"
#include "protocol/link.h"
#include "server/network_choice.h"
#include "system/linux_configurator.h"
#include "tun/linux_tun.h"

#include <QCoreApplication>
#include <QLoggingCategory>
#include <QRandomGenerator>

#include <cstdio>

namespace gvpn::server {

namespace {

Q_LOGGING_CATEGORY(lcServer, "gvpn.server")

constexpr const char* KeyFile = "/server-key.pem";
constexpr const char* StateFile = "/server.json";

void logLanChoice(const LanChoice& choice)
{
    for (const net::Prefix& network : choice.networks)
        qCInfo(lcServer).noquote() << "clients will reach" << QString::fromStdString(network.toString());
    for (const SkippedNetwork& skipped : choice.skipped) {
        qCInfo(lcServer).noquote() << "not" << QString::fromStdString(skipped.network.toString()) << "because"
                                   << QString::fromStdString(skipped.reason) << "(--bypass names it anyway)";
    }
}

/// Clients don't let a server take public addresses away from their owners, or large parts of the private ones, unless
/// somebody there says so.
void warnOfPoolsThatClientsRefuse(const std::vector<net::Prefix>& pools)
{
    for (const net::Prefix& pool : pools) {
        const bool isLarge = pool.length() < (pool.isIPv4() ? 16U : 48U);
        if (!pool.isPrivate() || isLarge) {
            qCWarning(lcServer).noquote() << "the tunnel network" << QString::fromStdString(pool.toString())
                                          << (isLarge ? "is very large" : "is public and belongs to somebody")
                                          << "so clients refuse it unless they name it with --accept-routes or --cidr";
        }
    }
}

/// --address names one address: links must name it too.
bool isOneAddress(const std::string& host)
{
    const auto address = net::IpAddress::parse(host);
    return address && !address->isUnspecified();
}

/// Whoever scans ports on the Internet stays in the debug log; a client that was turned away is news.
void logRefusal(const ConnectionRefused& refused)
{
    const QString from = QString::fromStdString(refused.peer.toString());
    const QString reason = QString::fromStdString(refused.reason.context);
    const bool isClient = refused.reason.code == ErrorCode::AddressRefused;
    if (isClient)
        qCInfo(lcServer).noquote() << "refused" << from << "because" << reason;
    else
        qCDebug(lcServer).noquote() << "closed" << from << "because" << reason;
}

}  // namespace

ServerApplication::ServerApplication(ServerOptions options, QObject* parent)
    : QObject(parent)
    , m_options(std::move(options))
{}

ServerApplication::~ServerApplication() = default;

void ServerApplication::start()
{
    if (!program::hasNetAdmin()) {
        giveUp(StartStep::CheckPrivileges, {ErrorCode::PermissionDenied, "CAP_NET_ADMIN is missing"});
        return;
    }
    if (prepareState() && chooseNetworks() && loadKey() && listen() && openTun())
        configureNetwork();
}

bool ServerApplication::prepareState()
{
    m_plan.stateDir = m_options.stateDir;
    if (m_plan.stateDir.empty()) {
        const auto usual = program::defaultStateDir("gvpn", program::StateOwner::current());
        if (!usual)
            return giveUp(StartStep::PrepareStateDir, usual.error());
        m_plan.stateDir = *usual;
    }
    if (const auto made = program::makeStateDir(m_plan.stateDir); !made)
        return giveUp(StartStep::PrepareStateDir, made.error());
    const auto state = loadServerState(QString::fromStdString(m_plan.stateDir + StateFile));
    if (!state)
        return giveUp(StartStep::LoadState, state.error());
    m_plan.state = *state;
    if (!m_options.publicHost.empty()) {
        m_plan.state.publicHost = m_options.publicHost;
        m_plan.state.publicPort = m_options.publicPort;
    }
    return true;
}

bool ServerApplication::chooseNetworks()
{
    const auto snapshot = system::readNetworkSnapshot();
    if (!snapshot)
        return giveUp(StartStep::ReadNetwork, snapshot.error());
    m_plan.lanNetworks = m_options.lanNetworks;
    if (m_plan.lanNetworks.empty()) {
        const LanChoice choice = chooseLan(*snapshot);
        logLanChoice(choice);
        m_plan.lanNetworks = choice.networks;
    }
    if (m_plan.lanNetworks.empty()) {
        return giveUp(StartStep::ChooseNetworks,
                      {ErrorCode::NotFound,
                       "No private network was found on this computer that clients could reach; name "
                       "one with --bypass, for example --bypass 192.168.1.0/24"});
    }
    const PoolRequest request{m_options.cidrs, m_plan.state.pools, m_plan.lanNetworks};
    auto pools = choosePools(request, *snapshot, [] { return QRandomGenerator::system()->generate64(); });
    if (!pools)
        return giveUp(StartStep::ChooseNetworks, pools.error());
    m_plan.pools = std::move(*pools);
    warnOfPoolsThatClientsRefuse(m_plan.pools);
    m_plan.sharedSources = sharedSources(*snapshot, m_options.relays);
    if (m_options.allowsV1) {
        const auto bypass = chooseV1Bypass(m_plan.lanNetworks, m_plan.pools);
        if (!bypass)
            return giveUp(StartStep::ChooseNetworks, bypass.error());
        m_plan.v1Bypass = *bypass;
    }
    m_plan.publicHost = m_plan.state.publicHost;
    if (m_plan.publicHost.empty() && isOneAddress(m_options.listen.host)) {
        m_plan.publicHost = m_options.listen.host;
        m_plan.isPrivateLink =
            net::IpAddress::parse(m_options.listen.host).map(&net::IpAddress::isPrivate).value_or(false);
    } else if (m_plan.publicHost.empty()) {
        const auto own = chooseOwnAddress(*snapshot, m_plan.lanNetworks);
        m_plan.publicHost = own ? own->address.toString() : "localhost";
        m_plan.isPrivateLink = !own || !own->isGlobal;
    }
    // What was asked for is not a choice of ours: without --cidr the next start chooses as before.
    if (m_options.cidrs.empty())
        m_plan.state.pools = m_plan.pools;
    const auto saved = saveServerState(QString::fromStdString(m_plan.stateDir + StateFile), m_plan.state);
    return saved ? true : giveUp(StartStep::PrepareStateDir, saved.error());
}

bool ServerApplication::loadKey()
{
    const auto identity = program::loadOrCreateIdentity(m_plan.stateDir + KeyFile);
    if (!identity)
        return giveUp(StartStep::LoadKey, identity.error());
    auto context = tls::TlsContext::create(tls::Role::Server, *identity);
    if (!context)
        return giveUp(StartStep::LoadKey, context.error());
    m_plan.pin = identity->pin();
    m_plan.tlsContext = std::move(*context);
    return true;
}

bool ServerApplication::listen()
{
    m_listener = std::make_unique<Listener>([this](UniqueFd socket) { m_dataThread->accept(std::move(socket)); });
    const auto opened = m_listener->open(m_options.listen);
    return opened ? true : giveUp(StartStep::Listen, opened.error());
}

bool ServerApplication::openTun()
{
    auto device = tun::openLinuxTun({m_options.tunName, true});
    if (!device)
        return giveUp(StartStep::OpenTun, device.error());
    m_plan.device = std::move(*device);
    return true;
}

bool ServerApplication::masquerades() const
{
    // "auto" would be off for a pool inside a LAN network, but such a pool is refused.
    return m_options.masquerade != Masquerade::Off;
}

void ServerApplication::configureNetwork()
{
    auto configurator = system::LinuxConfigurator::create();
    if (!configurator) {
        giveUp(StartStep::ConfigureNetwork, configurator.error());
        return;
    }
    m_configurator = std::move(*configurator);
    system::NetworkConfig config;
    config.interfaceName = m_plan.device->name();
    config.interfaceIndex = m_plan.device->index();
    config.mtu = net::DefaultMtu;
    for (const net::Prefix& pool : m_plan.pools)
        config.addresses.push_back(AddressPool(pool).gateway());
    config.forwarding = system::ForwardingConfig{m_plan.pools, m_plan.lanNetworks, masquerades()};
    m_configurator->apply(config, [this](const Result<void>& result) { onNetworkConfigured(result); });
}

void ServerApplication::onNetworkConfigured(const Result<void>& result)
{
    if (m_isStopping)
        return;
    if (!result) {
        giveUp(StartStep::ConfigureNetwork, result.error());
        return;
    }
    const std::string interfaceName = m_plan.device->name();
    auto dataThread = DataThread::create(
        hubConfig(), std::move(m_plan.device), std::move(*m_plan.tlsContext), [this](DataEvent event) {
            QMetaObject::invokeMethod(
                this, [this, event = std::move(event)] { onDataEvent(event); }, Qt::QueuedConnection);
        });
    if (!dataThread) {
        giveUp(StartStep::StartDataThread, dataThread.error());
        return;
    }
    m_dataThread = std::move(*dataThread);
    m_dataThread->start();
    qCWarning(lcServer) << "--login none: everybody who can reach the port is let in";
    if (m_plan.v1Bypass) {
        qCWarning(lcServer).noquote() << "--allow-v1: nothing of v1 clients is encrypted or authenticated; they reach"
                                      << QString::fromStdString(m_plan.v1Bypass->toString()) << "and nothing else";
    }
    m_listener->resumeAccepting();
    announce(interfaceName);
}

HubConfig ServerApplication::hubConfig() const
{
    HubConfig config;
    config.pools = m_plan.pools;
    config.lanNetworks = m_plan.lanNetworks;
    config.allowsClientToClient = m_options.allowsClientToClient;
    config.v1Bypass = m_plan.v1Bypass;
    config.halfOpen.most = m_options.maxHalfOpen;
    config.halfOpen.sharedSources = m_plan.sharedSources;
    config.software = "gvpn " + QCoreApplication::applicationVersion().toStdString();
    return config;
}

void ServerApplication::announce(const std::string& interfaceName)
{
    protocol::Link link;
    link.server = {m_plan.publicHost, m_plan.state.publicPort.value_or(m_listener->serverPort())};
    link.pin = m_plan.pin;
    const ListeningInfo info{m_listener->serverPort(), interfaceName,        m_plan.pools,
                             m_plan.lanNetworks,       masquerades(),        m_plan.pin,
                             link.toString(),          m_plan.isPrivateLink, m_plan.v1Bypass};
    print(toJson(info), toText(info));
}

void ServerApplication::onDataEvent(const DataEvent& event)
{
    print(toJson(event), toText(event));
    if (const auto* broke = std::get_if<DataPathBroke>(&event))
        giveUp(StartStep::Serve, broke->error);
    else if (const auto* refused = std::get_if<ConnectionRefused>(&event))
        logRefusal(*refused);
    else if (std::holds_alternative<DataPathStopped>(event)) {
        // Its descriptors may be all that there were, and undoing needs some.
        m_dataThread.reset();
        undoNetwork();
    }
}

void ServerApplication::print(const QJsonObject& json, const QString& text)
{
    if (!m_options.isJson && text.isEmpty())
        return;
    const auto written = m_options.isJson ? m_output.write(json) : m_output.writeText(text.toUtf8());
    // Nobody reads any more: the tunnel is worth more than what it tells.
    if (!written && !std::exchange(m_isOutputLost, true))
        qCWarning(lcServer).noquote() << "events are lost:" << QString::fromStdString(written.error().context);
}

bool ServerApplication::giveUp(StartStep step, const Error& error)
{
    std::fprintf(stderr, "%s\n", escapeForDisplay(sentence(step, error)).c_str());
    m_exitStatus = exitStatus(step, error);
    stop();
    return false;
}

void ServerApplication::stop()
{
    if (std::exchange(m_isStopping, true))
        return;
    if (m_listener)
        m_listener->close();
    if (m_dataThread)
        m_dataThread->stop();
    else
        undoNetwork();
}

void ServerApplication::undoNetwork()
{
    if (m_configurator)
        m_configurator->clear([this](const Result<void>& result) { onNetworkCleared(result); });
    else
        Q_EMIT finished(m_exitStatus);
}

void ServerApplication::onNetworkCleared(const Result<void>& result)
{
    if (!result) {
        std::fprintf(stderr, "%s\n", escapeForDisplay(sentence(StartStep::Stop, result.error())).c_str());
        m_exitStatus = program::toInt(program::ExitStatus::Failure);
    }
    Q_EMIT finished(m_exitStatus);
}

}  // namespace gvpn::server
