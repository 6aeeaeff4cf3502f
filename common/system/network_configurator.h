// Brings the computer's network to a goal and back. The edge to everything that needs CAP_NET_ADMIN but the TUN itself.
// Qt event loop thread. Implementations: LinuxConfigurator, RecordingConfigurator (tests), later the helper's client.
#pragma once

#include "base/result.h"
#include "system/network_config.h"

#include <functional>

namespace gvpn::system {

class NetworkConfigurator {
public:
    /// Called once, from the event loop or before apply/clear returns.
    using Done = std::function<void(Result<void>)>;

    virtual ~NetworkConfigurator() = default;

    /// Idempotent: applies only what differs from the last goal. When a step fails, the steps before it are undone in
    /// reverse (the last goal stays, if there was one) and the error's context begins with the step: "add route
    /// 172.17.0.0/16 to gvpn0: file exists". One call at a time.
    virtual void apply(const NetworkConfig& config, Done done) = 0;
    /// Undoes everything in reverse. Goes on when a step fails and reports the first failure. Right at any time, also
    /// while an apply is under way, whose done is then called with Closed.
    virtual void clear(Done done) = 0;
};

}  // namespace gvpn::system
