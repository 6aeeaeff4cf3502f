#include "server/reload.h"

namespace gvpn::server {

namespace {

/// Whether everybody is let in is decided where the start warns of it.
bool isBetweenLogins(LoginMode running, LoginMode fresh)
{
    return running != LoginMode::None && fresh != LoginMode::None;
}

}  // namespace

Reload reload(const ServerOptions& running, const ServerOptions& fresh)
{
    Reload result{running, {}, {}};
    const auto now = [&result, &fresh](const char* name, auto member) {
        if (result.options.*member == fresh.*member)
            return;
        result.options.*member = fresh.*member;
        result.changed.emplace_back(name);
    };
    now("log-level", &ServerOptions::logLevel);
    now("max-devices", &ServerOptions::maxDevices);
    now("max-half-open", &ServerOptions::maxHalfOpen);
    now("relay", &ServerOptions::relays);
    now("dns", &ServerOptions::dnsServers);
    now("dns-domain", &ServerOptions::dnsDomains);
    if (isBetweenLogins(running.login, fresh.login))
        now("login", &ServerOptions::login);

    const auto later = [&result, &running, &fresh](const char* name, auto member) {
        if (running.*member != fresh.*member)
            result.later.emplace_back(name);
    };
    if (!isBetweenLogins(running.login, fresh.login))
        later("login", &ServerOptions::login);
    later("address", &ServerOptions::listen);
    later("cidr", &ServerOptions::cidrs);
    later("bypass", &ServerOptions::lanNetworks);
    later("public-address", &ServerOptions::publicHost);
    later("masquerade", &ServerOptions::masquerade);
    later("client-to-client", &ServerOptions::allowsClientToClient);
    later("allow-v1", &ServerOptions::allowsV1);
    later("congestion", &ServerOptions::congestion);
    later("tun", &ServerOptions::tunName);
    later("offload", &ServerOptions::usesOffloads);
    later("state-dir", &ServerOptions::stateDir);
    later("run-as", &ServerOptions::runAs);
    later("json", &ServerOptions::isJson);
    return result;
}

}  // namespace gvpn::server
