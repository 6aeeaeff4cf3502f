#include "program/json_lines.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <cerrno>
#include <climits>

#include <poll.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

// A reader that sleeps for longer is given up, so that it can't stop the program: a full pipe would block for ever.
constexpr int ReaderPatienceMs = 1000;

Result<void> writeAll(int descriptor, QByteArray bytes)
{
    while (!bytes.isEmpty()) {
        pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
        if (::poll(&waiting, 1, ReaderPatienceMs) == 0)
            return fail(ErrorCode::TimedOut, "write a line: nobody reads");
        // A pipe that is writable takes PIPE_BUF bytes without blocking (pipe(7)), whatever its flags are.
        const auto size = std::min<std::size_t>(static_cast<std::size_t>(bytes.size()), PIPE_BUF);
        const ssize_t written = ::write(descriptor, bytes.constData(), size);
        if (written >= 0)
            bytes.remove(0, static_cast<qsizetype>(written));
        else if (errno != EINTR && errno != EAGAIN)
            return fail(errnoError("write a line", errno));
    }
    return {};
}

}  // namespace

Result<void> JsonLines::write(const QJsonObject& object)
{
    return writeText(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

Result<void> JsonLines::writeText(const QByteArray& text)
{
    if (m_isBroken)
        return fail(ErrorCode::Closed, "write a line: an earlier one failed");
    const auto result = writeAll(m_descriptor, text + '\n');
    m_isBroken = !result;
    return result;
}

}  // namespace gvpn::program
