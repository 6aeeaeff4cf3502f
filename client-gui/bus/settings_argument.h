// What Apply and SetNames are given: the D-Bus structs (a(ayu)a(ayu)u) and (aayas) as they come from the bus, and the
// checked requests that are made of them. The checks are pure. Used by the helper and by its clients, in any thread.
#pragma once

#include "net/tunnel_settings.h"

#include <QByteArray>
#include <QDBusArgument>
#include <QList>
#include <QMetaType>
#include <QStringList>

namespace gvpn::bus {

/// More than this of a list is not read. What can be accepted is less: net::SettingsLimits.
inline constexpr qsizetype MaxListEntries = 1024;
/// The domain that stands for all names.
inline constexpr std::string_view AllNames = "~.";

struct NetworkArgument {
    QByteArray address;  // 4 or 16 bytes
    uint length = 0;
    [[nodiscard]] bool operator==(const NetworkArgument&) const = default;
};

struct SettingsArgument {
    QList<NetworkArgument> addresses;
    QList<NetworkArgument> routes;
    uint mtu = 0;
    [[nodiscard]] bool operator==(const SettingsArgument&) const = default;
};

struct NamesArgument {
    QList<QByteArray> servers;  // 4 or 16 bytes each
    QStringList domains;
    [[nodiscard]] bool operator==(const NamesArgument&) const = default;
};

QDBusArgument& operator<<(QDBusArgument& out, const SettingsArgument& value);
const QDBusArgument& operator>>(const QDBusArgument& in, SettingsArgument& value);
QDBusArgument& operator<<(QDBusArgument& out, const NamesArgument& value);
const QDBusArgument& operator>>(const QDBusArgument& in, NamesArgument& value);
/// Once in each program, before the first call.
void registerTypes();

struct TunnelRequest {
    net::TunnelSettings settings;  // addresses, routes and MTU

    /// Whether it reaches further than private networks.
    [[nodiscard]] bool isWide() const;
    /// Tunnel networks and routes.
    [[nodiscard]] std::vector<net::Prefix> networks() const;
    [[nodiscard]] bool operator==(const TunnelRequest&) const = default;
};

struct NamesRequest {
    std::vector<net::IpAddress> servers;
    std::vector<std::string> domains;  // in lower case, without AllNames
    bool takesAllNames = false;

    /// Without a name server or without a name there is nothing to ask.
    [[nodiscard]] bool isEmpty() const { return servers.empty() || (domains.empty() && !takesAllNames); }
    /// Whether it reaches further than the names of an office.
    [[nodiscard]] bool isWide() const;
    [[nodiscard]] bool operator==(const NamesRequest&) const = default;
};

// InvalidArgument, or LimitExceeded; the context names the value.
[[nodiscard]] Result<TunnelRequest> toRequest(const SettingsArgument& argument);
[[nodiscard]] Result<NamesRequest> toRequest(const NamesArgument& argument);

[[nodiscard]] SettingsArgument toArgument(const TunnelRequest& request);
[[nodiscard]] NamesArgument toArgument(const NamesRequest& request);

}  // namespace gvpn::bus

Q_DECLARE_METATYPE(gvpn::bus::SettingsArgument)
Q_DECLARE_METATYPE(gvpn::bus::NamesArgument)
