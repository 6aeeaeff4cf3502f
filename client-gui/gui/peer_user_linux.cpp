#include "gui/peer_user.h"

#include <sys/socket.h>
#include <unistd.h>

namespace gvpn::gui {

bool isOwnPeer(qintptr descriptor)
{
    // unix(7), SO_PEERCRED: as it was when the connection was made.
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool isKnown =
        ::getsockopt(static_cast<int>(descriptor), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof peer;
    return isKnown && peer.uid == ::geteuid();
}

}  // namespace gvpn::gui
