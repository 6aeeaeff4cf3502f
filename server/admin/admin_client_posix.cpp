#include "admin/admin_client.h"

#include "admin/local_socket.h"
#include "base/clock.h"

#include <QJsonDocument>

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace gvpn::admin {

namespace {

// The longest trail has some 20,000 entries.
constexpr qsizetype MaxReplyBytes = 64 * 1024 * 1024;

/// Until the socket is ready for these poll(2) events.
Result<void> waitFor(int socket, short events, TimePoint deadline)
{
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd waiting{.fd = socket, .events = events, .revents = 0};
        const int ready = left > 0 ? ::poll(&waiting, 1, static_cast<int>(left)) : 0;
        if (ready == 0)
            return fail(ErrorCode::TimedOut, "the server does not answer");
        if (ready > 0)
            return {};
        if (errno != EINTR)
            return fail(errnoError("wait for the server", errno));
    }
}

Result<void> sendAll(int socket, QByteArray bytes, TimePoint deadline)
{
    while (!bytes.isEmpty()) {
        if (const auto ready = waitFor(socket, POLLOUT, deadline); !ready)
            return ready;
        const ssize_t sent = ::send(socket, bytes.constData(), static_cast<std::size_t>(bytes.size()), MSG_NOSIGNAL);
        if (sent >= 0)
            bytes.remove(0, static_cast<qsizetype>(sent));
        else if (errno != EINTR && errno != EAGAIN)
            return fail(errnoError("ask the server", errno));
    }
    return {};
}

Result<QByteArray> receiveLine(int socket, TimePoint deadline)
{
    QByteArray line;
    std::array<char, 16384> chunk{};
    while (!line.endsWith('\n')) {
        if (const auto ready = waitFor(socket, POLLIN, deadline); !ready)
            return fail(ready.error());
        const ssize_t received = ::recv(socket, chunk.data(), chunk.size(), 0);
        if (received == 0)
            return fail(ErrorCode::Closed, "the server closed the connection without an answer");
        if (received > 0)
            line.append(chunk.data(), static_cast<qsizetype>(received));
        else if (errno != EINTR && errno != EAGAIN)
            return fail(errnoError("hear the server", errno));
        if (line.size() > MaxReplyBytes)
            return fail(ErrorCode::LimitExceeded, "the server's answer is too long");
    }
    return line;
}

}  // namespace

Result<Reply> askServer(const std::string& socketPath, const Command& command, std::chrono::milliseconds deadline,
                        std::optional<uid_t> owner)
{
    const TimePoint end = Clock::now() + deadline;
    const auto socket = connectToPath(socketPath);
    if (!socket)
        return fail(socket.error());
    // Whoever else can put a socket there would be told password hashes and hand out links of his own.
    if (const auto server = peerUser(socket->get());
        !server || (*server != 0 && *server != ::geteuid() && *server != owner))
        return fail(ErrorCode::PermissionDenied, socketPath + ": another user's program listens there");
    const QByteArray request = QJsonDocument(toJson(command)).toJson(QJsonDocument::Compact) + '\n';
    if (const auto sent = sendAll(socket->get(), request, end); !sent)
        return fail(sent.error());
    const auto line = receiveLine(socket->get(), end);
    if (!line)
        return fail(line.error());
    const QJsonDocument document = QJsonDocument::fromJson(*line);
    if (!document.isObject())
        return fail(ErrorCode::Malformed, "the server's answer is no JSON object");
    return Result<Reply>(tl::in_place, replyFromJson(document.object()));
}

}  // namespace gvpn::admin
