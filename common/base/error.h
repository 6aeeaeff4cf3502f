// What failed, for programs (the code) and for logs (the context). Used by every layer, in any thread.
// The sentences that people read are made from the code in one file per program.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace gvpn {

enum class ErrorCode {
    InvalidArgument,    // a value that can't be used: option, address, prefix, link, setting
    Malformed,          // bytes from outside that break their format
    LimitExceeded,      // more or larger than a named constant allows
    Unsupported,        // right, but not to be had here or in this version
    NotFound,           // a file, interface, host or entry that isn't there
    AlreadyExists,      // a name or address that somebody else holds
    PermissionDenied,   // the kernel or the system said no
    AddressInUse,       // a port that another program listens on
    Unreachable,        // refused, no route, no such host
    TimedOut,           // a deadline passed
    Closed,             // the other end went away
    IdentityMismatch,   // the peer's key is not the one that was pinned
    IdentityUnknown,    // there is no pin and nobody to ask
    LoginRefused,       // the server did not let us in
    AddressRefused,     // the server did not give the address
    VersionMismatch,    // no protocol version in common
    ProtocolViolation,  // the peer does not speak the protocol
    TlsFailure,         // the handshake or a record failed
    Replaced,           // another connection took this session over
    Kicked,             // an administrator ended the session
    PeerStopping,       // the other end is shutting down
    SystemFailure,      // any other failure of the operating system
};

/// A stable lower-case name, for JSON events and logs: "login-refused".
[[nodiscard]] std::string_view errorCodeName(ErrorCode code);

struct Error {
    ErrorCode code = ErrorCode::SystemFailure;
    std::string context;  // lower case, no full stop: "open /dev/net/tun: permission denied"

    [[nodiscard]] bool operator==(const Error&) const = default;
};

/// An Error from errno: "what: strerror". EACCES, EPERM, ENOENT, EEXIST, EADDRINUSE, ... get their own codes.
[[nodiscard]] Error errnoError(std::string_view what, int errnoValue);

}  // namespace gvpn
