// The listening TCP port. Connected sockets are handed out as bare descriptors, since sessions live in another thread
// and on another loop. Main thread.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/endpoint.h"

#include <QTcpServer>
#include <QTimer>

#include <functional>

namespace gvpn::server {

class Listener : public QTcpServer {
    Q_OBJECT
public:
    using Accept = std::function<void(UniqueFd socket)>;

    explicit Listener(Accept accept, QObject* parent = nullptr);
    /// An empty host: every address, IPv4 and IPv6. Connections wait until resumeAccepting().
    [[nodiscard]] Result<void> open(const net::HostPort& address);

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    void onAcceptError(QAbstractSocket::SocketError error);

    Accept m_accept;
    QTimer m_resume;
};

}  // namespace gvpn::server
