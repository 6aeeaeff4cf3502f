#include "transport/tcp_connector.h"

#include "transport/address_order.h"
#include "transport/epoll_stream.h"
#include "transport/name_lookup.h"
#include "transport/peer_address.h"
#include "transport/pending_connect.h"

#include <QTimer>

#include <algorithm>
#include <vector>

namespace gvpn::transport {

namespace {

struct Attempt {
    QHostAddress address;
    std::unique_ptr<PendingConnect> connect{};  // while it is being tried
    std::optional<Error> failure{};
};

}  // namespace

class TcpConnector::Private {
public:
    Private(TcpConnector& owner, ConnectOptions connectOptions, EpollLoop& streamLoop)
        : q(owner)
        , options(std::move(connectOptions))
        , loop(streamLoop)
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
    void onAttemptFinished(std::size_t index);
    void onAttemptFailed(std::size_t index, const Error& error);
    void giveUp(Attempt& attempt);
    void stop();
    void finish(const Error& error);
    [[nodiscard]] std::string describe(std::string_view summary) const;
    [[nodiscard]] Error everyAttemptFailed() const;

    TcpConnector& q;
    ConnectOptions options;
    EpollLoop& loop;
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
        attempts.push_back({address});
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
    auto connect = std::make_unique<PendingConnect>(attempts[index].address, options.server.port);
    QObject::connect(connect.get(), &PendingConnect::finished, &q, [this, index] { onAttemptFinished(index); });
    attempts[index].connect = std::move(connect);
    if (nextAttempt < attempts.size())
        staggerTimer.start(options.stagger);
}

void TcpConnector::Private::onAttemptFinished(std::size_t index)
{
    auto socket = attempts[index].connect->takeResult();
    if (!socket) {
        onAttemptFailed(index, socket.error());
        return;
    }
    auto made = EpollStream::create(loop, std::move(*socket));
    if (!made) {
        onAttemptFailed(index, made.error());
        return;
    }
    stop();
    stream = std::move(*made);
    Q_EMIT q.connected();
}

void TcpConnector::Private::onAttemptFailed(std::size_t index, const Error& error)
{
    attempts[index].failure = error;
    giveUp(attempts[index]);
    if (nextAttempt < attempts.size())
        tryNext();
    else if (std::ranges::none_of(attempts, [](const Attempt& other) { return other.connect != nullptr; }))
        finish(everyAttemptFailed());
}

/// It may be in the middle of its own signal.
void TcpConnector::Private::giveUp(Attempt& attempt)
{
    if (!attempt.connect)
        return;
    attempt.connect->disconnect(&q);
    attempt.connect.release()->deleteLater();
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
            text += attempt.connect ? "no answer" : "not tried";
    }
    return attempts.empty() ? text : text + ")";
}

void TcpConnector::Private::stop()
{
    isDone = true;
    staggerTimer.stop();
    deadlineTimer.stop();
    for (Attempt& attempt : attempts)
        giveUp(attempt);
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

TcpConnector::TcpConnector(ConnectOptions options, EpollLoop& loop, QObject* parent)
    : QObject(parent)
    , m_private(std::make_unique<Private>(*this, std::move(options), loop))
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
