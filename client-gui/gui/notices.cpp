#include "gui/notices.h"

#include <QCoreApplication>

#include <algorithm>
#include <utility>

namespace gvpn::gui {

namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(Notices)
};

/// Networks that the profile has not had before belong to the same event.
QString textOfConnected(const client::ProfileEntry& entry)
{
    const auto* state = std::get_if<client::Connected>(&entry.state);
    const auto fresh = client::routesNewTo(entry.profile, state->info.routes);
    if (fresh.empty())
        return present(entry).detail;
    return noticeOf({.profile = entry.profile.name, .routes = fresh, .isFirst = entry.profile.knownRoutes.empty()})
        .text;
}

}  // namespace

void Notices::follow(std::span<const client::ProfileEntry> entries)
{
    std::erase_if(m_seen, [entries](const auto& seen) {
        return std::ranges::none_of(entries, [&seen](const auto& one) { return one.profile.name == seen.first; });
    });
    for (const client::ProfileEntry& entry : entries) {
        if (!m_seen.contains(entry.profile.name))
            static_cast<void>(take(entry));
    }
}

std::optional<Notice> Notices::take(const client::ProfileEntry& entry)
{
    Seen& seen = m_seen[entry.profile.name];
    switch (phaseOf(entry)) {
    case Phase::Connected: return takeConnected(entry, seen);
    case Phase::Trouble: return takeTrouble(entry, seen);
    case Phase::Disconnected: seen = {}; return {};
    case Phase::Connecting:
        // After an end somebody has asked for a connection again, and wants to know what comes of it.
        if (seen.said == Said::End)
            seen = {};
        return {};
    }
    return {};
}

std::optional<Notice> Notices::takeConnected(const client::ProfileEntry& entry, Seen& seen)
{
    if (std::exchange(seen.said, Said::Connected) == Said::Connected)
        return {};
    const QString name = nameOf(entry);
    return Notice{std::exchange(seen.wasLost, false) ? Tr::tr("%1: connected again").arg(name)
                                                     : Tr::tr("%1: connected").arg(name),
                  textOfConnected(entry), Phase::Connected};
}

/// Retries fail the same way again and again, which is said once; the end of them is news.
std::optional<Notice> Notices::takeTrouble(const client::ProfileEntry& entry, Seen& seen)
{
    const Said now = std::holds_alternative<client::Waiting>(entry.state) ? Said::Waiting : Said::End;
    const Said before = std::exchange(seen.said, now);
    if (before == now)
        return {};
    const QString name = nameOf(entry);
    const QString detail = present(entry).detail;
    if (before == Said::Connected) {
        seen.wasLost = true;
        return Notice{Tr::tr("%1: connection lost").arg(name), detail, Phase::Trouble};
    }
    return Notice{now == Said::End ? Tr::tr("%1: could not connect").arg(name)
                                   : Tr::tr("%1: could not connect yet, trying again").arg(name),
                  detail, Phase::Trouble};
}

Notice noticeOf(const client::NewRoutes& named)
{
    const QString name = QString::fromStdString(named.profile);
    const QString routes = routesText(named.routes);
    if (named.isFirst)
        return {Tr::tr("%1: first connection").arg(name), Tr::tr("%1 gives you access to: %2").arg(name, routes),
                Phase::Connected};
    return {Tr::tr("%1: more networks").arg(name),
            Tr::tr("%1 now also gives you access to: %2. If you did not expect that, ask its administrator.")
                .arg(name, routes),
            Phase::Connected};
}

}  // namespace gvpn::gui
