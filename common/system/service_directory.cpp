#include "system/service_directory.h"

#include "base/unique_fd.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::system {

namespace {

constexpr int DirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<UniqueFd> openDirectory(int parent, const std::string& name, const std::string& path)
{
    UniqueFd directory(::openat(parent, name.c_str(), DirectoryFlags));
    if (!directory.isValid())
        return fail(errnoError("open directory " + path, errno));
    return directory;
}

/// While the directory is still root's, nobody else has put anything into it.
Result<void> giveFiles(int directory, const ServiceUser& owner, const std::string& path)
{
    const int copy = ::openat(directory, ".", DirectoryFlags);
    const std::unique_ptr<DIR, CloseDirectory> list(copy < 0 ? nullptr : ::fdopendir(copy));
    if (!list)
        return fail(errnoError("read directory " + path, errno));
    while (const dirent* entry = ::readdir(list.get())) {  // NOLINT(concurrency-mt-unsafe): one thread, its own list
        if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0)
            continue;
        if (::fchownat(directory, entry->d_name, owner.user, owner.group, AT_SYMLINK_NOFOLLOW) != 0)
            return fail(errnoError("give away " + path + '/' + entry->d_name, errno));
    }
    return {};
}

}  // namespace

Result<void> makeServiceDirectory(const std::string& base, const std::string& name,
                                  const std::optional<ServiceUser>& owner)
{
    if (::mkdir(base.c_str(), 0755) != 0 && errno != EEXIST)
        return fail(errnoError("make directory " + base, errno));
    const auto parent = openDirectory(AT_FDCWD, base, base);
    if (!parent)
        return fail(parent.error());
    const std::string path = base + '/' + name;
    if (::mkdirat(parent->get(), name.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(errnoError("make directory " + path, errno));
    const auto directory = openDirectory(parent->get(), name, path);
    if (!directory)
        return fail(directory.error());
    struct stat above {};
    struct stat found {};
    if (::fstat(parent->get(), &above) != 0 || ::fstat(directory->get(), &found) != 0)
        return fail(errnoError("examine " + path, errno));
    if (!owner) {
        if (found.st_uid != ::geteuid() && ::geteuid() != 0)
            return fail(ErrorCode::PermissionDenied, path + ": belongs to another user");
        return {};
    }
    if (above.st_uid != 0)
        return fail(ErrorCode::PermissionDenied, base + ": belongs to another user than root");
    if (found.st_uid == owner->user)
        return {};
    if (found.st_uid != 0)
        return fail(ErrorCode::PermissionDenied,
                    path + ": belongs to another user; if no server runs there, remove it");
    if (auto given = giveFiles(directory->get(), *owner, path); !given)
        return given;
    if (::fchown(directory->get(), owner->user, owner->group) != 0)
        return fail(errnoError("give away " + path, errno));
    return {};
}

Result<std::string> recordsName()
{
    struct stat info {};
    if (::stat("/proc/thread-self/ns/net", &info) != 0)
        return fail(errnoError("read /proc/thread-self/ns/net", errno));
    return "net-" + std::to_string(info.st_ino);
}

}  // namespace gvpn::system
