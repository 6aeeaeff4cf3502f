// A service manager's end of sd_notify(3) for tests: a datagram socket that keeps what it is told.
#pragma once

#include "base/unique_fd.h"

#include <QByteArray>
#include <QList>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

namespace gvpn::test {

class NotifyEnd {
public:
    /// As in $NOTIFY_SOCKET.
    explicit NotifyEnd(std::string_view path)
        : m_socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        const bool isAbstract = path.starts_with('@');
        if (isAbstract)
            address.sun_path[0] = '\0';
        const std::size_t size = offsetof(sockaddr_un, sun_path) + path.size() + (isAbstract ? 0 : 1);
        if (::bind(m_socket.get(), reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(size)) != 0)
            qFatal("the test's notify socket can't be bound");
    }
    /// Since the last call.
    [[nodiscard]] QList<QByteArray> heard() const
    {
        QList<QByteArray> messages;
        std::array<char, 4096> buffer{};
        for (ssize_t size = 0; (size = ::recv(m_socket.get(), buffer.data(), buffer.size(), 0)) >= 0;)
            messages.append(QByteArray(buffer.data(), size));
        return messages;
    }

private:
    UniqueFd m_socket;
};

}  // namespace gvpn::test
