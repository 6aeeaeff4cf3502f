// Counts wrong secrets by source and bans those who guess. Pure: time is an argument. Lives in the accounts' thread.
//
// A source is an address (an IPv6 /64) and the user whose password was guessed. Behind some addresses there may be many
// people (loopback, private and on-link networks, relays): there the device key takes the address's place, and all of
// these sources together have an account, too, which keeps somebody who makes a new key for each guess slow.
#pragma once

#include "accounts/account.h"

#include <array>
#include <map>
#include <set>
#include <utility>

namespace gvpn::accounts {

/// Points count as reached when the next one would be too many: userPoints 5 is a ban with the fifth guess, though some
/// of the first was forgiven meanwhile.
struct GuessLimits {
    double userPoints = 5;                // a user from an address; shared: a user, or nobody, with a key
    double addressPoints = 20;            // an address, whatever the users
    double sharedPoints = 100;            // all shared sources
    std::chrono::seconds pointLife{120};  // one point is forgiven in this time
    std::chrono::seconds firstBan{60};    // doubles with each ban…
    std::chrono::seconds longestBan{3600};
    std::chrono::seconds memory{86400};  // …until there was none for this long
    std::size_t maxSources = 16384;      // remembered; then the longest silent is forgotten
};

struct GuessSource {
    net::IpAddress address;
    bool isShared = false;
    Pin key;
    std::string user;  // as given; empty for invites and device keys
};

/// Which guess it was, so that the same wrong one counts once: a keyed hash, worth nothing to who reads our memory.
using GuessDigest = std::array<std::byte, 16>;

/// One customer of a provider gets a whole /64 at least (RFC 6177).
[[nodiscard]] net::IpAddress guessAddress(const net::IpAddress& address);

class GuessLedger {
public:
    explicit GuessLedger(const GuessLimits& limits);

    /// The ban that is in this source's way; of several the one that lasts longest.
    [[nodiscard]] std::optional<Ban> findBan(const GuessSource& source, UnixTime now) const;
    /// True when it is said of this ban for the first time.
    [[nodiscard]] bool noteStopped(const Ban& ban);

    struct Wrong {
        bool isCounted = true;
        std::vector<Ban> bans;  // that it leads to; none, mostly
    };
    /// A wrong secret. The same digest from the same source, among its last 8, counts once; what a source had under way
    /// when it was banned counts no more.
    [[nodiscard]] Wrong noteWrong(const GuessSource& source, const GuessDigest& guess, UnixTime now);
    /// A right one: what this user has counted from this source is forgiven; its address's is not.
    void noteRight(const GuessSource& source);

    void restore(const Ban& ban);
    [[nodiscard]] std::vector<Ban> bans(UnixTime now) const;
    /// Those of this address, user name or device key ("shared": of all shared sources), with their points. They are
    /// returned.
    std::vector<Ban> lift(const std::string& addressOrName, UnixTime now);
    [[nodiscard]] std::size_t sourceCount() const { return m_entries.size(); }

private:
    struct Entry {
        double points = 0;
        UnixTime updated{};
        std::vector<GuessDigest> recent;
        UnixTime bannedUntil{};
        unsigned bans = 0;
        bool isStopTold = false;
    };
    /// Who is counted: as in Ban.
    struct Key {
        std::string user;
        std::optional<net::IpAddress> address;
        std::optional<Pin> key;
        bool isShared = false;
        [[nodiscard]] auto operator<=>(const Key&) const = default;
    };
    using Entries = std::map<Key, Entry>;

    [[nodiscard]] static Key userKey(const GuessSource& source);
    [[nodiscard]] static Key placeKey(const GuessSource& source);
    [[nodiscard]] static Key banKey(const Ban& ban);
    [[nodiscard]] static Ban toBan(const Key& key, const Entry& entry);
    [[nodiscard]] static UnixTime rank(const Entry& entry);
    [[nodiscard]] double limitOf(const Key& key) const;
    [[nodiscard]] Wrong count(const Key& key, const GuessDigest& guess, UnixTime now);
    void ban(Entry& entry, UnixTime now);
    Entries::iterator take(const Key& key);
    void putBack(Entries::iterator entry);
    void erase(Entries::iterator entry);

    GuessLimits m_limits;
    Entries m_entries;
    std::set<std::pair<UnixTime, Key>> m_order;  // who is forgotten first; without the shared sources' account
};

}  // namespace gvpn::accounts
