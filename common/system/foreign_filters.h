// What other programs' packet filters (Docker, ufw, firewalld …) do with what a gvpn server forwards and takes in: an
// accept in our own table doesn't override a drop in theirs. Used by the running server and its doctor. Pure and for
// any thread, but for the reader, which lives in a Qt event loop thread.
#pragma once

#include "base/result.h"
#include "net/prefix.h"
#include "system/network_snapshot.h"

#include <QByteArrayView>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gvpn::system {

/// What the server needs.
struct FilterQuestion {
    std::string tunnelInterface;
    std::vector<net::Prefix> tunnelNetworks;
    std::vector<net::Prefix> lanNetworks;
    std::vector<std::string> lanInterfaces;
    std::uint16_t port = 0;
    std::vector<net::Family> portFamilies;  // in which clients can come to the port
};

/// For portFamilies: those of the address that the server listens on (a name or nothing: all), in which this computer
/// can be reached by others.
[[nodiscard]] std::vector<net::Family> familiesToReach(const std::string& listenHost, const NetworkSnapshot& snapshot,
                                                       std::string_view tunnelInterface);

/// Whose chain it is. Iptables: rules of iptables-nft; Nftables: anybody else's.
enum class FilterKeeper { Docker, Ufw, Firewalld, Iptables, IptablesLegacy, Nftables };

struct FilterObstacle {
    enum class Path { Forward, Input };
    FilterKeeper keeper = FilterKeeper::Nftables;
    Path path = Path::Forward;
    bool isIPv6 = false;        // which packets it drops
    std::string table;          // "filter"
    std::string chain;          // "FORWARD"; where Docker keeps a chain for rules of others, that one: "DOCKER-USER"
    bool isMendedByUs = false;  // the server adds its rule itself while it runs
    std::string tableFamily;    // "ip", "ip6" or "inet"; empty for legacy iptables
    // Input: not what comes to the port, but a client's echo to the gateway, without whose answer it doesn't connect.
    bool isEcho = false;

    [[nodiscard]] bool operator==(const FilterObstacle&) const = default;
};

/// "ufw", "iptables-legacy" …: for JSON.
[[nodiscard]] std::string_view keeperName(FilterKeeper keeper);
/// "forward", "input"
[[nodiscard]] std::string_view pathName(FilterObstacle::Path path);

/// ruleset: what `nft -j list ruleset` printed. Malformed: not that. LimitExceeded: more than MaxRulesetBytes.
/// Only what is dropped for sure is found. Of a condition that can't be decided the better outcome is assumed, so that
/// nobody is told to mend what works; see filter_walk.h for the one exception.
[[nodiscard]] Result<std::vector<FilterObstacle>> findObstacles(QByteArrayView ruleset, const FilterQuestion& question);
inline constexpr qsizetype MaxRulesetBytes = qsizetype{16} * 1024 * 1024;

/// The same for what `iptables-legacy -S` printed, which nft doesn't show.
[[nodiscard]] std::vector<FilterObstacle> findLegacyObstacles(QByteArrayView rules, bool isIPv6,
                                                              const FilterQuestion& question);

/// What is wrong, one sentence: "ufw drops what the server forwards (table ip filter, chain FORWARD)."
[[nodiscard]] std::string sentenceFor(const FilterObstacle& obstacle, const FilterQuestion& question);
/// What to do, one sentence with the exact command: "Allow it with: ufw route allow in on gvpn0 out on eth0".
[[nodiscard]] std::string remedyFor(const FilterObstacle& obstacle, const FilterQuestion& question);

/// Asks nft, and where the older tables are loaded (/proc/net/ip_tables_names, which only root may read) also
/// iptables-legacy, for the rules. Without iptables-legacy, or the right to run it, its rules count as letting pass.
class ForeignFilterReader {
public:
    using Done = std::function<void(Result<std::vector<FilterObstacle>>)>;

    ForeignFilterReader();
    ForeignFilterReader(const ForeignFilterReader&) = delete;
    ForeignFilterReader& operator=(const ForeignFilterReader&) = delete;
    /// A reading that is under way is given up; its done is not called.
    ~ForeignFilterReader();

    /// One at a time. done is called once, from the event loop or before read returns.
    void read(const FilterQuestion& question, Done done);

private:
    struct Reading;
    std::shared_ptr<Reading> m_reading;
};

}  // namespace gvpn::system
