#include "server/server_application.h"

#include "admin/qr_code.h"
#include "base/text.h"
#include "program/exit_status.h"
#include "program/identity_store.h"
#include "program/json_lines.h"
#include "program/log_sink.h"
#include "program/privileges.h"
#include "program/state_dir.h"
#include "protocol/link.h"
#include "server/dns_advice.h"
#include "server/network_choice.h"
#include "server/offline_link.h"
#include "server/reload.h"
#include "server/state_files.h"
#include "system/linux_configurator.h"
#include "system/run_directory.h"
#include "system/service_directory.h"
#include "tun/linux_tun.h"

#include <QCoreApplication>
#include <QLoggingCategory>
#include <QRandomGenerator>

#include <cstdio>

namespace gvpn::server {

namespace {

Q_LOGGING_CATEGORY(lcServer, "gvpn.server")

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

void warnOfDns(const ServerOptions& options, const std::vector<net::Prefix>& lanNetworks)
{
    for (const std::string& text : dnsAdvice(options, lanNetworks))
        qCWarning(lcServer).noquote() << QString::fromStdString(text);
}

accounts::UnixTime wallTime()
{
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// --address names one address: links must name it too.
bool isOneAddress(const std::string& host)
{
    const auto address = net::IpAddress::parse(host);
    return address && !address->isUnspecified();
}

/// Whoever scans ports on the Internet stays in the debug log; a client that was turned away is news.
bool isFromClient(const ConnectionRefused& refused)
{
    return refused.reason.code == ErrorCode::AddressRefused || refused.reason.code == ErrorCode::LoginRefused;
}

void logRefusal(const ConnectionRefused& refused)
{
    const QString from = QString::fromStdString(refused.peer.toString());
    const QString reason = QString::fromStdString(refused.reason.context);
    if (isFromClient(refused) && refused.isNews)
        qCInfo(lcServer).noquote() << "refused" << from << "because" << reason;
    else
        qCDebug(lcServer).noquote() << "closed" << from << "because" << reason;
}

}  // namespace

ServerApplication::ServerApplication(ServerOptions options, std::unique_ptr<tun::TunDevice> device,
                                     program::ServiceNotifier notifier, QObject* parent)
    : QObject(parent)
    , m_options(std::move(options))
    , m_service(std::move(notifier))
{
    m_plan.device = std::move(device);
}

ServerApplication::~ServerApplication() = default;

void ServerApplication::start()
{
    if (!program::hasNetAdmin()) {
        giveUp(StartStep::CheckPrivileges, {ErrorCode::PermissionDenied, "CAP_NET_ADMIN is missing"});
        return;
    }
    if (prepareState() && openAccounts())
        readAccounts();
}

/// The start waits here once; from now on everything about the accounts comes later, as an answer.
bool ServerApplication::openAccounts()
{
    accounts::Accounts::Config config{m_plan.stateDir + DatabaseFile, wallTime, {}};
    config.gatekeeper.maxDevices = m_options.maxDevices;
    auto opened = accounts::Accounts::open(std::move(config));
    if (!opened)
        return giveUp(StartStep::OpenAccounts, opened.error());
    m_accounts = std::move(*opened);
    return true;
}

void ServerApplication::readAccounts()
{
    m_accounts->run([this](accounts::AccountStore& store, accounts::Gatekeeper&) {
        QMetaObject::invokeMethod(
            this,
            [this, leases = store.leases(), invited = store.hasEverInvited()] { onAccountsRead(leases, invited); },
            Qt::QueuedConnection);
    });
}

void ServerApplication::onAccountsRead(const Result<std::vector<accounts::AccountStore::Lease>>& leases,
                                       const Result<bool>& invited)
{
    if (m_isStopping)
        return;
    if (!leases || !invited) {
        giveUp(StartStep::OpenAccounts, !leases ? leases.error() : invited.error());
        return;
    }
    for (const accounts::AccountStore::Lease& lease : *leases)
        m_plan.leases.push_back({lease.device, lease.address});
    m_plan.wasEverInvited = *invited;
    if (chooseNetworks() && loadKey() && listen() && openAdminSocket() && openTun())
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
    chooseLinkAddress(*snapshot);
    // What was asked for is not a choice of ours: without --cidr the next start chooses as before.
    if (m_options.cidrs.empty())
        m_plan.state.pools = m_plan.pools;
    return true;
}

void ServerApplication::chooseLinkAddress(const system::NetworkSnapshot& snapshot)
{
    std::string host = m_plan.state.publicHost;
    bool isPrivate = false;
    if (host.empty() && isOneAddress(m_options.listen.host)) {
        host = m_options.listen.host;
        isPrivate = net::IpAddress::parse(host).map(&net::IpAddress::isPrivate).value_or(false);
    } else if (host.empty()) {
        const auto own = chooseOwnAddress(snapshot, m_plan.lanNetworks);
        host = own ? own->address.toString() : "localhost";
        isPrivate = !own || !own->isGlobal;
    }
    m_plan.state.link = net::HostPort{host, m_plan.state.publicPort.value_or(0)};
    m_plan.state.isPrivateLink = isPrivate;
}

admin::LinkParts ServerApplication::linkParts() const
{
    return {*m_plan.state.link, m_plan.pin, linkLabel(), m_plan.state.isPrivateLink};
}

Result<void> ServerApplication::rememberPublicAddress(const net::HostPort& address)
{
    m_plan.state.publicHost = address.host;
    if (address.port != 0)
        m_plan.state.publicPort = address.port;
    m_plan.state.link = net::HostPort{address.host, m_plan.state.publicPort.value_or(m_plan.state.link->port)};
    m_plan.state.isPrivateLink = false;
    return saveServerState(QString::fromStdString(m_plan.stateDir + StateFile), m_plan.state);
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
    if (const auto opened = m_listener->open(m_options.listen); !opened)
        return giveUp(StartStep::Listen, opened.error());
    if (m_plan.state.link->port == 0)
        m_plan.state.link->port = m_listener->serverPort();
    const auto saved = saveServerState(QString::fromStdString(m_plan.stateDir + StateFile), m_plan.state);
    return saved ? true : giveUp(StartStep::PrepareStateDir, saved.error());
}

bool ServerApplication::openAdminSocket()
{
    m_adminDesk = std::make_unique<AdminDesk>(AdminDesk::Parts{
        wallTime, linkParts(), [this](const net::HostPort& address) { return rememberPublicAddress(address); }});
    const std::string path = admin::socketPath(m_plan.stateDir, std::string(DefaultStateDir));
    if (const std::string run(system::DefaultRunDirectory); path.starts_with(run + '/')) {
        if (const auto made = system::makeServiceDirectory(run, SocketDirectory); !made)
            return giveUp(StartStep::OpenAdminSocket, made.error());
    }
    auto opened =
        admin::AdminSocket::listen(path, [this](const admin::Command& command, admin::AdminSocket::Answer answer) {
            m_adminDesk->carryOut(command, std::move(answer));
        });
    if (!opened)
        return giveUp(StartStep::OpenAdminSocket, opened.error());
    m_adminSocket = std::move(*opened);
    return true;
}

bool ServerApplication::openTun()
{
    if (m_plan.device)
        return true;
    auto device = tun::openLinuxTun({m_options.tunName, m_options.usesOffloads});
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
    system::NetworkConfig& config = m_plan.goal;
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
    const auto notify = [this](DataEvent event) {
        QMetaObject::invokeMethod(
            this, [this, event = std::move(event)] { onDataEvent(event); }, Qt::QueuedConnection);
    };
    // The accounts outlive the data thread.
    const auto ask = [accounts = m_accounts.get()](accounts::LoginQuestion question, DataThread::Answer answer) {
        accounts->judge(std::move(question), std::move(answer));
    };
    auto dataThread =
        DataThread::create(hubConfig(), std::move(m_plan.device), std::move(*m_plan.tlsContext), notify, ask);
    if (!dataThread) {
        giveUp(StartStep::StartDataThread, dataThread.error());
        return;
    }
    m_dataThread = std::move(*dataThread);
    m_dataThread->start();
    m_adminDesk->setThreads(m_accounts.get(), m_dataThread.get());
    warnOfOpenDoors();
    warnOfDns(m_options, m_plan.lanNetworks);
    announce(interfaceName);
    watchFilters();
}

void ServerApplication::watchFilters()
{
    const auto read = [this](const system::FilterQuestion& question, system::ForeignFilterReader::Done done) {
        m_filterReader.read(question, std::move(done));
    };
    const auto tell = [this](const FilterFinding& finding) { onFilterFinding(finding); };
    m_filterWatch = std::make_unique<FilterWatch>(FilterWatch::Parts{*m_configurator, m_plan.goal,
                                                                     m_listener->serverPort(), m_options.listen.host,
                                                                     read, system::readNetworkSnapshot, tell});
    m_filterWatch->start();
}

void ServerApplication::onFilterFinding(const FilterFinding& finding)
{
    const QString reason = QString::fromStdString(finding.reason);
    if (finding.isMended)
        qCInfo(lcServer).noquote() << reason << "Let through with rules in its chain DOCKER-USER.";
    else
        qCWarning(lcServer).noquote() << reason << QString::fromStdString(finding.remedy);
    print(toJson(finding), {});
}

void ServerApplication::warnOfOpenDoors() const
{
    if (m_options.login == LoginMode::None)
        qCWarning(lcServer) << "--login none: everybody who can reach the port is let in";
    if (m_plan.v1Bypass) {
        qCWarning(lcServer).noquote() << "--allow-v1: nothing of v1 clients is encrypted or authenticated; they reach"
                                      << QString::fromStdString(m_plan.v1Bypass->toString()) << "and nothing else";
    }
}

std::vector<protocol::LoginMethod> ServerApplication::loginMethods() const
{
    using protocol::LoginMethod;
    switch (m_options.login) {
    case LoginMode::None: return {LoginMethod::None};
    case LoginMode::Device: return {LoginMethod::Device, LoginMethod::Invite};
    case LoginMode::Password: return {LoginMethod::Device, LoginMethod::Invite, LoginMethod::Password};
    }
    return {};
}

HalfOpenConfig ServerApplication::halfOpenConfig() const
{
    HalfOpenConfig config;
    config.most = m_options.maxHalfOpen;
    config.sharedSources = m_plan.sharedSources;
    return config;
}

HubConfig ServerApplication::hubConfig() const
{
    HubConfig config;
    config.pools = m_plan.pools;
    config.lanNetworks = m_plan.lanNetworks;
    config.dnsServers = m_options.dnsServers;
    config.dnsDomains = m_options.dnsDomains;
    config.allowsClientToClient = m_options.allowsClientToClient;
    config.v1Bypass = m_plan.v1Bypass;
    config.halfOpen = halfOpenConfig();
    config.loginMethods = loginMethods();
    config.congestion = m_options.congestion;
    config.leases = m_plan.leases;
    config.software = "gvpn " + QCoreApplication::applicationVersion().toStdString();
    return config;
}

void ServerApplication::announce(const std::string& interfaceName)
{
    protocol::Link link;
    link.server = *m_plan.state.link;
    link.pin = m_plan.pin;
    ListeningInfo info;
    info.port = m_listener->serverPort();
    info.listenHost = m_options.listen.host;
    info.interfaceName = interfaceName;
    info.pools = m_plan.pools;
    info.lanNetworks = m_plan.lanNetworks;
    info.dnsServers = m_options.dnsServers;
    info.dnsDomains = m_options.dnsDomains;
    info.masquerades = masquerades();
    info.pin = m_plan.pin;
    info.link = link.toString();
    info.isPrivateLink = m_plan.state.isPrivateLink;
    info.v1Bypass = m_plan.v1Bypass;
    info.login = m_options.login;
    m_adminDesk->setDescription(describe(info));
    // Not into a journal or a file: only to who reads it now.
    const bool mayShowInvite = m_options.isJson || ::isatty(STDOUT_FILENO) != 0;
    if (m_options.login == LoginMode::None || m_plan.wasEverInvited || !mayShowInvite) {
        announceWith(std::move(info), QJsonObject());
        return;
    }
    m_adminDesk->carryOut(admin::MakeInvite{},
                          [this, info = std::move(info)](const admin::Reply& reply) { announceWith(info, reply); });
}

void ServerApplication::announceWith(ListeningInfo info, const Result<QJsonObject>& invite)
{
    // The invite was waited for; the listener may be closed by now.
    if (m_isStopping)
        return;
    if (!invite) {
        qCWarning(lcServer).noquote() << "no invite could be made:" << QString::fromStdString(invite.error().context);
    } else if (const QString link = invite->value(QLatin1String("invite")).toString(); !link.isEmpty()) {
        info.link = link.toStdString();
        info.inviteExpires = invite->value(QLatin1String("expires")).toString().toStdString();
    }
    print(toJson(info), toText(info));
    if (!m_options.isJson && !info.inviteExpires.empty()) {
        if (const QString code = admin::qrCode(info.link); !code.isEmpty())
            print({}, code);
    }
    m_listener->resumeAccepting();
    reportToService();
}

void ServerApplication::reportToService()
{
    // A data thread that hangs is worth a restart, so it is the one that is asked.
    m_service.begin(m_listener->serverPort(), [this](std::function<void()> pong) {
        if (m_dataThread)
            m_dataThread->ping(std::move(pong));
    });
}

void ServerApplication::saveLeases(const ClientInfo& client)
{
    if (!client.account)
        return;
    std::vector<net::IpAddress> addresses;
    for (const net::InterfaceAddress& address : client.addresses)
        addresses.push_back(address.address);
    m_accounts->run([device = client.account->deviceId, addresses = std::move(addresses)](accounts::AccountStore& store,
                                                                                          accounts::Gatekeeper&) {
        if (const auto saved = store.saveLeases(device, addresses); !saved)
            qCWarning(lcServer).noquote()
                << "an address is not remembered:" << QString::fromStdString(saved.error().context);
    });
}

void ServerApplication::onRefused(const ConnectionRefused& refused)
{
    if (m_options.isJson && m_refusalEvents.takes(Clock::now())) {
        QJsonObject json = toJson(DataEvent(refused));
        if (const auto leftOut = m_refusalEvents.takeLeftOut(); leftOut > 0)
            json.insert(QStringLiteral("left_out"), static_cast<qint64>(leftOut));
        print(json, {});
    }
    if (!isFromClient(refused) || !refused.isNews) {
        logRefusal(refused);
        return;
    }
    if (!m_refusalLog.takes(Clock::now()))
        return;
    if (const auto leftOut = m_refusalLog.takeLeftOut(); leftOut > 0)
        qCInfo(lcServer) << leftOut << "refusals before this one are not shown";
    logRefusal(refused);
}

/// What was asked for by name and can't be had is the same for all connections: said once.
void ServerApplication::logCongestion(const ClientInfo& client)
{
    const QString algorithm = QString::fromStdString(client.congestion.algorithm);
    const QString reason = QString::fromStdString(client.congestion.reason);
    const bool isNamed = m_options.congestion.kind == tunnel::CongestionMode::Kind::Named;
    if (!isNamed || !client.congestion.isRefused)
        qCInfo(lcServer).noquote() << "congestion control of" << QString::fromStdString(client.peer.toString())
                                   << "because" << reason << QLatin1String("algorithm=") + algorithm;
    else if (!std::exchange(m_hasWarnedOfCongestion, true))
        qCWarning(lcServer).noquote() << "--congestion:" << reason << "so connections go on with" << algorithm;
}

void ServerApplication::reload(const Result<ServerOptions>& fresh)
{
    if (m_isStopping || !m_dataThread)
        return;
    const ServiceReport::Reload told(m_service, Clock::now());
    m_adminDesk->recheckSessions();
    if (!fresh) {
        qCWarning(lcServer).noquote() << "the configuration stays as it was:"
                                      << QString::fromStdString(fresh.error().context);
        return;
    }
    Reload reloaded = server::reload(m_options, *fresh);
    for (const std::string& name : reloaded.changed)
        qCInfo(lcServer).noquote() << "changed now:" << QString::fromStdString(name);
    for (const std::string& name : reloaded.later)
        qCWarning(lcServer).noquote() << "changes at the next start:" << QString::fromStdString(name);
    m_options = std::move(reloaded.options);
    program::setLogLevel(program::parseLogLevel(m_options.logLevel).value_or(program::LogLevel::Info));
    if (const auto snapshot = system::readNetworkSnapshot())
        m_plan.sharedSources = sharedSources(*snapshot, m_options.relays);
    m_dataThread->tune({halfOpenConfig(), loginMethods(), m_options.dnsServers, m_options.dnsDomains});
    warnOfDns(m_options, m_plan.lanNetworks);
    m_filterWatch->look();
    m_accounts->run([most = m_options.maxDevices](accounts::AccountStore&, accounts::Gatekeeper& gatekeeper) {
        gatekeeper.setMaxDevices(most);
    });
}

void ServerApplication::onDataEvent(const DataEvent& event)
{
    if (const auto* refused = std::get_if<ConnectionRefused>(&event)) {
        onRefused(*refused);
        return;
    }
    print(toJson(event), toText(event));
    m_service.count(event);
    if (const auto* connected = std::get_if<ClientConnected>(&event))
        saveLeases(connected->client);
    else if (const auto* changed = std::get_if<CongestionChanged>(&event))
        logCongestion(changed->client);
    else if (const auto* broke = std::get_if<DataPathBroke>(&event))
        giveUp(StartStep::Serve, broke->error);
    else if (std::holds_alternative<DataPathStopped>(event)) {
        // Its descriptors may be all that there were, and undoing needs some.
        m_adminDesk->setThreads(nullptr, nullptr);
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
    m_service.stopping();
    m_adminSocket.reset();
    m_filterWatch.reset();
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
