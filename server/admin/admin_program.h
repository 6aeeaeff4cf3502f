// A subcommand from its command line to its exit status. Called by main(), before any thread starts; it waits for the
// disk, the server and the person.
#pragma once

#include "accounts/account.h"
#include "admin/command_line.h"
#include "admin/executor.h"

namespace gvpn::admin {

/// What the program around it knows.
struct Surroundings {
    std::string userStateDir;    // taken without --state-dir: that of who runs the command
    std::string systemStateDir;  // root's, whose server listens below /run
    accounts::WallTime time;
    /// For an invite while no server runs. NotFound: no server has ever run there.
    std::function<Result<LinkParts>(const std::string& stateDir)> linkParts;
    int output = 1;  // standard output, borrowed
    int errors = 2;  // standard error, borrowed
};

/// 0, 1, 2 or 7 (program/exit_status.h). Root becomes the owner of the state directory.
[[nodiscard]] int runAdminCommand(const Invocation& invocation, const Surroundings& surroundings);

}  // namespace gvpn::admin
