#include "cli/application.h"
#include "program/unix_signals.h"

#include <QCoreApplication>

#include <cstdio>
#include <cstdlib>
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

}  // namespace

int main(int argc, char** argv)
{
    forbidCoreDumps();
    const QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("gvpn-client"));
    QCoreApplication::setApplicationVersion(QStringLiteral(GVPN_VERSION));
    auto parsed = gvpn::cli::parseOptions(QCoreApplication::arguments());
    if (!parsed) {
        std::fprintf(stderr, "%s\n", parsed.error().context.c_str());
        return gvpn::program::toInt(gvpn::program::ExitStatus::Usage);
    }
    if (const auto* info = std::get_if<gvpn::cli::InfoText>(&*parsed)) {
        std::fprintf(stdout, "%s", info->text.toUtf8().constData());
        return 0;
    }
    const int status = run(std::move(std::get<gvpn::cli::CliOptions>(*parsed)));
    // All that is ours is put back and gone. A thread may sit in a name lookup until the resolver's last timeout: a
    // usual exit would take the libraries' statics away under it.
    std::fflush(nullptr);
    std::_Exit(status);
}
