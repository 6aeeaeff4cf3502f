// gvpn://HOST:PORT/?pin=PIN&invite=SECRET[&user=NAME][&name=LABEL]: what a server prints and a person pastes. A value.
#pragma once

#include "base/pin.h"
#include "base/secret_bytes.h"
#include "net/endpoint.h"
#include "protocol/messages.h"

#include <optional>

namespace gvpn::protocol {

inline constexpr std::size_t MaxLinkBytes = 1024;
inline constexpr std::size_t MaxLinkNameBytes = 64;  // user, label: UTF-8, no control characters

struct Link {
    net::HostPort server;
    Pin pin;
    std::optional<SecretBytes> invite;  // InviteBytes; none: a plain profile
    std::string user;
    std::string label;

    /// Every fault has its own context: wrong scheme, no host, bad port, no or bad pin, a key twice. Unknown keys are
    /// ignored. Blanks and line breaks around the link (mail programs) are.
    [[nodiscard]] static Result<Link> parse(std::string_view text);
    [[nodiscard]] std::string toString() const;
};

}  // namespace gvpn::protocol
