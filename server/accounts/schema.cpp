#include "accounts/schema.h"

#include <array>
#include <span>

namespace gvpn::accounts {

namespace {

// Names and addresses that are none are empty rather than NULL where a UNIQUE has to see them. Times are Unix seconds.
constexpr std::array Version1 = {
    R"(CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE,
        password_hash TEXT NOT NULL,
        is_enabled INTEGER NOT NULL DEFAULT 1,
        created_at INTEGER NOT NULL) STRICT)",
    R"(CREATE TABLE devices (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        name TEXT NOT NULL,
        key BLOB NOT NULL UNIQUE CHECK (length(key) = 32),
        enrolment INTEGER NOT NULL CHECK (enrolment IN (0, 1)),
        is_revoked INTEGER NOT NULL DEFAULT 0,
        enrolled_at INTEGER NOT NULL,
        last_seen_at INTEGER,
        last_from TEXT NOT NULL DEFAULT '') STRICT)",
    "CREATE INDEX devices_of_user ON devices (user_id)",
    R"(CREATE TABLE invites (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        secret_hash BLOB NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
        user_id INTEGER REFERENCES users ON DELETE CASCADE,
        device_key BLOB CHECK (length(device_key) = 32),
        expires_at INTEGER NOT NULL) STRICT)",
    "CREATE INDEX invites_of_user ON invites (user_id)",
    "CREATE INDEX invites_of_device ON invites (device_key)",
    // The id says who came last.
    R"(CREATE TABLE leases (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        device_id INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
        address BLOB NOT NULL UNIQUE CHECK (length(address) IN (4, 16))) STRICT)",
    "CREATE INDEX leases_of_device ON leases (device_id)",
    R"(CREATE TABLE bans (
        user TEXT NOT NULL,
        address BLOB NOT NULL CHECK (length(address) IN (0, 4, 16)),
        key BLOB NOT NULL CHECK (length(key) IN (0, 32)),
        is_shared INTEGER NOT NULL,
        until INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (user, address, key, is_shared)) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        event TEXT NOT NULL,
        user TEXT NOT NULL,
        device TEXT NOT NULL,
        source TEXT NOT NULL,
        detail TEXT NOT NULL) STRICT)",
};

/// The n-th makes version n + 1 out of version n. What was released is never changed, only added to.
constexpr std::array<std::span<const char* const>, SchemaVersion> Migrations = {Version1};

Result<std::int64_t> readNumber(Database& database, const char* statement)
{
    const auto rows = database.query(statement);
    if (!rows)
        return fail(rows.error());
    if (rows->empty())
        return fail(ErrorCode::Malformed, std::string("the database has no answer to ") + statement);
    return numberOf(rows->front().front());
}

Result<void> writeVersion(Database& database)
{
    // A PRAGMA takes no bound values; these are constants.
    const std::string application = "PRAGMA application_id = " + std::to_string(ApplicationId);
    const std::string version = "PRAGMA user_version = " + std::to_string(SchemaVersion);
    for (const std::string& statement : {application, version})
        if (auto written = database.run(statement.c_str()); !written)
            return fail(written.error());
    return {};
}

Result<void> migrate(Database& database)
{
    return database.transaction([&]() -> Result<void> {
        // Again, now that nobody else can change it: of two programs that start at once, one makes the tables.
        const auto version = schemaVersionOf(database);
        if (!version)
            return fail(version.error());
        if (*version == SchemaVersion)
            return {};
        for (const auto& migration : std::span(Migrations).subspan(static_cast<std::size_t>(*version)))
            for (const char* statement : migration)
                if (auto done = database.run(statement); !done)
                    return fail(done.error());
        return writeVersion(database);
    });
}

}  // namespace

Result<std::int64_t> schemaVersionOf(Database& database)
{
    const auto application = readNumber(database, "PRAGMA application_id");
    if (!application)
        return fail(application.error());
    const auto version = readNumber(database, "PRAGMA user_version");
    if (!version)
        return fail(version.error());
    const auto tables = readNumber(database, "SELECT count(*) FROM sqlite_schema");
    if (!tables)
        return fail(tables.error());
    if (*application == 0 && *version == 0 && *tables == 0)
        return 0;
    if (*application != ApplicationId || *version < 1)
        return fail(ErrorCode::Malformed, "it is a database of another program");
    if (*version > SchemaVersion)
        return fail(ErrorCode::Unsupported, "a newer gvpn has written it: it has version " + std::to_string(*version)
                                                + ", and this gvpn knows versions up to "
                                                + std::to_string(SchemaVersion));
    return *version;
}

Result<void> checkIntegrity(Database& database)
{
    const auto rows = database.query("PRAGMA quick_check(1)");
    if (!rows)
        return fail(rows.error());
    const std::string finding = rows->empty() ? "no answer" : textOf(rows->front().front());
    if (finding != "ok")
        return fail(ErrorCode::Malformed, "the database is damaged (" + finding + ')');
    return {};
}

Result<void> prepareDatabase(Database& database)
{
    if (auto migrated = migrate(database); !migrated)
        return migrated;
    // Last, so that a file without tables gets them and its version in one piece.
    const auto mode = database.query("PRAGMA journal_mode = WAL");
    return mode ? Result<void>() : fail(mode.error());
}

}  // namespace gvpn::accounts
