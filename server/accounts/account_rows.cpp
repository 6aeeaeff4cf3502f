#include "accounts/account_rows.h"

#include "base/text.h"

#include <algorithm>

namespace gvpn::accounts {

namespace {

constexpr char UsersStatement[] =
    "SELECT id, name, password_hash <> '', is_enabled, created_at,"
    " (SELECT count(*) FROM devices WHERE user_id = users.id AND NOT is_revoked) FROM users ";
// A row for each address.
constexpr char DevicesStatement[] =
    "SELECT devices.id, user_id, users.name, devices.name, key, enrolment, is_revoked, is_enabled, enrolled_at,"
    " last_seen_at, last_from, address"
    " FROM devices JOIN users ON users.id = user_id LEFT JOIN leases ON device_id = devices.id ";

Result<std::vector<User>> selectUsers(Database& database, const std::string& which, Values values = {})
{
    const auto rows = database.query((UsersStatement + which).c_str(), values);
    if (!rows)
        return fail(rows.error());
    std::vector<User> users;
    for (const Row& row : *rows)
        users.push_back({.id = numberOf(row[0]),
                         .name = textOf(row[1]),
                         .hasPassword = numberOf(row[2]) != 0,
                         .isEnabled = numberOf(row[3]) != 0,
                         .devices = static_cast<unsigned>(numberOf(row[5])),
                         .createdAt = timeOf(row[4])});
    return users;
}

Device deviceOf(const Row& row)
{
    Device device;
    device.id = numberOf(row[0]);
    device.userId = numberOf(row[1]);
    device.userName = textOf(row[2]);
    device.name = textOf(row[3]);
    device.key = pinOf(row[4]);
    device.enrolment = numberOf(row[5]) == 0 ? Enrolment::Invite : Enrolment::Password;
    device.isRevoked = numberOf(row[6]) != 0;
    device.isUserEnabled = numberOf(row[7]) != 0;
    device.enrolledAt = timeOf(row[8]);
    if (!row[9].isNull())
        device.lastSeenAt = timeOf(row[9]);
    device.lastFrom = textOf(row[10]);
    return device;
}

Result<std::vector<Device>> selectDevices(Database& database, const std::string& which, Values values = {})
{
    const auto rows = database.query((DevicesStatement + which).c_str(), values);
    if (!rows)
        return fail(rows.error());
    std::vector<Device> devices;
    for (const Row& row : *rows) {
        if (devices.empty() || devices.back().id != numberOf(row[0]))
            devices.push_back(deviceOf(row));
        if (const auto address = addressOf(row[11]))
            devices.back().addresses.push_back(*address);
    }
    return devices;
}

}  // namespace

Pin pinOf(const QVariant& value)
{
    const ByteVector bytes = bytesOf(value);
    std::array<std::byte, Pin::SizeBytes> hash{};
    if (bytes.size() == hash.size())
        std::ranges::copy(bytes, hash.begin());
    return Pin(hash);
}

std::optional<net::IpAddress> addressOf(const QVariant& value)
{
    const ByteVector bytes = bytesOf(value);
    if (bytes.size() != 4 && bytes.size() != 16)
        return std::nullopt;
    return net::IpAddress::fromBytes(bytes);
}

std::string quoted(std::string_view name)
{
    return '"' + escapeForDisplay(name) + '"';
}

std::string_view cutText(std::string_view text, std::size_t maxBytes)
{
    std::size_t end = std::min(text.size(), maxBytes);
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        --end;
    return text.substr(0, end);
}

Result<std::vector<User>> readUsers(Database& database)
{
    return selectUsers(database, "ORDER BY name");
}

Result<User> readUser(Database& database, UserId id)
{
    const auto users = selectUsers(database, "WHERE id = ?", {numberValue(id)});
    if (!users)
        return fail(users.error());
    if (users->empty())
        return fail(ErrorCode::NotFound, "there is no user " + std::to_string(id));
    return users->front();
}

Result<std::optional<User>> findUserNamed(Database& database, const std::string& name)
{
    const auto users = selectUsers(database, "WHERE name = ?", {textValue(name)});
    if (!users)
        return fail(users.error());
    return users->empty() ? std::nullopt : std::optional(users->front());
}

Result<User> readUserNamed(Database& database, const std::string& name)
{
    const auto user = findUserNamed(database, name);
    if (!user)
        return fail(user.error());
    if (!*user)
        return fail(ErrorCode::NotFound, "there is no user " + quoted(name));
    return **user;
}

Result<User> insertUser(Database& database, const std::string& name, const std::string& passwordHash, UnixTime now)
{
    if (auto isValid = validateUserName(name); !isValid)
        return fail(isValid.error());
    const auto rows =
        database.query("INSERT INTO users (name, password_hash, created_at) VALUES (?, ?, ?) RETURNING id",
                       {textValue(name), textValue(passwordHash), timeValue(now)});
    if (!rows && rows.error().code == ErrorCode::AlreadyExists)
        return fail(ErrorCode::AlreadyExists, "there is a user " + quoted(name) + " already");
    if (!rows)
        return fail(rows.error());
    return readUser(database, numberOf(rows->front().front()));
}

Result<std::vector<Device>> readDevices(Database& database)
{
    return selectDevices(database, "ORDER BY devices.id, leases.id");
}

Result<std::optional<Device>> findDeviceWithKey(Database& database, const Pin& key)
{
    const auto devices = selectDevices(database, "WHERE key = ? ORDER BY leases.id", {pinValue(key)});
    if (!devices)
        return fail(devices.error());
    return devices->empty() ? std::nullopt : std::optional(devices->front());
}

Result<Device> readDevice(Database& database, DeviceId id)
{
    const auto devices = selectDevices(database, "WHERE devices.id = ? ORDER BY leases.id", {numberValue(id)});
    if (!devices)
        return fail(devices.error());
    if (devices->empty())
        return fail(ErrorCode::NotFound, "there is no device " + std::to_string(id));
    return devices->front();
}

Result<void> insertAudit(Database& database, const AuditEntry& entry, UnixTime now)
{
    const auto inserted = database.query(
        "INSERT INTO audit (at, event, user, device, source, detail) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        {timeValue(now), textValue(cutText(entry.event)), textValue(cutText(entry.user)),
         textValue(cutText(entry.device)), textValue(cutText(entry.from)), textValue(cutText(entry.detail))});
    if (!inserted)
        return fail(inserted.error());
    const std::int64_t newest = numberOf(inserted->front().front());
    const auto pruned = database.run("DELETE FROM audit WHERE id <= ?",
                                     {numberValue(newest - static_cast<std::int64_t>(MaxAuditEntries))});
    return pruned ? Result<void>() : fail(pruned.error());
}

}  // namespace gvpn::accounts
