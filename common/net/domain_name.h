// What a domain's name looks like. Pure; any thread.
#pragma once

#include <string_view>

namespace gvpn::net {

/// RFC 1035, section 2.3: labels of letters, digits and hyphens with dots between them, 253 characters at most; no dot
/// at the end.
[[nodiscard]] bool isDomainName(std::string_view name);

}  // namespace gvpn::net
