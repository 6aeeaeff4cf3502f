// The running server's Unix socket: one JSON line in, one out, for root and the server's own user only (SO_PEERCRED,
// unix(7)). Main thread of the server.
#pragma once

#include "admin/command.h"
#include "base/unique_fd.h"

#include <QObject>
#include <QSocketNotifier>
#include <QTimer>

#include <chrono>
#include <functional>
#include <memory>

#include <sys/types.h>

class QLocalSocket;

namespace gvpn::admin {

inline constexpr qint64 MaxRequestBytes = 16 * 1024;
inline constexpr int MaxConnections = 16;
/// For the question to come, and again for its answer to be read.
inline constexpr std::chrono::milliseconds RequestDeadline{5000};

/// Where the server of a state directory listens: /run/gvpn/server/admin.sock for the default one, else DIR/admin.sock.
/// `defaultStateDir`: root's, whoever asks (/run/gvpn belongs to the system's server).
[[nodiscard]] std::string socketPath(const std::string& stateDir, const std::string& defaultStateDir);

/// May this user ask a server that runs as `self`?
[[nodiscard]] constexpr bool mayAdminister(uid_t peer, uid_t self)
{
    return peer == 0 || peer == self;
}

class AdminSocket : public QObject {
    Q_OBJECT
public:
    using Answer = std::function<void(const Reply& reply)>;
    /// `carryOut` calls its answer once, in the main thread, now or later, even when the socket is gone by then.
    using CarryOut = std::function<void(const Command& command, Answer answer)>;

    /// AlreadyExists: another server listens there. A dead one's socket is replaced. The socket is 0600 from the start.
    /// InvalidArgument: no absolute path, or one that is too long for a socket.
    [[nodiscard]] static Result<std::unique_ptr<AdminSocket>>
    listen(const std::string& path, CarryOut carryOut, std::chrono::milliseconds deadline = RequestDeadline);
    /// Removes the socket, unless the path has become another's.
    ~AdminSocket() override;

private:
    /// What is removed at the end: the file that we made, not one that has taken its place.
    struct SocketFile {
        std::string path;
        dev_t device = 0;
        ino_t inode = 0;
    };

    AdminSocket(UniqueFd socket, SocketFile file, CarryOut carryOut, std::chrono::milliseconds deadline);
    void onConnection();
    void serve(UniqueFd connection);
    void onReadable(QLocalSocket& socket);

    UniqueFd m_socket;
    SocketFile m_file;
    CarryOut m_carryOut;
    std::chrono::milliseconds m_deadline;
    QSocketNotifier m_notifier;  // QLocalServer would close the socket for good when descriptors run out
    QTimer m_pause;
    int m_connections = 0;
};

}  // namespace gvpn::admin
