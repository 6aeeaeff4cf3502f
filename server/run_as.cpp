#include "server/run_as.h"

#include "admin/admin_socket.h"
#include "admin/local_socket.h"
#include "base/unique_fd.h"
#include "program/privileges.h"
#include "server/state_files.h"
#include "system/run_directory.h"
#include "system/service_directory.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::server {

namespace {

Result<system::ServiceUser> findUser(const std::string& name)
{
    std::array<char, 16384> texts{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name.c_str(), &entry, texts.data(), texts.size(), &found) != 0 || found == nullptr)
        return fail(ErrorCode::NotFound, "there is no user " + name + " on this computer");
    return system::ServiceUser{entry.pw_uid, entry.pw_gid};
}

/// A new directory is the user's; one that is there must be. By its descriptor: in a directory of somebody else's the
/// name may lead elsewhere a moment later.
Result<void> giveStateDir(const ServerOptions& options, const system::ServiceUser& user)
{
    const std::string& path = options.stateDir;
    const bool isNew = ::mkdir(path.c_str(), 0700) == 0;
    if (!isNew && errno != EEXIST)
        return fail(errnoError("make directory " + path, errno));
    const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat found {};
    if (!directory.isValid() || ::fstat(directory.get(), &found) != 0)
        return fail(errnoError("open directory " + path, errno));
    if (found.st_uid == user.user)
        return {};
    if (isNew && found.st_uid == 0 && ::fchown(directory.get(), user.user, user.group) == 0)
        return {};
    return fail(ErrorCode::PermissionDenied, path + " belongs to another user; to give it to " + options.runAs
                                                 + ": sudo chown -R " + options.runAs + ": " + path);
}

}  // namespace

std::string userOfStateDir(const ServerOptions& options)
{
    const std::string path = options.stateDir.empty() ? std::string(DefaultStateDir) : options.stateDir;
    struct stat info {};
    if (::geteuid() != 0 || ::stat(path.c_str(), &info) != 0 || info.st_uid == 0)
        return {};
    std::array<char, 16384> texts{};
    passwd entry{};
    passwd* found = nullptr;
    const bool isKnown = ::getpwuid_r(info.st_uid, &entry, texts.data(), texts.size(), &found) == 0 && found != nullptr;
    return isKnown ? entry.pw_name : "";
}

Result<void> becomeServiceUser(const ServerOptions& options)
{
    const auto user = findUser(options.runAs);
    if (!user)
        return fail(user.error());
    if (::geteuid() == user->user && user->user != 0)
        return {};
    if (::geteuid() != 0)
        return fail(ErrorCode::PermissionDenied, "only root can become another user");
    if (user->user == 0)
        return fail(ErrorCode::InvalidArgument, options.runAs + " is root: name a user to give root up for");
    if (auto given = giveStateDir(options, *user); !given)
        return given;
    const std::string base(system::DefaultRunDirectory);
    const auto records = system::recordsName();
    if (!records)
        return fail(records.error());
    for (const std::string& name : {*records, std::string(SocketDirectory)}) {
        if (auto made = system::makeServiceDirectory(base, name, *user); !made)
            return made;
    }
    return program::becomeUserWithNetAdmin(options.runAs);
}

}  // namespace gvpn::server
