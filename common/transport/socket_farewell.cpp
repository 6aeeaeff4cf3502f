#include "transport/socket_farewell.h"

#include "transport/half_close.h"

#include <QTcpSocket>
#include <QTimer>

namespace gvpn::transport {

void SocketFarewell::start(std::unique_ptr<QTcpSocket> socket, std::chrono::milliseconds atMost)
{
    // Called from the socket's own signals, perhaps: whatever happens, it lives until the event loop has turned.
    auto* farewell = new SocketFarewell(std::move(socket), atMost);
    farewell->onReadyRead();
    farewell->onBytesWritten();
}

SocketFarewell::SocketFarewell(std::unique_ptr<QTcpSocket> socket, std::chrono::milliseconds atMost)
    : m_socket(socket.release())
{
    m_socket->setParent(this);
    connect(m_socket, &QTcpSocket::bytesWritten, this, &SocketFarewell::onBytesWritten);
    connect(m_socket, &QTcpSocket::readyRead, this, &SocketFarewell::onReadyRead);
    connect(m_socket, &QTcpSocket::errorOccurred, this, &QObject::deleteLater);
    connect(m_socket, &QTcpSocket::disconnected, this, &QObject::deleteLater);
    QTimer::singleShot(atMost, this, &QObject::deleteLater);
}

void SocketFarewell::onBytesWritten()
{
    if (m_socket->state() != QAbstractSocket::ConnectedState) {
        deleteLater();
    } else if (m_socket->bytesToWrite() == 0 && !m_hasEndedSending) {
        m_hasEndedSending = true;
        endSending(m_socket->socketDescriptor());
    }
}

void SocketFarewell::onReadyRead()
{
    // The connection may have broken before the farewell began.
    if (m_socket->isOpen())
        m_socket->skip(m_socket->bytesAvailable());
}

}  // namespace gvpn::transport
