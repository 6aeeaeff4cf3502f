// The profiles of the core as they are on the disk: at its start, and whenever another program has changed them.
#include "client/local_core.h"

#include <algorithm>

namespace gvpn::client {

void LocalCore::start(bool connectsAtStart)
{
    // First, so that nothing is missed.
    m_watch = std::make_unique<ProfileWatch>(m_parts.store.directory(), m_parts.makeTimer());
    connect(m_watch.get(), &ProfileWatch::changed, this, [this] { readProfiles([] {}); });
    readProfiles([this, connectsAtStart] {
        Q_EMIT ready();
        if (connectsAtStart)
            connectThoseOfTheStart();
    });
}

void LocalCore::readProfiles(std::function<void()> done)
{
    m_parts.work->run<OnDisk>(
        [parts = &m_parts]() -> OnDisk {
            return {parts->store.list(), KnownServers::load(parts->stateDir + KnownServersFile)};
        },
        [this, done = std::move(done)](const OnDisk& onDisk) {
            // A file of servers that can't be read is refused when something is to be connected.
            if (onDisk.servers)
                m_knownServers = *onDisk.servers;
            const auto& listing = onDisk.profiles;
            const bool hasChanged = listing ? takeListing(*listing) : takeBroken({listing.error()});
            if (hasChanged)
                Q_EMIT profilesChanged();
            done();
        });
}

void LocalCore::connectThoseOfTheStart()
{
    std::vector<std::string> names;
    for (const ProfileEntry& entry : m_entries) {
        if (entry.profile.connectsAtStart)
            names.push_back(entry.profile.name);
    }
    std::ranges::for_each(names, [this](const std::string& name) { begin(name); });
}

/// Our own work on the disk is done in order with the reading, so this is never older than what we know. A connection
/// goes on as it was begun; its profile goes with its end.
bool LocalCore::takeListing(const ProfileListing& listing)
{
    bool hasChanged = takeBroken(listing.unusable);
    std::erase_if(m_entries, [&](const ProfileEntry& entry) {
        const std::string& name = entry.profile.name;
        if (std::ranges::binary_search(listing.profiles, name, {}, &Profile::name))
            return false;
        if (m_runs.contains(name)) {
            m_orphans.insert(name);
            return false;
        }
        m_fromLinks.erase(name);
        hasChanged = true;
        return true;
    });
    for (const Profile& profile : listing.profiles) {
        m_orphans.erase(profile.name);
        const ProfileEntry* known = find(profile.name);
        if (known != nullptr && known->profile == profile)
            continue;
        // Nobody here has chosen that key.
        if (known != nullptr && (known->profile.pin != profile.pin || known->profile.server != profile.server))
            m_fromLinks.erase(profile.name);
        insert(profile);
        hasChanged = true;
    }
    return hasChanged;
}

bool LocalCore::takeBroken(const std::vector<Error>& files)
{
    const bool hasChanged = m_brokenFiles != files;
    m_brokenFiles = files;
    return hasChanged;
}

}  // namespace gvpn::client
