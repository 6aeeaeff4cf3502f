#include "program/privileges.h"

#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include <cap-ng.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

constexpr std::size_t MaxPasswdEntryBytes = 64 * 1024;  // a line of /etc/passwd, or what LDAP has instead

struct UserIds {
    uid_t user;
    gid_t group;
};

/// The ids of the user that `find` (getpwnam_r() or getpwuid_r() with its key) finds; nothing: there is none.
template <typename Find>
Result<std::optional<UserIds>> findUser(const Find& find)
{
    std::vector<char> texts(MaxPasswdEntryBytes);
    passwd entry{};
    passwd* found = nullptr;
    const int error = find(&entry, texts.data(), texts.size(), &found);
    if (found)
        return std::optional(UserIds{entry.pw_uid, entry.pw_gid});
    // getpwnam(3): several numbers mean no more than "not found".
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
        return std::optional<UserIds>();
    return fail(errnoError("look up the user", error));
}

/// The order is libcap-ng's: the bounding set while there is CAP_SETPCAP, then the groups and the user with the
/// capabilities kept, then all but those that were added by capng_update().
Result<void> becomeForGood(const UserIds& ids, capng_flags_t groups)
{
    if (const int result = capng_apply(CAPNG_SELECT_BOUNDS); result != 0)
        return fail(ErrorCode::PermissionDenied,
                    "empty the capability bounding set: is CAP_SETPCAP missing? (" + std::to_string(result) + ")");
    const int result = capng_change_id(static_cast<int>(ids.user), static_cast<int>(ids.group), groups);
    if (result != 0)
        return fail(ErrorCode::PermissionDenied, "become user " + std::to_string(ids.user)
                                                     + ": are CAP_SETUID and CAP_SETGID missing? ("
                                                     + std::to_string(result) + ")");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(errnoError("give up new privileges", errno));
    // The kernel sets it anew when the user changes, to what /proc/sys/fs/suid_dumpable says.
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail(errnoError("forbid core dumps", errno));
    if (::setresuid(0, 0, 0) == 0 || ::setresgid(0, 0, 0) == 0)
        return fail(ErrorCode::SystemFailure, "give up root: it could be taken back");
    return {};
}

}  // namespace

bool hasNetAdmin()
{
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0)
        return false;
    return (data[0].effective & (1U << CAP_NET_ADMIN)) != 0;
}

Error netAdminMissing(std::string_view program, bool isRoot)
{
    const std::string name(program);
    if (isRoot)
        return {ErrorCode::PermissionDenied,
                "root without CAP_NET_ADMIN, as in a container: start the container with --cap-add NET_ADMIN --device "
                "/dev/net/tun"};
    return {ErrorCode::PermissionDenied, "CAP_NET_ADMIN is missing: run 'sudo " + name
                                             + "', or let systemd start it with AmbientCapabilities=CAP_NET_ADMIN"};
}

Result<void> becomeUserWithNetAdmin(const std::string& userName)
{
    const auto ids = findUser([&userName](passwd* entry, char* texts, std::size_t size, passwd** found) {
        return ::getpwnam_r(userName.c_str(), entry, texts, size, found);
    });
    if (!ids)
        return fail(ids.error());
    if (!*ids)
        return fail(ErrorCode::NotFound, "no such user: " + userName);
    if ((*ids)->user == 0)
        return fail(ErrorCode::InvalidArgument, userName + " is root: name a user to give root up for");
    if (::geteuid() != 0)
        return fail(ErrorCode::PermissionDenied, "only root can become the user " + userName);
    capng_clear(CAPNG_SELECT_ALL);
    // Neither inheritable nor ambient: a child that needs it is handed it on its own (system/nft_process.cpp).
    capng_updatev(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET),
                  CAP_NET_ADMIN, -1);
    if (auto become = becomeForGood(**ids, CAPNG_INIT_SUPP_GRP); !become)
        return become;
    if (!hasNetAdmin())
        return fail(ErrorCode::PermissionDenied, "keep CAP_NET_ADMIN: the kernel took it");
    return {};
}

Result<void> becomeOwnerOf(const std::string& directory)
{
    if (::geteuid() != 0)
        return {};
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0)
        return fail(errnoError(directory, errno));
    if (status.st_uid == 0)
        return {};
    const auto known = findUser([&status](passwd* entry, char* texts, std::size_t size, passwd** found) {
        return ::getpwuid_r(status.st_uid, entry, texts, size, found);
    });
    if (!known)
        return fail(known.error());
    capng_clear(CAPNG_SELECT_ALL);
    // An owner without a name (of a container, say) has no groups but the directory's.
    if (*known)
        return becomeForGood(**known, CAPNG_INIT_SUPP_GRP);
    return becomeForGood({status.st_uid, status.st_gid}, CAPNG_DROP_SUPP_GRP);
}

}  // namespace gvpn::program
