// Tells the service manager how this program is: systemd's protocol of sd_notify(3), datagrams of NAME=VALUE lines. One
// per process, made by main() before it gives rights away; main thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gvpn::program {

/// How often the manager wants to hear WATCHDOG=1: half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises. None: it
/// doesn't watch, or another process (WATCHDOG_PID), or the texts are no numbers.
[[nodiscard]] std::optional<std::chrono::milliseconds>
watchdogInterval(std::string_view microseconds, std::string_view watchedProcess, std::string_view ownProcess);

/// What the manager's full socket doesn't take is told soon after, but for the watchdog's message: another one follows.
class ServiceNotifier {
public:
    /// What $NOTIFY_SOCKET and the watchdog's variables say. They are removed, since a child must not speak for us.
    /// Before any thread starts. Nobody listens there, or no path: nothing is told, which is no error.
    [[nodiscard]] static ServiceNotifier takeFromEnvironment();
    /// Tells nobody.
    ServiceNotifier() = default;
    /// socketPath: absolute, or "@name" for an abstract one (unix(7)).
    ServiceNotifier(std::string_view socketPath, std::optional<std::chrono::milliseconds> watchdog);

    [[nodiscard]] bool isHeard() const { return m_channel != nullptr; }
    [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog() const { return m_watchdog; }

    /// status: one line.
    void ready(std::string_view status);
    void status(std::string_view status);
    /// monotonic: CLOCK_MONOTONIC, by which the manager tells this reload from an earlier one. ready() ends it.
    void reloading(std::chrono::microseconds monotonic);
    void stopping();
    void alive();

private:
    class Channel;
    std::shared_ptr<Channel> m_channel;
    std::optional<std::chrono::milliseconds> m_watchdog;
};

}  // namespace gvpn::program
