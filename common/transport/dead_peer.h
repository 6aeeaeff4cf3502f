// Makes the kernel notice that a TCP peer is gone: RFC 9293, section 3.8.4 (keep-alives) and RFC 5482 (user timeout).
// One file for each kind of operating system. Any thread.
#pragma once

#include "base/clock.h"

#include <QtGlobal>

namespace gvpn::transport {

/// The connection breaks when the peer has acknowledged nothing for `silence` (of some seconds), whether something is
/// being sent or not. A system that can't do it leaves the connection as it is.
void watchForDeadPeer(qintptr socketDescriptor, Duration silence);

}  // namespace gvpn::transport
