#include "client/retry_policy.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gvpn::client {

namespace {

constexpr std::array BackOff{Duration(1'000), Duration(2'000), Duration(4'000), Duration(8'000), Duration(15'000)};

Duration scaled(Duration duration, double factor)
{
    return Duration(std::llround(static_cast<double>(duration.count()) * factor));
}

}  // namespace

bool isFinal(const Fault& fault, bool wasConnected)
{
    switch (fault.error.code) {
    case ErrorCode::IdentityMismatch:
    case ErrorCode::IdentityUnknown:
    case ErrorCode::LoginRefused:
    case ErrorCode::VersionMismatch:
    case ErrorCode::InvalidArgument:
    case ErrorCode::Malformed:
    case ErrorCode::Replaced:
    case ErrorCode::Kicked: return true;
    // A server that spoke v1 a while ago is being replaced.
    case ErrorCode::Unsupported: return !wasConnected || fault.stage != Stage::Login;
    // The server may still hold the address for the connection that was lost.
    case ErrorCode::AddressRefused:
    // A damaged stream, or an attacker's: neither lasts.
    case ErrorCode::ProtocolViolation: return !wasConnected;
    // This computer is on another network now, which the tunnel's overlaps; it may be back on the first one soon.
    case ErrorCode::AlreadyExists: return !wasConnected || fault.stage == Stage::Tun;
    // A name may be back soon, and a firewall on the way is somebody else's; a file or device that is missing or
    // forbidden here stays so.
    case ErrorCode::PermissionDenied:
    case ErrorCode::NotFound: return fault.stage > Stage::Tcp;
    case ErrorCode::LimitExceeded:
    case ErrorCode::AddressInUse:
    case ErrorCode::Unreachable:
    case ErrorCode::TimedOut:
    case ErrorCode::Closed:
    case ErrorCode::TlsFailure:
    case ErrorCode::PeerStopping: return false;
    // What this computer couldn't do the first time (a kernel without filters, say) it won't the next time.
    case ErrorCode::SystemFailure: return !wasConnected && fault.stage >= Stage::Tun && fault.stage <= Stage::Dns;
    }
    return true;
}

Duration retryDelay(unsigned earlierFailures, double roll)
{
    const std::size_t index = std::min<std::size_t>(earlierFailures, BackOff.size() - 1);
    return scaled(BackOff[index], 0.5 + roll);
}

Duration firstRetryDelay(double roll)
{
    return scaled(Duration(1'000), roll);
}

}  // namespace gvpn::client
