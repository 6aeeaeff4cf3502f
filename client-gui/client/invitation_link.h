// A link that somebody has pasted or clicked, as an invitation that a person may accept. Pure; any thread. Used by the
// GUI, which doesn't see the protocol.
#pragma once

#include "client/enrolment.h"

#include <string_view>

namespace gvpn::client {

/// More than any link has: what is longer is none.
inline constexpr std::size_t MaxLinkTextBytes = 2048;

/// The error's context says what is wrong with the text.
[[nodiscard]] Result<Invitation> parseInvitationLink(std::string_view text);

}  // namespace gvpn::client
