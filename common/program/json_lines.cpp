#include "program/json_lines.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

// Only met when somebody made the descriptor non-blocking (they share it with us) and its reader sleeps.
constexpr int ReaderPatienceMs = 1000;

Result<void> writeAll(int descriptor, QByteArray bytes)
{
    while (!bytes.isEmpty()) {
        const ssize_t written = ::write(descriptor, bytes.constData(), static_cast<std::size_t>(bytes.size()));
        if (written >= 0) {
            bytes.remove(0, static_cast<qsizetype>(written));
        } else if (errno == EAGAIN) {
            pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
            if (::poll(&waiting, 1, ReaderPatienceMs) == 0)
                return fail(ErrorCode::TimedOut, "write a JSON line: nobody reads");
        } else if (errno != EINTR) {
            return fail(errnoError("write a JSON line", errno));
        }
    }
    return {};
}

}  // namespace

Result<void> JsonLines::write(const QJsonObject& object)
{
    if (m_isBroken)
        return fail(ErrorCode::Closed, "write a JSON line: an earlier one failed");
    const auto result = writeAll(m_descriptor, QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n');
    m_isBroken = !result;
    return result;
}

}  // namespace gvpn::program
