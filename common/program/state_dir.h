// Where a program keeps its keys and its memory. main(), before the event loop runs.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

#include <sys/types.h>

namespace gvpn::program {

/// Whose state: a value, so that tests need no environment.
struct StateOwner {
    uid_t user;
    std::string home;       // $HOME
    std::string stateHome;  // $XDG_STATE_HOME

    /// Of this process.
    [[nodiscard]] static StateOwner current();
};

/// root: /var/lib/PROGRAM. Others: $XDG_STATE_HOME/gvpn, or ~/.local/state/gvpn when that is not set or not absolute
/// (as the XDG Base Directory Specification wants it). NotFound: no home directory.
[[nodiscard]] Result<std::string> defaultStateDir(std::string_view program, const StateOwner& owner);

/// Makes the directory and those above it that are missing, with mode 0700. One that exists stays as it is, but must be
/// a directory that neither group nor others may write to, unless it is sticky: else they could put their keys in the
/// place of ours.
[[nodiscard]] Result<void> makeStateDir(const std::string& path);

}  // namespace gvpn::program
