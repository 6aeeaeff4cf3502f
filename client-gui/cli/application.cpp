#include "cli/application.h"

#include "client/qt_edges.h"
#include "client/sentences.h"
#include "program/identity_store.h"
#include "program/privileges.h"
#include "program/state_dir.h"
#include "system/linux_configurator.h"
#include "tun/linux_tun.h"

#include <QCoreApplication>
#include <QRandomGenerator>
#include <QSysInfo>

#include <algorithm>

namespace gvpn::cli {

namespace {

constexpr const char* KnownServersFile = "/servers.json";
constexpr const char* DevicesDir = "/devices";

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
    using client::Fault;
    using client::Stage;
    using program::ExitStatus;
    if (const auto valid = tun::validateName(m_options.tunName); !m_options.tunName.empty() && !valid) {
        m_output.sentence(
            tr("--tun %1: %2.")
                .arg(QString::fromStdString(m_options.tunName), QString::fromStdString(valid.error().context)));
        endWith(ExitStatus::Usage);
        return;
    }
    if (isV1())
        m_output.sentence(client::warningForV1(m_options.server));
    if (!program::hasNetAdmin()) {
        end(Fault{.stage = Stage::Tun,
                  .error = {ErrorCode::PermissionDenied, "it needs the right to set up the network (CAP_NET_ADMIN)"}});
        return;
    }
    if (m_options.hasInvite)
        m_output.sentence(tr("The link's invite is ignored: this version knows no invites."));
    if (isTunNameTaken()) {
        refuse(ErrorCode::AlreadyExists, client::sentenceForTakenName(m_options.tunName), ExitStatus::Failure);
        return;
    }
    if (!isV1() && !prepareKeys())
        return;
    if (const auto made = makeConnection(); !made) {
        end(Fault{.stage = Stage::Routes, .error = made.error()});
        return;
    }
    m_connection->connectToServer({m_options.isOnce, m_options.trustsOnFirstUse});
}

void Application::stop()
{
    m_question.reset();
    if (m_connection && !std::holds_alternative<client::Disconnected>(m_connection->state()))
        m_connection->disconnectFromServer();
    else
        end(std::nullopt);
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
    return choosePin();
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
    auto known = client::KnownServers::load(m_stateDir + KnownServersFile);
    if (!known)
        return fail(known.error());
    m_known.emplace(std::move(*known));
    return {};
}

bool Application::choosePin()
{
    const auto remembered = m_known->find(m_options.server);
    if (remembered && m_options.pin && *remembered != *m_options.pin) {
        refuse(ErrorCode::IdentityMismatch,
               client::sentenceForContradiction(m_options.server, *remembered, *m_options.pin,
                                                QString::fromStdString(m_known->file())),
               program::ExitStatus::IdentityMismatch);
        return false;
    }
    if (remembered)
        m_options.pin = remembered;
    return true;
}

Result<void> Application::makeConnection()
{
    auto configurator = system::LinuxConfigurator::create();
    if (!configurator)
        return fail(configurator.error());
    m_configurator = std::move(*configurator);
    m_edges = std::make_unique<client::Edges>(
        client::Edges{.makeConnector = client::makeTcpConnector,
                      .openTun = [](const std::string& name) { return tun::openLinuxTun({.name = name}); },
                      .configurator = *m_configurator,
                      .readSnapshot = system::readNetworkSnapshot,
                      .identityFor =
                          [directory = m_stateDir + DevicesDir](const Pin& server) {
                              return program::loadOrCreateIdentity(directory + '/' + server.toString() + ".pem");
                          },
                      .time = m_time,
                      .makeTimer = client::makeQtTimer,
                      .roll = [] { return QRandomGenerator::global()->generateDouble(); }});
    m_connection = std::make_unique<client::Connection>(connectionOptions(), *m_edges);
    listenTo(*m_connection);
    return {};
}

client::ConnectionOptions Application::connectionOptions() const
{
    return {.server = m_options.server,
            .wireProtocol = m_options.wireProtocol,
            .pin = m_options.pin,
            .wanted = m_options.wanted,
            .acceptRoutes = m_options.acceptRoutes,
            .tunName = m_options.tunName,
            .software = "gvpn-client " + QCoreApplication::applicationVersion().toStdString(),
            .deviceName = QSysInfo::machineHostName().toStdString(),
            .instance = randomInstance()};
}

void Application::listenTo(client::Connection& connection)
{
    using client::Connection;
    connect(&connection, &Connection::stateChanged, this, &Application::onState);
    connect(&connection, &Connection::loggedIn, this, &Application::remember);
    connect(&connection, &Connection::routesSkipped, this, [this](const auto& skipped) {
        for (const client::SkippedRoute& route : skipped)
            m_output.sentence(client::sentenceFor(route));
    });
    connect(&connection, &Connection::resolversIgnored, this,
            [this](const auto& resolvers) { m_output.sentence(client::sentenceForIgnoredResolvers(resolvers)); });
    connect(&connection, &Connection::undoFailed, this,
            [this](const Error& error) { m_output.sentence(client::sentenceForFailedUndo(error)); });
}

void Application::onState(const client::State& state)
{
    if (const auto* disconnected = std::get_if<client::Disconnected>(&state))
        onDisconnected(*disconnected);
    else
        m_output.state(state);
}

void Application::onDisconnected(const client::Disconnected& state)
{
    const auto& fault = state.fault;
    if (fault && fault->error.code == ErrorCode::IdentityUnknown && fault->presentedPin && hasTerminal())
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
        m_connection->connectToServer({m_options.isOnce, m_options.trustsOnFirstUse});
    });
}

void Application::remember(const Pin& pin)
{
    if (const auto remembered = m_known->remember(m_options.server, pin); !remembered)
        m_output.sentence(tr("The server's key could not be remembered: %1.")
                              .arg(QString::fromStdString(remembered.error().context)));
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
    Q_EMIT finished(program::toInt(status));
}

}  // namespace gvpn::cli
