#include "transport/qt_stream.h"

#include "transport/dead_peer.h"
#include "transport/peer_address.h"
#include "transport/socket_error.h"
#include "transport/socket_farewell.h"

#include <QHostAddress>
#include <QTcpSocket>

#include <algorithm>

namespace gvpn::transport {

QtStream::QtStream(std::unique_ptr<QTcpSocket> socket)
    : m_socket(std::move(socket))
    , m_peer{ipAddressOf(m_socket->peerAddress()), m_socket->peerPort()}
{
    m_socket->setReadBufferSize(SocketReadBufferBytes);
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_socket->setSocketOption(QAbstractSocket::KeepAliveOption, 1);
    connect(m_socket.get(), &QTcpSocket::readyRead, this, &QtStream::onReadyRead);
    connect(m_socket.get(), &QTcpSocket::bytesWritten, this, &QtStream::onBytesWritten);
    connect(m_socket.get(), &QTcpSocket::errorOccurred, this, &QtStream::onDisconnected);
    connect(m_socket.get(), &QTcpSocket::disconnected, this, &QtStream::onDisconnected);
}

QtStream::~QtStream()
{
    QtStream::abort();
    // The socket may be in the middle of the signal that leads here.
    if (m_socket)
        m_socket.release()->deleteLater();
}

void QtStream::setObserver(Observer* observer)
{
    m_observer = observer;
    // Something may have arrived, or the end, while nobody listened.
    if (observer)
        lookAgainSoon();
}

Result<std::size_t> QtStream::read(ByteSpan into)
{
    if (m_isOver)
        return fail(ErrorCode::Closed, "read from a closed stream");
    if (m_socket->bytesAvailable() == 0)
        return 0;
    const qint64 size = m_socket->read(reinterpret_cast<char*>(into.data()), static_cast<qint64>(into.size()));
    return static_cast<std::size_t>(std::max<qint64>(size, 0));
}

Result<std::size_t> QtStream::peek(ByteSpan into)
{
    if (m_isOver)
        return fail(ErrorCode::Closed, "read from a closed stream");
    const qint64 size = m_socket->peek(reinterpret_cast<char*>(into.data()), static_cast<qint64>(into.size()));
    return static_cast<std::size_t>(std::max<qint64>(size, 0));
}

Result<std::size_t> QtStream::write(ByteView bytes)
{
    if (m_isOver)
        return fail(ErrorCode::Closed, "write to a closed stream");
    std::size_t taken = 0;
    m_isWriting = true;
    while (taken < bytes.size() && !m_failure) {
        // After a flush there is something left in the buffer only if the kernel is full, so bytesWritten will follow.
        const qint64 room = SocketWriteBufferBytes - m_socket->bytesToWrite();
        if (room <= 0) {
            m_wantsRoom = true;
            break;
        }
        const ByteView part = bytes.subspan(taken, std::min(bytes.size() - taken, static_cast<std::size_t>(room)));
        const qint64 size =
            m_socket->write(reinterpret_cast<const char*>(part.data()), static_cast<qint64>(part.size()));
        if (size <= 0) {
            noteFailure();
            break;
        }
        taken += static_cast<std::size_t>(size);
        m_socket->flush();
    }
    m_isWriting = false;
    return taken;
}

void QtStream::closeAfter(ByteView lastWords)
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_socket->disconnect(this);
    if (!lastWords.empty())
        m_socket->write(reinterpret_cast<const char*>(lastWords.data()), static_cast<qint64>(lastWords.size()));
    SocketFarewell::start(std::move(m_socket), SocketFarewellTime);
}

void QtStream::abort()
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_socket->disconnect(this);
    m_socket->abort();
}

void QtStream::watchForDeadPeer(Duration silence)
{
    if (!m_isOver && m_socket->socketDescriptor() >= 0)
        transport::watchForDeadPeer(m_socket->socketDescriptor(), silence);
}

void QtStream::onReadyRead()
{
    if (!m_observer || m_isOver)
        return;
    m_observer->streamReadable();
    if (!m_isOver && m_socket->bytesAvailable() > 0)
        lookAgainSoon();
}

void QtStream::onBytesWritten()
{
    if (!m_observer || !m_wantsRoom || m_socket->bytesToWrite() >= SocketWriteBufferBytes / 2)
        return;
    if (m_isWriting) {
        lookAgainSoon();
        return;
    }
    m_wantsRoom = false;
    m_observer->streamWritable();
}

/// The socket says so from inside of our own calls as well, and while there is something left to read.
void QtStream::onDisconnected()
{
    noteFailure();
}

void QtStream::noteFailure()
{
    if (!m_failure) {
        const bool isPlainEnd = m_socket->error() == QAbstractSocket::RemoteHostClosedError
                                || m_socket->error() == QAbstractSocket::UnknownSocketError;
        m_failure = isPlainEnd ? Error{ErrorCode::Closed, "the peer closed the connection"}
                               : Error{errorCodeOf(m_socket->error()), m_socket->errorString().toStdString()};
    }
    lookAgainSoon();
}

void QtStream::lookAgainSoon()
{
    if (m_isLookQueued || m_isOver)
        return;
    m_isLookQueued = true;
    QMetaObject::invokeMethod(this, &QtStream::onLookAgain, Qt::QueuedConnection);
}

void QtStream::onLookAgain()
{
    m_isLookQueued = false;
    if (!m_observer || m_isOver)
        return;
    if (m_socket->bytesAvailable() > 0)
        onReadyRead();
    if (!m_observer || m_isOver)
        return;
    if (!m_failure) {
        onBytesWritten();
    } else if (m_socket->bytesAvailable() == 0) {
        m_isOver = true;
        m_socket->disconnect(this);
        m_socket->abort();
        m_observer->streamClosed(*m_failure);
    }
}

}  // namespace gvpn::transport
