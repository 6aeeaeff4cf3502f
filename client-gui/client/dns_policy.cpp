#include "client/dns_policy.h"

#include "bus/shared_domain.h"
#include "net/domain_name.h"

#include <algorithm>

namespace gvpn::client {

namespace {

template <typename T>
bool contains(const std::vector<T>& values, const T& value)
{
    return std::ranges::find(values, value) != values.end();
}

template <typename T, typename ToText>
std::string joined(const std::vector<T>& values, ToText toText)
{
    std::string text;
    for (const T& value : values)
        text += (text.empty() ? "" : ", ") + toText(value);
    return text;
}

std::string joined(const std::vector<net::IpAddress>& addresses)
{
    return joined(addresses, [](const net::IpAddress& address) { return address.toString(); });
}

bool isReachedByTunnel(const net::IpAddress& resolver, const net::TunnelSettings& settings,
                       std::span<const net::Prefix> acceptedRoutes)
{
    const auto holds = [&resolver](const net::Prefix& network) { return network.contains(resolver); };
    const auto isOwn = [&resolver](const net::InterfaceAddress& own) { return own.address == resolver; };
    const auto isNear = [&holds](const net::InterfaceAddress& own) { return holds(own.prefix()); };
    return std::ranges::none_of(settings.addresses, isOwn)
           && (std::ranges::any_of(acceptedRoutes, holds) || std::ranges::any_of(settings.addresses, isNear));
}

}  // namespace

DnsDecision decideDns(const net::TunnelSettings& settings, std::span<const net::Prefix> acceptedRoutes,
                      std::span<const std::string> named)
{
    DnsDecision decision;
    if (settings.dnsServers.empty())
        return decision;
    if (settings.dnsDomains.empty()) {
        decision.skipped.push_back({DnsSkipReason::NoDomain, joined(settings.dnsServers), {}});
        return decision;
    }
    for (const net::IpAddress& resolver : settings.dnsServers) {
        if (!isReachedByTunnel(resolver, settings, acceptedRoutes))
            decision.skipped.push_back({DnsSkipReason::NotThroughTunnel, resolver.toString(), {}});
        else if (!contains(decision.config.servers, resolver))
            decision.config.servers.push_back(resolver);
    }
    for (const std::string& text : settings.dnsDomains) {
        const std::string domain = net::inLowerCase(text);
        const bool isNamed =
            std::ranges::any_of(named, [&domain](const std::string& one) { return net::inLowerCase(one) == domain; });
        if (!isNamed && bus::isSharedDomain(domain))
            decision.skipped.push_back({DnsSkipReason::SharedDomain, domain, {}});
        else if (!contains(decision.config.domains, domain))
            decision.config.domains.push_back(domain);
    }
    if (decision.config.isEmpty())
        decision.config = {};
    return decision;
}

std::vector<SkippedDns> skippedBy(const system::DnsConfig& config, const Result<system::DnsOutcome>& outcome)
{
    if (config.isEmpty())
        return {};
    const std::string domains = joined(config.domains, [](const std::string& domain) { return domain; });
    if (!outcome)
        return {{DnsSkipReason::Failed, domains, outcome.error().context}};
    if (*outcome == system::DnsOutcome::NoService)
        return {{DnsSkipReason::NoService, domains, {}}};
    return {};
}

}  // namespace gvpn::client
