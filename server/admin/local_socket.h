// Unix sockets on paths that only their owner and root may use (unix(7)). One file for each operating system.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <string>

#include <sys/types.h>

namespace gvpn::admin {

/// Removes the socket of a program that ended without a farewell. Nothing there is no error. AlreadyExists: somebody
/// listens there, or it is no socket. PermissionDenied: another user's, and we aren't root.
[[nodiscard]] Result<void> removeDeadSocket(const std::string& path);

/// A listening socket, 0600 before anybody can see it; a dead one in its place is removed, with removeDeadSocket()'s
/// errors.
[[nodiscard]] Result<UniqueFd> listenOnPath(const std::string& path);

/// The next connection to a listening socket. SystemFailure: no descriptor is left.
[[nodiscard]] Result<UniqueFd> acceptConnection(int socket);

/// Not blocking. Unreachable: nobody listens there. PermissionDenied.
[[nodiscard]] Result<UniqueFd> connectToPath(const std::string& path);

/// The user of the process at the other end, as it was when it connected (SO_PEERCRED).
[[nodiscard]] Result<uid_t> peerUser(int socket);

}  // namespace gvpn::admin
