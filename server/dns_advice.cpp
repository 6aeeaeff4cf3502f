#include "server/dns_advice.h"

#include <algorithm>

namespace gvpn::server {

std::vector<std::string> dnsAdvice(const ServerOptions& options, std::span<const net::Prefix> lanNetworks)
{
    std::vector<std::string> advice;
    for (const net::IpAddress& resolver : options.dnsServers) {
        const auto holds = [&resolver](const net::Prefix& lan) { return lan.contains(resolver); };
        if (std::ranges::none_of(lanNetworks, holds))
            advice.push_back("--dns " + resolver.toString()
                             + ": it lies in no network that clients reach, so they leave it out; name its network "
                               "with --bypass");
    }
    if (!options.dnsServers.empty() && options.dnsDomains.empty())
        advice.emplace_back("--dns without --dns-domain: clients use no resolver of the office, since they don't know "
                            "which names to ask it for");
    for (const std::string& domain : options.dnsDomains) {
        if (domain.find('.') == std::string::npos)
            advice.push_back("--dns-domain " + domain
                             + ": a single word is not one office's, so clients leave it out unless they name it with "
                               "--accept-domain");
    }
    return advice;
}

}  // namespace gvpn::server
