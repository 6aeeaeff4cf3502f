// How many connections may be without an address at once: in all, and from one source. Pure; data thread.
#pragma once

#include "net/prefix.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace gvpn::server {

/// Each costs a TLS handshake and some memory.
inline constexpr std::size_t DefaultMaxHalfOpen = 256;
inline constexpr std::size_t MaxHalfOpenPerSource = 16;

struct HalfOpenConfig {
    std::size_t most = DefaultMaxHalfOpen;  // at least 1
    std::size_t mostPerSource = MaxHalfOpenPerSource;
    /// Networks behind whose addresses there may be many (relays, what this computer is on): no limit a source.
    /// Loopback, private and link-local addresses always count as such.
    std::vector<net::Prefix> sharedSources;
};

class HalfOpenLimits {
public:
    explicit HalfOpenLimits(HalfOpenConfig config)
        : m_config(std::move(config))
    {}

    /// False: this source (an IPv4 address, an IPv6 /64) has as many as it may.
    [[nodiscard]] bool hasRoomFor(const net::IpAddress& source) const;
    /// Who must give way before another one may enter: the oldest, because an honest client is through in a moment.
    /// Those that have settled come last.
    [[nodiscard]] std::optional<std::uint64_t> whoGivesWay() const;
    /// ids ascend with time.
    void enter(std::uint64_t id, const net::IpAddress& source);
    /// It has shown a key and waits for a decision of ours: who has not gives way first.
    void settle(std::uint64_t id);
    /// Has its address, or is gone. An unknown id is ignored.
    void leave(std::uint64_t id);
    [[nodiscard]] std::size_t count() const { return m_sources.size(); }

    [[nodiscard]] bool isShared(const net::IpAddress& source) const;
    /// For those that come from now on.
    void setConfig(HalfOpenConfig config) { m_config = std::move(config); }

private:
    [[nodiscard]] static net::IpAddress keyOf(const net::IpAddress& source);

    HalfOpenConfig m_config;
    std::map<std::uint64_t, net::IpAddress> m_sources;  // by id: the key of its source
    std::set<std::uint64_t> m_unsettled;
    std::unordered_map<net::IpAddress, std::size_t> m_counts;
};

}  // namespace gvpn::server
