#include "client/local_core.h"

#include "client/sentences.h"
#include "program/private_file.h"

#include <algorithm>
#include <utility>

namespace gvpn::client {

namespace {

Failure notFound(const std::string& name)
{
    return fail(ErrorCode::NotFound, "there is no profile " + name);
}

/// What the person decides is taken from him; what the program has noted meanwhile stays.
Result<Profile> merge(const Profile& stored, const Profile& wanted, bool isRunning, DeviceKeyPlace placeOfOtherKey)
{
    const bool hasSamePin = stored.pin == wanted.pin;
    const bool hasSameServer = stored.server == wanted.server && hasSamePin;
    if (isRunning && (!hasSameServer || stored.user != wanted.user))
        return fail(ErrorCode::InvalidArgument,
                    "while it is connected, its server, key and user can't be changed: disconnect it first");
    Profile merged = wanted;
    merged.created = stored.created;
    merged.remembersPassword =
        stored.remembersPassword && wanted.remembersPassword && hasSamePin && stored.user == wanted.user;
    merged.invite = hasSamePin ? stored.invite : std::nullopt;
    merged.deviceKeyPlace = hasSamePin ? stored.deviceKeyPlace : placeOfOtherKey;
    merged.knownRoutes = hasSameServer ? stored.knownRoutes : std::vector<net::Prefix>();
    return merged;
}

/// Of two profiles for one server the one that stays is used from now on: the other one's key must not stand in its
/// way. That it could not be forgotten is said when it does.
void forgetOutdatedKey(const Profile& removed, const CoreParts& parts)
{
    const auto listing = parts.store.list();
    auto known = KnownServers::load(parts.stateDir + KnownServersFile);
    if (!removed.pin || !listing || !known)
        return;
    const auto isSameServer = [&removed](const Profile& one) {
        return one.pin && serverKey(one.server) == serverKey(removed.server);
    };
    const auto hasSameKey = [&](const Profile& one) { return isSameServer(one) && one.pin == removed.pin; };
    if (std::ranges::any_of(listing->profiles, isSameServer) && std::ranges::none_of(listing->profiles, hasSameKey))
        static_cast<void>(known->forget(removed.server, *removed.pin));
}

std::string isoTime(const QDateTime& time)
{
    return time.toUTC().toString(Qt::ISODate).toStdString();
}

}  // namespace

LocalCore::LocalCore(CoreParts parts)
    : m_parts(std::move(parts))
    , m_secrets({m_parts.keyring, m_parts.makeTimer})
    , m_deviceKeys(m_parts.stateDir, m_secrets, *m_parts.work)
{
    connect(&m_parts.engine, &Engine::stateChanged, this, &LocalCore::onState);
    connect(&m_parts.engine, &Engine::loggedIn, this, &LocalCore::onLoggedIn);
    connect(&m_parts.engine, &Engine::remarked, this, [this](ConnectionId id, const QString& sentence) {
        if (const auto* at = runAt(id))
            remark(at->first, sentence);
    });
    connect(&m_parts.engine, &Engine::trafficChanged, this, [this](ConnectionId id, const Traffic& traffic) {
        if (const auto* at = runAt(id)) {
            entryOf(at->first)->traffic = traffic;
            Q_EMIT trafficChanged(at->first);
        }
    });
}

LocalCore::~LocalCore()
{
    // Its tasks use what is ours.
    m_parts.work.reset();
}

std::optional<Pin> LocalCore::trustedKey(const net::HostPort& server) const
{
    return m_knownServers ? m_knownServers->find(server) : std::nullopt;
}

const ProfileEntry* LocalCore::find(const std::string& name) const
{
    const auto at = std::ranges::find_if(m_entries, [&](const auto& entry) { return entry.profile.name == name; });
    return at == m_entries.end() ? nullptr : &*at;
}

ProfileEntry* LocalCore::entryOf(const std::string& name)
{
    const auto at = std::ranges::find_if(m_entries, [&](const auto& entry) { return entry.profile.name == name; });
    return at == m_entries.end() ? nullptr : &*at;
}

/// In its place, or as it is there now.
void LocalCore::insert(const Profile& profile)
{
    if (ProfileEntry* entry = entryOf(profile.name)) {
        entry->profile = profile;
        return;
    }
    const auto name = [](const ProfileEntry& entry) -> const std::string& { return entry.profile.name; };
    const auto at = std::ranges::upper_bound(m_entries, profile.name, {}, name);
    m_entries.insert(at, ProfileEntry{.profile = profile});
}

void LocalCore::answerLater(const ProfileDone& done, Error error)
{
    QMetaObject::invokeMethod(
        this, [done, error = std::move(error)] { done(fail(error)); }, Qt::QueuedConnection);
}

void LocalCore::addInBackground(std::function<Added()> work, ProfileDone done)
{
    m_parts.work->run<Added>(std::move(work), [this, done = std::move(done)](const Added& added) {
        if (added) {
            insert(*added);
            Q_EMIT profilesChanged();
        }
        done(added);
    });
}

void LocalCore::add(const Profile& profile, ProfileDone done)
{
    Profile added = profile;
    if (added.created.empty())
        added.created = isoTime(m_parts.now());
    // Nothing is in the keyring yet, and a search for it would look as if it were locked.
    added.remembersPassword = false;
    if (added.pin)
        added.deviceKeyPlace = placeOfKey(*added.pin, added.deviceKeyPlace);
    addInBackground(
        [store = m_parts.store, added]() -> Added {
            const auto stored = store.add(added);
            return stored ? Added(added) : fail(stored.error());
        },
        std::move(done));
}

void LocalCore::duplicate(const std::string& name, ProfileDone done)
{
    const ProfileEntry* entry = find(name);
    if (entry == nullptr) {
        answerLater(done, notFound(name).value());
        return;
    }
    Profile copy = entry->profile;
    copy.created = isoTime(m_parts.now());
    copy.connectsAtStart = false;
    copy.invite.reset();
    addInBackground([store = m_parts.store, copy] { return store.addUnderFreeName(copy); }, std::move(done));
}

void LocalCore::importFile(const QString& path, ProfileDone done)
{
    const auto leftOut = std::make_shared<std::vector<net::Prefix>>();
    addInBackground(
        [store = m_parts.store, path, leftOut]() -> Added {
            const auto content = program::readFile(path.toStdString(), MaxProfileBytes);
            if (!content)
                return fail(content.error());
            auto imported = parseImport(*content);
            if (!imported)
                return fail(imported.error().code, path.toStdString() + ": " + imported.error().context);
            *leftOut = imported->leftOut;
            return store.addUnderFreeName(std::move(imported->profile));
        },
        [this, leftOut, done = std::move(done)](const Added& added) {
            done(added);
            if (added && !leftOut->empty())
                remark(added->name, sentenceForLeftOut(*leftOut));
        });
}

void LocalCore::exportFile(const std::string& name, const QString& path, Done done)
{
    const ProfileEntry* entry = find(name);
    if (entry == nullptr) {
        answerLater([done](const Added& added) { done(fail(added.error())); }, notFound(name).value());
        return;
    }
    m_parts.work->run<Result<void>>(
        [text = toExportText(entry->profile), path] {
            return program::writeFile(path.toStdString(), asBytes({text.constData(), std::size_t(text.size())}));
        },
        [done = std::move(done)](const Result<void>& written) { done(written); });
}

void LocalCore::enrol(const Invitation& invitation, ProfileDone done)
{
    m_secrets.reopen();
    const auto place = placeOfKey(invitation.pin, DeviceKeyPlace::File);
    m_deviceKeys.obtain(
        invitation.pin, place, [this, invitation, done = std::move(done)](const Result<DeviceKey>& key) {
            sayKeyringFailed();
            if (!key) {
                done(fail(key.error()));
                return;
            }
            Invitation accepted = invitation;
            accepted.deviceKeyPlace = key->place;
            addInBackground(
                [store = m_parts.store, accepted, pem = key->pem, now = isoTime(m_parts.now())] {
                    return client::enrol(
                        accepted, store, [&pem](const Pin&) { return tls::Identity::fromPem(pem.view()); }, now);
                },
                [this, done](const Added& added) {
                    if (added)
                        m_fromLinks.insert(added->name);
                    done(added);
                });
        });
}

void LocalCore::save(const std::string& name, const Profile& profile, ProfileDone done)
{
    if (find(name) == nullptr) {
        answerLater(done, notFound(name).value());
        return;
    }
    Saving saving{.name = name, .wanted = profile, .isRunning = m_runs.contains(name)};
    if (profile.pin)
        saving.placeOfOtherKey = placeOfKey(*profile.pin, DeviceKeyPlace::File);
    m_parts.work->run<Result<Saving>>([this, saving] { return saveNow(saving); },
                                      [this, done = std::move(done)](const Result<Saving>& saved) {
                                          if (saved)
                                              onSaved(*saved);
                                          done(saved ? Added(saved->after) : fail(saved.error()));
                                      });
}

/// Away from the GUI thread: touches nothing of ours but the parts.
Result<LocalCore::Saving> LocalCore::saveNow(Saving saving) const
{
    const auto stored = m_parts.store.find(saving.name);
    if (!stored)
        return fail(stored.error());
    const auto merged = merge(*stored, saving.wanted, saving.isRunning, saving.placeOfOtherKey);
    if (!merged)
        return fail(merged.error());
    saving.before = *stored;
    saving.after = *merged;
    if (saving.isRunning && merged->name != saving.name) {
        auto lock = ProfileLock::take(m_parts.stateDir, merged->name, m_parts.program);
        if (!lock)
            return fail(lock.error());
        saving.lock = std::make_shared<ProfileLock>(std::move(*lock));
    }
    const auto replaced = m_parts.store.replace(saving.name, *merged);
    return replaced ? Result<Saving>(std::move(saving)) : fail(replaced.error());
}

void LocalCore::onSaved(const Saving& saved)
{
    const auto at = std::ranges::find_if(m_entries, [&](const auto& one) { return one.profile.name == saved.name; });
    if (at == m_entries.end())
        return;
    ProfileEntry entry = std::move(*at);
    m_entries.erase(at);
    entry.profile = saved.after;
    insert(saved.after);
    *entryOf(saved.after.name) = std::move(entry);
    if (auto run = m_runs.extract(saved.name)) {
        run.key() = saved.after.name;
        if (saved.lock)
            run.mapped().lock = saved.lock;
        m_runs.insert(std::move(run));
    }
    if (m_fromLinks.erase(saved.name) > 0 && saved.before.pin == saved.after.pin)
        m_fromLinks.insert(saved.after.name);
    if (saved.before.remembersPassword && !saved.after.remembersPassword)
        forgetPassword(saved.before);
    Q_EMIT profilesChanged();
}

void LocalCore::remove(const std::string& name, Done done)
{
    if (find(name) == nullptr) {
        answerLater([done](const Added& added) { done(fail(added.error())); }, notFound(name).value());
        return;
    }
    const auto run = m_runs.find(name);
    if (run != m_runs.end() && run->second.id != 0) {
        run->second.removal = std::move(done);
        m_parts.engine.close(run->second.id);
        return;
    }
    if (run != m_runs.end())
        endRun(name);
    removeNow(name, std::move(done));
}

void LocalCore::removeNow(const std::string& name, Done done)
{
    m_parts.work->run<Result<void>>(
        [parts = &m_parts, name]() -> Result<void> {
            const auto stored = parts->store.find(name);
            const auto removed = parts->store.remove(name);
            if (removed && stored)
                forgetOutdatedKey(*stored, *parts);
            return removed;
        },
        [this, name, done = std::move(done)](const Result<void>& removed) {
            const ProfileEntry* entry = find(name);
            const bool isGone = removed || removed.error().code == ErrorCode::NotFound;
            if (entry != nullptr && isGone) {
                const Profile profile = entry->profile;
                // Somebody may have connected it meanwhile.
                if (const auto run = m_runs.extract(name))
                    m_parts.engine.close(run.mapped().id);
                std::erase_if(m_entries, [&name](const auto& one) { return one.profile.name == name; });
                m_fromLinks.erase(name);
                forgetSecrets(profile);
                Q_EMIT profilesChanged();
            }
            done(isGone ? Result<void>() : removed);
        });
}

void LocalCore::forgetSecrets(const Profile& profile)
{
    if (profile.remembersPassword)
        forgetPassword(profile);
    if (profile.pin && profile.deviceKeyPlace == DeviceKeyPlace::Keyring && !sharesDeviceKey(profile))
        m_secrets.remove(deviceKeyKey(*profile.pin), [this](const Result<void>&) { sayKeyringFailed(); });
}

void LocalCore::forgetPassword(const Profile& profile)
{
    if (profile.pin && !sharesPassword(profile))
        m_secrets.remove(passwordKey(*profile.pin, profile.user), [this](const Result<void>&) { sayKeyringFailed(); });
}

bool LocalCore::sharesPassword(const Profile& profile) const
{
    return std::ranges::any_of(m_entries, [&profile](const ProfileEntry& entry) {
        const Profile& other = entry.profile;
        return other.name != profile.name && other.remembersPassword && other.pin == profile.pin
               && other.user == profile.user;
    });
}

bool LocalCore::sharesDeviceKey(const Profile& profile) const
{
    return std::ranges::any_of(m_entries, [&profile](const ProfileEntry& entry) {
        return entry.profile.name != profile.name && entry.profile.pin == profile.pin;
    });
}

DeviceKeyPlace LocalCore::placeOfKey(const Pin& server, DeviceKeyPlace otherwise) const
{
    const bool isInKeyring = std::ranges::any_of(m_entries, [&server](const ProfileEntry& entry) {
        return entry.profile.pin == server && entry.profile.deviceKeyPlace == DeviceKeyPlace::Keyring;
    });
    return isInKeyring ? DeviceKeyPlace::Keyring : otherwise;
}

void LocalCore::change(const std::string& name, Change change)
{
    m_parts.work->run<Added>(
        [store = m_parts.store, name, change = std::move(change)]() -> Added {
            const auto stored = store.find(name);
            if (!stored)
                return stored;
            Profile changed = *stored;
            change(changed);
            if (changed == *stored)
                return stored;
            const auto saved = store.save(changed);
            return saved ? Added(changed) : fail(saved.error());
        },
        [this, name](const Added& changed) {
            ProfileEntry* entry = entryOf(name);
            // Somebody may remove a profile that is in use.
            if (entry == nullptr || (!changed && changed.error().code == ErrorCode::NotFound))
                return;
            if (!changed) {
                remark(name, sentenceForProfile(changed.error(), Audience::Window));
                return;
            }
            entry->profile = *changed;
            Q_EMIT profilesChanged();
        });
}

void LocalCore::sayKeyringFailed()
{
    if (m_secrets.closedBy() && !std::exchange(m_hasSaidKeyring, true))
        Q_EMIT keyringUnavailable(sentenceForKeyring(*m_secrets.closedBy()));
}

}  // namespace gvpn::client
