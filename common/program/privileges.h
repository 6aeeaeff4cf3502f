// May this process change the network? Asked by main() before anything is touched. One file for each operating system.
#pragma once

#include "base/error.h"

#include <string_view>

namespace gvpn::program {

/// CAP_NET_ADMIN in the effective set of this thread (capabilities(7)).
[[nodiscard]] bool hasNetAdmin();

/// PermissionDenied; the context says how to start `program` with the right that it lacks.
[[nodiscard]] Error netAdminMissing(std::string_view program, bool isRoot);

}  // namespace gvpn::program
