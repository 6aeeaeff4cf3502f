#include "transport/epoll_host.h"

#include <algorithm>

namespace gvpn::transport {

namespace {

/// Turns before the rest of the program gets its turn: Qt would find the same descriptor ready again, at a higher
/// price.
constexpr int TurnsPerWakeUp = 16;

}  // namespace

EpollHost::EpollHost(EpollLoop& loop, QObject* parent)
    : QObject(parent)
    , m_loop(loop)
    , m_notifier(loop.descriptor(), QSocketNotifier::Read)
{
    m_timer.setSingleShot(true);
    connect(&m_notifier, &QSocketNotifier::activated, this, &EpollHost::turn);
    connect(&m_timer, &QTimer::timeout, this, &EpollHost::turn);
}

void EpollHost::turn()
{
    for (int i = 0; i < TurnsPerWakeUp && m_loop.turnOnce(); ++i) {
    }
    const TimePoint deadline = m_loop.deadline();
    if (deadline == Never) {
        m_timer.stop();
        return;
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(deadline - m_loop.now());
    m_timer.start(std::max(wait, std::chrono::milliseconds(0)));
}

}  // namespace gvpn::transport
