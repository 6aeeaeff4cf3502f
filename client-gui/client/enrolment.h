// From a link to a profile: what is written before anything is sent, and what a login changes. Used by gvpn-client and
// the GUI. One thread; the calls wait for the disk.
#pragma once

#include "client/profile_store.h"
#include "protocol/messages.h"
#include "tls/identity.h"

#include <functional>

namespace gvpn::client {

/// What a link says, and how its profile begins.
struct Invitation {
    net::HostPort server;
    Pin pin;
    std::optional<SharedSecret> invite;
    std::string user;
    std::string label;
    AcceptRoutes acceptRoutes;
    DeviceKeyPlace deviceKeyPlace = DeviceKeyPlace::File;  // of a new profile
    bool usesDns = true;
    std::vector<std::string> acceptDomains{};
    /// Somebody gave it to the program himself, instead of following a link: it may take the place of an older invite.
    bool replacesInvite = false;
    [[nodiscard]] bool operator==(const Invitation&) const = default;
};

/// Is it one that enrol() uses for this link? An invite that waits to be redeemed isn't given up for another one, which
/// may be anybody's, unless it may be replaced.
[[nodiscard]] bool servesLink(const Profile& profile, const Invitation& invitation);

using IdentityFor = std::function<Result<tls::Identity>(const Pin& server)>;

/// Makes sure that the device key is there, then the profile: the server may count the invite as redeemed by this key
/// although its answer never arrives. A profile for the same server and key is used as it is, and takes the link's
/// invite if it has none; for another invite than its own a second profile is added, unless it may be replaced. A
/// profile with another key is another server's.
[[nodiscard]] Result<Profile> enrol(const Invitation& invitation, const ProfileStore& store,
                                    const IdentityFor& identityFor, const std::string& created);

/// The networks of a connection, as those that the profile's server has named. Returns the profile as it is stored now.
/// NotFound: it was removed meanwhile.
[[nodiscard]] Result<Profile> noteRoutes(const Profile& used, const ProfileStore& store,
                                         const std::vector<net::Prefix>& routes);

/// The server with this key has let us in: the profile's invite is not needed again, unless the server asked for
/// nothing; and the key is the profile's, if it had none. Returns the profile as it is stored now. NotFound: it was
/// removed meanwhile.
[[nodiscard]] Result<Profile> noteLogin(const Profile& used, const ProfileStore& store, protocol::LoginMethod method,
                                        const Pin& server);

}  // namespace gvpn::client
