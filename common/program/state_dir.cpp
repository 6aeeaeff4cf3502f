#include "program/state_dir.h"

#include <QByteArray>

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

bool isAbsolute(std::string_view path)
{
    return path.starts_with('/');
}

}  // namespace

StateOwner StateOwner::current()
{
    return {::geteuid(), qgetenv("HOME").toStdString(), qgetenv("XDG_STATE_HOME").toStdString()};
}

Result<std::string> defaultStateDir(std::string_view program, const StateOwner& owner)
{
    if (owner.user == 0)
        return "/var/lib/" + std::string(program);
    if (isAbsolute(owner.stateHome))
        return owner.stateHome + "/gvpn";
    if (isAbsolute(owner.home))
        return owner.home + "/.local/state/gvpn";
    return fail(ErrorCode::NotFound, "neither $XDG_STATE_HOME nor $HOME names one");
}

Result<void> makeStateDir(const std::string& path)
{
    if (path.empty())
        return fail(ErrorCode::InvalidArgument, "the state directory has no name");
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
            const int cause = errno;
            struct stat above {};
            // On a read-only file system mkdir() says so even of a directory that is there.
            if (::stat(part.c_str(), &above) != 0)
                return fail(errnoError("make directory " + part, cause));
        }
        if (end == std::string::npos)
            break;
    }

    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return fail(errnoError(path, errno));
    if (!S_ISDIR(status.st_mode))
        return fail(ErrorCode::InvalidArgument, path + ": not a directory");
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0)
        return fail(ErrorCode::PermissionDenied,
                    path + ": others than its owner may write to it (chmod go-w would change that)");
    return {};
}

}  // namespace gvpn::program
