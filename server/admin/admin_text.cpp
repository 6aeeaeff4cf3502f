#include "admin/account_json.h"
#include "admin/admin_client.h"
#include "admin/tables.h"

#include <QLocale>

#include <array>

namespace gvpn::admin {

namespace {

QString text(const QJsonObject& json, const char* key)
{
    return json.value(QLatin1String(key)).toString();
}

QString number(const QJsonObject& json, const char* key)
{
    return QString::number(json.value(QLatin1String(key)).toInteger());
}

QString yesNo(const QJsonObject& json, const char* key)
{
    return json.value(QLatin1String(key)).toBool() ? QStringLiteral("yes") : QStringLiteral("no");
}

QString size(const QJsonObject& json, const char* key)
{
    const QJsonValue bytes = json.value(QLatin1String(key));
    if (!bytes.isDouble())
        return {};
    return QLocale::c().formattedDataSize(bytes.toInteger(), 1, QLocale::DataSizeSIFormat);
}

/// To the minute; the headings say that it is UTC.
QString moment(const QJsonObject& json, const char* key)
{
    return text(json, key).left(16).replace(QLatin1Char('T'), QLatin1Char(' '));
}

QString joined(const QJsonObject& json, const char* key)
{
    QStringList parts;
    const QJsonArray values = json.value(QLatin1String(key)).toArray();
    for (const QJsonValueConstRef value : values)
        parts.append(value.toString());
    return parts.join(QStringLiteral(", "));
}

/// The listing under `key` as a table, or a sentence when it is empty.
QString listing(const QJsonObject& result, const char* key, const char* nothing, const QStringList& headings,
                QStringList (*toRow)(const QJsonObject& entry))
{
    std::vector<QStringList> rows;
    const QJsonArray entries = result.value(QLatin1String(key)).toArray();
    for (const QJsonValueConstRef entry : entries)
        rows.push_back(toRow(entry.toObject()));
    return rows.empty() ? QLatin1String(nothing) + QLatin1Char('\n') : table(headings, rows);
}

QString changedUser(const QJsonObject& result, const char* what)
{
    const QString name = safeText(text(result.value(QLatin1String("user")).toObject(), "name"));
    return QStringLiteral("User \"%1\" %2\n").arg(name, QString::fromUtf8(what));
}

QStringList userRow(const QJsonObject& user)
{
    return {text(user, "name"), yesNo(user, "enabled"), yesNo(user, "has_password"), number(user, "devices"),
            moment(user, "created_at")};
}

QStringList deviceRow(const QJsonObject& device)
{
    QString state = QStringLiteral("enrolled");
    if (device.value(QLatin1String("revoked")).toBool())
        state = QStringLiteral("revoked");
    else if (!device.value(QLatin1String("user_enabled")).toBool())
        state = QStringLiteral("user disabled");
    return {number(device, "id"),        text(device, "user"),           text(device, "name"),     state,
            joined(device, "addresses"), moment(device, "last_seen_at"), text(device, "last_from")};
}

/// One word or two for each kind of source: see accounts::Ban.
QString banSource(const QJsonObject& ban)
{
    if (ban.value(QLatin1String("shared")).toBool())
        return QStringLiteral("all shared sources");
    const QString key = text(ban, "key");
    return key.isEmpty() ? text(ban, "address") : QStringLiteral("key %1").arg(key);
}

QStringList banRow(const QJsonObject& ban)
{
    const QString user = text(ban, "user");
    return {banSource(ban), user.isEmpty() ? QStringLiteral("(any)") : user, moment(ban, "until"),
            number(ban, "count")};
}

QStringList auditRow(const QJsonObject& entry)
{
    return {moment(entry, "at"),   text(entry, "event"), text(entry, "user"),
            text(entry, "device"), text(entry, "from"),  text(entry, "detail")};
}

/// "bbr (1.9 % of the segments were lost …)".
QString congestion(const QJsonObject& client)
{
    const QJsonObject congestion = client.value(QLatin1String("congestion")).toObject();
    const QString reason = text(congestion, "reason");
    return reason.isEmpty() ? text(congestion, "algorithm")
                            : QStringLiteral("%1 (%2)").arg(text(congestion, "algorithm"), reason);
}

QStringList clientRow(const QJsonObject& client)
{
    return {text(client, "user"),
            text(client, "device"),
            joined(client, "addresses"),
            text(client, "from"),
            moment(client, "since"),
            size(client, "bytes_from_client"),
            size(client, "bytes_to_client"),
            congestion(client)};
}

QString render(const AddUser& /*command*/, const QJsonObject& result)
{
    const QString name = safeText(text(result.value(QLatin1String("user")).toObject(), "name"));
    return changedUser(result, "was added.")
           + QStringLiteral("A link for a device of this user: gvpn-server invite --user \"%1\"\n").arg(name);
}

QString render(const SetPassword& /*command*/, const QJsonObject& result)
{
    return changedUser(result, "has a new password; devices that came in with the old one have to give it.");
}

QString render(const EnableUser& command, const QJsonObject& result)
{
    return changedUser(result,
                       command.isEnabled ? "is enabled." : "is disabled: its devices and its password are not let in.");
}

QString render(const RemoveUser& /*command*/, const QJsonObject& result)
{
    return changedUser(result, "was removed with all devices and invites.");
}

QString render(const ListUsers& /*command*/, const QJsonObject& result)
{
    return listing(result, "users", "There are no users. gvpn-server invite makes a link that adds one.",
                   {QStringLiteral("NAME"), QStringLiteral("ENABLED"), QStringLiteral("PASSWORD"),
                    QStringLiteral("DEVICES"), QStringLiteral("SINCE (UTC)")},
                   userRow);
}

QString render(const MakeInvite& /*command*/, const QJsonObject& result)
{
    const QString user = text(result, "user");
    const QString owner =
        user.isEmpty() ? QStringLiteral("one device") : QStringLiteral("a device of \"%1\"").arg(user);
    QString out = QStringLiteral("Give this link to %1; it works once, until %2 UTC:\n  %3\n")
                      .arg(safeText(owner), moment(result, "expires"), safeText(text(result, "invite")));
    if (result.value(QLatin1String("is_private")).toBool()) {
        out +=
            QStringLiteral("It works inside this network only: forward TCP port %1 on the router to this computer and "
                           "name the router with --public-address HOST.\n")
                .arg(number(result, "port"));
    }
    return out;
}

QString render(const ListDevices& /*command*/, const QJsonObject& result)
{
    return listing(result, "devices", "There are no devices yet.",
                   {QStringLiteral("ID"), QStringLiteral("USER"), QStringLiteral("NAME"), QStringLiteral("STATE"),
                    QStringLiteral("ADDRESSES"), QStringLiteral("LAST SEEN (UTC)"), QStringLiteral("FROM")},
                   deviceRow);
}

QString render(const RevokeDevice& /*command*/, const QJsonObject& result)
{
    const QJsonObject device = result.value(QLatin1String("device")).toObject();
    return QStringLiteral("Device %1, \"%2\" of \"%3\", is revoked; a new invite would let it in again.\n")
        .arg(number(device, "id"), safeText(text(device, "name")), safeText(text(device, "user")));
}

QString banTable(const QJsonObject& result, const char* nothing)
{
    return listing(
        result, "bans", nothing,
        {QStringLiteral("SOURCE"), QStringLiteral("USER"), QStringLiteral("UNTIL (UTC)"), QStringLiteral("TIMES")},
        banRow);
}

QString render(const ListBans& /*command*/, const QJsonObject& result)
{
    return banTable(result, "Nobody is banned.");
}

QString render(const LiftBan& /*command*/, const QJsonObject& result)
{
    return QStringLiteral("Lifted:\n") + banTable(result, "nothing");
}

QString render(const ListAudit& /*command*/, const QJsonObject& result)
{
    return listing(result, "audit", "The trail is empty.",
                   {QStringLiteral("TIME (UTC)"), QStringLiteral("EVENT"), QStringLiteral("USER"),
                    QStringLiteral("DEVICE"), QStringLiteral("FROM"), QStringLiteral("DETAIL")},
                   auditRow);
}

QString clientTable(const QJsonObject& result, const char* nothing)
{
    return listing(result, "clients", nothing,
                   {QStringLiteral("USER"), QStringLiteral("DEVICE"), QStringLiteral("ADDRESS"), QStringLiteral("FROM"),
                    QStringLiteral("SINCE (UTC)"), QStringLiteral("RECEIVED"), QStringLiteral("SENT"),
                    QStringLiteral("CONGESTION")},
                   clientRow);
}

QString render(const ShowStatus& /*command*/, const QJsonObject& result)
{
    return clientTable(result, "Nobody is connected.");
}

QString render(const Kick& /*command*/, const QJsonObject& result)
{
    return QStringLiteral("Disconnected:\n") + clientTable(result, "nobody");
}

/// What did not happen, as the beginning of a sentence; in the order of Command's alternatives.
constexpr std::array Failed = {
    "The user was not added",      "The password was not changed", "The user was not changed",
    "The user was not removed",    "The users can't be listed",    "No invite was made",
    "The devices can't be listed", "No device was revoked",        "The bans can't be listed",
    "No ban was lifted",           "The trail can't be read",      "The status can't be shown",
    "Nobody was disconnected",
};
static_assert(Failed.size() == std::variant_size_v<Command>);

}  // namespace

QString toText(const Command& command, const QJsonObject& result)
{
    const QString out = std::visit([&result](const auto& one) { return render(one, result); }, command);
    const QString warning = text(result, "warning");
    return warning.isEmpty() ? out : out + QStringLiteral("WARNING: %1.\n").arg(safeText(warning));
}

QString failureText(const Command& command, const Error& error)
{
    const QString what = QLatin1String(Failed.at(command.index()));
    const QString advice =
        error.code == ErrorCode::PermissionDenied ? QStringLiteral("; run this command with sudo") : QString();
    return QStringLiteral("%1: %2%3.").arg(what, safeText(fromStd(error.context)), advice);
}

}  // namespace gvpn::admin
