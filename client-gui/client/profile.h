// One server as a person knows it: how to reach it, by which key it is known, who logs in, what a person chose for it,
// and the invite as long as it has not been redeemed. A value, and its JSON form. Any thread.
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
#include <vector>

namespace gvpn::client {

/// 1 had a pin in any case, and nothing below `created`. It is read, and written as 2 when the profile changes.
inline constexpr int ProfileVersion = 2;
inline constexpr std::size_t MaxProfileNameBytes = 64;  // UTF-8
inline constexpr std::size_t MaxProfileRoutes = 256;
inline constexpr std::size_t MaxProfileDomains = 64;
inline constexpr std::size_t MaxProfileBytes = 64 * 1024;

/// Where the key is that this computer has for the server.
enum class DeviceKeyPlace {
    File,     // of the state directory, mode 0600
    Keyring,  // it was open when the key was made
};

struct Profile {
    std::string name;
    net::HostPort server;
    std::optional<Pin> pin;  // none: the first connection asks a person
    std::string user;        // empty: not known
    AcceptRoutes acceptRoutes;
    std::optional<SharedSecret> invite;  // until it has been redeemed
    std::string created;                 // ISO 8601, UTC: "2026-01-31T12:00:00Z"
    bool connectsAtStart = false;        // of the tray application
    bool reconnects = true;              // false: the first failure is the end
    bool remembersPassword = false;      // it is in the keyring
    DeviceKeyPlace deviceKeyPlace = DeviceKeyPlace::File;
    bool usesDns = true;                       // names of the office are asked there
    std::vector<std::string> acceptDomains{};  // also these, though they are no office's own; MaxProfileDomains at most
    std::vector<net::Prefix> knownRoutes{};    // that earlier connections have had, in order; MaxProfileRoutes at most

    [[nodiscard]] bool isPending() const { return invite.has_value(); }
    [[nodiscard]] bool operator==(const Profile&) const = default;
};

/// 1 to MaxProfileNameBytes bytes of UTF-8, no control, format or separator character, no blank at either end. Anything
/// else is fine: a name is no path. InvalidArgument says what is wrong.
[[nodiscard]] Result<void> validateProfileName(std::string_view name);
/// The text as a name: without what a name may not have, and cut. Empty: nothing was left.
[[nodiscard]] std::string toProfileName(std::string_view text);

/// The profile as another computer may have it: without the invite and what only this computer knows (where
/// the secrets are, which routes were seen), connecting only when a person says so, and without the domains that only a
/// person there may name.
[[nodiscard]] Profile withoutLocalState(Profile profile);
/// Of these networks those that no earlier connection has had.
[[nodiscard]] std::vector<net::Prefix> routesNewTo(const Profile& profile, const std::vector<net::Prefix>& routes);
/// With these among the known ones; false: there is nothing new, or no room.
[[nodiscard]] bool learnRoutes(Profile& profile, const std::vector<net::Prefix>& routes);

/// {"version":2,"name":…,"server":"HOST:PORT","pin":…,"user":…,"accept_routes":["auto"],"invite":…,"created":…,
/// "connects_at_start":…,"reconnects":…,"remembers_password":…,"device_key":"file"|"keyring","known_routes":[…],
/// "uses_dns":…,"accept_domains":[…]}; pin, user and invite only where there is one, the last two may be missing.
[[nodiscard]] QByteArray toFileText(const Profile& profile);
/// Of withoutLocalState().
[[nodiscard]] QByteArray toExportText(const Profile& profile);
/// For listings: "pending" in place of the invite.
[[nodiscard]] QJsonObject toListing(const Profile& profile);
/// Malformed: damaged, or a value that can't be. Unsupported: of a newer version. Keys that are not known are ignored.
[[nodiscard]] Result<Profile> parseProfile(ByteView text);

struct ImportedProfile {
    Profile profile;                   // withoutLocalState()
    std::vector<net::Prefix> leftOut;  // public networks: only a person here may name them
};
/// Errors as of parseProfile().
[[nodiscard]] Result<ImportedProfile> parseImport(ByteView text);

}  // namespace gvpn::client
