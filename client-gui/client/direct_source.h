// The edges of an engine whose process may change the network itself (CAP_NET_ADMIN). For composition roots; made and
// used in the engine's thread, which needs a Qt event loop.
#pragma once

#include "client/edge_source.h"

namespace gvpn::client {

[[nodiscard]] Result<std::unique_ptr<EdgeSource>> makeDirectSource();

}  // namespace gvpn::client
