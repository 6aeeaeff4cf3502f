#include "helper/stop_signals.h"

#include <cerrno>
#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

#include "moc_stop_signals.cpp"  // NOLINT(bugprone-suspicious-include): Qt's generated code

namespace gvpn::helper {

Result<std::unique_ptr<StopSignals>> StopSignals::hold()
{
    sigset_t set{};
    ::sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        ::sigaddset(&set, number);
    if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
        return fail(errnoError("block signals", error));
    UniqueFd descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!descriptor.isValid())
        return fail(errnoError("signalfd", errno));
    return std::unique_ptr<StopSignals>(new StopSignals(std::move(descriptor)));
}

StopSignals::StopSignals(UniqueFd descriptor)
    : m_descriptor(std::move(descriptor))
    , m_notifier(m_descriptor.get(), QSocketNotifier::Read)
{
    connect(&m_notifier, &QSocketNotifier::activated, this, [this] {
        signalfd_siginfo info{};
        if (::read(m_descriptor.get(), &info, sizeof info) == sizeof info)
            Q_EMIT stopAsked();
    });
}

}  // namespace gvpn::helper
