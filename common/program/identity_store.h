// The key of this server or device, kept in a file: made on first use, the same ever after. main(), or the enrolment.
#pragma once

#include "tls/identity.h"

#include <string>

namespace gvpn::program {

inline constexpr std::size_t MaxIdentityFileBytes = 64 * 1024;

/// NotFound; PermissionDenied if others can read it (see readKeyFile); Malformed if it holds no identity.
[[nodiscard]] Result<tls::Identity> loadIdentity(const std::string& path);

/// Makes one, mode 0600, if there is no file; of processes that do so at once all get the same. A file that can't be
/// used is an error that names it, and stays as it is: whoever trusts this key would take a new one for an attack.
[[nodiscard]] Result<tls::Identity> loadOrCreateIdentity(const std::string& path);

}  // namespace gvpn::program
