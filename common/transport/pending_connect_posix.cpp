#include "transport/pending_connect.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace gvpn::transport {

namespace {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

SocketAddress socketAddressOf(const QHostAddress& address, std::uint16_t port)
{
    SocketAddress result;
    if (address.protocol() == QAbstractSocket::IPv4Protocol) {
        auto* target = reinterpret_cast<sockaddr_in*>(&result.storage);
        target->sin_family = AF_INET;
        target->sin_port = htons(port);
        target->sin_addr.s_addr = htonl(address.toIPv4Address());
        result.length = sizeof(sockaddr_in);
        return result;
    }
    auto* target = reinterpret_cast<sockaddr_in6*>(&result.storage);
    target->sin6_family = AF_INET6;
    target->sin6_port = htons(port);
    const Q_IPV6ADDR bytes = address.toIPv6Address();
    std::copy(std::begin(bytes.c), std::end(bytes.c), std::begin(target->sin6_addr.s6_addr));
    // A zone is an interface's name or its number (RFC 4007 section 11).
    const QByteArray zone = address.scopeId().toLatin1();
    const unsigned index = zone.isEmpty() ? 0 : ::if_nametoindex(zone.constData());
    target->sin6_scope_id = index != 0 ? index : zone.toUInt();
    result.length = sizeof(sockaddr_in6);
    return result;
}

}  // namespace

PendingConnect::PendingConnect(const QHostAddress& address, std::uint16_t port)
{
    const SocketAddress target = socketAddressOf(address, port);
    m_socket = UniqueFd(::socket(target.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!m_socket.isValid()) {
        finish(errno);
        return;
    }
    if (::connect(m_socket.get(), reinterpret_cast<const sockaddr*>(&target.storage), target.length) == 0) {
        finish(0);
    } else if (errno == EINPROGRESS) {
        m_notifier = std::make_unique<QSocketNotifier>(m_socket.get(), QSocketNotifier::Write);
        connect(m_notifier.get(), &QSocketNotifier::activated, this, &PendingConnect::onWritable);
    } else {
        finish(errno);
    }
}

Result<UniqueFd> PendingConnect::takeResult()
{
    if (m_failure)
        return fail(*m_failure);
    m_notifier.reset();
    return std::move(m_socket);
}

void PendingConnect::onWritable()
{
    m_notifier->setEnabled(false);
    int error = 0;
    socklen_t length = sizeof(error);
    if (::getsockopt(m_socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        error = errno;
    finish(error);
}

void PendingConnect::finish(int error)
{
    // The server's address is said elsewhere.
    if (error != 0)
        m_failure = Error{errnoError({}, error).code, std::system_category().message(error)};
    QMetaObject::invokeMethod(this, &PendingConnect::finished, Qt::QueuedConnection);
}

}  // namespace gvpn::transport

// The header has another name than this file, which is one of several that may implement it.
#include "moc_pending_connect.cpp"  // NOLINT(bugprone-suspicious-include): Qt's generated code
