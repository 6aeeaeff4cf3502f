#include "server/run_as.h"

#include "admin/admin_socket.h"
#include "admin/local_socket.h"
#include "program/privileges.h"
#include "program/state_dir.h"
#include "server/state_files.h"
#include "system/run_directory.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::server {

Result<void> becomeServiceUser(const ServerOptions& options)
{
    if (::geteuid() != 0)
        return fail(ErrorCode::PermissionDenied, "only root can become another user");
    const passwd* user = ::getpwnam(options.runAs.c_str());
    if (user == nullptr)
        return fail(ErrorCode::NotFound, "there is no user " + options.runAs + " on this computer");
    const uid_t uid = user->pw_uid;
    const gid_t gid = user->pw_gid;
    struct stat before {};
    const bool isNew = ::stat(options.stateDir.c_str(), &before) != 0;
    if (auto made = program::makeStateDir(options.stateDir); !made)
        return made;
    if (isNew && ::chown(options.stateDir.c_str(), uid, gid) != 0)
        return fail(errnoError("give " + options.stateDir + " to " + options.runAs, errno));
    if (!isNew && before.st_uid != uid) {
        return fail(ErrorCode::PermissionDenied, options.stateDir + " belongs to another user; to give it to "
                                                     + options.runAs + ": sudo chown -R " + options.runAs + ": "
                                                     + options.stateDir);
    }
    // One that a killed server of root's left can't be removed by the service.
    const std::string socket = admin::socketPath(options.stateDir, std::string(DefaultStateDir));
    if (auto removed = admin::removeDeadSocket(socket); !removed)
        return removed;
    if (auto given = system::giveRunDirectoryTo(std::string(system::DefaultRunDirectory), uid, gid); !given)
        return given;
    return program::becomeUserWithNetAdmin(options.runAs);
}

}  // namespace gvpn::server
