// --run-as: root hands over what the server needs to another user and becomes that user, with CAP_NET_ADMIN alone.
// Once, by main(), before any thread starts.
#pragma once

#include "server/server_options.h"

namespace gvpn::server {

/// Makes the state directory if it is missing and gives it (if it is new) and this network namespace's records below
/// /run/gvpn to the user. NotFound, InvalidArgument, PermissionDenied (also: not started by root).
[[nodiscard]] Result<void> becomeServiceUser(const ServerOptions& options);

}  // namespace gvpn::server
