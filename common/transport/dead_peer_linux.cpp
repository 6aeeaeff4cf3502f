#include "transport/dead_peer.h"

#include <algorithm>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace gvpn::transport {

namespace {

void setOption(qintptr descriptor, int level, int name, int value)
{
    static_cast<void>(::setsockopt(static_cast<int>(descriptor), level, name, &value, sizeof(value)));
}

}  // namespace

void watchForDeadPeer(qintptr socketDescriptor, Duration silence)
{
    const int seconds =
        std::max(4, static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(silence).count()));
    // The first probe after half of the time; the user timeout decides about the end, in place of a count of probes
    // (tcp(7), TCP_USER_TIMEOUT).
    setOption(socketDescriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    setOption(socketDescriptor, IPPROTO_TCP, TCP_KEEPIDLE, seconds / 2);
    setOption(socketDescriptor, IPPROTO_TCP, TCP_KEEPINTVL, seconds / 4);
    setOption(socketDescriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, seconds * 1000);
}

}  // namespace gvpn::transport
