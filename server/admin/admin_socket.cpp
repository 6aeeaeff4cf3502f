#include "admin/admin_socket.h"

#include "admin/local_socket.h"

#include <QDir>
#include <QJsonDocument>
#include <QLocalSocket>
#include <QLoggingCategory>
#include <QPointer>

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::admin {

namespace {

Q_LOGGING_CATEGORY(logAdmin, "gvpn.admin")

/// Descriptors that ran out come back some day; until then the socket would wake us without end.
constexpr std::chrono::milliseconds PauseWithoutDescriptors{200};
constexpr const char* SystemSocket = "/run/gvpn/server/admin.sock";

QString absolute(const std::string& path)
{
    return QDir::cleanPath(QDir::current().absoluteFilePath(QString::fromStdString(path)));
}

Result<Command> parseRequest(const QByteArray& line)
{
    const QJsonDocument document = QJsonDocument::fromJson(line);
    if (!document.isObject())
        return fail(ErrorCode::Malformed, "the request is no JSON object");
    return commandFromJson(document.object());
}

/// One line, and the end. Who doesn't read it is cut off by the connection's timer.
void sendReply(QLocalSocket& socket, const Reply& reply)
{
    if (socket.state() != QLocalSocket::ConnectedState)
        return;
    socket.write(QJsonDocument(toJson(reply)).toJson(QJsonDocument::Compact) + '\n');
    socket.flush();
    socket.disconnectFromServer();
}

}  // namespace

std::string socketPath(const std::string& stateDir, const std::string& defaultStateDir)
{
    const QString directory = absolute(stateDir);
    if (directory == absolute(defaultStateDir))
        return SystemSocket;
    return QDir(directory).filePath(QStringLiteral("admin.sock")).toStdString();
}

Result<std::unique_ptr<AdminSocket>> AdminSocket::listen(const std::string& path, CarryOut carryOut,
                                                         std::chrono::milliseconds deadline)
{
    auto descriptor = listenOnPath(path);
    if (!descriptor)
        return fail(descriptor.error());
    struct stat made {};
    if (::lstat(path.c_str(), &made) != 0)
        return fail(errnoError(path, errno));
    return std::unique_ptr<AdminSocket>(
        new AdminSocket(std::move(*descriptor), {path, made.st_dev, made.st_ino}, std::move(carryOut), deadline));
}

AdminSocket::AdminSocket(UniqueFd socket, SocketFile file, CarryOut carryOut, std::chrono::milliseconds deadline)
    : m_socket(std::move(socket))
    , m_file(std::move(file))
    , m_carryOut(std::move(carryOut))
    , m_deadline(deadline)
    , m_notifier(m_socket.get(), QSocketNotifier::Read)
{
    m_pause.setSingleShot(true);
    connect(&m_pause, &QTimer::timeout, this, [this] { m_notifier.setEnabled(true); });
    connect(&m_notifier, &QSocketNotifier::activated, this, &AdminSocket::onConnection);
}

AdminSocket::~AdminSocket()
{
    const auto sockets = findChildren<QLocalSocket*>();
    for (QLocalSocket* socket : sockets)
        socket->disconnect(this);
    struct stat found {};
    if (::lstat(m_file.path.c_str(), &found) == 0 && found.st_dev == m_file.device && found.st_ino == m_file.inode)
        ::unlink(m_file.path.c_str());
}

void AdminSocket::onConnection()
{
    auto connection = acceptConnection(m_socket.get());
    if (!connection) {
        qCWarning(logAdmin) << "an administrator's connection failed error=" << connection.error().context.c_str();
        m_notifier.setEnabled(false);
        m_pause.start(PauseWithoutDescriptors);
        return;
    }
    const auto user = peerUser(connection->get());
    const bool isAllowed = user && mayAdminister(*user, ::geteuid());
    if (isAllowed && m_connections < MaxConnections) {
        serve(std::move(*connection));
        return;
    }
    qCWarning(logAdmin) << "turned an administrator's connection away user=" << (user ? qint64{*user} : -1)
                        << "connections=" << m_connections;
}

void AdminSocket::serve(UniqueFd connection)
{
    auto* socket = new QLocalSocket(this);
    socket->setReadBufferSize(MaxRequestBytes + 1);
    // Takes the descriptor, and closes it with the socket.
    if (!socket->setSocketDescriptor(connection.release())) {
        delete socket;
        return;
    }
    ++m_connections;
    connect(socket, &QLocalSocket::readyRead, this, [this, socket] { onReadable(*socket); });
    connect(socket, &QLocalSocket::disconnected, this, [this, socket] {
        socket->disconnect(this);
        --m_connections;
        socket->deleteLater();
    });
    auto* timer = new QTimer(socket);
    timer->setSingleShot(true);
    connect(timer, &QTimer::timeout, socket, &QLocalSocket::abort);
    timer->start(m_deadline);
}

void AdminSocket::onReadable(QLocalSocket& socket)
{
    const bool hasLine = socket.canReadLine();
    if (!hasLine && socket.bytesAvailable() <= MaxRequestBytes)
        return;
    disconnect(&socket, &QLocalSocket::readyRead, this, nullptr);
    const QByteArray line = socket.readLine(MaxRequestBytes + 1);
    if (!line.endsWith('\n')) {
        sendReply(socket, fail(ErrorCode::LimitExceeded, "the request is too long"));
        return;
    }
    const auto command = parseRequest(line);
    if (!command) {
        sendReply(socket, fail(command.error()));
        return;
    }
    auto* timer = socket.findChild<QTimer*>();
    timer->stop();
    m_carryOut(*command, [guard = QPointer(&socket), timer, deadline = m_deadline](const Reply& reply) {
        if (guard.isNull())
            return;
        timer->start(deadline);
        sendReply(*guard, reply);
    });
}

}  // namespace gvpn::admin
