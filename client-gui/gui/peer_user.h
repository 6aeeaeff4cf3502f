// Who is at the other end of a local socket. One file for each operating system.
#pragma once

#include <QtGlobal>

namespace gvpn::gui {

/// Is it a process of the user that this one runs as?
[[nodiscard]] bool isOwnPeer(qintptr descriptor);

}  // namespace gvpn::gui
