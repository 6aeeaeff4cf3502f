#include "admin/executor.h"

#include "accounts/password_hash.h"
#include "admin/account_json.h"

namespace gvpn::admin {

namespace {

QJsonObject wrapped(const char* key, const QJsonValue& value)
{
    return {{QLatin1String(key), value}};
}

/// A listing, or why there is none.
template <typename T>
Outcome listed(const char* key, const Result<std::vector<T>>& values)
{
    if (!values)
        return {fail(values.error()), {}};
    return {wrapped(key, toJsonArray(*values)), {}};
}

/// The answer to an act that is done, and its line in the trail. What is done can't be refused any more, but who relies
/// on the trail has to know what it lacks.
Outcome recorded(const ExecutorParts& parts, const accounts::AuditEntry& entry, QJsonObject result,
                 std::vector<SessionSelector> ended = {})
{
    if (const auto written = parts.store.audit(entry); !written) {
        result.insert(QStringLiteral("warning"), fromStd("this is not in the audit trail: " + written.error().context));
    }
    return {std::move(result), std::move(ended)};
}

accounts::AuditEntry entryOf(const char* event, const std::string& user)
{
    accounts::AuditEntry entry;
    entry.event = event;
    entry.user = user;
    return entry;
}

Outcome refused(const Error& error)
{
    return {fail(error), {}};
}

Outcome refused(ErrorCode code, std::string context)
{
    return refused(Error{code, std::move(context)});
}

Outcome userChanged(const Result<accounts::User>& user, const ExecutorParts& parts, const char* event,
                    const char* farewell)
{
    if (!user)
        return refused(user.error());
    std::vector<SessionSelector> ended;
    if (farewell != nullptr)
        ended.push_back({user->id, std::nullopt, farewell});
    return recorded(parts, entryOf(event, user->name), wrapped("user", toJson(*user)), std::move(ended));
}

Outcome carryOut(const AddUser& command, const ExecutorParts& parts)
{
    if (const auto valid = accounts::validateUserName(command.name); !valid)
        return refused(valid.error());
    if (!command.passwordHash.empty() && !accounts::isPasswordHash(command.passwordHash))
        return refused(ErrorCode::InvalidArgument, "this is no hash of a password");
    return userChanged(parts.store.addUser(command.name, command.passwordHash), parts, "user-added", nullptr);
}

Outcome carryOut(const SetPassword& command, const ExecutorParts& parts)
{
    if (!accounts::isPasswordHash(command.passwordHash))
        return refused(ErrorCode::InvalidArgument, "this is no hash of a password");
    return userChanged(parts.store.setPassword(command.name, command.passwordHash), parts, "user-password",
                       "the password of this user was changed");
}

Outcome carryOut(const EnableUser& command, const ExecutorParts& parts)
{
    const auto user = parts.store.setEnabled(command.name, command.isEnabled);
    if (command.isEnabled)
        return userChanged(user, parts, "user-enabled", nullptr);
    return userChanged(user, parts, "user-disabled", "the administrator has disabled this user");
}

Outcome carryOut(const RemoveUser& command, const ExecutorParts& parts)
{
    return userChanged(parts.store.removeUser(command.name), parts, "user-removed",
                       "the administrator has removed this user");
}

Outcome carryOut(const ListUsers& /*command*/, const ExecutorParts& parts)
{
    return listed("users", parts.store.users());
}

Outcome carryOut(const MakeInvite& command, const ExecutorParts& parts)
{
    auto invite = makeInvite(command, parts);
    if (!invite)
        return refused(invite.error());
    accounts::AuditEntry entry = entryOf("invite-made", command.userName);
    entry.detail = "expires " + invite->value(QLatin1String("expires")).toString().toStdString();
    return recorded(parts, entry, std::move(*invite));
}

Outcome carryOut(const ListDevices& /*command*/, const ExecutorParts& parts)
{
    return listed("devices", parts.store.devices());
}

Outcome carryOut(const RevokeDevice& command, const ExecutorParts& parts)
{
    const auto device = parts.store.revokeDevice(command.id);
    if (!device)
        return refused(device.error());
    accounts::AuditEntry entry = entryOf("device-revoked", device->userName);
    entry.device = device->name;
    return recorded(parts, entry, wrapped("device", toJson(*device)),
                    {{std::nullopt, device->id, "the administrator has revoked this device"}});
}

Result<std::vector<accounts::Ban>> bansNow(const ExecutorParts& parts)
{
    if (parts.gatekeeper == nullptr)
        return parts.store.bans();
    return parts.gatekeeper->bans();
}

Outcome carryOut(const ListBans& /*command*/, const ExecutorParts& parts)
{
    return listed("bans", bansNow(parts));
}

/// While no server runs, who counts guesses isn't there either: only what the database has is to be lifted.
Result<std::vector<accounts::Ban>> liftStored(const std::string& whose, const ExecutorParts& parts)
{
    const auto bans = parts.store.bans();
    if (!bans)
        return fail(bans.error());
    accounts::GuessLedger ledger({});
    for (const accounts::Ban& ban : *bans)
        ledger.restore(ban);
    const auto lifted = ledger.lift(whose, parts.time());
    for (const accounts::Ban& ban : lifted) {
        if (const auto removed = parts.store.removeBan(ban); !removed)
            return fail(removed.error());
    }
    if (lifted.empty())
        return fail(ErrorCode::NotFound, "there is no ban of \"" + whose + "\"");
    return lifted;
}

Outcome carryOut(const LiftBan& command, const ExecutorParts& parts)
{
    const auto lifted = parts.gatekeeper != nullptr ? parts.gatekeeper->lift(command.addressOrName)
                                                    : liftStored(command.addressOrName, parts);
    if (!lifted)
        return refused(lifted.error());
    accounts::AuditEntry entry = entryOf("ban-lifted", {});
    entry.detail = command.addressOrName;
    return recorded(parts, entry, wrapped("bans", toJsonArray(*lifted)));
}

Outcome carryOut(const ListAudit& command, const ExecutorParts& parts)
{
    return listed("audit", parts.store.auditTrail(command.most));
}

Outcome carryOut(const ShowStatus& /*command*/, const ExecutorParts& /*parts*/)
{
    return refused(ErrorCode::Unsupported, "only a running server has a status");
}

Outcome carryOut(const Kick& /*command*/, const ExecutorParts& /*parts*/)
{
    return refused(ErrorCode::Unsupported, "only a running server has sessions");
}

}  // namespace

Outcome execute(const Command& command, const ExecutorParts& parts)
{
    return std::visit([&parts](const auto& one) { return carryOut(one, parts); }, command);
}

}  // namespace gvpn::admin
