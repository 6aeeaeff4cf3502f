#include "client/fault.h"

namespace gvpn::client {

std::string_view stageName(Stage stage)
{
    switch (stage) {
    case Stage::Resolve: return "resolve";
    case Stage::Tcp: return "tcp";
    case Stage::Tls: return "tls";
    case Stage::Login: return "login";
    case Stage::Address: return "address";
    case Stage::Tun: return "tun";
    case Stage::Routes: return "routes";
    case Stage::Dns: return "dns";
    case Stage::Probe: return "probe";
    }
    return "";
}

bool isAboutPassword(const Fault& fault)
{
    return fault.error.code == ErrorCode::LoginRefused && fault.takesPasswords && !fault.isServerBusy;
}

}  // namespace gvpn::client
