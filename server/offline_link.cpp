#include "server/offline_link.h"

#include "program/identity_store.h"
#include "protocol/link.h"
#include "server/server_state.h"
#include "server/state_files.h"

#include <QSysInfo>

namespace gvpn::server {

std::string linkLabel()
{
    std::string name = QSysInfo::machineHostName().toStdString();
    return name.size() <= protocol::MaxLinkNameBytes ? name : std::string();
}

Result<admin::LinkParts> offlineLinkParts(const std::string& stateDir)
{
    const auto state = loadServerState(QString::fromStdString(stateDir + StateFile));
    if (!state)
        return fail(state.error());
    if (!state->link)
        return fail(ErrorCode::NotFound, "no server has ever started with " + stateDir);
    const auto identity = program::loadIdentity(stateDir + KeyFile);
    if (!identity)
        return fail(identity.error());
    return admin::LinkParts{*state->link, identity->pin(), linkLabel(), state->isPrivateLink};
}

}  // namespace gvpn::server
