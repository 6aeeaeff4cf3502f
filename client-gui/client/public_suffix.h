// Which domains belong to everybody: top-level domains, and those below which strangers get names ("co.uk",
// "github.io"). From the Public Suffix List. Pure; any thread.
#pragma once

#include <string_view>

namespace gvpn::client {

/// name: in lower case, ASCII (international names as "xn--…"). Every single word is one.
[[nodiscard]] bool isPublicSuffix(std::string_view name);

}  // namespace gvpn::client
