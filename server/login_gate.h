// Whom the hub asks about logins: the accounts, or a fake. Data thread.
#pragma once

#include "accounts/gatekeeper.h"

namespace gvpn::server {

class LoginGate {
public:
    virtual ~LoginGate() = default;
    /// The answer comes by Hub::decideLogin() with the same session number, from outside of this call.
    virtual void ask(std::uint64_t session, accounts::LoginQuestion question) = 0;
};

}  // namespace gvpn::server
