// SIGHUP: what of changed options works at once, and what only at the next start. Pure.
#pragma once

#include "server/server_options.h"

namespace gvpn::server {

struct Reload {
    ServerOptions options;             // the running ones with what changes at once
    std::vector<std::string> changed;  // names of options that changed and work now
    std::vector<std::string> later;    // names of options that changed and wait for the next start
};

[[nodiscard]] Reload reload(const ServerOptions& running, const ServerOptions& fresh);

}  // namespace gvpn::server
