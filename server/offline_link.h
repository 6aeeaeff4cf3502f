// What an invite's link needs, from the state directory alone: for `gvpn-server invite` while no server runs.
#pragma once

#include "admin/executor.h"

namespace gvpn::server {

/// What a client calls the profile that it makes of a link: this computer's name; empty if it is no usable one.
[[nodiscard]] std::string linkLabel();

/// NotFound: no server has ever started with this directory. Else the errors of its files.
[[nodiscard]] Result<admin::LinkParts> offlineLinkParts(const std::string& stateDir);

}  // namespace gvpn::server
