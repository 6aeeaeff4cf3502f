// What real or faked things the connections of one engine stand on: made by a composition root (or a test), in the
// engine's thread, where all of it lives.
#pragma once

#include "client/edges.h"

namespace gvpn::client {

/// The edges of one connection, which outlive it.
class EdgeSet {
public:
    virtual ~EdgeSet() = default;
    /// identityFor is filled in by the engine: keys are handed to it.
    [[nodiscard]] virtual const Edges& edges() const = 0;
};

class EdgeSource {
public:
    virtual ~EdgeSource() = default;
    /// PermissionDenied: this program may not change the network.
    [[nodiscard]] virtual Result<std::unique_ptr<EdgeSet>> makeEdges() = 0;
    [[nodiscard]] virtual std::unique_ptr<Timer> makeTimer() = 0;
    /// Closed connections whose last words are not sent yet; they end within a second.
    [[nodiscard]] virtual std::size_t lingering() const = 0;
};

}  // namespace gvpn::client
