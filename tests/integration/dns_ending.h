// What a DnsConfigurator says, for tests that wait for it.
#pragma once

#include "system/dns_configurator.h"

#include <optional>

namespace gvpn::test {

/// What an apply or a clear said at last.
struct Ending {
    std::optional<Result<system::DnsOutcome>> outcome;
    int count = 0;

    system::DnsConfigurator::Done done()
    {
        return [this](const Result<system::DnsOutcome>& result) {
            outcome = result;
            ++count;
        };
    }
    system::DnsConfigurator::Cleared cleared()
    {
        return [this](const Result<void>& result) { done()(result.map([] { return system::DnsOutcome::InForce; })); };
    }
    [[nodiscard]] bool is(system::DnsOutcome wanted) const
    {
        return outcome && outcome->has_value() && **outcome == wanted;
    }
    [[nodiscard]] bool is(ErrorCode wanted) const
    {
        return outcome && !outcome->has_value() && outcome->error().code == wanted;
    }
};

}  // namespace gvpn::test
