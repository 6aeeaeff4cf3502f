// A ClientCore that only notes what it was asked for; tests set the states and emit the signals. Also entries in each
// state, for the windows to show.
#pragma once

#include "client/client_core.h"

#include <QStringList>

namespace gvpn::test {

inline QStringList texts(std::initializer_list<const char*> words)
{
    QStringList all;
    for (const char* word : words)
        all.append(QString::fromUtf8(word));
    return all;
}

inline client::Profile profileNamed(const std::string& name)
{
    client::Profile profile;
    profile.name = name;
    profile.server = {"office.example.com", 443};
    profile.created = "2026-01-31T12:00:00Z";
    return profile;
}

inline Pin pinOf(unsigned char fill)
{
    std::array<std::byte, Pin::SizeBytes> hash{};
    hash.fill(std::byte(fill));
    return Pin(hash);
}

inline client::Fault unreachable()
{
    return {.stage = client::Stage::Tcp, .error = {ErrorCode::Unreachable, "connection refused"}};
}

inline client::State connected()
{
    client::Connected state;
    state.info.addresses = {net::InterfaceAddress::parse("10.86.0.2/24").value()};
    state.info.routes = {net::Prefix::parse("172.17.0.0/16").value()};
    return state;
}

inline client::State connecting(client::Stage stage)
{
    client::Connecting state;
    state.stage = stage;
    return state;
}

inline client::State waiting(std::chrono::seconds delay)
{
    client::Waiting state;
    state.delay = delay;
    state.reason = unreachable();
    return state;
}

inline client::State failed()
{
    return client::Disconnected{unreachable()};
}

class FakeCore final : public client::ClientCore {
public:
    QStringList calls;
    std::vector<client::ProfileEntry> entries;
    std::vector<Error> broken;
    std::optional<Error> refusal;  // of what changes profiles
    std::vector<client::Profile> given;
    std::optional<client::Invitation> enrolled;
    std::string password;
    std::optional<Pin> trusted;  // by an answer
    std::optional<Pin> known;    // of any server
    std::function<void()> allDisconnected;

    void put(const std::string& name, const client::State& state = client::Disconnected{})
    {
        if (client::ProfileEntry* entry = entryOf(name)) {
            entry->state = state;
            Q_EMIT stateChanged(name);
            return;
        }
        entries.push_back({.profile = profileNamed(name), .state = state});
        Q_EMIT profilesChanged();
    }
    /// A run of it is being prepared, which may ask something; or is over.
    void prepare(const std::string& name, bool isPreparing = true)
    {
        put(name);
        entryOf(name)->isPreparing = isPreparing;
        Q_EMIT stateChanged(name);
    }
    [[nodiscard]] client::ProfileEntry* entryOf(const std::string& name)
    {
        for (client::ProfileEntry& entry : entries) {
            if (entry.profile.name == name)
                return &entry;
        }
        return nullptr;
    }

    void start(bool connectsAtStart) override
    {
        note("start", connectsAtStart ? "connecting" : "");
        Q_EMIT ready();
    }
    [[nodiscard]] const std::vector<client::ProfileEntry>& profiles() const override { return entries; }
    [[nodiscard]] const client::ProfileEntry* find(const std::string& name) const override
    {
        return const_cast<FakeCore*>(this)->entryOf(name);
    }
    [[nodiscard]] const std::vector<Error>& brokenFiles() const override { return broken; }

    [[nodiscard]] std::optional<Pin> trustedKey(const net::HostPort&) const override { return known; }

    void add(const client::Profile& profile, ProfileDone done) override { take("add", profile, done); }
    void save(const std::string& name, const client::Profile& profile, ProfileDone done) override
    {
        note("save", name);
        take("as", profile, done);
    }
    void duplicate(const std::string& name, ProfileDone done) override { take("duplicate", profileNamed(name), done); }
    void remove(const std::string& name, Done done) override
    {
        note("remove", name);
        refusal ? done(fail(*refusal)) : done({});
    }
    void importFile(const QString& path, ProfileDone done) override
    {
        take("import", profileNamed(path.toStdString()), done);
    }
    void exportFile(const std::string& name, const QString& path, Done done) override
    {
        note("export", name);
        note("to", path.toStdString());
        refusal ? done(fail(*refusal)) : done({});
    }
    void enrol(const client::Invitation& invitation, ProfileDone done) override
    {
        enrolled = invitation;
        take("enrol", profileNamed(invitation.server.host), done);
    }
    void connectProfile(const std::string& name) override { note("connect", name); }
    void disconnectProfile(const std::string& name) override { note("disconnect", name); }
    void disconnectAll(std::function<void()> done) override
    {
        note("disconnectAll", "");
        allDisconnected = std::move(done);
    }
    void answerPassword(const std::string& profile, const std::optional<SharedSecret>& secret, const std::string& user,
                        bool remember) override
    {
        password = secret ? std::string(asText(secret->view())) : std::string("none");
        note("password", profile + "/" + user + (remember ? "/remember" : ""));
    }
    void answerTrust(const std::string& profile, const std::optional<Pin>& pin) override
    {
        trusted = pin;
        note(pin ? "trust" : "distrust", profile);
    }

private:
    void note(const char* what, const std::string& of)
    {
        calls.append(QString::fromStdString(of.empty() ? std::string(what) : what + (" " + of)));
    }
    void take(const char* what, const client::Profile& profile, const ProfileDone& done)
    {
        note(what, profile.name);
        given.push_back(profile);
        refusal ? done(fail(*refusal)) : done(profile);
    }
};

}  // namespace gvpn::test
