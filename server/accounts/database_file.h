// The file that the account database lies in: made privately, and looked at without a change before anything is written
// to it. Private to this layer; waits for the disk.
#pragma once

#include "base/result.h"

#include <string>

namespace gvpn::accounts {

/// There is a private file of our own afterwards: the one that was there, or, if mayCreate, a new one with empty
/// tables. The errors of AccountStore::open(); the context names the file.
[[nodiscard]] Result<void> prepareDatabaseFile(const std::string& path, bool mayCreate);

/// Whether it is safe to open for writing: Malformed, Unsupported. The file and what waits beside it (-wal) stay as
/// they are, unless a crash left half a transaction (-journal), which has to be undone before anybody can read it.
[[nodiscard]] Result<void> inspectDatabaseFile(const std::string& path);

}  // namespace gvpn::accounts
