// What the service manager hears of a server: when it is ready, how many clients there are, that it lives. Main thread.
#pragma once

#include "base/clock.h"
#include "program/service_notifier.h"
#include "server/data_thread.h"

#include <QObject>
#include <QTimer>

#include <functional>
#include <string>

namespace gvpn::server {

class ServiceReport : public QObject {
    Q_OBJECT
public:
    /// Asks what must not hang; pong may be called in any thread, while this object lives.
    using Ping = std::function<void(std::function<void()> pong)>;

    /// statusEvery: a crowd that comes and goes must not keep the manager busy.
    explicit ServiceReport(program::ServiceNotifier notifier, Duration statusEvery = std::chrono::seconds(1),
                           QObject* parent = nullptr);

    /// The server is ready. From now on the watchdog is told so as long as pings are answered.
    void begin(std::uint16_t port, Ping ping);
    void count(const DataEvent& event);
    /// Only the main loop has to answer from now on.
    void stopping();

    /// The server reloads while this lives. Nothing is told before begin() and after stopping().
    class Reload {
    public:
        Reload(ServiceReport& report, TimePoint now);
        ~Reload();
        Reload(const Reload&) = delete;
        Reload& operator=(const Reload&) = delete;

    private:
        ServiceReport& m_report;
    };

private:
    enum class State { Starting, Ready, Stopping };

    void tellStatus();
    void watch();
    void onPong();
    [[nodiscard]] std::string status() const;

    program::ServiceNotifier m_notifier;
    Ping m_ping;
    QTimer m_watchdog;
    QTimer m_statusPause;
    std::string m_toldStatus;
    State m_state = State::Starting;
    std::uint16_t m_port = 0;
    unsigned m_clients = 0;
    bool m_isAsked = false;  // a ping is under way
};

}  // namespace gvpn::server
