// A line on the server's administration socket: what is accepted keeps the promises of its command, and is written and
// read to the same again.
#include "admin/command.h"

#include "accounts/account_store.h"
#include "base/bytes.h"

#include <QJsonDocument>

#include <cstdlib>

using namespace gvpn;
using namespace gvpn::admin;

namespace {

void require(bool isTrue)
{
    if (!isTrue)
        std::abort();
}

void checkLimits(const Command& command)
{
    if (const auto* invite = std::get_if<MakeInvite>(&command)) {
        require(invite->life.count() > 0 && invite->life <= accounts::MaxInviteLife);
        // The host goes into a link.
        require(!invite->publicAddress || net::HostPort::parse(net::HostPort{invite->publicAddress->host}.toString()));
    }
    if (const auto* revoked = std::get_if<RevokeDevice>(&command))
        require(revoked->id > 0);
    if (const auto* audit = std::get_if<ListAudit>(&command))
        require(audit->most > 0 && audit->most <= accounts::MaxAuditEntries);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const QByteArray line(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    const QJsonDocument document = QJsonDocument::fromJson(line);
    if (!document.isObject())
        return 0;
    const auto command = commandFromJson(document.object());
    if (!command) {
        require(command.error().code == ErrorCode::Malformed && !command.error().context.empty());
        return 0;
    }
    checkLimits(*command);
    const QJsonObject written = toJson(*command);
    const auto again =
        commandFromJson(QJsonDocument::fromJson(QJsonDocument(written).toJson(QJsonDocument::Compact)).object());
    require(again && again->index() == command->index() && toJson(*again) == written);
    return 0;
}
