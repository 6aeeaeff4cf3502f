#include "server/service_report.h"

namespace gvpn::server {

ServiceReport::ServiceReport(program::ServiceNotifier notifier, Duration statusEvery, QObject* parent)
    : QObject(parent)
    , m_notifier(std::move(notifier))
{
    m_statusPause.setSingleShot(true);
    m_statusPause.setInterval(statusEvery);
    connect(&m_statusPause, &QTimer::timeout, this, &ServiceReport::tellStatus);
    connect(&m_watchdog, &QTimer::timeout, this, &ServiceReport::watch);
}

void ServiceReport::begin(std::uint16_t port, Ping ping)
{
    m_state = State::Ready;
    m_port = port;
    m_ping = std::move(ping);
    m_toldStatus = status();
    m_notifier.ready(m_toldStatus);
    m_statusPause.start();
    if (m_notifier.isHeard() && m_notifier.watchdog()) {
        // The manager counts from READY.
        m_watchdog.start(*m_notifier.watchdog());
        watch();
    }
}

void ServiceReport::count(const DataEvent& event)
{
    if (std::holds_alternative<ClientConnected>(event))
        ++m_clients;
    else if (std::holds_alternative<ClientDisconnected>(event) && m_clients > 0)
        --m_clients;
    else
        return;
    if (!m_statusPause.isActive())
        tellStatus();
}

void ServiceReport::stopping()
{
    m_state = State::Stopping;
    m_statusPause.stop();
    m_notifier.stopping();
}

std::string ServiceReport::status() const
{
    const std::string clients = m_clients == 0   ? "no clients"
                                : m_clients == 1 ? "1 client"
                                                 : std::to_string(m_clients) + " clients";
    return clients + ", port " + std::to_string(m_port);
}

void ServiceReport::tellStatus()
{
    std::string current = status();
    if (m_state != State::Ready || current == m_toldStatus)
        return;
    m_toldStatus = std::move(current);
    m_notifier.status(m_toldStatus);
    m_statusPause.start();
}

void ServiceReport::watch()
{
    if (m_state == State::Stopping)
        m_notifier.alive();
    else if (!std::exchange(m_isAsked, true))
        m_ping([this] { QMetaObject::invokeMethod(this, &ServiceReport::onPong, Qt::QueuedConnection); });
}

void ServiceReport::onPong()
{
    m_isAsked = false;
    m_notifier.alive();
}

ServiceReport::Reload::Reload(ServiceReport& report, TimePoint now)
    : m_report(report)
{
    if (m_report.m_state == State::Ready)
        m_report.m_notifier.reloading(std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()));
}

ServiceReport::Reload::~Reload()
{
    if (m_report.m_state == State::Ready)
        m_report.m_notifier.ready(m_report.m_toldStatus);
}

}  // namespace gvpn::server
