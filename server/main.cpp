// gvpn-server: lets computers elsewhere into the local network through one TCP port.
#include "program/exit_status.h"
#include "program/log_sink.h"
#include "program/privileges.h"
#include "program/unix_signals.h"
#include "server/server_application.h"
#include "system/linux_configurator.h"

#include <QCoreApplication>
#include <QTimer>

#include <csignal>
#include <cstdio>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace {

using gvpn::program::ExitStatus;

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

int cleanUp(QCoreApplication& application)
{
    using namespace gvpn;
    using server::StartStep;
    const auto giveUp = [](const Error& error) {
        std::fprintf(stderr, "%s\n", server::sentence(StartStep::CleanUp, error).c_str());
        return server::exitStatus(StartStep::CleanUp, error);
    };
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

int serve(const gvpn::server::ServerOptions& options)
{
    using namespace gvpn;
    const auto signals = program::UnixSignals::create();
    if (!signals) {
        std::fprintf(stderr, "The server can't take signals: %s.\n", signals.error().context.c_str());
        return program::toInt(ExitStatus::Failure);
    }
    server::ServerApplication server(options);
    QObject::connect(signals->get(), &program::UnixSignals::signalled, &server, [&server](int number) {
        // SIGHUP reloads accounts and configuration once there are some that can change; it never ends a tunnel.
        if (number != SIGHUP)
            server.stop();
    });
    QObject::connect(
        &server, &server::ServerApplication::finished, &server, [](int status) { QCoreApplication::exit(status); },
        Qt::QueuedConnection);
    QTimer::singleShot(0, &server, &server::ServerApplication::start);
    return QCoreApplication::exec();
}

}  // namespace

int main(int argc, char** argv)
{
    using namespace gvpn;
    setProcessLimits();
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("gvpn-server"));
    QCoreApplication::setApplicationVersion(QStringLiteral(GVPN_VERSION));

    const auto options = server::parseOptions(QCoreApplication::arguments(), QStringLiteral("/etc/gvpn/server.conf"));
    if (!options) {
        std::fprintf(stderr, "%s\n", server::sentence(server::StartStep::ReadOptions, options.error()).c_str());
        return server::exitStatus(server::StartStep::ReadOptions, options.error());
    }
    if (options->command == server::Command::ShowHelp) {
        std::fputs(qUtf8Printable(options->helpText), stdout);
        return 0;
    }
    if (options->command == server::Command::ShowVersion) {
        std::puts("gvpn-server " GVPN_VERSION);
        return 0;
    }
    program::installLogSink(program::parseLogLevel(options->logLevel).value_or(program::LogLevel::Info));
    return options->command == server::Command::Cleanup ? cleanUp(application) : serve(*options);
}
