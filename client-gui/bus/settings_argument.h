// What Apply is given: the D-Bus struct (a(ayu)a(ayu)uaayas) as it comes from the bus, and the checked settings that
// are made of it. The checks are pure. Used by the helper and by its clients, in any thread.
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
    QList<QByteArray> dnsServers;
    QStringList dnsDomains;
    [[nodiscard]] bool operator==(const SettingsArgument&) const = default;
};

QDBusArgument& operator<<(QDBusArgument& out, const SettingsArgument& value);
const QDBusArgument& operator>>(const QDBusArgument& in, SettingsArgument& value);
/// Once in each program, before the first call.
void registerTypes();

struct TunnelRequest {
    net::TunnelSettings settings;  // without gateways; dnsDomains without AllNames
    bool takesAllNames = false;

    /// Whether it reaches further than private networks and the names of an office.
    [[nodiscard]] bool isWide() const;
    /// Tunnel networks and routes.
    [[nodiscard]] std::vector<net::Prefix> networks() const;
    [[nodiscard]] bool operator==(const TunnelRequest&) const = default;
};

/// InvalidArgument, or LimitExceeded; the context names the value.
[[nodiscard]] Result<TunnelRequest> toRequest(const SettingsArgument& argument);
[[nodiscard]] SettingsArgument toArgument(const TunnelRequest& request);

}  // namespace gvpn::bus

Q_DECLARE_METATYPE(gvpn::bus::SettingsArgument)
