// Directories below /run/gvpn that belong to one program's user, for its socket and its records. main() and the start.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>

#include <sys/types.h>

namespace gvpn::system {

struct ServiceUser {
    uid_t user = 0;
    gid_t group = 0;
};

/// Makes base (0755) and base/name (0700) if they are missing. With an owner, root gives it base/name with the files in
/// it; base stays root's, so that the owner can't put something else in the place of base/name and be given that the
/// next time. PermissionDenied: base/name is no directory, or somebody else's.
[[nodiscard]] Result<void> makeServiceDirectory(const std::string& base, const std::string& name,
                                                const std::optional<ServiceUser>& owner = {});

/// The name of this network namespace's records below base: see RunDirectory.
[[nodiscard]] Result<std::string> recordsName();

}  // namespace gvpn::system
