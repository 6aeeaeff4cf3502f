#include "accounts/account_store.h"

#include "accounts/account_rows.h"
#include "accounts/database_file.h"
#include "accounts/schema.h"

namespace gvpn::accounts {

namespace {

Result<void> asResult(const Result<std::int64_t>& changed)
{
    return changed ? Result<void>() : fail(changed.error());
}

QVariant addressValue(const std::optional<net::IpAddress>& address)
{
    return blobValue(address ? address->bytes() : ByteView());
}

QVariant keyValue(const std::optional<Pin>& key)
{
    return key ? pinValue(*key) : blobValue({});
}

Ban banOf(const Row& row)
{
    Ban ban;
    ban.user = textOf(row[0]);
    ban.address = addressOf(row[1]);
    if (!bytesOf(row[2]).empty())
        ban.key = pinOf(row[2]);
    ban.isShared = numberOf(row[3]) != 0;
    ban.until = timeOf(row[4]);
    ban.count = static_cast<unsigned>(numberOf(row[5]));
    return ban;
}

Error ofFile(const std::string& path, const Error& error)
{
    return {error.code, path + ": " + error.context};
}

}  // namespace

AccountStore::AccountStore(std::unique_ptr<Database> database, WallTime time)
    : m_database(std::move(database))
    , m_time(std::move(time))
{}

AccountStore::~AccountStore() = default;

Result<void> AccountStore::inspect(const std::string& path)
{
    if (auto prepared = prepareDatabaseFile(path, false); !prepared)
        return prepared;
    auto inspected = inspectDatabaseFile(path);
    return inspected ? inspected : fail(ofFile(path, inspected.error()));
}

Result<std::unique_ptr<AccountStore>> AccountStore::open(const std::string& path, WallTime time, bool mayCreate)
{
    if (auto prepared = prepareDatabaseFile(path, mayCreate); !prepared)
        return fail(prepared.error());
    if (auto inspected = inspectDatabaseFile(path); !inspected)
        return fail(ofFile(path, inspected.error()));
    auto database = Database::open(path, Access::Write);
    if (!database)
        return fail(ofFile(path, database.error()));
    if (auto prepared = prepareDatabase(**database); !prepared)
        return fail(ofFile(path, prepared.error()));
    return std::unique_ptr<AccountStore>(new AccountStore(std::move(*database), std::move(time)));
}

Result<std::vector<Ban>> AccountStore::bans()
{
    const auto rows = m_database->query("SELECT user, address, key, is_shared, until, count FROM bans"
                                        " WHERE until > ? ORDER BY until, user, address, key",
                                        {timeValue(m_time())});
    if (!rows)
        return fail(rows.error());
    std::vector<Ban> bans;
    for (const Row& row : *rows)
        bans.push_back(banOf(row));
    return bans;
}

Result<void> AccountStore::saveBan(const Ban& ban)
{
    return asResult(m_database->run(
        "INSERT OR REPLACE INTO bans (user, address, key, is_shared, until, count) VALUES (?, ?, ?, ?, ?, ?)",
        {textValue(ban.user), addressValue(ban.address), keyValue(ban.key), numberValue(ban.isShared ? 1 : 0),
         timeValue(ban.until), numberValue(ban.count)}));
}

Result<void> AccountStore::removeBan(const Ban& ban)
{
    return asResult(m_database->run(
        "DELETE FROM bans WHERE user = ? AND address = ? AND key = ? AND is_shared = ?",
        {textValue(ban.user), addressValue(ban.address), keyValue(ban.key), numberValue(ban.isShared ? 1 : 0)}));
}

Result<void> AccountStore::audit(const AuditEntry& entry)
{
    return m_database->transaction([&] { return insertAudit(*m_database, entry, m_time()); });
}

Result<std::vector<AuditEntry>> AccountStore::auditTrail(std::size_t most)
{
    const auto limit = static_cast<std::int64_t>(std::min(most, MaxAuditEntries));
    const auto rows = m_database->query(
        "SELECT at, event, user, device, source, detail FROM audit ORDER BY id DESC LIMIT ?", {numberValue(limit)});
    if (!rows)
        return fail(rows.error());
    std::vector<AuditEntry> entries;
    for (const Row& row : *rows)
        entries.push_back({.at = timeOf(row[0]),
                           .event = textOf(row[1]),
                           .user = textOf(row[2]),
                           .device = textOf(row[3]),
                           .from = textOf(row[4]),
                           .detail = textOf(row[5])});
    return entries;
}

Result<void> AccountStore::tidyUp()
{
    const UnixTime now = m_time();
    return m_database->transaction([&]() -> Result<void> {
        if (auto done = m_database->run("DELETE FROM invites WHERE expires_at <= ?", {timeValue(now)}); !done)
            return fail(done.error());
        if (auto done = m_database->run("DELETE FROM bans WHERE until <= ?", {timeValue(now)}); !done)
            return fail(done.error());
        return asResult(m_database->run("DELETE FROM audit WHERE at < ?", {timeValue(now - AuditLife)}));
    });
}

}  // namespace gvpn::accounts
