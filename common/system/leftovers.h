// Undoes what killed programs left in this network namespace: tables, switches, addresses and routes on an interface
// that somebody else keeps open. Used at the start of LinuxConfigurator and by "cleanup". Event loop thread.
#pragma once

#include "system/operation.h"
#include "system/run_directory.h"
#include "system/switch_ledger.h"

namespace gvpn::system {

struct CleanupReport {
    std::vector<std::string> undone;    // "load nftables table gvpn_gvpn0", "ipv4/conf/eth0/forwarding"
    std::vector<std::string> failures;  // the same with the reason; tried again the next time
};

/// Calls done once, from the event loop or before it returns. What a living process holds is left alone, also a table
/// that a dead one named too, and also when it is loaded while this is under way. The runner must live until then.
/// Fails when the switches can't be put back; the tables stay then, since they are what keeps the computer from
/// forwarding for strangers.
void cleanUpLeftovers(const RunDirectory& directory, SwitchLedger ledger, OperationRunner& runner,
                      std::function<void(Result<CleanupReport>)> done);

}  // namespace gvpn::system
