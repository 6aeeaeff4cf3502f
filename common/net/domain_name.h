// What a domain's name looks like, and which names lie in it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace gvpn::net {

/// RFC 1035, section 2.3: labels of letters, digits and hyphens with dots between them, 253 characters at most; no dot
/// at the end.
[[nodiscard]] bool isDomainName(std::string_view name);

/// Of its ASCII letters: names are the same whatever their case.
[[nodiscard]] std::string inLowerCase(std::string_view name);

/// The domain itself or a name below it, whatever the case; a dot at the end of the name doesn't count.
[[nodiscard]] bool isInDomain(std::string_view name, std::string_view domain);

}  // namespace gvpn::net
