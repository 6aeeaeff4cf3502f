#include "client/enrolment.h"

namespace gvpn::client {

Result<Profile> enrol(const Invitation& invitation, const ProfileStore& store, const IdentityFor& identityFor,
                      const std::string& created)
{
    if (const auto identity = identityFor(invitation.pin); !identity)
        return fail(identity.error());
    auto known = store.findByServer(invitation.server, invitation.pin);
    if (!known)
        return fail(known.error());
    if (!*known)
        return store.addUnderFreeName({.name = invitation.label.empty() ? invitation.server.host : invitation.label,
                                       .server = invitation.server,
                                       .pin = invitation.pin,
                                       .user = invitation.user,
                                       .acceptRoutes = invitation.acceptRoutes,
                                       .invite = invitation.invite,
                                       .created = created});
    Profile profile = std::move(**known);
    if (invitation.invite && profile.invite != invitation.invite) {
        profile.invite = invitation.invite;
        if (const auto saved = store.save(profile); !saved)
            return fail(saved.error());
    }
    return profile;
}

Result<Profile> noteLogin(const Profile& used, const ProfileStore& store, protocol::LoginMethod method)
{
    auto stored = store.find(used.name);
    if (!stored)
        return stored;
    // A newer invite, or another server's profile that was given this name meanwhile, is none of our business.
    const bool isRedeemed = method != protocol::LoginMethod::None && stored->isPending()
                            && stored->invite == used.invite && stored->pin == used.pin;
    if (!isRedeemed)
        return stored;
    stored->invite.reset();
    if (const auto saved = store.save(*stored); !saved)
        return fail(saved.error());
    return stored;
}

}  // namespace gvpn::client
