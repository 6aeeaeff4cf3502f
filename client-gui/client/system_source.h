// The edges of an engine on this computer: a process with CAP_NET_ADMIN changes the network itself, any other has
// gvpn-helper do it. For composition roots; made and used in the engine's thread, which needs a Qt event loop.
#pragma once

#include "client/edge_source.h"

namespace gvpn::client {

[[nodiscard]] Result<std::unique_ptr<EdgeSource>> makeSystemSource();

}  // namespace gvpn::client
