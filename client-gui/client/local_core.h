// The client's core as gvpn-gui has it: profiles in files, secrets in the keyring, connections in an engine. GUI
// thread. local_core.cpp has what is done with profiles, local_core_files.cpp how they are read, local_core_runs.cpp
// what is done with connections.
#pragma once

#include "client/client_core.h"
#include "client/device_keys.h"
#include "client/engine.h"
#include "client/guarded_secrets.h"
#include "client/known_servers.h"
#include "client/profile_lock.h"
#include "client/profile_watch.h"

#include <map>
#include <set>

namespace gvpn::client {

struct CoreParts {
    Engine& engine;        // outlives the core
    SecretStore& keyring;  // unguarded; outlives the core
    std::unique_ptr<BackgroundWork> work;
    std::function<std::unique_ptr<Timer>()> makeTimer;
    std::function<QDateTime()> now;
    ProfileStore store;
    std::string stateDir;
    std::string program;              // "gvpn-gui": who holds a profile's lock
    std::string software;             // "gvpn-gui 0.1.0": for the server
    std::string deviceName;           // this computer's
    protocol::InstanceId instance{};  // random, one for each run
};

class LocalCore final : public ClientCore {
    Q_OBJECT
public:
    explicit LocalCore(CoreParts parts);
    /// After disconnectAll().
    ~LocalCore() override;

    void start(bool connectsAtStart) override;
    [[nodiscard]] const std::vector<ProfileEntry>& profiles() const override { return m_entries; }
    [[nodiscard]] const ProfileEntry* find(const std::string& name) const override;
    [[nodiscard]] const std::vector<Error>& brokenFiles() const override { return m_brokenFiles; }
    [[nodiscard]] std::optional<Pin> trustedKey(const net::HostPort& server) const override;

    void add(const Profile& profile, ProfileDone done) override;
    void save(const std::string& name, const Profile& profile, ProfileDone done) override;
    void duplicate(const std::string& name, ProfileDone done) override;
    void remove(const std::string& name, Done done) override;
    void importFile(const QString& path, ProfileDone done) override;
    void exportFile(const std::string& name, const QString& path, Done done) override;
    void enrol(const Invitation& invitation, ProfileDone done) override;

    void connectProfile(const std::string& name) override;
    void disconnectProfile(const std::string& name) override;
    void disconnectAll(std::function<void()> done) override;
    void answerPassword(const std::string& profile, const std::optional<SharedSecret>& password,
                        const std::string& user, bool remember) override;
    void answerTrust(const std::string& profile, const std::optional<Pin>& trusted) override;

private:
    enum class Question { None, Password, Trust };

    /// One try of a person to connect a profile, with everything that is asked for on the way; until it is
    /// disconnected.
    struct Run {
        std::uint64_t serial = 0;  // answers to an earlier run of the profile are for nobody
        ConnectionId id = 0;       // at the engine; 0: not there
        std::shared_ptr<ProfileLock> lock;
        std::optional<Pin> pin;  // what the server must show
        SharedSecret deviceKey;
        Question question = Question::None;
        Pin presented;  // Question::Trust
        bool hasTriedKeyring = false;
        std::string user;
        std::optional<SharedSecret> password;  // until the server has taken it
        bool isPasswordTyped = false;
        bool remembersPassword = false;
        Done removal;  // the profile goes when the run is over
    };
    /// What is looked up before a connection, away from the GUI thread.
    struct Preparation {
        std::shared_ptr<ProfileLock> lock;
        std::optional<Pin> pin;
        QString refusal;  // empty: it may begin
    };
    /// What is read at the start.
    struct OnDisk {
        Result<ProfileListing> profiles;
        Result<KnownServers> servers;
    };
    using Change = std::function<void(Profile& profile)>;
    using Added = Result<Profile>;

    /// A profile on its way to the disk.
    struct Saving {
        std::string name;  // that it has until then
        Profile wanted;
        bool isRunning = false;
        DeviceKeyPlace placeOfOtherKey = DeviceKeyPlace::File;  // if it gets another pin
        std::shared_ptr<ProfileLock> lock{};                    // of its new name, while it runs
        Profile before{};
        Profile after{};
    };

    // local_core.cpp
    [[nodiscard]] ProfileEntry* entryOf(const std::string& name);
    void insert(const Profile& profile);
    void addInBackground(std::function<Added()> work, ProfileDone done);
    void answerLater(const ProfileDone& done, Error error);
    [[nodiscard]] Result<Saving> saveNow(Saving saving) const;
    void onSaved(const Saving& saved);
    void removeNow(const std::string& name, Done done);
    void forgetSecrets(const Profile& profile);
    void forgetPassword(const Profile& profile);
    /// Whether a profile beside this one logs in with the same password, or has the same key.
    [[nodiscard]] bool sharesPassword(const Profile& profile) const;
    [[nodiscard]] bool sharesDeviceKey(const Profile& profile) const;
    /// Reads the profile, changes it and writes it back if that made a difference.
    void change(const std::string& name, Change change);
    [[nodiscard]] DeviceKeyPlace placeOfKey(const Pin& server, DeviceKeyPlace otherwise) const;
    void sayKeyringFailed();

    // local_core_files.cpp
    void readProfiles(std::function<void()> done);
    void connectThoseOfTheStart();
    // True: something is another than before.
    [[nodiscard]] bool takeListing(const ProfileListing& listing);
    [[nodiscard]] bool takeBroken(const std::vector<Error>& files);

    // local_core_runs.cpp
    using Runs = std::map<std::string, Run>;  // by profile, which may get another name meanwhile
    /// nullptr: that run is over.
    [[nodiscard]] Runs::value_type* runWith(std::uint64_t serial);
    [[nodiscard]] Runs::value_type* runAt(ConnectionId id);
    void begin(const std::string& name);
    [[nodiscard]] Preparation prepare(const Profile& profile, bool mayReplaceKey) const;
    void onPrepared(std::uint64_t serial, const Preparation& preparation);
    void fetchDeviceKey(Runs::value_type& at);
    void openConnection(Runs::value_type& at);
    [[nodiscard]] ConnectionOptions optionsFor(const Profile& profile, const Run& run) const;
    void onState(ConnectionId id, const State& state);
    void onConnected(ProfileEntry& entry, const ConnectionInfo& info);
    /// True: something is asked, and the run goes on.
    [[nodiscard]] bool asksAfter(Runs::value_type& at, const Fault& fault);
    void dropInvite(const Profile& used);
    void findPassword(Runs::value_type& at);
    void askPassword(Runs::value_type& at, bool wasWrong);
    void onLoggedIn(ConnectionId id, const Pin& pin, protocol::LoginMethod method);
    struct Noted {
        Result<KnownServers> servers;
        Result<Profile> profile;
    };
    /// Away from the GUI thread: touches nothing of ours but the parts.
    [[nodiscard]] Result<KnownServers> trust(const Profile& used, const Pin& pin, bool mayReplaceKey) const;
    void noteServer(const std::string& name, const Pin& pin, protocol::LoginMethod method);
    void keepPassword(const std::string& name, Run& run, const Pin& pin);
    void refuse(Runs::value_type& at, const QString& sentence);
    void endRun(const std::string& name);
    void remark(const std::string& name, const QString& sentence);

    CoreParts m_parts;
    GuardedSecrets m_secrets;
    DeviceKeys m_deviceKeys;
    std::vector<ProfileEntry> m_entries;
    std::vector<Error> m_brokenFiles;
    std::optional<KnownServers> m_knownServers;  // a copy, to look things up
    Runs m_runs;
    std::set<std::string> m_fromLinks;  // profiles whose key a person chose with a link in this run
    std::set<std::string> m_orphans;    // that run, while somebody has removed their files
    std::unique_ptr<ProfileWatch> m_watch;
    std::uint64_t m_lastSerial = 0;
    ConnectionId m_lastId = 0;
    bool m_hasSaidKeyring = false;
};

}  // namespace gvpn::client
