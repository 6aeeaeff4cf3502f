#include "admin/account_json.h"

#include <QDateTime>

namespace gvpn::admin {

namespace {

void insertText(QJsonObject& json, const char* key, std::string_view text)
{
    if (!text.empty())
        json.insert(QLatin1String(key), fromStd(text));
}

}  // namespace

QString fromStd(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString isoTime(accounts::UnixTime time)
{
    return QDateTime::fromSecsSinceEpoch(time.time_since_epoch().count(), Qt::UTC).toString(Qt::ISODate);
}

QJsonObject toJson(const accounts::User& user)
{
    return {{QStringLiteral("id"), static_cast<qint64>(user.id)},
            {QStringLiteral("name"), fromStd(user.name)},
            {QStringLiteral("has_password"), user.hasPassword},
            {QStringLiteral("enabled"), user.isEnabled},
            {QStringLiteral("devices"), static_cast<qint64>(user.devices)},
            {QStringLiteral("created_at"), isoTime(user.createdAt)}};
}

QJsonObject toJson(const accounts::Device& device)
{
    QJsonArray addresses;
    for (const net::IpAddress& address : device.addresses)
        addresses.append(fromStd(address.toString()));
    const bool isByInvite = device.enrolment == accounts::Enrolment::Invite;
    QJsonObject json{{QStringLiteral("id"), static_cast<qint64>(device.id)},
                     {QStringLiteral("user"), fromStd(device.userName)},
                     {QStringLiteral("name"), fromStd(device.name)},
                     {QStringLiteral("key"), fromStd(device.key.toString())},
                     {QStringLiteral("enrolment"), isByInvite ? QStringLiteral("invite") : QStringLiteral("password")},
                     {QStringLiteral("revoked"), device.isRevoked},
                     {QStringLiteral("user_enabled"), device.isUserEnabled},
                     {QStringLiteral("addresses"), addresses},
                     {QStringLiteral("enrolled_at"), isoTime(device.enrolledAt)}};
    if (device.lastSeenAt)
        json.insert(QStringLiteral("last_seen_at"), isoTime(*device.lastSeenAt));
    insertText(json, "last_from", device.lastFrom);
    return json;
}

QJsonObject toJson(const accounts::Ban& ban)
{
    QJsonObject json{{QStringLiteral("shared"), ban.isShared},
                     {QStringLiteral("until"), isoTime(ban.until)},
                     {QStringLiteral("count"), static_cast<qint64>(ban.count)}};
    insertText(json, "user", ban.user);
    if (ban.address)
        insertText(json, "address", ban.address->toString());
    if (ban.key)
        insertText(json, "key", ban.key->toString());
    return json;
}

QJsonObject toJson(const accounts::AuditEntry& entry)
{
    QJsonObject json{{QStringLiteral("at"), isoTime(entry.at)}, {QStringLiteral("event"), fromStd(entry.event)}};
    insertText(json, "user", entry.user);
    insertText(json, "device", entry.device);
    insertText(json, "from", entry.from);
    insertText(json, "detail", entry.detail);
    return json;
}

}  // namespace gvpn::admin
