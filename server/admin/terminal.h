// What is at the other end of a descriptor. One file for each operating system.
#pragma once

namespace gvpn::admin {

[[nodiscard]] bool isTerminal(int descriptor);

/// 0: no terminal, or one that doesn't know its size.
[[nodiscard]] int terminalColumns(int descriptor);

}  // namespace gvpn::admin
