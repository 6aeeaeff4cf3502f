// The tables of the account database, and how an older file becomes one of today. Private to this layer; in the thread
// of its database.
#pragma once

#include "accounts/database.h"

namespace gvpn::accounts {

inline constexpr std::int64_t ApplicationId = 0x6776706E;  // "gvpn", at offset 68 of the file
inline constexpr std::int64_t SchemaVersion = 1;           // user_version, at offset 60

/// 0: an empty database. Malformed: damaged, or not ours. Unsupported: of a newer version. Reads only. Inside a
/// transaction: else it may see the version from before and the tables from after somebody else's.
[[nodiscard]] Result<std::int64_t> schemaVersionOf(Database& database);
/// Malformed, with what is wrong. Reads all of it.
[[nodiscard]] Result<void> checkIntegrity(Database& database);
/// To SchemaVersion, in one transaction, and to a write-ahead log. The errors of schemaVersionOf().
[[nodiscard]] Result<void> prepareDatabase(Database& database);

}  // namespace gvpn::accounts
