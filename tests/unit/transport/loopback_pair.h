// Two connected TCP sockets on the loopback interface, and the plain calls on them with which a test plays the peer.
#pragma once

#include "base/bytes.h"
#include "base/unique_fd.h"

#include <QtTest>

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>

namespace gvpn::transport {

struct LoopbackPair {
    UniqueFd first;   // accepted
    UniqueFd second;  // connected
};

/// Small kernel buffers, so that they are soon full.
inline void boundBuffers(const UniqueFd& socket)
{
    const int sizeBytes = 128 * 1024;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &sizeBytes, sizeof(sizeBytes));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &sizeBytes, sizeof(sizeBytes));
}

/// listenFamily AF_INET6: a dual-stack listener, which an IPv4 client comes to.
inline LoopbackPair makeLoopbackPair(sa_family_t listenFamily = AF_INET)
{
    const UniqueFd listener(::socket(listenFamily, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage storage{};
    storage.ss_family = listenFamily;  // any address, any port
    socklen_t length = sizeof(storage);
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    const int off = 0;
    if (listenFamily == AF_INET6)
        ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (::bind(listener.get(), address, sizeof(sockaddr_in6)) != 0 || ::listen(listener.get(), 1) != 0
        || ::getsockname(listener.get(), address, &length) != 0)
        qFatal("no loopback listener: errno %d", errno);

    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = reinterpret_cast<sockaddr_in*>(address)->sin_port;  // the same place in sockaddr_in6
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    LoopbackPair pair;
    pair.second = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    boundBuffers(listener);  // what it accepts inherits them
    boundBuffers(pair.second);
    if (::connect(pair.second.get(), reinterpret_cast<sockaddr*>(&target), sizeof(target)) != 0)
        qFatal("no loopback connection: errno %d", errno);
    pair.first = UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return pair;
}

/// Closes so that the peer sees a reset.
inline void closeWithReset(UniqueFd& socket)
{
    const linger resetAtOnce{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &resetAtOnce, sizeof(resetAtOnce));
    socket.reset();
}

inline void sendAll(const UniqueFd& socket, ByteView bytes)
{
    QCOMPARE(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

/// Takes what is there now. `end`: 0 at the end of the stream, EAGAIN when more may come, or another errno.
inline ByteVector receiveWhatIsThere(const UniqueFd& socket, int& end)
{
    ByteVector all;
    ByteVector buffer(64 * 1024);
    for (;;) {
        const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size <= 0) {
            end = size == 0 ? 0 : errno;
            return all;
        }
        all.insert(all.end(), buffer.begin(), buffer.begin() + size);
    }
}

}  // namespace gvpn::transport
