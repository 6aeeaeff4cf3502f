// Who may come in, as values: users, their devices, invites, bans and what is written down of them. Any thread.
#pragma once

#include "base/pin.h"
#include "net/ip_address.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gvpn::accounts {

/// Wall-clock time: expiries and the audit trail outlive a run of the server.
using UnixTime = std::chrono::sys_seconds;
/// Where the time comes from: a clock, or a test.
using WallTime = std::function<UnixTime()>;

using UserId = std::int64_t;
using DeviceId = std::int64_t;

inline constexpr std::size_t MaxUserNameBytes = 64;
inline constexpr std::size_t MaxDeviceNameBytes = 64;
inline constexpr unsigned DefaultMaxDevices = 5;  // a user
inline constexpr unsigned MaxMaxDevices = 1000;
inline constexpr std::chrono::seconds DefaultInviteLife{std::chrono::days(7)};
inline constexpr std::chrono::seconds MaxInviteLife{std::chrono::days(365)};

struct User {
    UserId id = 0;
    std::string name;
    bool hasPassword = false;
    bool isEnabled = true;
    unsigned devices = 0;  // that are not revoked
    UnixTime createdAt{};
    [[nodiscard]] bool operator==(const User&) const = default;
};

enum class Enrolment { Invite, Password };

struct Device {
    DeviceId id = 0;
    UserId userId = 0;
    std::string userName;
    std::string name;  // from outside, made safe by cleanDeviceName()
    Pin key;
    Enrolment enrolment = Enrolment::Invite;
    bool isRevoked = false;
    bool isUserEnabled = true;
    std::vector<net::IpAddress> addresses;  // its own tunnel addresses, one a family
    UnixTime enrolledAt{};
    std::optional<UnixTime> lastSeenAt;
    std::string lastFrom;  // the outer address of its last login
    [[nodiscard]] bool operator==(const Device&) const = default;
};

/// What a session is told of whom it belongs to.
struct Account {
    UserId userId = 0;
    std::string userName{};
    DeviceId deviceId = 0;
    std::string deviceName{};
    [[nodiscard]] bool operator==(const Account&) const = default;
};

/// A source that guessed too often. Which one: an address, a user at an address, a user with a key (behind a relay many
/// share an address), or all of the shared sources together.
struct Ban {
    std::string user{};                       // empty: whoever
    std::optional<net::IpAddress> address{};  // IPv6: the first of its /64
    std::optional<Pin> key{};
    bool isShared = false;  // all shared sources
    UnixTime until{};
    unsigned count = 1;  // how often this one was banned lately: each ban lasts longer
    [[nodiscard]] bool operator==(const Ban&) const = default;
};

struct AuditEntry {
    UnixTime at{};
    std::string event;  // "login", "login-refused", "invite-redeemed", "user-added", …
    std::string user;   // names may be from outside: to be escaped before they are shown
    std::string device;
    std::string from;
    std::string detail;
    [[nodiscard]] bool operator==(const AuditEntry&) const = default;
};

/// InvalidArgument, with the reason: empty, longer than MaxUserNameBytes, no UTF-8, control or invisible formatting
/// characters (Unicode Cc, Cf, Zl, Zp), blanks at an end, or something that reads as an address, a prefix or the word
/// "shared" (bans are lifted by any of these).
[[nodiscard]] Result<void> validateUserName(std::string_view name);

/// As the accounts compare users: without regard to ASCII case.
[[nodiscard]] bool isSameName(std::string_view a, std::string_view b);

/// A name that a device gave itself, or a user's after it: what validateUserName() refuses is left out or replaced,
/// what is too long is cut; never empty ("device").
[[nodiscard]] std::string cleanDeviceName(std::string_view name);

}  // namespace gvpn::accounts
