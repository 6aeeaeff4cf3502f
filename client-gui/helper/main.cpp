// gvpn-helper: started by the system bus as root. Takes no arguments and nothing from its environment.
#include "helper/helper_daemon.h"
#include "helper/logging.h"
#include "helper/stop_signals.h"

#include <QCoreApplication>

#include <cerrno>
#include <cstdlib>
#include <initializer_list>

#include <cap-ng.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace gvpn;
using helper::logHelper;

/// Asked of the kernel: capng_apply() says nothing of a bounding set that it was not allowed to change.
bool hasOnlyNetAdmin(std::initializer_list<capng_type_t> kinds)
{
    if (capng_get_caps_process() != 0)
        return false;
    for (const capng_type_t kind : kinds) {
        for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability) {
            if ((capng_have_capability(kind, capability) != 0) != (capability == CAP_NET_ADMIN))
                return false;
        }
    }
    return true;
}

/// Before any thread starts: capabilities belong to threads. With more rights than it needs it must not run.
Result<void> giveUpWhatIsNotNeeded()
{
    ::umask(S_IRWXG | S_IRWXO);
    const rlimit none{0, 0};
    if (::clearenv() != 0  // NOLINT(concurrency-mt-unsafe): there is only this thread
        || ::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0
        || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::chdir("/") != 0)
        return fail(errnoError("limit this process", errno));
    // Where systemd has made the set small already, there is no right left to do it again, and libcap-ng complains.
    const bool isBounded = hasOnlyNetAdmin({CAPNG_BOUNDING_SET});
    capng_clear(CAPNG_SELECT_BOTH);
    const auto kinds = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET);
    if (capng_updatev(CAPNG_ADD, kinds, CAP_NET_ADMIN, -1) != 0
        || capng_apply(isBounded ? CAPNG_SELECT_CAPS : CAPNG_SELECT_BOTH) != 0
        || !hasOnlyNetAdmin({CAPNG_EFFECTIVE, CAPNG_PERMITTED, CAPNG_BOUNDING_SET}))
        return fail(ErrorCode::SystemFailure, "can't have CAP_NET_ADMIN and nothing else");
    return {};
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
    auto directory = gvpn::system::RunDirectory::locate(std::string(RunDirectoryBase));
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
    if (const auto limited = giveUpWhatIsNotNeeded(); !limited) {
        qCWarning(logHelper).noquote() << "can't start:" << limited.error().context.c_str();
        return EXIT_FAILURE;
    }
    int argumentCount = 1;
    const QCoreApplication app(argumentCount, argv);
    return run();
}
