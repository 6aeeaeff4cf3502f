// What an administrator can ask for with a subcommand, as values, and their JSON form on the server's socket. Pure.
#pragma once

#include "accounts/account.h"
#include "net/endpoint.h"

#include <QJsonObject>

#include <variant>

namespace gvpn::admin {

struct AddUser {
    std::string name;
    std::string passwordHash;  // empty: none. Made by the subcommand: no password crosses the socket
};
struct SetPassword {
    std::string name;
    std::string passwordHash;
};
struct EnableUser {
    std::string name;
    bool isEnabled = true;
};
struct RemoveUser {
    std::string name;
};
struct ListUsers {};
struct MakeInvite {
    std::string userName;  // empty: one is made of the device's name
    std::chrono::seconds life = accounts::DefaultInviteLife;
    std::optional<net::HostPort> publicAddress;  // in the link, this once; port 0: the server's
};
struct ListDevices {};
struct RevokeDevice {
    accounts::DeviceId id = 0;
};
struct ListBans {};
struct LiftBan {
    std::string addressOrName;
};
struct ListAudit {
    unsigned most = 100;
};
/// These two need a running server.
struct ShowStatus {};
struct Kick {
    std::string addressOrName;
};

using Command = std::variant<AddUser, SetPassword, EnableUser, RemoveUser, ListUsers, MakeInvite, ListDevices,
                             RevokeDevice, ListBans, LiftBan, ListAudit, ShowStatus, Kick>;

[[nodiscard]] QJsonObject toJson(const Command& command);
/// Malformed: not one of ours. Names are checked by who carries the command out.
[[nodiscard]] Result<Command> commandFromJson(const QJsonObject& json);
[[nodiscard]] bool needsServer(const Command& command);

/// What it led to: `result` for people and programs, {"error":{"code","context"}} on the socket if it failed.
using Reply = Result<QJsonObject>;
[[nodiscard]] QJsonObject toJson(const Reply& reply);
[[nodiscard]] Reply replyFromJson(const QJsonObject& json);

}  // namespace gvpn::admin
