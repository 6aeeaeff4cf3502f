// The connections of the core: what happens between a person's click and the network being as it was before.
#include "client/local_core.h"
#include "client/sentences.h"

#include <algorithm>
#include <utility>

namespace gvpn::client {

LocalCore::Runs::value_type* LocalCore::runWith(std::uint64_t serial)
{
    const auto at = std::ranges::find_if(m_runs, [serial](const auto& one) { return one.second.serial == serial; });
    return at == m_runs.end() ? nullptr : &*at;
}

LocalCore::Runs::value_type* LocalCore::runAt(ConnectionId id)
{
    const auto at = std::ranges::find_if(m_runs, [id](const auto& one) { return one.second.id == id; });
    return at == m_runs.end() ? nullptr : &*at;
}

void LocalCore::connectProfile(const std::string& name)
{
    // A person asks: the keyring may trouble him again.
    m_secrets.reopen();
    const auto run = m_runs.find(name);
    if (run == m_runs.end())
        begin(name);
    else if (run->second.id != 0)
        m_parts.engine.retry(run->second.id);
}

void LocalCore::begin(const std::string& name)
{
    ProfileEntry* entry = entryOf(name);
    if (entry == nullptr || m_runs.contains(name))
        return;
    *entry = ProfileEntry{.profile = entry->profile, .isPreparing = true};
    Run run;
    run.serial = ++m_lastSerial;
    run.user = entry->profile.user;
    m_runs.insert_or_assign(name, std::move(run));
    const bool mayReplaceKey = m_fromLinks.contains(name) || entry->profile.isPending();
    m_parts.work->run<Preparation>(
        [this, profile = entry->profile, mayReplaceKey] { return prepare(profile, mayReplaceKey); },
        [this, serial = m_lastSerial](const Preparation& preparation) { onPrepared(serial, preparation); });
    Q_EMIT stateChanged(name);
}

/// Away from the GUI thread: touches nothing of ours but the parts.
LocalCore::Preparation LocalCore::prepare(const Profile& profile, bool mayReplaceKey) const
{
    auto lock = ProfileLock::take(m_parts.stateDir, profile.name, m_parts.program);
    if (!lock)
        return {.lock = {}, .pin = {}, .refusal = sentenceForLock(profile.name, lock.error())};
    const auto known = KnownServers::load(m_parts.stateDir + KnownServersFile);
    if (!known)
        return {
            .lock = {}, .pin = {}, .refusal = sentenceForStateDir(m_parts.stateDir, known.error(), Audience::Window)};
    const auto other = profile.pin && !mayReplaceKey ? known->findOther(profile.server, *profile.pin) : std::nullopt;
    if (other) {
        const auto holder = m_parts.store.findByServer(profile.server, *other);
        const std::string name = holder && *holder ? (*holder)->name : std::string();
        return {.lock = {}, .pin = {}, .refusal = sentenceForOtherKey(profile, *other, name)};
    }
    return {.lock = std::make_shared<ProfileLock>(std::move(*lock)),
            .pin = profile.pin ? profile.pin : known->find(profile.server),
            .refusal = {}};
}

void LocalCore::onPrepared(std::uint64_t serial, const Preparation& preparation)
{
    auto* at = runWith(serial);
    if (at == nullptr)
        return;
    if (!preparation.refusal.isEmpty()) {
        refuse(*at, preparation.refusal);
        return;
    }
    at->second.lock = preparation.lock;
    at->second.pin = preparation.pin;
    if (preparation.pin)
        fetchDeviceKey(*at);
    else
        openConnection(*at);
}

void LocalCore::fetchDeviceKey(Runs::value_type& at)
{
    const Pin pin = *at.second.pin;
    const auto place = placeOfKey(pin, entryOf(at.first)->profile.deviceKeyPlace);
    m_deviceKeys.obtain(pin, place, [this, pin, place, serial = at.second.serial](const Result<DeviceKey>& key) {
        sayKeyringFailed();
        auto* run = runWith(serial);
        if (run == nullptr)
            return;
        if (!key && place == DeviceKeyPlace::Keyring) {
            refuse(*run, sentenceForKeyInKeyring(run->first, key.error()));
            return;
        }
        if (!key) {
            refuse(*run, sentenceForStateDir(m_parts.stateDir, key.error(), Audience::Window));
            return;
        }
        if (entryOf(run->first)->profile.deviceKeyPlace != key->place)
            change(run->first, [kept = key->place](Profile& profile) { profile.deviceKeyPlace = kept; });
        run->second.deviceKey = key->pem;
        openConnection(*run);
    });
}

ConnectionOptions LocalCore::optionsFor(const Profile& profile, const Run& run) const
{
    ConnectionOptions options;
    options.server = profile.server;
    options.pin = run.pin;
    options.acceptRoutes = profile.acceptRoutes;
    options.usesDns = profile.usesDns;
    options.acceptDomains = profile.acceptDomains;
    options.software = m_parts.software;
    options.credentials.deviceName = m_parts.deviceName;
    options.user = run.user;
    options.instance = m_parts.instance;
    if (run.password)
        options.credentials.password = {run.user, *run.password};
    else
        options.credentials.invite = profile.invite;
    return options;
}

void LocalCore::openConnection(Runs::value_type& at)
{
    ProfileEntry& entry = *entryOf(at.first);
    Run& run = at.second;
    entry.isPreparing = false;
    run.question = Question::None;
    run.id = ++m_lastId;
    m_parts.engine.open(run.id, {.options = optionsFor(entry.profile, run),
                                 .intent = {.isOnce = !entry.profile.reconnects},
                                 .deviceKey = run.deviceKey});
}

void LocalCore::onState(ConnectionId id, const State& state)
{
    auto* at = runAt(id);
    if (at == nullptr)
        return;
    const std::string name = at->first;
    ProfileEntry& entry = *entryOf(name);
    entry.state = state;
    if (const auto* connected = std::get_if<Connected>(&state))
        onConnected(entry, connected->info);
    else
        entry.connectedSince.reset();
    const auto* waiting = std::get_if<Waiting>(&state);
    entry.retryAt = waiting != nullptr ? std::optional(m_parts.now().addMSecs(waiting->delay.count())) : std::nullopt;
    const auto* disconnected = std::get_if<Disconnected>(&state);
    if (disconnected != nullptr)
        at->second.id = 0;
    const bool isOver = disconnected != nullptr && (!disconnected->fault || !asksAfter(*at, *disconnected->fault));
    if (isOver)
        endRun(name);
    else
        Q_EMIT stateChanged(name);
}

void LocalCore::onConnected(ProfileEntry& entry, const ConnectionInfo& info)
{
    entry.connectedSince = m_parts.now();
    entry.refusal.reset();
    const auto fresh = routesNewTo(entry.profile, info.routes);
    if (fresh.empty())
        return;
    const bool isFirst = entry.profile.knownRoutes.empty();
    change(entry.profile.name, [fresh](Profile& profile) { static_cast<void>(learnRoutes(profile, fresh)); });
    QMetaObject::invokeMethod(
        this, [this, named = NewRoutes{entry.profile.name, fresh, isFirst}] { Q_EMIT routesNamed(named); },
        Qt::QueuedConnection);
}

bool LocalCore::asksAfter(Runs::value_type& at, const Fault& fault)
{
    Run& run = at.second;
    if (run.removal)
        return false;
    const bool isAboutTrust =
        fault.error.code == ErrorCode::IdentityUnknown && fault.presentedPin.has_value() && !run.pin;
    if (!isAboutTrust && !isAboutPassword(fault))
        return false;
    ProfileEntry& entry = *entryOf(at.first);
    entry.state = Disconnected{};
    entry.isPreparing = true;
    run.password.reset();
    if (isAboutTrust) {
        run.question = Question::Trust;
        run.presented = *fault.presentedPin;
        Q_EMIT trustNeeded(at.first, run.presented);
        return true;
    }
    if (fault.sentLogin == protocol::LoginMethod::Invite)
        dropInvite(entry.profile);
    if (fault.sentLogin == protocol::LoginMethod::Password)
        askPassword(at, true);
    else
        findPassword(at);
    return true;
}

/// The server doesn't know it, and would refuse it again and again before it looks at anything else.
void LocalCore::dropInvite(const Profile& used)
{
    change(used.name, [refused = used.invite](Profile& profile) {
        if (profile.invite == refused)
            profile.invite.reset();
    });
}

/// Of the keyring, if the profile says that it is there; it is tried once a run.
void LocalCore::findPassword(Runs::value_type& at)
{
    Run& run = at.second;
    const bool isRemembered = entryOf(at.first)->profile.remembersPassword && run.pin;
    if (!isRemembered || std::exchange(run.hasTriedKeyring, true)) {
        askPassword(at, false);
        return;
    }
    m_secrets.read(passwordKey(*run.pin, run.user), [this, serial = run.serial](const Result<SharedSecret>& password) {
        sayKeyringFailed();
        auto* found = runWith(serial);
        if (found == nullptr)
            return;
        if (!password) {
            askPassword(*found, false);
            return;
        }
        found->second.password = *password;
        found->second.isPasswordTyped = false;
        openConnection(*found);
    });
}

void LocalCore::askPassword(Runs::value_type& at, bool wasWrong)
{
    at.second.question = Question::Password;
    Q_EMIT passwordNeeded({.profile = at.first,
                           .user = at.second.user,
                           .wasWrong = wasWrong,
                           .canRemember = !m_secrets.closedBy().has_value()});
}

void LocalCore::answerPassword(const std::string& profile, const std::optional<SharedSecret>& password,
                               const std::string& user, bool remember)
{
    const auto at = m_runs.find(profile);
    if (at == m_runs.end() || at->second.question != Question::Password)
        return;
    if (!password || password->isEmpty() || user.empty()) {
        endRun(profile);
        return;
    }
    Run& run = at->second;
    run.user = user;
    run.password = *password;
    run.isPasswordTyped = true;
    run.remembersPassword = remember;
    openConnection(*at);
}

void LocalCore::answerTrust(const std::string& profile, const std::optional<Pin>& trusted)
{
    const auto at = m_runs.find(profile);
    if (at == m_runs.end() || at->second.question != Question::Trust)
        return;
    if (trusted != at->second.presented) {
        endRun(profile);
        return;
    }
    at->second.question = Question::None;
    at->second.pin = at->second.presented;
    change(profile, [pin = at->second.presented](Profile& changed) {
        if (!changed.pin)
            changed.pin = pin;
    });
    fetchDeviceKey(*at);
}

void LocalCore::onLoggedIn(ConnectionId id, const Pin& pin, protocol::LoginMethod method)
{
    auto* at = runAt(id);
    if (at == nullptr)
        return;
    noteServer(at->first, pin, method);
    if (method == protocol::LoginMethod::Password && at->second.isPasswordTyped && at->second.password)
        keepPassword(at->first, at->second, pin);
    at->second.password.reset();
}

/// A link adds a profile beside those that are there; the key that one of them has stays trusted, or that one would
/// be refused from now on.
Result<KnownServers> LocalCore::trust(const Profile& used, const Pin& pin, bool mayReplaceKey) const
{
    auto known = KnownServers::load(m_parts.stateDir + KnownServersFile);
    if (!known)
        return known;
    const auto other = mayReplaceKey ? known->findOther(used.server, pin) : std::nullopt;
    if (other) {
        const auto holder = m_parts.store.findByServer(used.server, *other);
        if (!holder)
            return fail(holder.error());
        if (*holder)
            return known;
    }
    const auto kept = mayReplaceKey ? known->replace(used.server, pin) : known->remember(used.server, pin);
    return kept ? std::move(known) : fail(kept.error());
}

/// The server's key and the redeemed invite.
void LocalCore::noteServer(const std::string& name, const Pin& pin, protocol::LoginMethod method)
{
    const Profile used = entryOf(name)->profile;
    const bool mayReplaceKey = m_fromLinks.contains(name) || used.isPending();
    m_parts.work->run<Noted>(
        [this, used, pin, method, mayReplaceKey]() -> Noted {
            return {trust(used, pin, mayReplaceKey), noteLogin(used, m_parts.store, method, pin)};
        },
        [this, name](const Noted& noted) {
            if (noted.servers)
                m_knownServers = *noted.servers;
            else
                remark(name, sentenceForForgottenServer(noted.servers.error()));
            ProfileEntry* entry = entryOf(name);
            if (!noted.profile && noted.profile.error().code != ErrorCode::NotFound)
                remark(name, sentenceForProfile(noted.profile.error(), Audience::Window));
            if (noted.profile && entry != nullptr && entry->profile != *noted.profile) {
                entry->profile = *noted.profile;
                Q_EMIT profilesChanged();
            }
        });
}

void LocalCore::keepPassword(const std::string& name, Run& run, const Pin& pin)
{
    const Profile before = entryOf(name)->profile;
    const std::string user = run.user;
    if (!run.remembersPassword) {
        // What the keyring has was wrong, or somebody else's.
        if (before.remembersPassword)
            forgetPassword(before);
        change(name, [user](Profile& profile) {
            profile.user = user;
            profile.remembersPassword = false;
        });
        return;
    }
    m_secrets.reopen();
    m_secrets.write(passwordKey(pin, user), *run.password,
                    [this, serial = run.serial, user](const Result<void>& written) {
                        sayKeyringFailed();
                        const auto* at = runWith(serial);
                        if (at == nullptr)
                            return;
                        if (!written)
                            remark(at->first, sentenceForForgottenPassword(written.error()));
                        change(at->first, [user, isKept = written.has_value()](Profile& profile) {
                            profile.user = user;
                            profile.remembersPassword = isKept;
                        });
                    });
}

void LocalCore::disconnectProfile(const std::string& name)
{
    const auto at = m_runs.find(name);
    if (at == m_runs.end())
        return;
    if (at->second.id != 0)
        m_parts.engine.close(at->second.id);
    else
        endRun(name);
}

void LocalCore::disconnectAll(std::function<void()> done)
{
    std::vector<std::string> preparing;
    for (const auto& [name, run] : m_runs) {
        if (run.id == 0)
            preparing.push_back(name);
    }
    std::ranges::for_each(preparing, [this](const std::string& name) { endRun(name); });
    m_parts.engine.closeAll(std::move(done));
}

void LocalCore::refuse(Runs::value_type& at, const QString& sentence)
{
    entryOf(at.first)->refusal = sentence;
    endRun(at.first);
}

void LocalCore::endRun(const std::string& name)
{
    // It may be the key of what goes.
    const std::string ended = name;  // NOLINT(performance-unnecessary-copy-initialization)
    Done removal = std::move(m_runs.at(ended).removal);
    m_runs.erase(ended);
    entryOf(ended)->isPreparing = false;
    Q_EMIT stateChanged(ended);
    if (m_orphans.erase(ended) > 0)
        readProfiles([] {});
    if (removal)
        removeNow(ended, std::move(removal));
}

void LocalCore::remark(const std::string& name, const QString& sentence)
{
    ProfileEntry* entry = entryOf(name);
    if (entry == nullptr || std::ranges::find(entry->remarks, sentence) != entry->remarks.end())
        return;
    if (entry->remarks.size() == MaxRemarks)
        entry->remarks.erase(entry->remarks.begin());
    entry->remarks.push_back(sentence);
    Q_EMIT stateChanged(name);
}

}  // namespace gvpn::client

#include "moc_client_core.cpp"  // NOLINT(bugprone-suspicious-include): Qt's generated code
