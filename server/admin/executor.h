// Carries commands out on the accounts: in the running server's accounts thread, or in a subcommand of its own while no
// server runs. Says which sessions have to end; who has sessions ends them.
#pragma once

#include "accounts/account_store.h"
#include "accounts/gatekeeper.h"
#include "admin/command.h"

namespace gvpn::admin {

/// Sessions that are to end, told `text`. Any of the members that are set.
struct SessionSelector {
    std::optional<accounts::UserId> user{};
    std::optional<accounts::DeviceId> device{};
    std::string text{};  // "the administrator has disabled this user"
};

struct Outcome {
    Reply reply;
    std::vector<SessionSelector> ended;
};

/// What a link needs beside its secret.
struct LinkParts {
    net::HostPort server;
    Pin pin;
    std::string label;
    bool isPrivate = false;  // names an address that only the LAN reaches
};

struct ExecutorParts {
    accounts::AccountStore& store;
    accounts::Gatekeeper* gatekeeper = nullptr;  // none: no server runs; bans are those of the database
    accounts::WallTime time;
    /// NotFound: no server has ever run here.
    std::function<Result<LinkParts>()> linkParts;
};

/// All but ShowStatus and Kick (Unsupported). Every act that changes something is written into the trail; the result
/// has a "warning" if that failed.
[[nodiscard]] Outcome execute(const Command& command, const ExecutorParts& parts);

/// A new invite and its link: {"invite":"gvpn://…","expires":"…Z","is_private":false,"port":51005,"user":"anna"},
/// without a user if it names none. Used by execute() and by the first start. What fails leaves no invite behind.
[[nodiscard]] Result<QJsonObject> makeInvite(const MakeInvite& command, const ExecutorParts& parts);

}  // namespace gvpn::admin
