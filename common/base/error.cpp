#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace gvpn {

std::string_view errorCodeName(ErrorCode code)
{
    switch (code) {
    case ErrorCode::InvalidArgument: return "invalid-argument";
    case ErrorCode::Malformed: return "malformed";
    case ErrorCode::LimitExceeded: return "limit-exceeded";
    case ErrorCode::Unsupported: return "unsupported";
    case ErrorCode::NotFound: return "not-found";
    case ErrorCode::AlreadyExists: return "already-exists";
    case ErrorCode::PermissionDenied: return "permission-denied";
    case ErrorCode::AddressInUse: return "address-in-use";
    case ErrorCode::Unreachable: return "unreachable";
    case ErrorCode::TimedOut: return "timed-out";
    case ErrorCode::Closed: return "closed";
    case ErrorCode::IdentityMismatch: return "identity-mismatch";
    case ErrorCode::IdentityUnknown: return "identity-unknown";
    case ErrorCode::LoginRefused: return "login-refused";
    case ErrorCode::AddressRefused: return "address-refused";
    case ErrorCode::VersionMismatch: return "version-mismatch";
    case ErrorCode::ProtocolViolation: return "protocol-violation";
    case ErrorCode::TlsFailure: return "tls-failure";
    case ErrorCode::Replaced: return "replaced";
    case ErrorCode::Kicked: return "kicked";
    case ErrorCode::PeerStopping: return "peer-stopping";
    case ErrorCode::SystemFailure: return "system-failure";
    }
    return "system-failure";
}

namespace {

ErrorCode codeOfErrno(int errnoValue)
{
    switch (errnoValue) {
    case EACCES:
    case EPERM: return ErrorCode::PermissionDenied;
    case ENOENT:
    case ENODEV:
    case ENXIO: return ErrorCode::NotFound;
    case EEXIST: return ErrorCode::AlreadyExists;
    case EADDRINUSE: return ErrorCode::AddressInUse;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH: return ErrorCode::Unreachable;
    case ETIMEDOUT: return ErrorCode::TimedOut;
    case ECONNRESET:
    case EPIPE: return ErrorCode::Closed;
    case EINVAL: return ErrorCode::InvalidArgument;
    case EOPNOTSUPP: return ErrorCode::Unsupported;
    default: return ErrorCode::SystemFailure;
    }
}

}  // namespace

Error errnoError(std::string_view what, int errnoValue)
{
    return {codeOfErrno(errnoValue), std::string(what) + ": " + std::system_category().message(errnoValue)};
}

}  // namespace gvpn
