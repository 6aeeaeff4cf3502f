// What the programs tell their caller. Scripts rely on the numbers: they never change.
#pragma once

namespace gvpn::program {

enum class ExitStatus : int {
    Success = 0,           // stopped as asked
    Failure = 1,           // any other failure
    Usage = 2,             // the command line or the configuration can't be used
    Unreachable = 3,       // client: the server does not answer (only with --once)
    IdentityMismatch = 4,  // client: the server is not the one that the pin names
    LoginRefused = 5,      // client
    AddressRefused = 6,    // client
    NotPermitted = 7,      // not allowed to open the TUN or to change the network
    ForeignProtocol = 8,   // client: the other side does not speak the protocol
};

[[nodiscard]] constexpr int toInt(ExitStatus status)
{
    return static_cast<int>(status);
}

}  // namespace gvpn::program
