// --run-as: root hands over what the server needs to another user and becomes that user, with CAP_NET_ADMIN alone.
// Once, by main(), before any thread starts.
#pragma once

#include "server/server_options.h"

namespace gvpn::server {

/// Whom root has to become without --run-as: the owner of the state directory, who could not use what root writes
/// there (a package's service, whose server somebody starts by hand). Empty: nobody.
[[nodiscard]] std::string userOfStateDir(const ServerOptions& options);

/// Makes the state directory if it is missing and gives it (if it is new) and this network namespace's records below
/// /run/gvpn to the user. Nothing happens in a process that is that user's already. NotFound, InvalidArgument,
/// PermissionDenied (also: not started by root).
[[nodiscard]] Result<void> becomeServiceUser(const ServerOptions& options);

}  // namespace gvpn::server
