// gvpn-helper: started by the system bus as root. Takes no arguments and nothing from its environment.
#include "helper/helper_daemon.h"
#include "helper/logging.h"
#include "helper/stop_signals.h"

#include <QCoreApplication>

#include <cap-ng.h>
#include <cstdlib>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using gvpn::helper::logHelper;

/// Before any thread starts: capabilities belong to threads.
void giveUpWhatIsNotNeeded()
{
    ::clearenv();  // NOLINT(concurrency-mt-unsafe): there is only this thread
    ::umask(S_IRWXG | S_IRWXO);
    const rlimit none{0, 0};
    static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
    static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
    static_cast<void>(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    if (::chdir("/") != 0)
        qCWarning(logHelper) << "can't change to the root directory";
    capng_clear(CAPNG_SELECT_BOTH);
    capng_updatev(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET),
                  CAP_NET_ADMIN, -1);
    if (capng_apply(CAPNG_SELECT_BOTH) != 0)
        qCWarning(logHelper) << "can't give up the capabilities that aren't needed";
}

int run()
{
    using namespace gvpn::helper;
    const auto signals = StopSignals::hold();
    if (!signals) {
        qCWarning(logHelper).noquote() << "can't start:" << signals.error().context.c_str();
        return EXIT_FAILURE;
    }
    gvpn::bus::registerTypes();
    auto directory = gvpn::system::RunDirectory::locate(std::string(gvpn::system::DefaultRunDirectory));
    const QDBusConnection bus = QDBusConnection::systemBus();
    if (!directory || !bus.isConnected()) {
        qCWarning(logHelper).noquote() << "can't start:"
                                       << (directory ? bus.lastError().message()
                                                     : QString::fromStdString(directory.error().context));
        return EXIT_FAILURE;
    }
    HelperDaemon daemon(bus, std::move(*directory), IdleTime);
    QObject::connect(signals->get(), &StopSignals::stopAsked, &daemon, &HelperDaemon::stop);
    QObject::connect(
        &daemon, &HelperDaemon::finished, qApp, [](int status) { QCoreApplication::exit(status); },
        Qt::QueuedConnection);
    QMetaObject::invokeMethod(&daemon, &HelperDaemon::start, Qt::QueuedConnection);
    return QCoreApplication::exec();
}

}  // namespace

int main(int /*argc*/, char** argv)
{
    gvpn::helper::installLogSink();
    if (::geteuid() != 0) {
        qCWarning(logHelper) << "only the system bus starts this program, as root";
        return EXIT_FAILURE;
    }
    giveUpWhatIsNotNeeded();
    int argumentCount = 1;
    const QCoreApplication app(argumentCount, argv);
    return run();
}
