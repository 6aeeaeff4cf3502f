// The time since this computer was started, sleep included: a client that wakes up sees at once how long it has heard
// nothing, where SteadyTime stands still while a laptop sleeps. For gvpn-client's composition root; any thread.
#pragma once

#include "base/clock.h"

namespace gvpn::client {

class BootTime final : public TimeSource {
public:
    [[nodiscard]] TimePoint now() const override;
};

}  // namespace gvpn::client
