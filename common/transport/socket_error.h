// Why a QTcpSocket failed, as our error code. Used by QtStream and TcpConnector.
#pragma once

#include "base/error.h"

#include <QAbstractSocket>

namespace gvpn::transport {

[[nodiscard]] ErrorCode errorCodeOf(QAbstractSocket::SocketError error);

}  // namespace gvpn::transport
