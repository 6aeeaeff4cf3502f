// Has the names below some domains asked at some resolvers, through one link, and puts that back. The edge to whatever
// resolves names on this computer. Qt event loop thread. Implementations: ResolvedDns, the client's HelperDns,
// RecordingDns (tests).
#pragma once

#include "base/result.h"
#include "net/ip_address.h"

#include <functional>
#include <string>
#include <vector>

namespace gvpn::system {

/// The domains' own names and those below are asked at the servers, and a single word is tried as a name in the
/// domains. All other names are asked where they were before, unless all are taken. Valid as net::validateDns has it.
struct DnsConfig {
    std::vector<net::IpAddress> servers;
    std::vector<std::string> domains;  // "office.example"
    bool takesAllNames = false;

    /// Without a resolver or without a name there is nothing to ask.
    [[nodiscard]] bool isEmpty() const { return servers.empty() || (domains.empty() && !takesAllNames); }
    [[nodiscard]] bool operator==(const DnsConfig&) const = default;
};

enum class DnsOutcome {
    InForce,
    NoService,  // nobody here takes such settings (no systemd-resolved); nothing was changed
};

class DnsConfigurator {
public:
    /// Called once, from the event loop or before apply/clear returns.
    using Done = std::function<void(Result<DnsOutcome>)>;
    using Cleared = std::function<void(Result<void>)>;

    virtual ~DnsConfigurator() = default;

    /// Idempotent: what is in force for this link is not set again. An empty config takes back what was set. On failure
    /// nothing of it is in force. It takes the place of an apply that is under way, whose done is called with Closed.
    virtual void apply(unsigned linkIndex, const DnsConfig& config, Done done) = 0;
    /// Takes back what was set; so does the end of the link. Right at any time, also while an apply is under way, whose
    /// done is then called with Closed.
    virtual void clear(Cleared done) = 0;
};

}  // namespace gvpn::system
