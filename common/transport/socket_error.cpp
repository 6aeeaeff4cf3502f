#include "transport/socket_error.h"

namespace gvpn::transport {

ErrorCode errorCodeOf(QAbstractSocket::SocketError error)
{
    switch (error) {
    case QAbstractSocket::RemoteHostClosedError: return ErrorCode::Closed;
    case QAbstractSocket::HostNotFoundError: return ErrorCode::NotFound;
    case QAbstractSocket::SocketAccessError: return ErrorCode::PermissionDenied;
    case QAbstractSocket::ConnectionRefusedError:
    case QAbstractSocket::NetworkError:
    case QAbstractSocket::SocketAddressNotAvailableError: return ErrorCode::Unreachable;
    case QAbstractSocket::SocketTimeoutError: return ErrorCode::TimedOut;
    case QAbstractSocket::SocketResourceError: return ErrorCode::LimitExceeded;
    case QAbstractSocket::UnsupportedSocketOperationError: return ErrorCode::Unsupported;
    default: return ErrorCode::SystemFailure;
    }
}

}  // namespace gvpn::transport
