// gvpn-server: lets computers elsewhere into the local network through one TCP port.
#include "admin/admin_program.h"
#include "base/text.h"
#include "program/exit_status.h"
#include "program/log_sink.h"
#include "program/privileges.h"
#include "program/service_notifier.h"
#include "program/state_dir.h"
#include "program/unix_signals.h"
#include "server/config_file.h"
#include "server/doctor_application.h"
#include "server/doctor_checks.h"
#include "server/offline_link.h"
#include "server/run_as.h"
#include "server/server_application.h"
#include "server/state_files.h"
#include "system/linux_configurator.h"
#include "tun/linux_tun.h"

#include <QCoreApplication>
#include <QTimer>

#include <csignal>
#include <cstdio>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace {

using gvpn::program::ExitStatus;

constexpr const char* ConfigFile = "/etc/gvpn/server.conf";

/// Ten thousand clients need as many descriptors, and a core file would hold the server's key.
void setProcessLimits()
{
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    const rlimit noCore{0, 0};
    setrlimit(RLIMIT_CORE, &noCore);
    prctl(PR_SET_DUMPABLE, 0);
}

/// With --run-as also what systemd does as root before the service starts: the places that it can't make itself.
int cleanUp(QCoreApplication& application, const gvpn::server::ServerOptions& options)
{
    using namespace gvpn;
    using server::StartStep;
    const auto giveUp = [](const Error& error, StartStep step = StartStep::CleanUp) {
        std::fprintf(stderr, "%s\n", server::sentence(step, error).c_str());
        return server::exitStatus(step, error);
    };
    if (!options.runAs.empty()) {
        if (const auto became = server::becomeServiceUser(options); !became)
            return giveUp(became.error(), StartStep::BecomeUser);
    }
    if (!program::hasNetAdmin())
        return giveUp({ErrorCode::PermissionDenied, "CAP_NET_ADMIN is missing"});
    const auto report = [giveUp](const Result<system::CleanupReport>& result) {
        if (!result)
            return giveUp(result.error());
        for (const std::string& undone : result->undone)
            std::printf("undone: %s\n", undone.c_str());
        for (const std::string& failure : result->failures)
            std::fprintf(stderr, "not undone: %s\n", failure.c_str());
        if (result->undone.empty() && result->failures.empty())
            std::puts("There was nothing to clean up.");
        return program::toInt(result->failures.empty() ? ExitStatus::Success : ExitStatus::Failure);
    };
    QTimer::singleShot(0, &application, [report] {
        system::cleanUpLeftovers(std::string(system::DefaultRunDirectory), [report](const auto& result) {
            const int status = report(result);
            QMetaObject::invokeMethod(
                QCoreApplication::instance(), [status] { QCoreApplication::exit(status); }, Qt::QueuedConnection);
        });
    });
    return QCoreApplication::exec();
}

gvpn::Result<gvpn::server::ServerOptions> readOptions()
{
    auto options = gvpn::server::parseOptions(QCoreApplication::arguments(), QString::fromLatin1(ConfigFile));
    if (options && options->command == gvpn::server::Command::Run && options->runAs.empty()) {
        // At the start; when the options are read again, this process is that user's.
        static const std::string Owner = gvpn::server::userOfStateDir(*options);
        options->runAs = Owner;
    }
    // The usual state directory is root's, also when root becomes somebody else.
    if (options && !options->runAs.empty() && options->stateDir.empty())
        options->stateDir = gvpn::server::DefaultStateDir;
    return options;
}

int serve(gvpn::server::ServerOptions options)
{
    using namespace gvpn;
    const auto giveUp = [](server::StartStep step, const Error& error) {
        std::fprintf(stderr, "%s\n", escapeForDisplay(server::sentence(step, error)).c_str());
        return server::exitStatus(step, error);
    };
    auto notifier = program::ServiceNotifier::takeFromEnvironment();
    std::unique_ptr<tun::TunDevice> device;
    if (!options.runAs.empty()) {
        // Where only root may open /dev/net/tun.
        auto opened = tun::openLinuxTun({options.tunName, options.usesOffloads});
        if (!opened)
            return giveUp(server::StartStep::OpenTun, opened.error());
        device = std::move(*opened);
        if (const auto became = server::becomeServiceUser(options); !became)
            return giveUp(server::StartStep::BecomeUser, became.error());
    }
    const auto signals = program::UnixSignals::create();
    if (!signals) {
        std::fprintf(stderr, "The server can't take signals: %s.\n", signals.error().context.c_str());
        return program::toInt(ExitStatus::Failure);
    }
    server::ServerApplication server(std::move(options), std::move(device), std::move(notifier));
    QObject::connect(signals->get(), &program::UnixSignals::signalled, &server, [&server](int number) {
        if (number == SIGHUP)
            server.reload(readOptions());
        else
            server.stop();
    });
    QObject::connect(
        &server, &server::ServerApplication::finished, &server, [](int status) { QCoreApplication::exit(status); },
        Qt::QueuedConnection);
    QTimer::singleShot(0, &server, &server::ServerApplication::start);
    return QCoreApplication::exec();
}

int examine(gvpn::server::ServerOptions options)
{
    using namespace gvpn;
    program::installLogSink(program::LogLevel::Warning);
    server::DoctorApplication doctor(std::move(options));
    QObject::connect(
        &doctor, &server::DoctorApplication::finished, &doctor, [](int status) { QCoreApplication::exit(status); },
        Qt::QueuedConnection);
    QTimer::singleShot(0, &doctor, &server::DoctorApplication::start);
    return QCoreApplication::exec();
}

/// To the doctor a command line that can't be used is a finding.
int refuse(const gvpn::Error& error)
{
    using namespace gvpn;
    const QStringList arguments = QCoreApplication::arguments();
    if (admin::commandWord(arguments) == QLatin1String("doctor")) {
        program::Checkup checkup;
        checkup.add(server::checkOptions(error));
        return server::print(checkup, arguments.contains(QStringLiteral("--json")));
    }
    std::fprintf(stderr, "%s\n", server::sentence(server::StartStep::ReadOptions, error).c_str());
    return server::exitStatus(server::StartStep::ReadOptions, error);
}

int runAdminCommand()
{
    using namespace gvpn;
    const auto invocation =
        admin::parseInvocation(QCoreApplication::arguments(), QString::fromLatin1(ConfigFile), server::readConfigFile);
    if (!invocation) {
        std::fprintf(stderr, "%s\n", escapeForDisplay(invocation.error().context).c_str());
        return program::toInt(ExitStatus::Usage);
    }
    program::installLogSink(program::LogLevel::Warning);
    const auto userStateDir = program::defaultStateDir("gvpn", program::StateOwner::current());
    const admin::Surroundings surroundings{
        .userStateDir = userStateDir.value_or(""),
        .systemStateDir = std::string(server::DefaultStateDir),
        .time = [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); },
        .linkParts = server::offlineLinkParts};
    return admin::runAdminCommand(*invocation, surroundings);
}

}  // namespace

int main(int argc, char** argv)
{
    using namespace gvpn;
    setProcessLimits();
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("gvpn-server"));
    QCoreApplication::setApplicationVersion(QStringLiteral(GVPN_VERSION));

    if (admin::isAdminCommandLine(QCoreApplication::arguments()))
        return runAdminCommand();
    auto options = readOptions();
    if (!options)
        return refuse(options.error());
    if (options->command == server::Command::ShowHelp) {
        std::fputs(qUtf8Printable(options->helpText), stdout);
        return 0;
    }
    if (options->command == server::Command::ShowVersion) {
        std::puts("gvpn-server " GVPN_VERSION);
        return 0;
    }
    if (options->command == server::Command::Doctor) {
        const int status = examine(std::move(*options));
        // A thread may sit in a name lookup until the resolver's last timeout: a usual exit would take the libraries'
        // statics away under it.
        std::fflush(nullptr);
        std::_Exit(status);
    }
    program::installLogSink(program::parseLogLevel(options->logLevel).value_or(program::LogLevel::Info));
    return options->command == server::Command::Cleanup ? cleanUp(application, *options) : serve(std::move(*options));
}
