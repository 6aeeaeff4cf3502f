// Which resolvers and domains of a server are used here, and why the others aren't. Pure. An office answers for its own
// names: a server can't have all of a country's names asked at its resolvers.
#pragma once

#include "net/tunnel_settings.h"
#include "system/dns_configurator.h"

#include <span>
#include <string>
#include <vector>

namespace gvpn::client {

enum class DnsSkipReason {
    NotThroughTunnel,  // no accepted route leads to the resolver: it would be asked in the clear, or be somebody else
    SharedDomain,      // a top-level domain, a public suffix, or names of addresses; and not named here
    NoDomain,          // nobody knows which names to ask the resolvers for
    NoService,         // no systemd-resolved runs here
    Failed,            // systemd-resolved didn't take it
};

struct SkippedDns {
    DnsSkipReason reason = DnsSkipReason::NoService;
    std::string what;    // a resolver, a domain, or several with commas
    std::string detail;  // Failed: the cause
    [[nodiscard]] auto operator<=>(const SkippedDns&) const = default;
};

struct DnsDecision {
    system::DnsConfig config;  // domains in lower case; empty: nothing is to be set
    std::vector<SkippedDns> skipped;
};

/// named: domains that the person takes whatever they are.
[[nodiscard]] DnsDecision decideDns(const net::TunnelSettings& settings, std::span<const net::Prefix> acceptedRoutes,
                                    std::span<const std::string> named);

/// What became of it: another reason, or nothing to say.
[[nodiscard]] std::vector<SkippedDns> skippedBy(const system::DnsConfig& config,
                                                const Result<system::DnsOutcome>& outcome);

}  // namespace gvpn::client
