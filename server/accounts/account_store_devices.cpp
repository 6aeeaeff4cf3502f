#include "accounts/account_rows.h"

namespace gvpn::accounts {

Result<std::optional<Device>> AccountStore::findDevice(const Pin& key)
{
    return findDeviceWithKey(*m_database, key);
}

Result<std::vector<Device>> AccountStore::devices()
{
    return readDevices(*m_database);
}

Result<Device> AccountStore::revokeDevice(DeviceId id)
{
    return m_database->transaction([&]() -> Result<Device> {
        const auto device = readDevice(*m_database, id);
        if (!device)
            return device;
        if (auto revoked = m_database->run("UPDATE devices SET is_revoked = 1 WHERE id = ?", {numberValue(id)});
            !revoked)
            return fail(revoked.error());
        // Else the key could redeem again what it came in with.
        if (auto used = m_database->run("DELETE FROM invites WHERE device_key = ?", {pinValue(device->key)}); !used)
            return fail(used.error());
        return readDevice(*m_database, id);
    });
}

Result<void> AccountStore::noteLogin(DeviceId id, const std::string& from)
{
    const auto changed = m_database->run("UPDATE devices SET last_seen_at = ?, last_from = ? WHERE id = ?",
                                         {timeValue(m_time()), textValue(cutText(from)), numberValue(id)});
    if (!changed)
        return fail(changed.error());
    if (*changed == 0)
        return fail(ErrorCode::NotFound, "there is no device " + std::to_string(id));
    return {};
}

Result<std::vector<AccountStore::Lease>> AccountStore::leases()
{
    const auto rows = m_database->query("SELECT key, address FROM leases JOIN devices ON devices.id = device_id"
                                        " WHERE NOT is_revoked ORDER BY leases.id");
    if (!rows)
        return fail(rows.error());
    std::vector<Lease> leases;
    for (const Row& row : *rows)
        if (const auto address = addressOf(row[1]))
            leases.push_back({pinOf(row[0]), *address});
    return leases;
}

Result<void> AccountStore::saveLeases(DeviceId device, const std::vector<net::IpAddress>& addresses)
{
    return m_database->transaction([&]() -> Result<void> {
        if (const auto known = readDevice(*m_database, device); !known)
            return fail(known.error());
        if (auto removed = m_database->run("DELETE FROM leases WHERE device_id = ?", {numberValue(device)}); !removed)
            return fail(removed.error());
        // REPLACE takes the address from whom it belonged to, and the new id makes it the latest.
        for (const net::IpAddress& address : addresses)
            if (auto saved = m_database->run("INSERT OR REPLACE INTO leases (device_id, address) VALUES (?, ?)",
                                             {numberValue(device), blobValue(address.bytes())});
                !saved)
                return fail(saved.error());
        return {};
    });
}

}  // namespace gvpn::accounts
