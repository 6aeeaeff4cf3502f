// Ends the sending half of a connection, which QTcpSocket can't. One file for each kind of operating system.
#pragma once

#include <QtGlobal>

namespace gvpn::transport {

/// What was written is still sent, then the peer reads the end. What it sends can still be read. Errors don't matter:
/// the connection is about to be given up.
void endSending(qintptr socketDescriptor);

}  // namespace gvpn::transport
