// The accounts in SQLite (STATE-DIR/gvpn.db): users, devices, invites, leases, bans, audit trail. Each call is one
// transaction, which waits for the disk: never on an event loop. One thread (Qt Sql's connections belong to the one
// that opened them; its plugin needs a QCoreApplication); several processes may have the file open at once (WAL, 5 s
// busy timeout).
#pragma once

#include "accounts/account.h"
#include "base/shared_secret.h"

#include <memory>

namespace gvpn::accounts {

class Database;

inline constexpr std::size_t MaxAuditEntries = 20000;  // then the oldest go
inline constexpr std::size_t MaxAuditTextBytes = 256;  // each text of an entry; what is longer is cut
inline constexpr std::chrono::seconds AuditLife{std::chrono::days(180)};

/// Error codes of all calls beside those named: LimitExceeded (the disk is full), SystemFailure (the database could not
/// do it, with SQLite's reason). The contexts read as the middle of a sentence.
class AccountStore {
public:
    /// Makes the file (mode 0600, O_EXCL) if there is none, and brings an older schema up to this one; an empty file is
    /// as good as none. NotFound: there is none and `mayCreate` is false. PermissionDenied: not ours, no regular file,
    /// or others can read it. Malformed: damaged, or no database of gvpn's. Unsupported: of a newer version. In all of
    /// these nothing is written.
    [[nodiscard]] static Result<std::unique_ptr<AccountStore>> open(const std::string& path, WallTime time,
                                                                    bool mayCreate);
    /// Whether open() would take a file that is there, with its errors. Changes nothing (but see
    /// inspectDatabaseFile()), also while a server has it open.
    [[nodiscard]] static Result<void> inspect(const std::string& path);
    ~AccountStore();
    AccountStore(const AccountStore&) = delete;
    AccountStore& operator=(const AccountStore&) = delete;

    // Users. NotFound: no user of that name (compared without regard to ASCII case).
    /// passwordHash: empty for none. AlreadyExists; InvalidArgument (see validateUserName).
    [[nodiscard]] Result<User> addUser(const std::string& name, const std::string& passwordHash);
    /// Devices that came in with a password have to give the new one: they are forgotten, but revoked ones stay so.
    [[nodiscard]] Result<User> setPassword(const std::string& name, const std::string& passwordHash);
    [[nodiscard]] Result<User> setEnabled(const std::string& name, bool isEnabled);
    /// With devices, invites and leases.
    [[nodiscard]] Result<User> removeUser(const std::string& name);
    [[nodiscard]] Result<User> findUser(const std::string& name);
    [[nodiscard]] Result<std::vector<User>> users();
    /// Empty: no such user, a disabled one, or one without a password: whoever asks can't tell which.
    [[nodiscard]] Result<std::string> passwordHashOf(const std::string& name);

    // Invites
    /// The secret's SHA-256 is stored, never the secret. userName empty: redeeming makes a user named after the device;
    /// a name that there is no user of yet: the user is made now. InvalidArgument: the secret is empty, `life` is not
    /// between a second and MaxInviteLife, or see validateUserName. AlreadyExists: the secret.
    [[nodiscard]] Result<void> addInvite(const SharedSecret& secret, const std::string& userName,
                                         std::chrono::seconds life);
    /// False: nobody was ever invited, nor is there a device.
    [[nodiscard]] Result<bool> hasEverInvited();

    // Devices
    /// By its key. Revoked devices and those of disabled users are found, too.
    [[nodiscard]] Result<std::optional<Device>> findDevice(const Pin& key);
    struct Enrol {
        Pin key;
        std::string deviceName;  // from outside
        std::string from;        // for the trail
        unsigned maxDevices = DefaultMaxDevices;
    };
    /// The device is enrolled and the secret is its own from here on: in one transaction, so that of two that race one
    /// wins; the same key may do it again. A revoked device is let in again by an invite that it has not used before; a
    /// device that is enrolled already keeps its id, name and addresses, but goes to the invite's user. The first time
    /// is written to the trail ("invite-redeemed"). Errors: LoginRefused (unknown, expired or another's secret),
    /// PermissionDenied (the user is disabled), AlreadyExists (the user has maxDevices devices already); in all of them
    /// the invite stays as it was.
    [[nodiscard]] Result<Device> redeemInvite(const SharedSecret& secret, const Enrol& enrol);
    /// After the password was found right against expectedHash. A device of another user goes to this one. If that
    /// changes anything, it is written to the trail ("device-enrolled"). LoginRefused: the password or the user has
    /// changed meanwhile, or the user is disabled. PermissionDenied: the device was revoked. AlreadyExists: the user
    /// has maxDevices devices already.
    [[nodiscard]] Result<Device> enrolByPassword(const std::string& userName, const std::string& expectedHash,
                                                 const Enrol& enrol);
    /// The device stays known as revoked, and what it was invited with is used up. NotFound.
    [[nodiscard]] Result<Device> revokeDevice(DeviceId id);
    [[nodiscard]] Result<std::vector<Device>> devices();
    /// After a login. NotFound.
    [[nodiscard]] Result<void> noteLogin(DeviceId id, const std::string& from);

    // Leases: which tunnel addresses a device comes back to.
    struct Lease {
        Pin device;
        net::IpAddress address;
        [[nodiscard]] bool operator==(const Lease&) const = default;
    };
    /// Least recently used first. Only of devices that are enrolled and not revoked.
    [[nodiscard]] Result<std::vector<Lease>> leases();
    /// In place of the device's earlier ones and of others' claims on these addresses. NotFound.
    [[nodiscard]] Result<void> saveLeases(DeviceId device, const std::vector<net::IpAddress>& addresses);

    // Bans that have not expired; saving replaces the one of the same source.
    [[nodiscard]] Result<std::vector<Ban>> bans();
    [[nodiscard]] Result<void> saveBan(const Ban& ban);
    [[nodiscard]] Result<void> removeBan(const Ban& ban);

    // The trail
    [[nodiscard]] Result<void> audit(const AuditEntry& entry);  // `at` is filled in
    /// The newest first.
    [[nodiscard]] Result<std::vector<AuditEntry>> auditTrail(std::size_t most);

    /// Invites, bans and entries whose time has passed are deleted. At the start, then hourly.
    [[nodiscard]] Result<void> tidyUp();

private:
    AccountStore(std::unique_ptr<Database> database, WallTime time);

    std::unique_ptr<Database> m_database;
    WallTime m_time;
};

}  // namespace gvpn::accounts
