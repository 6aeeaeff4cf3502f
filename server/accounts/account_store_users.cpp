#include "accounts/account_rows.h"

namespace gvpn::accounts {

Result<User> AccountStore::addUser(const std::string& name, const std::string& passwordHash)
{
    return m_database->transaction([&] { return insertUser(*m_database, name, passwordHash, m_time()); });
}

Result<User> AccountStore::setPassword(const std::string& name, const std::string& passwordHash)
{
    return m_database->transaction([&]() -> Result<User> {
        const auto user = readUserNamed(*m_database, name);
        if (!user)
            return user;
        if (auto set = m_database->run("UPDATE users SET password_hash = ? WHERE id = ?",
                                       {textValue(passwordHash), numberValue(user->id)});
            !set)
            return fail(set.error());
        // A revoked key that was forgotten could come in again with the new password.
        if (auto forgotten =
                m_database->run("DELETE FROM devices WHERE user_id = ? AND enrolment = ? AND NOT is_revoked",
                                {numberValue(user->id), numberValue(static_cast<std::int64_t>(Enrolment::Password))});
            !forgotten)
            return fail(forgotten.error());
        return readUser(*m_database, user->id);
    });
}

Result<User> AccountStore::setEnabled(const std::string& name, bool isEnabled)
{
    return m_database->transaction([&]() -> Result<User> {
        const auto user = readUserNamed(*m_database, name);
        if (!user)
            return user;
        if (auto set = m_database->run("UPDATE users SET is_enabled = ? WHERE id = ?",
                                       {numberValue(isEnabled ? 1 : 0), numberValue(user->id)});
            !set)
            return fail(set.error());
        return readUser(*m_database, user->id);
    });
}

Result<User> AccountStore::removeUser(const std::string& name)
{
    return m_database->transaction([&]() -> Result<User> {
        auto user = readUserNamed(*m_database, name);
        if (!user)
            return user;
        // Devices, their leases and invites go with it (ON DELETE CASCADE).
        if (auto removed = m_database->run("DELETE FROM users WHERE id = ?", {numberValue(user->id)}); !removed)
            return fail(removed.error());
        return user;
    });
}

Result<User> AccountStore::findUser(const std::string& name)
{
    return readUserNamed(*m_database, name);
}

Result<std::vector<User>> AccountStore::users()
{
    return readUsers(*m_database);
}

Result<std::string> AccountStore::passwordHashOf(const std::string& name)
{
    const auto rows =
        m_database->query("SELECT password_hash FROM users WHERE name = ? AND is_enabled", {textValue(name)});
    if (!rows)
        return fail(rows.error());
    return rows->empty() ? std::string() : textOf(rows->front().front());
}

}  // namespace gvpn::accounts
