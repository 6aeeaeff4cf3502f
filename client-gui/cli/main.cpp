#include "cli/application.h"
#include "cli/doctor_application.h"
#include "cli/secret_input.h"
#include "client/sentences.h"
#include "program/unix_signals.h"

#include <QCoreApplication>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace {

/// Keys and packets stay out of core dumps and other processes' reach.
void forbidCoreDumps()
{
    const rlimit none{0, 0};
    static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
    static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int run(gvpn::cli::CliOptions options)
{
    using gvpn::cli::Application;
    using gvpn::program::ExitStatus;
    gvpn::program::installLogSink(options.logLevel);
    const auto signals = gvpn::program::UnixSignals::create();
    if (!signals) {
        std::fprintf(stderr, "Could not start: %s.\n", signals.error().context.c_str());
        return gvpn::program::toInt(ExitStatus::Failure);
    }
    Application application(std::move(options));
    QObject::connect(signals->get(), &gvpn::program::UnixSignals::signalled, &application, &Application::stop);
    QObject::connect(
        &application, &Application::finished, qApp, [](int status) { QCoreApplication::exit(status); },
        Qt::QueuedConnection);
    QMetaObject::invokeMethod(&application, &Application::start, Qt::QueuedConnection);
    return QCoreApplication::exec();
}

/// An invite may be given as an argument, but other users need not see it for as long as we run (ps).
void wipeLinks(std::span<char* const> arguments)
{
    constexpr std::string_view Scheme = "gvpn:";
    for (char* argument : arguments) {
        const std::string_view text(argument);
        const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
        if (::strncasecmp(argument + begin, Scheme.data(), Scheme.size()) == 0)
            std::fill_n(argument, text.size(), '*');
    }
}

int runDoctor(gvpn::cli::DoctorCommand command)
{
    gvpn::program::installLogSink(command.options.logLevel);
    gvpn::cli::DoctorApplication doctor(std::move(command));
    QObject::connect(
        &doctor, &gvpn::cli::DoctorApplication::finished, qApp, [](int status) { QCoreApplication::exit(status); },
        Qt::QueuedConnection);
    QMetaObject::invokeMethod(&doctor, &gvpn::cli::DoctorApplication::start, Qt::QueuedConnection);
    const int status = QCoreApplication::exec();
    std::fflush(nullptr);
    // Threads may sit in calls to what answers nothing, and nobody waits for them.
    std::_Exit(status);
}

int runProfileCommand(const gvpn::cli::ProfileCommand& command)
{
    using namespace gvpn;
    const auto store = cli::profileStoreFor(command.stateDir);
    const cli::ProfileAnswer answer =
        store ? cli::answerTo(command, *store)
              : cli::ProfileAnswer{{}, {client::sentenceForProfile(store.error())}, program::ExitStatus::Failure};
    std::fwrite(answer.output.constData(), 1, static_cast<std::size_t>(answer.output.size()), stdout);
    for (const QString& sentence : answer.sentences)
        std::fprintf(stderr, "%s\n", sentence.toUtf8().constData());
    return program::toInt(std::fflush(stdout) == 0 ? answer.status : program::ExitStatus::Failure);
}

}  // namespace

int main(int argc, char** argv)
{
    forbidCoreDumps();
    const QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("gvpn-client"));
    QCoreApplication::setApplicationVersion(QStringLiteral(GVPN_VERSION));
    // Qt reads its arguments from argv each time.
    const QStringList arguments = QCoreApplication::arguments();
    wipeLinks({argv, static_cast<std::size_t>(argc)});
    auto parsed = gvpn::cli::parseOptions(arguments);
    if (!parsed) {
        std::fprintf(stderr, "%s\n", parsed.error().context.c_str());
        return gvpn::program::toInt(gvpn::program::ExitStatus::Usage);
    }
    if (const auto* info = std::get_if<gvpn::cli::InfoText>(&*parsed)) {
        std::fprintf(stdout, "%s", info->text.toUtf8().constData());
        return 0;
    }
    if (const auto* command = std::get_if<gvpn::cli::ProfileCommand>(&*parsed))
        return runProfileCommand(*command);
    if (auto* command = std::get_if<gvpn::cli::DoctorCommand>(&*parsed))
        return runDoctor(std::move(*command));
    auto& options = std::get<gvpn::cli::CliOptions>(*parsed);
    if (const auto read = gvpn::cli::readSecrets(options); !read) {
        using gvpn::program::ExitStatus;
        // The person gave up (Ctrl-C), which is no failure.
        if (read.error().code == gvpn::ErrorCode::Closed)
            return gvpn::program::toInt(ExitStatus::Success);
        const bool isUsage = read.error().code == gvpn::ErrorCode::InvalidArgument;
        std::fprintf(stderr, "%s\n", read.error().context.c_str());
        return gvpn::program::toInt(isUsage ? ExitStatus::Usage : ExitStatus::Failure);
    }
    const int status = run(std::move(options));
    // All that is ours is put back and gone. A thread may sit in a name lookup until the resolver's last timeout: a
    // usual exit would take the libraries' statics away under it.
    std::fflush(nullptr);
    std::_Exit(status);
}
