// Which domains are not one office's own: everybody's, or many people's. A client leaves them out, and the helper asks
// an administrator for them. Pure; any thread.
#pragma once

#include <string_view>

namespace gvpn::bus {

/// A top-level domain, or one below which strangers get names ("co.uk", "github.io"), from the Public Suffix List.
/// name: in lower case, ASCII (international names as "xn--…"). Every single word is one.
[[nodiscard]] bool isPublicSuffix(std::string_view name);

/// A public suffix, or a zone of addresses (in-addr.arpa, ip6.arpa).
[[nodiscard]] bool isSharedDomain(std::string_view name);

}  // namespace gvpn::bus
