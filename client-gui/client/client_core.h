// What the tray application is made of below its windows: the profiles with their states, and what a person can do with
// them. An interface, so that windows are tested with a fake; LocalCore is the real one. Lives in the GUI thread and
// never waits: connections run in the engine's thread, files and the keyring elsewhere; values travel by queued calls.
#pragma once

#include "client/connection_state.h"
#include "client/enrolment.h"
#include "client/profile.h"
#include "client/route_policy.h"
#include "client/traffic.h"

#include <QDateTime>
#include <QObject>
#include <QString>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gvpn::client {

/// Of an entry: a server may send notices without end.
inline constexpr std::size_t MaxRemarks = 20;

/// One profile as it is shown.
struct ProfileEntry {
    Profile profile;
    State state = Disconnected{};
    /// Why a connection could not even be begun: one sentence, shown like a failure. Goes with the next try.
    std::optional<QString> refusal{};
    /// The password, the trust of a key, a device key or the lock is being waited for; the state is still Disconnected.
    bool isPreparing = false;
    /// Sentences for the person about the last or running connection: routes left out, resolvers not set, a key that
    /// could not be kept, the server's notices. Each once, the last MaxRemarks of them. Plain text.
    std::vector<QString> remarks{};
    std::optional<QDateTime> connectedSince{};
    std::optional<QDateTime> retryAt{};  // while it waits: when it tries again
    Traffic traffic{};
};

/// Asked once, when a password is needed that is not in the keyring (or was wrong).
struct PasswordQuestion {
    std::string profile;
    std::string user;          // may be empty: ask for it as well
    bool wasWrong = false;     // the last one was refused
    bool canRemember = false;  // there may be an open keyring
};

/// A connection took networks that no earlier one of this profile had.
struct NewRoutes {
    std::string profile;
    std::vector<net::Prefix> routes;
    bool isFirst = false;  // the profile's first connection
};

class ClientCore : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(const Result<void>&)>;
    using ProfileDone = std::function<void(const Result<Profile>&)>;

    /// Reads the profiles; ready() follows. Those that are to be connected at start are, if asked for.
    virtual void start(bool connectsAtStart) = 0;

    /// By name. Valid until the next profilesChanged().
    [[nodiscard]] virtual const std::vector<ProfileEntry>& profiles() const = 0;
    [[nodiscard]] virtual const ProfileEntry* find(const std::string& name) const = 0;
    /// Files that can't be used: kept aside, each named with its reason.
    [[nodiscard]] virtual const std::vector<Error>& brokenFiles() const = 0;

    /// The key of this server that was trusted before, by whatever program; as of the start and of what was done since.
    [[nodiscard]] virtual std::optional<Pin> trustedKey(const net::HostPort& server) const = 0;

    // What a person does. Every done comes once, later, in this thread.
    virtual void add(const Profile& profile, ProfileDone done) = 0;
    /// Under another name as well (profile.name). AlreadyExists: that name is taken. InvalidArgument: while it is
    /// connected only the name, routes and switches can be changed.
    virtual void save(const std::string& name, const Profile& profile, ProfileDone done) = 0;
    virtual void duplicate(const std::string& name, ProfileDone done) = 0;
    /// Disconnects it first; its password and device key in the keyring go as well.
    virtual void remove(const std::string& name, Done done) = 0;
    virtual void importFile(const QString& path, ProfileDone done) = 0;
    virtual void exportFile(const std::string& name, const QString& path, Done done) = 0;
    /// Writes the profile of an invitation that the person has accepted. Never connects.
    virtual void enrol(const Invitation& invitation, ProfileDone done) = 0;

    virtual void connectProfile(const std::string& name) = 0;
    virtual void disconnectProfile(const std::string& name) = 0;
    /// Everything; done when the network is as it was before, or after the time that the farewell may take.
    virtual void disconnectAll(std::function<void()> done) = 0;
    /// An answer to passwordNeeded(). No password: the connection is given up.
    virtual void answerPassword(const std::string& profile, const std::optional<SharedSecret>& password,
                                const std::string& user, bool remember) = 0;
    /// An answer to trustNeeded(): the key that was shown to the person becomes the profile's. Nothing, or a key that
    /// this run was not asked about: the connection is given up.
    virtual void answerTrust(const std::string& profile, const std::optional<Pin>& trusted) = 0;

Q_SIGNALS:
    void ready();
    /// The list, an entry's profile, or a broken file.
    void profilesChanged();
    /// Its state, refusal, remarks or isPreparing.
    void stateChanged(const std::string& profile);
    /// Once a second while it is connected.
    void trafficChanged(const std::string& profile);
    void passwordNeeded(const gvpn::client::PasswordQuestion& question);
    /// A profile without a pin: the server shows this one.
    void trustNeeded(const std::string& profile, const gvpn::Pin& presented);
    void routesNamed(const gvpn::client::NewRoutes& routes);
    /// A sentence, said once a run: no keyring, or a locked one; what that means.
    void keyringUnavailable(const QString& sentence);
};

}  // namespace gvpn::client
