#include "gui/single_instance.h"

#include "gui/peer_user.h"

#include <utility>

namespace gvpn::gui {

namespace {

constexpr QByteArrayView Taken = "taken\n";
/// One that has just started may not listen yet, one that ends takes some seconds, and one that hangs must not make
/// this one hang.
constexpr std::chrono::milliseconds RetryStep{100};
constexpr std::chrono::seconds AnswerTime{15};
/// A peer that connects and says nothing.
constexpr std::chrono::seconds LineTime{2};
constexpr int MaxPeers = 8;

}  // namespace

SingleInstance::SingleInstance(const QString& directory, QObject* parent)
    : QObject(parent)
    , m_path(QStringLiteral("%1/gui.socket").arg(directory))
    , m_lock(QStringLiteral("%1/gui.lock").arg(directory))
{
    // However old: whether its owner still runs is what counts.
    m_lock.setStaleLockTime(0);
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    m_server.setMaxPendingConnections(MaxPeers);
    connect(&m_server, &QLocalServer::newConnection, this, &SingleInstance::onConnection);
    connect(&m_other, &QLocalSocket::connected, this, [this] { m_other.write(m_line); });
    connect(&m_other, &QLocalSocket::readyRead, this, [this] {
        if (m_other.peek(Taken.size()) == Taken)
            endWith(&SingleInstance::handedOver);
    });
    connect(&m_other, &QLocalSocket::errorOccurred, this, &SingleInstance::onHandOverError);
    m_retry.setSingleShot(true);
    m_retry.setInterval(RetryStep);
    connect(&m_retry, &QTimer::timeout, this, &SingleInstance::tryToHandOver);
    m_deadline.setSingleShot(true);
    m_deadline.setInterval(AnswerTime);
    connect(&m_deadline, &QTimer::timeout, this, [this] {
        m_isDone = true;
        m_retry.stop();
        Q_EMIT failed(QStringLiteral("the program that runs already doesn't answer"));
    });
}

void SingleInstance::start(const StartRequest& request)
{
    m_line = encode(request);
    m_deadline.start();
    tryToHandOver();
}

void SingleInstance::tryToHandOver()
{
    if (m_lock.tryLock(0)) {
        listen();
        return;
    }
    if (m_lock.error() != QLockFile::LockFailedError) {
        m_deadline.stop();
        m_isDone = true;
        Q_EMIT failed(QStringLiteral("the lock file can't be made in the runtime directory"));
        return;
    }
    m_other.connectToServer(m_path);
}

/// The one that held the lock may have gone meanwhile: then this one is the first.
void SingleInstance::onHandOverError()
{
    m_other.abort();
    if (!m_isDone)
        m_retry.start();
}

void SingleInstance::listen()
{
    // Left by one that was killed; with the lock, nobody else listens there.
    QLocalServer::removeServer(m_path);
    if (m_server.listen(m_path)) {
        endWith(&SingleInstance::first);
        return;
    }
    m_deadline.stop();
    m_isDone = true;
    Q_EMIT failed(m_server.errorString());
}

void SingleInstance::endWith(void (SingleInstance::*signal)())
{
    if (std::exchange(m_isDone, true))
        return;
    m_deadline.stop();
    m_retry.stop();
    Q_EMIT(this->*signal)();
}

/// The lock stays until the end: two of them would fight over the profiles.
void SingleInstance::retire()
{
    m_isRetired = true;
    m_server.close();
}

void SingleInstance::onConnection()
{
    while (QLocalSocket* socket = m_server.nextPendingConnection()) {
        connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
        if (!isOwnPeer(socket->socketDescriptor())) {
            socket->abort();
            continue;
        }
        socket->setReadBufferSize(MaxRequestBytes);
        connect(socket, &QLocalSocket::readyRead, this, [this, socket] { onLine(*socket); });
        QTimer::singleShot(LineTime, socket, [socket] { socket->abort(); });
        onLine(*socket);
    }
}

void SingleInstance::onLine(QLocalSocket& socket)
{
    if (m_isRetired) {
        socket.abort();
        return;
    }
    if (!socket.canReadLine()) {
        if (socket.bytesAvailable() >= MaxRequestBytes)
            socket.abort();
        return;
    }
    const auto request = decode(socket.readLine(MaxRequestBytes + 1));
    if (!request) {
        socket.abort();
        return;
    }
    socket.write(Taken.data(), Taken.size());
    socket.disconnectFromServer();
    Q_EMIT requested(*request);
}

}  // namespace gvpn::gui
