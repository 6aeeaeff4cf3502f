// The Qt implementations of two edges: a server reached over TCP, and timers. For composition roots.
#pragma once

#include "client/edges.h"

namespace gvpn::client {

/// loop: where the connection's stream lives.
[[nodiscard]] std::unique_ptr<Connector> makeTcpConnector(const net::HostPort& server, transport::EpollLoop& loop);
[[nodiscard]] std::unique_ptr<Timer> makeQtTimer();

}  // namespace gvpn::client
