#include "cli/application.h"

#include "base/text.h"
#include "client/qt_edges.h"
#include "client/sentences.h"
#include "program/identity_store.h"
#include "program/privileges.h"
#include "program/state_dir.h"
#include "system/linux_configurator.h"
#include "system/resolved_dns.h"
#include "tun/linux_tun.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLoggingCategory>
#include <QRandomGenerator>
#include <QSysInfo>
#include <QTimer>

#include <algorithm>
#include <utility>

namespace gvpn::cli {

namespace {

Q_LOGGING_CATEGORY(lcClient, "gvpn.client")

constexpr const char* DevicesDir = "/devices";
/// How often it is looked whether the server has got the goodbye.
constexpr std::chrono::milliseconds FarewellStep{10};

QString fromText(const std::string& text)
{
    return QString::fromStdString(escapeForDisplay(text));
}

protocol::InstanceId randomInstance()
{
    protocol::InstanceId instance{};
    std::ranges::generate(instance, [] { return static_cast<std::byte>(QRandomGenerator::system()->bounded(256)); });
    return instance;
}

}  // namespace

Application::Application(CliOptions options, QObject* parent)
    : QObject(parent)
    , m_options(std::move(options))
    , m_output(m_options.isJson, m_options.server)
{}

Application::~Application() = default;

void Application::start()
{
    if (const auto valid = tun::validateName(m_options.tunName); !m_options.tunName.empty() && !valid) {
        m_output.sentence(tr("--tun %1: %2.").arg(fromText(m_options.tunName), fromText(valid.error().context)));
        endWith(program::ExitStatus::Usage);
        return;
    }
    if (isV1())
        m_output.sentence(client::warningForV1(m_options.server));
    const bool hasRights = program::hasNetAdmin();
    if (!hasRights)
        m_helper = std::make_unique<client::HelperClient>();
    if (!isTunNameUsable())
        return;
    if (hasRights)
        startConnection();
    else
        startWithHelper();
}

void Application::startWithHelper()
{
    m_helper->check([this](const Result<void>& result) {
        if (m_isEnding)
            return;
        if (result)
            startConnection();
        else
            end(client::Fault{.stage = client::Stage::Tun, .error = result.error()});
    });
}

void Application::startConnection()
{
    if (!isV1() && !prepareKeys())
        return;
    if (m_profile && !lockProfile())
        return;
    if (m_profile && m_profile->deviceKeyPlace == client::DeviceKeyPlace::Keyring)
        fetchDeviceKey();
    else
        connectNow();
}

bool Application::lockProfile()
{
    auto lock = client::ProfileLock::take(m_stateDir, m_profile->name, "gvpn-client");
    if (!lock) {
        refuse(lock.error().code, client::sentenceForLock(m_profile->name, lock.error()), program::ExitStatus::Failure);
        return false;
    }
    m_lock.emplace(std::move(*lock));
    return true;
}

client::SecretStore& Application::secrets()
{
    if (!m_secrets) {
        m_keychain = std::make_unique<client::KeychainStore>();
        m_secrets = std::make_unique<client::GuardedSecrets>(
            client::GuardedSecrets::Parts{.store = *m_keychain, .makeTimer = client::makeQtTimer});
        // Where nobody is there to unlock it, only an open keyring is used.
        if (hasTerminal())
            m_secrets->reopen();
    }
    return *m_secrets;
}

/// A new key in a file would be another computer's to the server.
void Application::fetchDeviceKey()
{
    secrets().read(client::deviceKeyKey(m_profile->pin.value_or(Pin())), [this](const Result<SharedSecret>& key) {
        if (m_isEnding)
            return;
        if (!key) {
            refuse(key.error().code, client::sentenceForKeyInKeyring(m_profile->name, key.error()),
                   program::ExitStatus::Failure);
            return;
        }
        m_deviceKey = *key;
        connectNow();
    });
}

void Application::fetchPassword(const client::Fault& fault)
{
    m_hasTriedPassword = true;
    secrets().read(client::passwordKey(*m_options.pin, m_options.user),
                   [this, fault](const Result<SharedSecret>& password) {
                       if (m_isEnding)
                           return;
                       if (!password) {
                           m_output.sentence(client::sentenceForKeyring(password.error()));
                           end(fault);
                           return;
                       }
                       m_connection->setPassword({m_options.user, *password});
                       reconnect();
                   });
}

void Application::reconnect()
{
    m_connection->connectToServer({m_options.isOnce, m_options.trustsOnFirstUse});
}

void Application::connectNow()
{
    using client::Fault;
    using client::Stage;
    if (const auto made = makeConnection(); !made) {
        end(client::Fault{.stage = client::Stage::Routes, .error = made.error()});
        return;
    }
    reconnect();
}

void Application::stop()
{
    if (m_isEnding)
        return;
    m_question.reset();
    if (m_connection && !std::holds_alternative<client::Disconnected>(m_connection->state()))
        m_connection->disconnectFromServer();
    else
        end(std::nullopt);
}

bool Application::isTunNameUsable()
{
    using program::ExitStatus;
    if (m_helper && !m_options.tunName.empty())
        refuse(ErrorCode::InvalidArgument, client::sentenceForNameWithHelper(m_options.tunName), ExitStatus::Usage);
    else if (isTunNameTaken())
        refuse(ErrorCode::AlreadyExists, client::sentenceForTakenName(m_options.tunName), ExitStatus::Failure);
    else
        return true;
    return false;
}

/// Opening the TUN would find out as well, but only when the server has been reached and told of us.
bool Application::isTunNameTaken() const
{
    if (m_options.tunName.empty())
        return false;
    const auto network = system::readNetworkSnapshot();
    return network && network->findInterface(m_options.tunName) != nullptr;
}

bool Application::prepareKeys()
{
    if (const auto prepared = prepareState(); !prepared) {
        const Error& error = prepared.error();
        refuse(error.code, client::sentenceForStateDir(m_stateDir, error), program::ExitStatus::Failure);
        return false;
    }
    if (!m_options.profileName.empty())
        return useProfile();
    return m_options.link ? useLink() : choosePin();
}

Result<void> Application::prepareState()
{
    m_stateDir = m_options.stateDir;
    if (m_stateDir.empty()) {
        auto directory = program::defaultStateDir("gvpn-client", program::StateOwner::current());
        if (!directory)
            return fail(directory.error());
        m_stateDir = std::move(*directory);
    }
    for (const std::string& directory : {m_stateDir, m_stateDir + DevicesDir}) {
        if (auto made = program::makeStateDir(directory); !made)
            return made;
    }
    auto known = client::KnownServers::load(m_stateDir + client::KnownServersFile);
    if (!known)
        return fail(known.error());
    m_known.emplace(std::move(*known));
    return {};
}

bool Application::useProfile()
{
    auto store = profileStoreFor(m_options.stateDir);
    if (!store) {
        refuse(store.error().code, client::sentenceForProfile(store.error()), program::ExitStatus::Failure);
        return false;
    }
    auto profile = store->find(m_options.profileName);
    if (!profile) {
        const ProfileAnswer answer = failureToFind(m_options.profileName, *store, profile.error());
        refuse(profile.error().code, answer.sentences.value(0), answer.status);
        return false;
    }
    if (m_options.password && m_options.user.empty() && profile->user.empty()) {
        refuse(ErrorCode::InvalidArgument,
               tr("A password needs a user, and the profile names none: give --user NAME as well."),
               program::ExitStatus::Usage);
        return false;
    }
    const auto trusted = profile->pin ? m_known->findOther(profile->server, *profile->pin) : std::nullopt;
    if (trusted) {
        m_output.setServer(profile->server);
        refuse(ErrorCode::IdentityMismatch, client::sentenceForContradiction(*profile, *trusted, m_options.stateDir),
               program::ExitStatus::IdentityMismatch);
        return false;
    }
    m_profiles.emplace(std::move(*store));
    m_profile = std::move(*profile);
    m_announcesProfile = m_profile->isPending();
    applyProfile();
    return true;
}

bool Application::useLink()
{
    const auto refuseFor = [this](const Error& error) {
        refuse(error.code, client::sentenceForProfile(error), program::ExitStatus::Failure);
        return false;
    };
    auto store = profileStoreFor(m_options.stateDir);
    if (!store)
        return refuseFor(store.error());
    m_profiles.emplace(std::move(*store));
    const auto remembered = m_known->find(m_options.server);
    m_options.link->replacesInvite = true;
    auto profile = client::enrol(
        *m_options.link, *m_profiles, [this](const Pin& server) { return identityFor(server); },
        QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString());
    m_options.link.reset();
    if (!profile)
        return refuseFor(profile.error());
    if (remembered && remembered != m_options.pin)
        m_output.sentence(client::sentenceForNewKey(m_options.server, *remembered, *m_options.pin));
    m_profile = std::move(*profile);
    m_announcesProfile = true;
    applyProfile();
    return true;
}

/// What the command line says, wins.
void Application::applyProfile()
{
    m_options.server = m_profile->server;
    m_options.pin = m_profile->pin ? m_profile->pin : m_known->find(m_profile->server);
    if (m_options.user.empty())
        m_options.user = m_profile->user;
    if (!m_options.acceptRoutes)
        m_options.acceptRoutes = m_profile->acceptRoutes;
    if (m_options.usesDns && m_options.acceptDomains.empty()) {
        m_options.usesDns = m_profile->usesDns;
        m_options.acceptDomains = m_profile->acceptDomains;
    }
    m_output.setServer(m_options.server);
}

Result<tls::Identity> Application::identityFor(const Pin& server) const
{
    if (!m_deviceKey.isEmpty())
        return tls::Identity::fromPem(m_deviceKey.view());
    return program::loadOrCreateIdentity(m_stateDir + DevicesDir + '/' + server.toString() + ".pem");
}

bool Application::choosePin()
{
    const auto remembered = m_known->find(m_options.server);
    if (remembered && m_options.pin && *remembered != *m_options.pin) {
        refuse(ErrorCode::IdentityMismatch,
               client::sentenceForContradiction(m_options.server, *remembered, *m_options.pin),
               program::ExitStatus::IdentityMismatch);
        return false;
    }
    if (remembered)
        m_options.pin = remembered;
    return true;
}

Result<void> Application::makeConnection()
{
    if (auto made = makeConfigurator(); !made)
        return made;
    auto loop = transport::EpollLoop::create(&m_time);
    if (!loop)
        return fail(loop.error());
    m_loop = std::move(*loop);
    m_loopHost = std::make_unique<transport::EpollHost>(*m_loop);
    m_edges = std::make_unique<client::Edges>(client::Edges{
        .makeConnector = [this](const net::HostPort& server) { return client::makeTcpConnector(server, *m_loop); },
        .openTun = [this](const std::string& name, const client::TunOpened& opened) { openTun(name, opened); },
        .configurator = *m_configurator,
        .dns = *m_dns,
        .readSnapshot = system::readNetworkSnapshot,
        .identityFor = [this](const Pin& server) { return identityFor(server); },
        .loop = *m_loop,
        .congestionSetter = *m_congestionSetter,
        .time = *m_loop,
        .makeTimer = client::makeQtTimer,
        .roll = [] { return QRandomGenerator::global()->generateDouble(); }});
    m_connection = std::make_unique<client::Connection>(takeConnectionOptions(), *m_edges);
    listenTo(*m_connection);
    return {};
}

/// And who sets names and the congestion control: all in this process, or all by the helper.
Result<void> Application::makeConfigurator()
{
    if (m_helper) {
        m_configurator = std::make_unique<client::HelperConfigurator>(*m_helper);
        m_dns = std::make_unique<client::HelperDns>(*m_helper);
        m_congestionSetter = std::make_unique<client::HelperCongestionSetter>(*m_helper);
        connect(m_helper.get(), &client::HelperClient::lost, this,
                [this](const Error& error) { m_connection->loseNetwork(error); });
        return {};
    }
    auto configurator = system::LinuxConfigurator::create();
    if (!configurator)
        return fail(configurator.error());
    m_configurator = std::move(*configurator);
    m_dns = std::make_unique<system::ResolvedDns>();
    m_congestionSetter = std::make_unique<tunnel::DirectCongestionSetter>();
    return {};
}

void Application::openTun(const std::string& name, const client::TunOpened& opened)
{
    if (!m_helper) {
        opened(tun::openLinuxTun({name, m_options.usesOffloads}));
        return;
    }
    m_helper->open(m_options.usesOffloads, [opened](Result<UniqueFd> descriptor) {
        if (descriptor)
            opened(tun::adoptLinuxTun(std::move(*descriptor)));
        else
            opened(fail(descriptor.error()));
    });
}

client::ConnectionOptions Application::takeConnectionOptions()
{
    protocol::Credentials credentials;
    credentials.deviceName = QSysInfo::machineHostName().toStdString();
    if (auto password = std::exchange(m_options.password, std::nullopt))
        credentials.password = {m_options.user, std::move(*password)};
    else if (m_profile)
        credentials.invite = m_profile->invite;
    return {.server = m_options.server,
            .wireProtocol = m_options.wireProtocol,
            .pin = m_options.pin,
            .wanted = m_options.wanted,
            .acceptRoutes = m_options.acceptRoutes.value_or(client::AcceptRoutes{}),
            .usesDns = m_options.usesDns,
            .acceptDomains = m_options.acceptDomains,
            .congestion = m_options.congestion,
            .tunName = m_options.tunName,
            .software = "gvpn-client " + QCoreApplication::applicationVersion().toStdString(),
            .credentials = std::move(credentials),
            .user = m_options.user,
            .instance = randomInstance()};
}

void Application::listenTo(client::Connection& connection)
{
    using client::Connection;
    connect(&connection, &Connection::stateChanged, this, &Application::onState);
    connect(&connection, &Connection::loggedIn, this, &Application::onLoggedIn);
    connect(&connection, &Connection::noticeReceived, this,
            [this](const std::string& text) { m_output.sentence(client::sentenceForNotice(text)); });
    connect(&connection, &Connection::routesSkipped, this, [this](const auto& skipped) {
        for (const client::SkippedRoute& route : skipped)
            m_output.sentence(client::sentenceFor(route));
    });
    connect(&connection, &Connection::dnsSkipped, this, [this](const auto& skipped) {
        for (const client::SkippedDns& one : skipped)
            m_output.sentence(client::sentenceFor(one));
    });
    connect(&connection, &Connection::congestionChanged, this, &Application::onCongestionChanged);
    connect(&connection, &Connection::undoFailed, this,
            [this](const Error& error) { m_output.sentence(client::sentenceForFailedUndo(error)); });
}

void Application::onState(const client::State& state)
{
    if (const auto* disconnected = std::get_if<client::Disconnected>(&state))
        onDisconnected(*disconnected);
    else
        m_output.state(state);
    if (const auto* connected = std::get_if<client::Connected>(&state); connected != nullptr && m_profile)
        rememberRoutes(connected->info.routes);
}

void Application::onDisconnected(const client::Disconnected& state)
{
    const auto& fault = state.fault;
    const bool isRemembered = m_profile && m_profile->remembersPassword && m_options.pin && !m_options.user.empty();
    if (isRemembered && fault && client::isAboutPassword(*fault) && !m_hasTriedPassword
        && fault->sentLogin != protocol::LoginMethod::Password && fault->sentLogin != protocol::LoginMethod::Invite)
        fetchPassword(*fault);
    else if (fault && fault->error.code == ErrorCode::IdentityUnknown && fault->presentedPin && hasTerminal())
        ask(*fault);
    else
        end(fault);
}

void Application::ask(const client::Fault& fault)
{
    const QString question = tr("The server %1 shows the key\n    %2\nand no key of it is known here. Compare it with "
                                "what the server shows.\n"
                                "Trust it from now on? (yes/no)")
                                 .arg(QString::fromStdString(m_options.server.toString()),
                                      QString::fromStdString(fault.presentedPin->toString()));
    m_question = std::make_unique<TerminalQuestion>(question, [this, fault](bool isYes) {
        if (!isYes) {
            end(fault);
            return;
        }
        m_connection->setPin(*fault.presentedPin);
        reconnect();
    });
}

void Application::onLoggedIn(const Pin& pin, protocol::LoginMethod method)
{
    // Only a link, which a person chose with its key, replaces a remembered one.
    const bool isByLink = m_profile && m_options.profileName.empty();
    const auto remembered =
        isByLink ? m_known->replace(m_options.server, pin) : m_known->remember(m_options.server, pin);
    if (!remembered)
        m_output.sentence(client::sentenceForForgottenServer(remembered.error()));
    if (m_profile)
        rememberProfile(method, pin);
}

void Application::onCongestionChanged(const tunnel::CongestionStatus& status)
{
    m_output.congestion(status);
    // "auto" is only trying; what was asked for by name is missed.
    if (status.isRefused && m_options.congestion.kind == tunnel::CongestionMode::Kind::Named)
        m_output.sentence(client::sentenceForRefusedCongestion(status));
    else
        qCInfo(lcClient).noquote() << "congestion control because" << fromText(status.reason)
                                   << QLatin1String("algorithm=") + fromText(status.algorithm);
}

void Application::rememberProfile(protocol::LoginMethod method, const Pin& server)
{
    const auto noted = client::noteLogin(*m_profile, *m_profiles, method, server);
    takeNoted(noted);
    if (noted && std::exchange(m_announcesProfile, false))
        m_output.profile(m_profile->name, m_profile->isPending(),
                         client::sentenceForRemembered(m_profile->name, m_options.stateDir));
}

void Application::rememberRoutes(const std::vector<net::Prefix>& routes)
{
    const auto fresh = client::routesNewTo(*m_profile, routes);
    if (fresh.empty())
        return;
    if (!m_profile->knownRoutes.empty())
        m_output.sentence(client::sentenceForMoreRoutes(m_profile->name, fresh));
    takeNoted(client::noteRoutes(*m_profile, *m_profiles, fresh));
}

void Application::takeNoted(const Result<client::Profile>& noted)
{
    if (noted)
        m_profile = *noted;
    else if (noted.error().code != ErrorCode::NotFound)  // somebody may remove a profile that is in use
        m_output.sentence(client::sentenceForProfile(noted.error()));
}

void Application::end(const std::optional<client::Fault>& fault)
{
    m_output.state(client::Disconnected{fault});
    if (fault)
        m_output.sentence(client::sentenceFor(*fault, m_options.server));
    endWith(fault ? exitStatusFor(*fault) : program::ExitStatus::Success);
}

void Application::refuse(ErrorCode code, const QString& sentence, program::ExitStatus status)
{
    m_output.failure(code, sentence);
    endWith(status);
}

void Application::endWith(program::ExitStatus status)
{
    m_isEnding = true;
    // A connection that was closed lives on in the loop until its last words are sent, a second at most: without the
    // goodbye the server would wait for us, and take our next run for somebody else's with the same key.
    if (m_loop && m_loop->lingering() > 0) {
        QTimer::singleShot(FarewellStep, this, [this, status] { endWith(status); });
        return;
    }
    Q_EMIT finished(program::toInt(status));
}

}  // namespace gvpn::cli
