// Ends a QTcpSocket that its owner has let go of: what it holds is still sent, then the end of the stream, and what the
// peer is sending meanwhile is thrown away (closing with something unread would be a reset, which can destroy what was
// sent last on the peer's side). Deletes itself when the peer has closed, or after a while. The socket's thread.
#pragma once

#include <QObject>

#include <chrono>
#include <memory>

class QTcpSocket;

namespace gvpn::transport {

class SocketFarewell : public QObject {
    Q_OBJECT
public:
    static void start(std::unique_ptr<QTcpSocket> socket, std::chrono::milliseconds atMost);

private:
    SocketFarewell(std::unique_ptr<QTcpSocket> socket, std::chrono::milliseconds atMost);
    void onBytesWritten();
    void onReadyRead();

    QTcpSocket* m_socket;  // a child
    bool m_hasEndedSending = false;
};

}  // namespace gvpn::transport
