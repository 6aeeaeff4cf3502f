// What must not stand on the command line: the link of --link-stdin and passwords. Asked for before the event loop
// runs, since reading waits. Main thread.
#pragma once

#include "cli/options.h"

namespace gvpn::cli {

/// Puts the link and the password into the options. --user alone asks for the password on the terminal, if there is
/// one; else the device key has to do. InvalidArgument: a sentence about what can't be used; other errors: about what
/// failed.
[[nodiscard]] Result<void> readSecrets(CliOptions& options);

/// One line of at most maxBytes, without its line feed; the end of the input ends it too. What follows stays unread.
/// InvalidArgument: longer, or nothing.
[[nodiscard]] Result<SecretBytes> readLine(int descriptor, std::size_t maxBytes);

}  // namespace gvpn::cli
