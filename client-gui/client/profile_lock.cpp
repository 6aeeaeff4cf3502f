#include "client/profile_lock.h"

#include "base/text.h"
#include "client/profile_store.h"
#include "program/state_dir.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace gvpn::client {

namespace {

constexpr std::size_t MaxHolderBytes = 100;
constexpr const char* Directory = "/locks";

std::string pathOf(const std::string& stateDir, const std::string& profile)
{
    return stateDir + Directory + '/' + profileFileName(profile, ".lock");
}

/// What the holder has written of itself; it may be about to.
std::string holderOf(int file)
{
    std::array<char, MaxHolderBytes> text{};
    const ssize_t size = ::pread(file, text.data(), text.size(), 0);
    const std::string holder = escapeForDisplay({text.data(), size > 0 ? static_cast<std::size_t>(size) : 0});
    return holder.empty() ? "another program" : holder;
}

bool writeHolder(int file, const std::string& holder)
{
    return ::ftruncate(file, 0) == 0 && ::pwrite(file, holder.data(), std::min(holder.size(), MaxHolderBytes), 0) > 0;
}

}  // namespace

Result<ProfileLock> ProfileLock::take(const std::string& stateDir, const std::string& profile,
                                      const std::string& program)
{
    if (const auto made = program::makeStateDir(stateDir + Directory); !made)
        return fail(made.error());
    const std::string path = pathOf(stateDir, profile);
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.isValid())
        return fail(errnoError("open " + path, errno));
    return lock(std::move(file), path, program);
}

Result<std::optional<ProfileLock>> ProfileLock::takeIfThere(const std::string& stateDir, const std::string& profile,
                                                            const std::string& program)
{
    const std::string path = pathOf(stateDir, profile);
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!file.isValid() && errno == ENOENT)
        return std::nullopt;
    if (!file.isValid())
        return fail(errnoError("open " + path, errno));
    auto taken = lock(std::move(file), path, program);
    if (!taken)
        return fail(taken.error());
    return std::move(*taken);
}

Result<ProfileLock> ProfileLock::lock(UniqueFd file, const std::string& path, const std::string& program)
{
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return fail(ErrorCode::AlreadyExists, holderOf(file.get()));
        return fail(errnoError("lock " + path, errno));
    }
    // Only for the sentence that others say: the lock holds without it.
    writeHolder(file.get(), program + " (process " + std::to_string(::getpid()) + ")");
    return ProfileLock(std::move(file));
}

}  // namespace gvpn::client
