#include "admin/local_socket.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace gvpn::admin {

namespace {

constexpr int Backlog = 16;

Result<sockaddr_un> addressOf(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (!path.starts_with('/') || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos) {
        return fail(ErrorCode::InvalidArgument, path + ": a socket needs an absolute path of at most "
                                                    + std::to_string(sizeof address.sun_path - 1)
                                                    + " bytes; choose a shorter state directory");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

UniqueFd makeSocket()
{
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// Two servers that start at once must not both take the other's socket for a left-over: one at a time looks. A file
/// that others can't open, as they could hold the lock for ever.
Result<UniqueFd> lockFor(const std::string& path)
{
    const std::string name = path + ".lock";
    UniqueFd lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (!lock.isValid())
        return fail(errnoError(name, errno));
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return fail(ErrorCode::AlreadyExists, path + ": another server is starting there");
        return fail(errnoError("lock " + name, errno));
    }
    return lock;
}

/// Elsewhere than on Linux the mode of a socket may not be that of its file.
Result<void> checkMode(const std::string& path)
{
    struct stat made {};
    if (::lstat(path.c_str(), &made) != 0)
        return fail(errnoError(path, errno));
    if ((made.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(ErrorCode::SystemFailure, path + ": others may write to this socket");
    return {};
}

}  // namespace

Result<void> removeDeadSocket(const std::string& path)
{
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0)
        return errno == ENOENT ? Result<void>() : fail(errnoError(path, errno));
    if (!S_ISSOCK(found.st_mode))
        return fail(ErrorCode::AlreadyExists, path + ": is in the way, and no socket");
    if (found.st_uid != ::geteuid() && ::geteuid() != 0)
        return fail(ErrorCode::PermissionDenied, path + ": is a socket of another user");
    const auto connection = connectToPath(path);
    if (connection || connection.error().code != ErrorCode::Unreachable)
        return fail(ErrorCode::AlreadyExists, path + ": another server listens there");
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return fail(errnoError("remove " + path, errno));
    return {};
}

Result<UniqueFd> listenOnPath(const std::string& path)
{
    const auto address = addressOf(path);
    if (!address)
        return fail(address.error());
    const auto lock = lockFor(path);
    if (!lock)
        return fail(lock.error());
    if (const auto removed = removeDeadSocket(path); !removed)
        return fail(removed.error());
    UniqueFd socket = makeSocket();
    if (!socket.isValid())
        return fail(errnoError("make a socket", errno));
    // Before the name exists: with chmod() afterwards others could connect in between, and umask() is for all threads.
    if (::fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0)
        return fail(errnoError("protect a socket", errno));
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        return fail(errnoError("make the socket " + path, errno));
    auto ready = checkMode(path);
    if (ready && ::listen(socket.get(), Backlog) != 0)
        ready = fail(errnoError("listen on " + path, errno));
    if (!ready) {
        ::unlink(path.c_str());
        return fail(ready.error());
    }
    return socket;
}

Result<UniqueFd> acceptConnection(int socket)
{
    UniqueFd connection(::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.isValid())
        return fail(errnoError("accept a connection", errno));
    return connection;
}

Result<UniqueFd> connectToPath(const std::string& path)
{
    const auto address = addressOf(path);
    if (!address)
        return fail(address.error());
    UniqueFd socket = makeSocket();
    if (!socket.isValid())
        return fail(errnoError("make a socket", errno));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0)
        return socket;
    const int cause = errno;
    if (cause == ENOENT || cause == ENOTDIR || cause == ECONNREFUSED)
        return fail(ErrorCode::Unreachable, path + ": no server listens there");
    if (cause == EAGAIN)
        return fail(ErrorCode::TimedOut, path + ": the server is too busy to answer");
    return fail(errnoError(path, cause));
}

Result<uid_t> peerUser(int socket)
{
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return fail(errnoError("ask who is at the other end", errno));
    return credentials.uid;
}

}  // namespace gvpn::admin
