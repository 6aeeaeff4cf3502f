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
    /// What was set up is gone without our doing: the helper has ended. lost may come often, until the set is
    /// destroyed.
    using LostHandler = std::function<void(const Error&)>;
    virtual void setLostHandler(LostHandler lost) = 0;
};

class EdgeSource {
public:
    virtual ~EdgeSource() = default;
    [[nodiscard]] virtual Result<std::unique_ptr<EdgeSet>> makeEdges() = 0;
    [[nodiscard]] virtual std::unique_ptr<Timer> makeTimer() = 0;
    /// Closed connections whose last words are not sent yet; they end within a second.
    [[nodiscard]] virtual std::size_t lingering() const = 0;
};

}  // namespace gvpn::client
