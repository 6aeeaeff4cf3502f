// One reversible change of the network, as a value, and the pure plan from a goal to a list of them. What is planned
// can be looked at in a test; what is done goes through OperationRunner.
#pragma once

#include "base/result.h"
#include "system/network_config.h"
#include "system/network_snapshot.h"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace gvpn::system {

struct SetMtu {
    unsigned interfaceIndex = 0;
    unsigned mtu = 0;
    [[nodiscard]] bool operator==(const SetMtu&) const = default;
};
/// The kernel makes no segment of more packets than this for the interface (IFLA_GSO_MAX_SEGS): a peer takes no more,
/// so that a longer one would have to be cut.
struct LimitSegments {
    unsigned interfaceIndex = 0;
    unsigned packets = 0;
    [[nodiscard]] bool operator==(const LimitSegments&) const = default;
};
struct AddAddress {
    unsigned interfaceIndex = 0;
    net::InterfaceAddress address;
    [[nodiscard]] bool operator==(const AddAddress&) const = default;
};
struct SetLinkUp {
    unsigned interfaceIndex = 0;
    [[nodiscard]] bool operator==(const SetLinkUp&) const = default;
};
struct AddRoute {
    unsigned interfaceIndex = 0;
    net::Prefix destination;
    [[nodiscard]] bool operator==(const AddRoute&) const = default;
};
/// Marks the interface as a gvpn server's tunnel, so that the tables of other servers on this computer leave the
/// traffic to it alone: the table of the tunnel itself judges it (see nft_ruleset.h).
struct SetLinkGroup {
    unsigned interfaceIndex = 0;
    unsigned group = 0;
    [[nodiscard]] bool operator==(const SetLinkGroup&) const = default;
};
/// A file below /proc/sys/net, shared with other gvpn programs: the original value is recorded, and put back when the
/// last holder lets go.
struct SetSwitch {
    std::string path;  // relative to /proc/sys/net: "ipv4/conf/eth0/forwarding"
    std::string value;
    [[nodiscard]] bool operator==(const SetSwitch&) const = default;
};
/// Our own nftables table (family inet) as a JSON ruleset (libnftables-json(5)) that replaces what was there.
struct LoadTable {
    std::string tableName;  // "gvpn_gvpn0"
    std::string rulesetJson;
    // When the program is killed, the table does no harm until the next one: loaded also when it can't be recorded.
    bool mayStayBehind = false;
    // Who loads it (Holder::token). Undo leaves a table alone that another owner has loaded since; empty: it doesn't.
    std::string owner;
    [[nodiscard]] bool operator==(const LoadTable&) const = default;
};

/// Rules at the end of Docker's chain for rules of others (table filter, chain DOCKER-USER): what comes out of the
/// tunnel and what goes into it passes there, and is judged by our own table. See foreign_rules.h.
struct AddDockerRules {
    net::Family family = net::Family::IPv4;
    std::string interfaceName;
    std::vector<net::Prefix> tunnelNetworks;  // of that family
    std::string owner;                        // who adds them (Holder::token); undo removes that one's only
    [[nodiscard]] bool operator==(const AddDockerRules&) const = default;
};

using Operation = std::variant<SetMtu, LimitSegments, AddAddress, SetLinkUp, AddRoute, SetLinkGroup, SetSwitch,
                               LoadTable, AddDockerRules>;

/// "add address 10.86.0.1/24 to gvpn0", for errors, logs and tests.
[[nodiscard]] std::string describe(const Operation& operation, const std::string& interfaceName);

/// Whether both change the same thing, so that performing one replaces the other: the MTU of one interface, one switch,
/// one table. Equal operations always do.
[[nodiscard]] bool isSameTarget(const Operation& a, const Operation& b);

/// The operations for a goal, in order: the table before there is an address, and forwarding is switched on last, so
/// that the computer never answers or forwards unfiltered. `snapshot` tells which interfaces lead to the LAN networks,
/// which switches are already on (those that gvpn programs hold count as off), and which interfaces accept router
/// advertisements. NotFound: no interface leads to a LAN network. InvalidArgument: an interface name that files or
/// rules can't hold.
[[nodiscard]] Result<std::vector<Operation>> plan(const NetworkConfig& config, const NetworkSnapshot& snapshot);

/// The interfaces that lead to the LAN networks of a server's goal, and that plan() lets LAN packets come in by.
[[nodiscard]] Result<std::vector<std::string>> findLanInterfaces(const NetworkConfig& config,
                                                                 const NetworkSnapshot& snapshot);

/// Does and undoes single operations. An operation that fails has changed nothing. Performing one on a target that is
/// performed already (isSameTarget) replaces it; undo still goes back to what was there before the first.
/// An error's context is the reason only; the caller names the operation. `done` is called once, from the event loop or
/// before perform/undo returns. One call at a time.
/// Implementations: LinuxRunner, JournaledRunner, RecordingRunner (tests; can fail at the n-th).
class OperationRunner {
public:
    using Done = std::function<void(Result<void>)>;
    virtual ~OperationRunner() = default;
    virtual void perform(const Operation& operation, Done done) = 0;
    virtual void undo(const Operation& operation, Done done) = 0;
};

}  // namespace gvpn::system
