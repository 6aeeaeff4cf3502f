#include "server/half_open_limits.h"

#include <algorithm>

namespace gvpn::server {

bool HalfOpenLimits::hasRoomFor(const net::IpAddress& source) const
{
    if (isShared(source))
        return true;
    const auto count = m_counts.find(keyOf(source));
    return count == m_counts.end() || count->second < m_config.mostPerSource;
}

std::optional<std::uint64_t> HalfOpenLimits::whoGivesWay() const
{
    if (m_sources.size() < m_config.most)
        return std::nullopt;
    return m_unsettled.empty() ? m_sources.begin()->first : *m_unsettled.begin();
}

void HalfOpenLimits::enter(std::uint64_t id, const net::IpAddress& source)
{
    const net::IpAddress key = keyOf(source);
    if (!m_sources.emplace(id, key).second)
        return;
    m_unsettled.insert(id);
    ++m_counts[key];
}

void HalfOpenLimits::settle(std::uint64_t id)
{
    m_unsettled.erase(id);
}

void HalfOpenLimits::leave(std::uint64_t id)
{
    const auto entry = m_sources.find(id);
    if (entry == m_sources.end())
        return;
    const auto count = m_counts.find(entry->second);
    if (--count->second == 0)
        m_counts.erase(count);
    m_sources.erase(entry);
    m_unsettled.erase(id);
}

bool HalfOpenLimits::isShared(const net::IpAddress& source) const
{
    return source.isLoopback() || source.isPrivate() || source.isLinkLocal()
           || std::any_of(m_config.sharedSources.begin(), m_config.sharedSources.end(),
                          [&source](const net::Prefix& shared) { return shared.contains(source); });
}

/// One customer of a provider gets a whole /64 at least (RFC 6177).
net::IpAddress HalfOpenLimits::keyOf(const net::IpAddress& source)
{
    return source.isIPv4() ? source : net::Prefix(source, 64).network();
}

}  // namespace gvpn::server
