// May this process change the network? Asked by main() before anything is touched. One file for each operating system.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace gvpn::program {

/// CAP_NET_ADMIN in the effective set of this thread (capabilities(7)).
[[nodiscard]] bool hasNetAdmin();

/// PermissionDenied; the context says how to start `program` with the right that it lacks.
[[nodiscard]] Error netAdminMissing(std::string_view program, bool isRoot);

/// From root to this user and its groups for good, with CAP_NET_ADMIN as the only capability (and no way to another:
/// no_new_privs, an empty bounding set but for it). Before any thread starts: capabilities belong to threads. NotFound:
/// no such user. InvalidArgument: the user is root. PermissionDenied: this process is not root, or not all of it (a
/// container). The program leaves no core dump from here on. After an error it can only exit: half of it may be done.
[[nodiscard]] Result<void> becomeUserWithNetAdmin(const std::string& userName);

/// Root becomes the owner of this directory, for good and without any capability, so that what it writes there is
/// readable for its owner. Everybody else, and for root's own directories, nothing happens. Before any thread starts.
[[nodiscard]] Result<void> becomeOwnerOf(const std::string& directory);

}  // namespace gvpn::program
