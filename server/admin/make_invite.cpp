#include "admin/account_json.h"
#include "admin/executor.h"

#include "protocol/link.h"
#include "protocol/messages.h"

#include <sodium.h>

namespace gvpn::admin {

namespace {

/// Where clients go: what the administrator names this once, else what the server knows.
net::HostPort linkTarget(const MakeInvite& command, const LinkParts& parts)
{
    net::HostPort target = command.publicAddress.value_or(parts.server);
    if (target.port == 0)
        target.port = parts.server.port;
    return target;
}

}  // namespace

Result<QJsonObject> makeInvite(const MakeInvite& command, const ExecutorParts& parts)
{
    if (!command.userName.empty()) {
        if (const auto valid = accounts::validateUserName(command.userName); !valid)
            return fail(valid.error());
    }
    if (command.life <= std::chrono::seconds(0) || command.life > accounts::MaxInviteLife)
        return fail(ErrorCode::InvalidArgument, "an invite lives for a year at most");
    // All that can fail comes before the invite is stored.
    const auto known = parts.linkParts();
    if (!known)
        return fail(known.error());
    if (sodium_init() < 0)
        return fail(ErrorCode::SystemFailure, "there are no random numbers");

    protocol::Link link;
    link.server = linkTarget(command, *known);
    link.pin = known->pin;
    link.user = command.userName;
    link.label = known->label;
    SecretBytes secret(protocol::InviteBytes);
    randombytes_buf(secret.span().data(), secret.span().size());
    link.invite = SecretBytes(secret.view());
    const auto expires = parts.time() + command.life;
    if (const auto added = parts.store.addInvite(SharedSecret(std::move(secret)), command.userName, command.life);
        !added)
        return fail(added.error());

    QJsonObject json{{QStringLiteral("invite"), fromStd(link.toString())},
                     {QStringLiteral("expires"), isoTime(expires)},
                     {QStringLiteral("is_private"), known->isPrivate && !command.publicAddress},
                     {QStringLiteral("port"), link.server.port}};
    if (!command.userName.empty())
        json.insert(QStringLiteral("user"), fromStd(command.userName));
    return json;
}

}  // namespace gvpn::admin
