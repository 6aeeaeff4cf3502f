// Rows of the account database as values, and the steps that several calls of the store share. Private to this layer;
// in the thread of the database, mostly inside one of its transactions.
#pragma once

#include "accounts/account_store.h"
#include "accounts/database.h"

namespace gvpn::accounts {

[[nodiscard]] inline QVariant timeValue(UnixTime time)
{
    return numberValue(time.time_since_epoch().count());
}
[[nodiscard]] inline UnixTime timeOf(const QVariant& value)
{
    return UnixTime(std::chrono::seconds(numberOf(value)));
}
[[nodiscard]] inline QVariant pinValue(const Pin& pin)
{
    return blobValue(pin.hash());
}
/// All zero if it has another size.
[[nodiscard]] Pin pinOf(const QVariant& value);
/// Nothing if it has another size.
[[nodiscard]] std::optional<net::IpAddress> addressOf(const QVariant& value);

/// `"name"`, for contexts.
[[nodiscard]] std::string quoted(std::string_view name);

/// The first maxBytes at most, in whole characters of UTF-8.
[[nodiscard]] std::string_view cutText(std::string_view text, std::size_t maxBytes = MaxAuditTextBytes);

[[nodiscard]] Result<std::vector<User>> readUsers(Database& database);
/// NotFound.
[[nodiscard]] Result<User> readUser(Database& database, UserId id);
[[nodiscard]] Result<std::optional<User>> findUserNamed(Database& database, const std::string& name);
/// NotFound.
[[nodiscard]] Result<User> readUserNamed(Database& database, const std::string& name);
/// AlreadyExists; InvalidArgument.
[[nodiscard]] Result<User> insertUser(Database& database, const std::string& name, const std::string& passwordHash,
                                      UnixTime now);

[[nodiscard]] Result<std::vector<Device>> readDevices(Database& database);
[[nodiscard]] Result<std::optional<Device>> findDeviceWithKey(Database& database, const Pin& key);
/// NotFound.
[[nodiscard]] Result<Device> readDevice(Database& database, DeviceId id);

/// Cuts its texts, and the oldest entries.
[[nodiscard]] Result<void> insertAudit(Database& database, const AuditEntry& entry, UnixTime now);

}  // namespace gvpn::accounts
