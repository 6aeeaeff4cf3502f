// After a failure: is there a point in trying again, and when. Pure; used by the state machine.
#pragma once

#include "base/clock.h"
#include "client/fault.h"

namespace gvpn::client {

/// A connection that stood this long has proved that things work: the back-off starts anew.
inline constexpr Duration GoodConnection{30'000};

/// Trying again would fail again, until a person changes something. wasConnected: this run had a good connection to
/// this server, so that what looks like a wrong peer or a taken address may pass by itself.
[[nodiscard]] bool isFinal(const Fault& fault, bool wasConnected);

/// 1, 2, 4, 8, 15, 15, … s, spread over 50 to 150 % so that the clients of a restarted server don't come all at once.
/// earlierFailures: 0 for the first. roll: 0 <= roll < 1, from a random source.
[[nodiscard]] Duration retryDelay(unsigned earlierFailures, double roll);

/// The first retry after the loss of an established connection: within a second.
[[nodiscard]] Duration firstRetryDelay(double roll);

}  // namespace gvpn::client
