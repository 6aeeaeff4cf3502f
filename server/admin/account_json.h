// The accounts' values as the JSON that subcommands print with --json: names in snake_case, times in UTC (ISO 8601),
// what is not set left out. Pure.
#pragma once

#include "accounts/account.h"

#include <QJsonArray>
#include <QJsonObject>

namespace gvpn::admin {

[[nodiscard]] QString fromStd(std::string_view text);
/// "2026-01-31T12:00:00Z"
[[nodiscard]] QString isoTime(accounts::UnixTime time);

[[nodiscard]] QJsonObject toJson(const accounts::User& user);
[[nodiscard]] QJsonObject toJson(const accounts::Device& device);
[[nodiscard]] QJsonObject toJson(const accounts::Ban& ban);
[[nodiscard]] QJsonObject toJson(const accounts::AuditEntry& entry);

template <typename T>
[[nodiscard]] QJsonArray toJsonArray(const std::vector<T>& values)
{
    QJsonArray array;
    for (const T& value : values)
        array.append(toJson(value));
    return array;
}

}  // namespace gvpn::admin
