#include "server/listener.h"

#include <QHostAddress>
#include <QLoggingCategory>

namespace gvpn::server {

namespace {

Q_LOGGING_CATEGORY(lcListener, "gvpn.listener")

constexpr int Backlog = 1024;
constexpr std::chrono::milliseconds ResumeAfter{500};

ErrorCode codeOf(QAbstractSocket::SocketError error)
{
    switch (error) {
    case QAbstractSocket::AddressInUseError: return ErrorCode::AddressInUse;
    case QAbstractSocket::SocketAccessError: return ErrorCode::PermissionDenied;
    case QAbstractSocket::SocketAddressNotAvailableError: return ErrorCode::NotFound;
    default: return ErrorCode::SystemFailure;
    }
}

}  // namespace

Listener::Listener(Accept accept, QObject* parent)
    : QTcpServer(parent)
    , m_accept(std::move(accept))
{
    setListenBacklogSize(Backlog);
    m_resume.setSingleShot(true);
    connect(&m_resume, &QTimer::timeout, this, [this] {
        // The server may have been stopped meanwhile, and a closed QTcpServer has nothing to resume.
        if (isListening())
            resumeAccepting();
    });
    connect(this, &QTcpServer::acceptError, this, &Listener::onAcceptError);
}

Result<void> Listener::open(const net::HostPort& address)
{
    QHostAddress host(QHostAddress::Any);
    if (!address.host.empty() && !host.setAddress(QString::fromStdString(address.host)))
        return fail(ErrorCode::InvalidArgument, address.host + " is not an IP address");
    if (!listen(host, address.port))
        return fail(codeOf(serverError()), address.toString() + ": " + errorString().toStdString());
    pauseAccepting();
    return {};
}

void Listener::incomingConnection(qintptr descriptor)
{
    m_accept(UniqueFd(static_cast<int>(descriptor)));
}

void Listener::onAcceptError(QAbstractSocket::SocketError error)
{
    // Out of descriptors, say. QTcpServer has paused accepting and would stay so.
    qCWarning(lcListener).noquote() << "connections can't be accepted for a moment:" << errorString()
                                    << "code=" << error;
    m_resume.start(ResumeAfter);
}

}  // namespace gvpn::server
