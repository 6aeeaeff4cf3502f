#include "transport/tcp_connector.h"

#include "transport/address_order.h"
#include "transport/name_lookup.h"
#include "transport/peer_address.h"
#include "transport/qt_stream.h"
#include "transport/socket_error.h"

#include <QNetworkProxy>
#include <QTcpSocket>
#include <QTimer>

#include <algorithm>
#include <vector>

namespace gvpn::transport {

namespace {

// A socket may be in the middle of its own signal when we are done with it.
struct LaterDeleter {
    void operator()(QTcpSocket* socket) const
    {
        socket->disconnect();
        socket->abort();
        socket->deleteLater();
    }
};

struct Attempt {
    QHostAddress address;
    std::unique_ptr<QTcpSocket, LaterDeleter> socket;  // while it is being tried
    std::optional<Error> failure;
};

}  // namespace

class TcpConnector::Private {
public:
    Private(TcpConnector& owner, ConnectOptions connectOptions)
        : q(owner)
        , options(std::move(connectOptions))
    {
        staggerTimer.setSingleShot(true);
        deadlineTimer.setSingleShot(true);
        connect(&staggerTimer, &QTimer::timeout, &q, [this] { tryNext(); });
        connect(&deadlineTimer, &QTimer::timeout, &q, [this] {
            finish(Error{ErrorCode::TimedOut, describe("no answer in time")});
        });
    }

    void lookUp();
    void onResolved(const QList<QHostAddress>& addresses);
    void tryNext();
    void onAttemptConnected(std::size_t index);
    void onAttemptFailed(std::size_t index);
    void stop();
    void finish(const Error& error);
    [[nodiscard]] std::string describe(std::string_view summary) const;
    [[nodiscard]] Error everyAttemptFailed() const;

    TcpConnector& q;
    ConnectOptions options;
    QTimer staggerTimer;
    QTimer deadlineTimer;
    std::unique_ptr<NameLookup> lookup;  // until the end: we may stand in its callback
    std::vector<Attempt> attempts;       // in the order of trying
    std::size_t nextAttempt = 0;
    std::unique_ptr<ByteStream> stream;
    bool isDone = false;
};

void TcpConnector::Private::lookUp()
{
    const QString host = QString::fromStdString(options.server.host);
    QList<QHostAddress> known;
    for (const net::IpAddress& address : options.addresses)
        known.append(QHostAddress(QString::fromStdString(address.toString())));
    if (QHostAddress literal; known.isEmpty() && literal.setAddress(host))
        known.append(literal);
    if (!known.isEmpty()) {
        // Queued, so that no signal comes out of start().
        QMetaObject::invokeMethod(
            &q, [this, known] { onResolved(known); }, Qt::QueuedConnection);
        return;
    }
    lookup = std::make_unique<NameLookup>(options.server.host, [this](const NameLookup::Answer& answer) {
        if (isDone)
            return;
        if (!answer)
            finish(answer.error());
        else
            onResolved(*answer);
    });
}

void TcpConnector::Private::onResolved(const QList<QHostAddress>& addresses)
{
    if (isDone)
        return;
    for (const QHostAddress& address : orderAddresses(addresses))
        attempts.push_back({address, nullptr, std::nullopt});
    if (attempts.empty()) {
        finish(Error{ErrorCode::NotFound, "the name has no address"});
        return;
    }
    tryNext();
    Q_EMIT q.resolved();
}

void TcpConnector::Private::tryNext()
{
    staggerTimer.stop();
    const std::size_t index = nextAttempt++;
    Attempt& attempt = attempts[index];
    attempt.socket.reset(new QTcpSocket);
    QTcpSocket* socket = attempt.socket.get();
    socket->setProxy(QNetworkProxy::NoProxy);
    socket->setReadBufferSize(SocketReadBufferBytes);
    // Queued: a socket can fail from inside of connectToHost().
    QObject::connect(
        socket, &QTcpSocket::connected, &q, [this, index] { onAttemptConnected(index); }, Qt::QueuedConnection);
    QObject::connect(
        socket, &QTcpSocket::errorOccurred, &q, [this, index] { onAttemptFailed(index); }, Qt::QueuedConnection);
    socket->connectToHost(attempt.address, options.server.port);
    if (nextAttempt < attempts.size())
        staggerTimer.start(options.stagger);
}

void TcpConnector::Private::onAttemptConnected(std::size_t index)
{
    QTcpSocket* socket = attempts[index].socket.get();
    // Gone again already: its error is on the way to us.
    if (isDone || !socket || socket->state() != QAbstractSocket::ConnectedState)
        return;
    QObject::disconnect(socket, nullptr, &q, nullptr);
    std::unique_ptr<QTcpSocket> winner(attempts[index].socket.release());
    stop();
    stream = std::make_unique<QtStream>(std::move(winner));
    Q_EMIT q.connected();
}

void TcpConnector::Private::onAttemptFailed(std::size_t index)
{
    Attempt& attempt = attempts[index];
    if (isDone || !attempt.socket)
        return;
    attempt.failure = Error{errorCodeOf(attempt.socket->error()), attempt.socket->errorString().toStdString()};
    attempt.socket.reset();
    if (nextAttempt < attempts.size())
        tryNext();
    else if (std::ranges::none_of(attempts, [](const Attempt& other) { return other.socket != nullptr; }))
        finish(everyAttemptFailed());
}

Error TcpConnector::Private::everyAttemptFailed() const
{
    std::vector<ErrorCode> failures;
    for (const Attempt& attempt : attempts) {
        if (attempt.failure)
            failures.push_back(attempt.failure->code);
    }
    return {verdictOn(failures), describe("no connection")};
}

std::string TcpConnector::Private::describe(std::string_view summary) const
{
    std::string text(summary);
    if (attempts.size() == 1)
        return attempts[0].failure ? text + " (" + attempts[0].failure->context + ")" : text;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        const Attempt& attempt = attempts[i];
        text += (i == 0 ? " (" : "; ") + ipAddressOf(attempt.address).toString() + ": ";
        if (attempt.failure)
            text += attempt.failure->context;
        else
            text += attempt.socket ? "no answer" : "not tried";
    }
    return attempts.empty() ? text : text + ")";
}

void TcpConnector::Private::stop()
{
    isDone = true;
    staggerTimer.stop();
    deadlineTimer.stop();
    for (Attempt& attempt : attempts)
        attempt.socket.reset();
}

void TcpConnector::Private::finish(const Error& error)
{
    stop();
    Q_EMIT q.failed(error);
}

ErrorCode verdictOn(std::span<const ErrorCode> failures)
{
    const bool isForbidden = !failures.empty() && std::ranges::all_of(failures, [](ErrorCode code) {
        return code == ErrorCode::PermissionDenied;
    });
    return isForbidden ? ErrorCode::PermissionDenied : ErrorCode::Unreachable;
}

TcpConnector::TcpConnector(ConnectOptions options, QObject* parent)
    : QObject(parent)
    , m_private(std::make_unique<Private>(*this, std::move(options)))
{}

TcpConnector::~TcpConnector()
{
    m_private->stop();
}

void TcpConnector::start()
{
    m_private->deadlineTimer.start(m_private->options.deadline);
    m_private->lookUp();
}

void TcpConnector::cancel()
{
    m_private->stop();
}

std::unique_ptr<ByteStream> TcpConnector::takeStream()
{
    return std::move(m_private->stream);
}

}  // namespace gvpn::transport
