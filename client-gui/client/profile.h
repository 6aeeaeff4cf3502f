// One server as a person knows it: how to reach it, by which key it is known, who logs in, and the invite as long as it
// has not been redeemed. A value, and its JSON form. Any thread.
#pragma once

#include "base/pin.h"
#include "base/shared_secret.h"
#include "client/route_policy.h"
#include "net/endpoint.h"

#include <QByteArray>
#include <QJsonObject>

#include <optional>
#include <string>
#include <string_view>

namespace gvpn::client {

inline constexpr int ProfileVersion = 1;
inline constexpr std::size_t MaxProfileNameBytes = 64;  // UTF-8
inline constexpr std::size_t MaxProfileRoutes = 256;
inline constexpr std::size_t MaxProfileBytes = 64 * 1024;

struct Profile {
    std::string name;
    net::HostPort server;
    Pin pin;
    std::string user;  // empty: not known
    AcceptRoutes acceptRoutes;
    std::optional<SharedSecret> invite;  // until it has been redeemed
    std::string created;                 // ISO 8601, UTC: "2026-01-31T12:00:00Z"

    [[nodiscard]] bool isPending() const { return invite.has_value(); }
    [[nodiscard]] bool operator==(const Profile&) const = default;
};

/// 1 to MaxProfileNameBytes bytes of UTF-8, no control, format or separator character, no blank at either end. Anything
/// else is fine: a name is no path. InvalidArgument says what is wrong.
[[nodiscard]] Result<void> validateProfileName(std::string_view name);
/// The text as a name: without what a name may not have, and cut. Empty: nothing was left.
[[nodiscard]] std::string toProfileName(std::string_view text);

/// {"version":1,"name":…,"server":"HOST:PORT","pin":…,"user":…,"accept_routes":["auto"],"invite":…,"created":…}
[[nodiscard]] QByteArray toFileText(const Profile& profile);
/// Without the invite: for another computer.
[[nodiscard]] QByteArray toExportText(const Profile& profile);
/// For listings: "pending" in place of the invite.
[[nodiscard]] QJsonObject toListing(const Profile& profile);
/// Malformed: damaged, or a value that can't be. Unsupported: of a newer version. Keys that are not known are ignored.
[[nodiscard]] Result<Profile> parseProfile(ByteView text);

}  // namespace gvpn::client
