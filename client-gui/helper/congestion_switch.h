// Gives a TCP connection that a caller has handed over another congestion control. One file for each kind of operating
// system. Any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace gvpn::helper {

/// available: what tcp_available_congestion_control says, names with blanks between. InvalidArgument: it is no TCP
/// socket. NotFound: the kernel doesn't have it. The context goes on after the name: "is not to be had …".
[[nodiscard]] Result<void> setCongestionControl(int socket, const std::string& name, std::string_view available);

/// What this computer has now; empty when that can't be read.
[[nodiscard]] std::string availableCongestionControls();

}  // namespace gvpn::helper
