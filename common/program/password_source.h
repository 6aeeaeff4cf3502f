// Where a program gets a password from: a terminal without echo, standard input, or a descriptor; never from arguments
// or the environment. Used by main() before the event loop runs: reading waits.
#pragma once

#include "base/result.h"
#include "base/shared_secret.h"

#include <string>

namespace gvpn::program {

inline constexpr std::size_t MaxTypedPasswordBytes = 256;

/// Up to the first line feed or the end. InvalidArgument: empty, longer than MaxTypedPasswordBytes, no UTF-8, or a NUL
/// byte. The descriptor is not closed.
[[nodiscard]] Result<SharedSecret> readPassword(int descriptor);

/// Asks on the process's terminal (/dev/tty), without echo, which is put back whatever happens (a signal, too).
/// NotFound: there is no terminal. It waits for the person, however long. A signal that ends or stops the process does
/// so once the echo is back; Closed: the program lives on, since it handles that signal. After a stop it asks again.
[[nodiscard]] Result<SharedSecret> askPassword(const std::string& prompt);

/// Twice; InvalidArgument when they differ.
[[nodiscard]] Result<SharedSecret> askNewPassword(const std::string& prompt);

}  // namespace gvpn::program
