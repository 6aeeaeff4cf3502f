#include "client/invitation_link.h"

#include "protocol/link.h"

namespace gvpn::client {

Result<Invitation> parseInvitationLink(std::string_view text)
{
    if (text.size() > MaxLinkTextBytes)
        return fail(ErrorCode::LimitExceeded, "it is too long for a link");
    auto link = protocol::Link::parse(text);
    if (!link)
        return fail(link.error());
    Invitation invitation{.server = std::move(link->server),
                          .pin = link->pin,
                          .invite = {},
                          .user = std::move(link->user),
                          .label = std::move(link->label),
                          .acceptRoutes = {}};
    if (link->invite)
        invitation.invite = SharedSecret(std::move(*link->invite));
    return invitation;
}

}  // namespace gvpn::client
