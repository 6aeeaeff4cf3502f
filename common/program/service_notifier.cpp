#include "program/service_notifier.h"

#include "base/error.h"
#include "base/unique_fd.h"

#include <QByteArray>
#include <QLoggingCategory>
#include <QTimer>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <initializer_list>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

Q_LOGGING_CATEGORY(lcService, "gvpn.service")

constexpr const char* SocketVariable = "NOTIFY_SOCKET";
constexpr const char* WatchdogVariable = "WATCHDOG_USEC";
constexpr const char* WatchedVariable = "WATCHDOG_PID";

constexpr std::chrono::milliseconds RetryEvery{50};

std::string take(const char* variable)
{
    const std::string value = qgetenv(variable).toStdString();
    qunsetenv(variable);
    return value;
}

struct NotifyAddress {
    sockaddr_un socket{};
    socklen_t size = 0;
};

std::optional<NotifyAddress> addressOf(std::string_view path)
{
    NotifyAddress address;
    address.socket.sun_family = AF_UNIX;
    const bool isAbstract = path.starts_with('@');
    // Abstract names have no zero at their end.
    const std::size_t most = sizeof address.socket.sun_path - (isAbstract ? 0 : 1);
    if (path.size() < 2 || path.size() > most || (!isAbstract && !path.starts_with('/')))
        return std::nullopt;
    std::memcpy(address.socket.sun_path, path.data(), path.size());
    if (isAbstract)
        address.socket.sun_path[0] = '\0';
    const std::size_t size = offsetof(sockaddr_un, sun_path) + path.size() + (isAbstract ? 0 : 1);
    address.size = static_cast<socklen_t>(size);
    return address;
}

}  // namespace

std::optional<std::chrono::milliseconds> watchdogInterval(std::string_view microseconds,
                                                          std::string_view watchedProcess, std::string_view ownProcess)
{
    if (!watchedProcess.empty() && watchedProcess != ownProcess)
        return std::nullopt;
    std::int64_t period = 0;
    const char* const end = microseconds.data() + microseconds.size();
    const auto parsed = std::from_chars(microseconds.data(), end, period);
    if (microseconds.empty() || parsed.ec != std::errc() || parsed.ptr != end)
        return std::nullopt;
    const auto half = std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds(period) / 2);
    // What a timer can't count is no watchdog that anybody has set.
    if (half.count() < 1 || half > std::chrono::hours(24))
        return std::nullopt;
    return half;
}

/// The socket, and what it didn't take yet.
class ServiceNotifier::Channel {
public:
    explicit Channel(UniqueFd socket)
        : m_socket(std::move(socket))
    {}
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    /// The last chance for STOPPING=1.
    ~Channel() { static_cast<void>(isAllTaken()); }

    /// outdated: how those unsent ones begin that it makes pointless.
    void send(std::string state, std::initializer_list<std::string_view> outdated)
    {
        std::erase_if(m_unsent, [&](const std::string& old) {
            return std::ranges::any_of(outdated, [&](std::string_view start) { return old.starts_with(start); });
        });
        m_unsent.push_back(std::move(state));
        sendUnsent();
    }

    void sendOrDrop(const std::string& state) { static_cast<void>(isTaken(state)); }

private:
    [[nodiscard]] bool isAllTaken()
    {
        while (!m_unsent.empty() && isTaken(m_unsent.front()))
            m_unsent.erase(m_unsent.begin());
        return m_unsent.empty();
    }

    void sendUnsent()
    {
        if (isAllTaken())
            return;
        // Made late, since the notifier is older than the event loop.
        if (!m_timer) {
            m_timer = std::make_unique<QTimer>();
            m_timer->setSingleShot(true);
            QObject::connect(m_timer.get(), &QTimer::timeout, m_timer.get(), [this] { sendUnsent(); });
        }
        m_timer->start(RetryEvery);
    }

    /// Also what the manager will never take.
    [[nodiscard]] bool isTaken(const std::string& state)
    {
        if (::send(m_socket.get(), state.data(), state.size(), MSG_NOSIGNAL) >= 0)
            return true;
        const int code = errno;
        qCDebug(lcService) << "the service manager was not told reason=" << errnoError("notify", code).context.c_str();
        return code != EAGAIN && code != ENOBUFS && code != EINTR;
    }

    UniqueFd m_socket;
    std::vector<std::string> m_unsent;
    std::unique_ptr<QTimer> m_timer;
};

ServiceNotifier ServiceNotifier::takeFromEnvironment()
{
    const std::string path = take(SocketVariable);
    const std::string period = take(WatchdogVariable);
    const std::string watched = take(WatchedVariable);
    if (path.empty())
        return {};
    return {path, watchdogInterval(period, watched, std::to_string(::getpid()))};
}

ServiceNotifier::ServiceNotifier(std::string_view socketPath, std::optional<std::chrono::milliseconds> watchdog)
    : m_watchdog(watchdog)
{
    const auto address = addressOf(socketPath);
    if (!address) {
        qCDebug(lcService) << "the service manager's socket has no usable name";
        return;
    }
    // Connected, since after --run-as the path may be out of reach.
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.isValid()
        || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address->socket), address->size) != 0) {
        qCDebug(lcService) << "the service manager can't be told anything reason="
                           << errnoError("notify", errno).context.c_str();
        return;
    }
    m_channel = std::make_shared<Channel>(std::move(socket));
}

void ServiceNotifier::ready(std::string_view status)
{
    if (m_channel)
        m_channel->send("READY=1\nSTATUS=" + std::string(status), {"READY=", "STATUS="});
}

void ServiceNotifier::status(std::string_view status)
{
    if (m_channel)
        m_channel->send("STATUS=" + std::string(status), {"STATUS="});
}

void ServiceNotifier::reloading(std::chrono::microseconds monotonic)
{
    if (m_channel)
        m_channel->send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic.count()), {""});
}

void ServiceNotifier::stopping()
{
    if (m_channel)
        m_channel->send("STOPPING=1", {""});
}

void ServiceNotifier::alive()
{
    if (m_channel)
        m_channel->sendOrDrop("WATCHDOG=1");
}

}  // namespace gvpn::program
