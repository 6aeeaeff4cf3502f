#include "accounts/account_rows.h"

#include <sodium.h>

namespace gvpn::accounts {

namespace {

struct Invite {
    std::int64_t id = 0;
    std::optional<UserId> user;
    bool isUsed = false;  // by this very key
};

ByteVector hashOf(const SharedSecret& secret)
{
    const ByteView bytes = secret.view();
    ByteVector hash(crypto_hash_sha256_BYTES);
    ::crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    return hash;
}

/// LoginRefused: not for this key, or not any more.
Result<Invite> readInvite(Database& database, const SharedSecret& secret, const Pin& key, UnixTime now)
{
    // Found by its hash: how long the search takes says nothing about the secret.
    const auto rows = database.query("SELECT id, user_id, device_key, expires_at FROM invites WHERE secret_hash = ?",
                                     {blobValue(hashOf(secret))});
    if (!rows)
        return fail(rows.error());
    if (rows->empty())
        return fail(ErrorCode::LoginRefused, "there is no such invite");
    const Row& row = rows->front();
    if (timeOf(row[3]) <= now)
        return fail(ErrorCode::LoginRefused, "the invite has expired");
    const bool isUsed = !row[2].isNull();
    if (isUsed && pinOf(row[2]) != key)
        return fail(ErrorCode::LoginRefused, "another device has used the invite");
    return Invite{numberOf(row[0]), row[1].isNull() ? std::nullopt : std::optional(numberOf(row[1])), isUsed};
}

/// Named after the device; the second one of a name is "name-2".
Result<User> makeUserFor(Database& database, const std::string& deviceName, UnixTime now)
{
    const std::string wanted = cleanDeviceName(deviceName);
    std::string name = wanted;
    for (unsigned number = 2;; ++number) {
        const auto taken = findUserNamed(database, name);
        if (!taken)
            return fail(taken.error());
        if (!*taken)
            return insertUser(database, name, {}, now);
        const std::string suffix = '-' + std::to_string(number);
        name = std::string(cutText(wanted, MaxUserNameBytes - suffix.size())) + suffix;
    }
}

Result<User> userOf(Database& database, const Invite& invite, const std::optional<Device>& device,
                    const std::string& deviceName, UnixTime now)
{
    if (invite.user)
        return readUser(database, *invite.user);
    if (device)
        return readUser(database, device->userId);
    return makeUserFor(database, deviceName, now);
}

Result<void> insertDevice(Database& database, const User& user, const AccountStore::Enrol& enrol, Enrolment enrolment,
                          UnixTime now)
{
    const auto done =
        database.run("INSERT INTO devices (user_id, name, key, enrolment, enrolled_at) VALUES (?, ?, ?, ?, ?)",
                     {numberValue(user.id), textValue(cleanDeviceName(enrol.deviceName)), pinValue(enrol.key),
                      numberValue(static_cast<std::int64_t>(enrolment)), timeValue(now)});
    return done ? Result<void>() : fail(done.error());
}

Result<void> updateDevice(Database& database, const Device& device)
{
    const auto done = database.run(
        "UPDATE devices SET user_id = ?, name = ?, enrolment = ?, is_revoked = 0, enrolled_at = ? WHERE id = ?",
        {numberValue(device.userId), textValue(device.name), numberValue(static_cast<std::int64_t>(device.enrolment)),
         timeValue(device.enrolledAt), numberValue(device.id)});
    return done ? Result<void>() : fail(done.error());
}

/// The device, known or not, revoked or not, is one of this user's afterwards. AlreadyExists: there is no room.
Result<void> placeDevice(Database& database, const User& user, const std::optional<Device>& known,
                         const AccountStore::Enrol& enrol, Enrolment enrolment, UnixTime now)
{
    const bool isCounted = known && !known->isRevoked && known->userId == user.id;
    if (!isCounted && user.devices >= enrol.maxDevices)
        return fail(ErrorCode::AlreadyExists,
                    "the user " + quoted(user.name) + " has " + std::to_string(user.devices) + " devices already");
    if (!known)
        return insertDevice(database, user, enrol, enrolment, now);
    Device device = *known;
    device.userId = user.id;
    device.enrolment = enrolment;
    if (device.isRevoked) {
        device.name = cleanDeviceName(enrol.deviceName);
        device.enrolledAt = now;
    }
    return updateDevice(database, device);
}

/// The device as it is now, and a line in the trail.
Result<Device> finish(Database& database, const AccountStore::Enrol& enrol, const char* event, UnixTime now)
{
    const auto device = findDeviceWithKey(database, enrol.key);
    if (!device)
        return fail(device.error());
    if (!*device)
        return fail(ErrorCode::SystemFailure, "the device that was enrolled is gone");
    if (event == nullptr)
        return **device;
    const AuditEntry entry{
        .event = event, .user = (*device)->userName, .device = (*device)->name, .from = enrol.from, .detail = {}};
    if (auto written = insertAudit(database, entry, now); !written)
        return fail(written.error());
    return **device;
}

Result<Device> redeem(Database& database, const SharedSecret& secret, const AccountStore::Enrol& enrol, UnixTime now)
{
    const auto invite = readInvite(database, secret, enrol.key, now);
    if (!invite)
        return fail(invite.error());
    const auto known = findDeviceWithKey(database, enrol.key);
    if (!known)
        return fail(known.error());
    const auto user = userOf(database, *invite, *known, enrol.deviceName, now);
    if (!user)
        return fail(user.error());
    if (!user->isEnabled)
        return fail(ErrorCode::PermissionDenied, "the user " + quoted(user->name) + " is disabled");
    if (auto placed = placeDevice(database, *user, *known, enrol, Enrolment::Invite, now); !placed)
        return fail(placed.error());
    // The user, too: the same key that redeems it again gets the same account.
    if (auto used = database.run("UPDATE invites SET device_key = ?, user_id = ? WHERE id = ?",
                                 {pinValue(enrol.key), numberValue(user->id), numberValue(invite->id)});
        !used)
        return fail(used.error());
    return finish(database, enrol, invite->isUsed ? nullptr : "invite-redeemed", now);
}

Result<Device> enrolWithPassword(Database& database, const User& user, const AccountStore::Enrol& enrol, UnixTime now)
{
    const auto known = findDeviceWithKey(database, enrol.key);
    if (!known)
        return fail(known.error());
    if (*known && (*known)->isRevoked)
        return fail(ErrorCode::PermissionDenied, "the device " + quoted((*known)->name) + " was revoked");
    // Who was invited before needs no password, and won't when it changes.
    if (*known && (*known)->userId == user.id)
        return **known;
    if (auto placed = placeDevice(database, user, *known, enrol, Enrolment::Password, now); !placed)
        return fail(placed.error());
    return finish(database, enrol, "device-enrolled", now);
}

}  // namespace

Result<void> AccountStore::addInvite(const SharedSecret& secret, const std::string& userName, std::chrono::seconds life)
{
    if (secret.isEmpty())
        return fail(ErrorCode::InvalidArgument, "an invite has no secret");
    if (life < std::chrono::seconds(1) || life > MaxInviteLife)
        return fail(ErrorCode::InvalidArgument, "an invite lasts between a second and 365 days");
    const UnixTime now = m_time();
    return m_database->transaction([&]() -> Result<void> {
        QVariant userId;  // NULL
        if (!userName.empty()) {
            const auto found = findUserNamed(*m_database, userName);
            if (!found)
                return fail(found.error());
            const auto user = *found ? Result<User>(**found) : insertUser(*m_database, userName, {}, now);
            if (!user)
                return fail(user.error());
            userId = numberValue(user->id);
        }
        const auto added = m_database->run("INSERT INTO invites (secret_hash, user_id, expires_at) VALUES (?, ?, ?)",
                                           {blobValue(hashOf(secret)), userId, timeValue(now + life)});
        return added ? Result<void>() : fail(added.error());
    });
}

Result<bool> AccountStore::hasEverInvited()
{
    // SQLite's table of the highest ids (AUTOINCREMENT) remembers invites that are long deleted.
    const auto rows =
        m_database->query("SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'invites' AND seq > 0)"
                          " OR EXISTS (SELECT 1 FROM devices)");
    if (!rows)
        return fail(rows.error());
    return numberOf(rows->front().front()) != 0;
}

Result<Device> AccountStore::redeemInvite(const SharedSecret& secret, const Enrol& enrol)
{
    return m_database->transaction([&] { return redeem(*m_database, secret, enrol, m_time()); });
}

Result<Device> AccountStore::enrolByPassword(const std::string& userName, const std::string& expectedHash,
                                             const Enrol& enrol)
{
    return m_database->transaction([&]() -> Result<Device> {
        const auto hash = passwordHashOf(userName);
        if (!hash)
            return fail(hash.error());
        if (hash->empty() || *hash != expectedHash)
            return fail(ErrorCode::LoginRefused, "the password or the user " + quoted(userName) + " has changed");
        const auto user = readUserNamed(*m_database, userName);
        if (!user)
            return fail(user.error());
        return enrolWithPassword(*m_database, *user, enrol, m_time());
    });
}

}  // namespace gvpn::accounts
