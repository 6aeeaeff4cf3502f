#include "client/enrolment.h"

#include "client/known_servers.h"

#include <algorithm>

namespace gvpn::client {

namespace {

/// Another server's profile may have been given the name of ours meanwhile.
bool isSameServer(const Profile& one, const Profile& other)
{
    return one.pin == other.pin && one.server == other.server;
}

Result<void> makeKey(const Pin& server, const IdentityFor& identityFor)
{
    const auto identity = identityFor(server);
    return identity ? Result<void>() : fail(identity.error());
}

bool isForServer(const Profile& profile, const Invitation& invitation)
{
    return profile.pin == invitation.pin && serverKey(profile.server) == serverKey(invitation.server);
}

}  // namespace

bool servesLink(const Profile& profile, const Invitation& invitation)
{
    const bool takesInvite =
        !invitation.invite || !profile.invite || profile.invite == invitation.invite || invitation.replacesInvite;
    return isForServer(profile, invitation) && takesInvite;
}

Result<Profile> enrol(const Invitation& invitation, const ProfileStore& store, const IdentityFor& identityFor,
                      const std::string& created)
{
    auto listing = store.list();
    if (!listing)
        return fail(listing.error());
    const auto known = std::ranges::find_if(
        listing->profiles, [&invitation](const Profile& profile) { return servesLink(profile, invitation); });
    // Where the key is in the keyring, there must not be a second one.
    const bool hasKey = std::ranges::any_of(listing->profiles, [&invitation](const Profile& profile) {
        return isForServer(profile, invitation) && profile.deviceKeyPlace == DeviceKeyPlace::Keyring;
    });
    if (const auto made = hasKey ? Result<void>() : makeKey(invitation.pin, identityFor); !made)
        return fail(made.error());
    if (known == listing->profiles.end())
        return store.addUnderFreeName({.name = invitation.label.empty() ? invitation.server.host : invitation.label,
                                       .server = invitation.server,
                                       .pin = invitation.pin,
                                       .user = invitation.user,
                                       .acceptRoutes = invitation.acceptRoutes,
                                       .invite = invitation.invite,
                                       .created = created,
                                       .deviceKeyPlace = hasKey ? DeviceKeyPlace::Keyring : invitation.deviceKeyPlace,
                                       .usesDns = invitation.usesDns,
                                       .acceptDomains = invitation.acceptDomains});
    if (invitation.invite && known->invite != invitation.invite) {
        known->invite = invitation.invite;
        if (const auto saved = store.save(*known); !saved)
            return fail(saved.error());
    }
    return *known;
}

Result<Profile> noteRoutes(const Profile& used, const ProfileStore& store, const std::vector<net::Prefix>& routes)
{
    auto stored = store.find(used.name);
    if (!stored || !isSameServer(*stored, used) || !learnRoutes(*stored, routes))
        return stored;
    const auto saved = store.save(*stored);
    return saved ? stored : fail(saved.error());
}

Result<Profile> noteLogin(const Profile& used, const ProfileStore& store, protocol::LoginMethod method,
                          const Pin& server)
{
    auto stored = store.find(used.name);
    if (!stored)
        return stored;
    if (!isSameServer(*stored, used))
        return stored;
    // A newer invite is none of our business.
    const bool isRedeemed =
        method != protocol::LoginMethod::None && stored->isPending() && stored->invite == used.invite;
    if (!isRedeemed && stored->pin)
        return stored;
    if (isRedeemed)
        stored->invite.reset();
    stored->pin = stored->pin.value_or(server);
    if (const auto saved = store.save(*stored); !saved)
        return fail(saved.error());
    return stored;
}

}  // namespace gvpn::client
