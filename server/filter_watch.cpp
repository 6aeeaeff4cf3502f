#include "server/filter_watch.h"

#include "system/operation.h"

#include <QLoggingCategory>

#include <algorithm>
#include <chrono>

namespace gvpn::server {

namespace {

Q_LOGGING_CATEGORY(lcFilters, "gvpn.server")

/// Cheap (nft lists some hundred rules in a few milliseconds), and a person who has restarted a firewall and lost the
/// LAN doesn't wait longer for it to come back. Listening to changes instead would wake the server for each container.
constexpr std::chrono::seconds Interval{60};

}  // namespace

FilterWatch::FilterWatch(Parts parts)
    : m_parts(std::move(parts))
{
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { look(); });
}

void FilterWatch::start()
{
    m_timer.start(Interval);
    look();
}

void FilterWatch::look()
{
    if (m_isLooking)
        return;
    auto asked = question();
    if (!asked) {
        qCDebug(lcFilters) << "other packet filters are not looked at:" << asked.error().context.c_str();
        return;
    }
    m_question = std::move(*asked);
    m_isLooking = true;
    m_parts.read(m_question, [this, alive = std::weak_ptr(m_alive)](const auto& found) {
        if (!alive.expired())
            onRead(found);
    });
}

Result<system::FilterQuestion> FilterWatch::question() const
{
    const auto snapshot = m_parts.readSnapshot();
    if (!snapshot)
        return fail(snapshot.error());
    auto interfaces = system::findLanInterfaces(m_parts.goal, *snapshot);
    if (!interfaces)
        return fail(interfaces.error());
    const system::ForwardingConfig& forwarding = *m_parts.goal.forwarding;
    return system::FilterQuestion{m_parts.goal.interfaceName,
                                  forwarding.tunnelNetworks,
                                  forwarding.lanNetworks,
                                  std::move(*interfaces),
                                  m_parts.port,
                                  system::familiesToReach(m_parts.listenHost, *snapshot, m_parts.goal.interfaceName)};
}

void FilterWatch::onRead(const Result<std::vector<system::FilterObstacle>>& found)
{
    if (!found) {
        qCDebug(lcFilters) << "other packet filters are not looked at:" << found.error().context.c_str();
        m_isLooking = false;
        return;
    }
    m_found = *found;
    tellOfOthers();
    const bool needsMending = std::ranges::any_of(m_found, &system::FilterObstacle::isMendedByUs);
    if (needsMending)
        mend();
    else
        m_isLooking = false;
}

void FilterWatch::tellOfOthers()
{
    std::set<std::string> present;
    for (const system::FilterObstacle& obstacle : m_found) {
        if (obstacle.isMendedByUs)
            continue;
        const std::string remedy = remedyFor(obstacle, m_question);
        if (present.insert(remedy).second && !m_told.contains(remedy))
            tell(obstacle, false);
    }
    m_told = std::move(present);
}

/// Of rules that count as there, and that somebody has taken away, the configurator has to forget first.
void FilterWatch::mend()
{
    system::NetworkConfig without = m_parts.goal;
    system::NetworkConfig with = m_parts.goal;
    for (const system::FilterObstacle& obstacle : m_found) {
        if (!obstacle.isMendedByUs)
            continue;
        const net::Family family = obstacle.isIPv6 ? net::Family::IPv6 : net::Family::IPv4;
        std::erase(without.forwarding->dockerFamilies, family);
        std::erase(with.forwarding->dockerFamilies, family);
        with.forwarding->dockerFamilies.push_back(family);
    }
    apply(without, [this, with](const Result<void>& forgotten) {
        if (forgotten)
            apply(with, [this](const Result<void>& result) { onMended(result); });
        else
            onMended(forgotten);
    });
}

void FilterWatch::apply(const system::NetworkConfig& goal, const std::function<void(const Result<void>&)>& then)
{
    m_parts.configurator.apply(goal, [this, alive = std::weak_ptr(m_alive), goal, then](const Result<void>& result) {
        if (alive.expired())
            return;
        if (result)
            m_parts.goal = goal;
        then(result);
    });
}

void FilterWatch::onMended(const Result<void>& result)
{
    m_isLooking = false;
    const bool hadFailed = std::exchange(m_hasFailed, !result);
    if (!result)
        qCDebug(lcFilters) << "Docker's chain takes no rules of ours:" << result.error().context.c_str();
    if (!result && hadFailed)
        return;
    for (const system::FilterObstacle& obstacle : m_found) {
        if (obstacle.isMendedByUs)
            tell(obstacle, result.has_value());
    }
}

void FilterWatch::tell(const system::FilterObstacle& obstacle, bool isMended)
{
    m_parts.tell({obstacle, sentenceFor(obstacle, m_question), remedyFor(obstacle, m_question), isMended});
}

}  // namespace gvpn::server
