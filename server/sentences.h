// The server's sentences for people: what failed, why, and what to do. The only place where they are made.
#pragma once

#include "base/error.h"

#include <string>

namespace gvpn::server {

/// What the server was doing.
enum class StartStep {
    ReadOptions,
    CheckPrivileges,
    BecomeUser,  // --run-as
    PrepareStateDir,
    OpenAccounts,
    OpenAdminSocket,
    LoadState,
    LoadKey,
    ReadNetwork,
    ChooseNetworks,
    Listen,
    OpenTun,
    ConfigureNetwork,
    StartDataThread,
    Serve,    // later: the tunnel broke
    CleanUp,  // gvpn-server cleanup
    Stop,     // undoing
};

/// One sentence, without a line break.
[[nodiscard]] std::string sentence(StartStep step, const Error& error);

/// 1, 2 or 7.
[[nodiscard]] int exitStatus(StartStep step, const Error& error);

}  // namespace gvpn::server
