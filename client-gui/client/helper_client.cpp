#include "client/helper_client.h"

#include "bus/contract.h"

#include <QDBusError>
#include <QDBusUnixFileDescriptor>
#include <QPointer>
#include <QThread>

#include <fcntl.h>

namespace gvpn::client {

namespace {

constexpr QLatin1String Properties{"org.freedesktop.DBus.Properties"};
constexpr const char* GoneCause = "gvpn-helper, which keeps the tunnel, has ended";
constexpr const char* ClosedCause = "the tunnel was closed meanwhile";

QDBusMessage callTo(const QString& service, QLatin1String interface, const QString& method,
                    const QVariantList& arguments)
{
    QDBusMessage message = QDBusMessage::createMethodCall(service, bus::ObjectPath, interface, method);
    message.setArguments(arguments);
    return message;
}

bool isReply(const QDBusMessage& message, QLatin1String signature)
{
    return message.type() == QDBusMessage::ReplyMessage && message.signature() == signature;
}

}  // namespace

HelperClient::HelperClient(QObject* parent)
    : QObject(parent)
{
    bus::registerTypes();
}

HelperClient::~HelperClient()
{
    leaveBus();
}

void HelperClient::check(const Done& done)
{
    withBus(
        [this, done] {
            const auto message = callTo(bus::ServiceName, Properties, QStringLiteral("Get"),
                                        {QString(bus::InterfaceName), QStringLiteral("Version")});
            send(message, HelperDeadline,
                 {.watcher = {},
                  .answered = [this, done](const auto& reply) { onChecked(reply, done); },
                  .givenUp = {}});
        },
        done);
}

void HelperClient::onChecked(const QDBusMessage& reply, const Done& done)
{
    if (!isReply(reply, QLatin1String("v"))) {
        done(fail(errorOf(reply)));
        return;
    }
    const uint version = reply.arguments().constFirst().value<QDBusVariant>().variant().toUInt();
    if (version == bus::ContractVersion)
        done({});
    else
        done(fail(ErrorCode::Unsupported, "gvpn-helper is of another version than this program"));
}

void HelperClient::open(bool usesOffloads, const Opened& opened)
{
    withBus(
        [this, usesOffloads, opened] {
            send(callTo(bus::ServiceName, bus::InterfaceName, QStringLiteral("Open"), {usesOffloads}), PersonDeadline,
                 {.watcher = {},
                  .answered = [this, opened](const auto& reply) { onOpened(reply, opened); },
                  .givenUp = {}});
        },
        [opened](const Result<void>& failure) { opened(fail(failure.error())); });
}

void HelperClient::onOpened(const QDBusMessage& reply, const Opened& opened)
{
    if (!isReply(reply, bus::OpenReplySignature)) {
        const Error error = errorOf(reply);
        // A late answer must not leave a lease that nobody knows of.
        leaveBus();
        opened(fail(error));
        return;
    }
    const QVariantList arguments = reply.arguments();
    m_lease = Lease{reply.service(), arguments.at(0).toUInt()};
    m_watcher = std::make_unique<QDBusServiceWatcher>(m_lease->helper, QDBusConnection(m_connectionName),
                                                      QDBusServiceWatcher::WatchForUnregistration);
    connect(m_watcher.get(), &QDBusServiceWatcher::serviceUnregistered, this, &HelperClient::onHelperGone);
    constexpr int FirstNumber = 3;  // not one of the standard streams
    const auto descriptor = arguments.at(1).value<QDBusUnixFileDescriptor>();
    opened(UniqueFd(::fcntl(descriptor.fileDescriptor(), F_DUPFD_CLOEXEC, FirstNumber)));
}

void HelperClient::apply(const bus::TunnelRequest& request, const Done& done)
{
    callLease(QStringLiteral("Apply"), {m_lease ? m_lease->id : 0, QVariant::fromValue(bus::toArgument(request))},
              PersonDeadline, done);
}

void HelperClient::setNames(const bus::NamesRequest& request, const Named& named)
{
    if (!m_lease) {
        named(fail(ErrorCode::Closed, GoneCause));
        return;
    }
    const QDBusMessage message = callTo(m_lease->helper, bus::InterfaceName, QStringLiteral("SetNames"),
                                        {m_lease->id, QVariant::fromValue(bus::toArgument(request))});
    const auto answered = [this, named](const QDBusMessage& reply) {
        if (!isReply(reply, bus::NamesReplySignature))
            named(fail(errorOf(reply)));
        else if (reply.arguments().constFirst().toBool())
            named(system::DnsOutcome::InForce);
        else
            named(system::DnsOutcome::NoService);
    };
    const auto givenUp = [named](const Result<void>& failure) { named(fail(failure.error())); };
    send(message, request.isWide() ? PersonDeadline : HelperDeadline,
         {.watcher = {}, .answered = answered, .givenUp = givenUp});
}

void HelperClient::setCongestionControl(UniqueFd socket, const std::string& name, const Done& done)
{
    QDBusUnixFileDescriptor descriptor;
    descriptor.giveFileDescriptor(socket.release());
    callLease(QStringLiteral("SetCongestionControl"), {QVariant::fromValue(descriptor), QString::fromStdString(name)},
              HelperDeadline, done);
}

void HelperClient::callLease(const QString& method, const QVariantList& arguments, std::chrono::milliseconds deadline,
                             const Done& done)
{
    if (!m_lease) {
        done(fail(ErrorCode::Closed, GoneCause));
        return;
    }
    const auto answered = [this, done](const QDBusMessage& reply) {
        done(isReply(reply, QLatin1String()) ? Result<void>() : fail(errorOf(reply)));
    };
    send(callTo(m_lease->helper, bus::InterfaceName, method, arguments), deadline,
         {.watcher = {}, .answered = answered, .givenUp = done});
}

/// The lease is given up in any case: what a helper that hangs has not done when it is asked to, it does when it sees
/// us leave the bus.
void HelperClient::close(Done done)
{
    if (!m_lease) {
        leaveBus();
        done({});
        return;
    }
    m_closing.push_back(std::move(done));
    if (m_closing.size() > 1)
        return;
    giveUpCalls(ClosedCause);
    callLease(QStringLiteral("Close"), {m_lease->id}, HelperDeadline, [this](const Result<void>& result) {
        const std::vector<Done> closing = std::exchange(m_closing, {});
        leaveBus();
        for (const Done& closed : closing)
            closed(result);
    });
}

/// In a thread of its own: connecting waits for the bus's greeting.
void HelperClient::withBus(std::function<void()> then, Done failed)
{
    if (m_isConnected && !m_lease) {
        then();
        return;
    }
    leaveBus();
    const auto self = reinterpret_cast<quintptr>(this);
    const QString name = QStringLiteral("gvpn-helper-%1-%2").arg(self, 0, 16).arg(++m_connections);
    m_connectionName = name;
    QThread* const thread =
        QThread::create([name] { static_cast<void>(QDBusConnection::connectToBus(QDBusConnection::SystemBus, name)); });
    connect(thread, &QThread::finished, thread,
            [guard = QPointer(this), name, then = std::move(then), failed = std::move(failed)] {
                if (guard && guard->m_connectionName == name)
                    guard->onBusConnected(name, then, failed);
                else
                    QDBusConnection::disconnectFromBus(name);
            });
    connect(thread, &QThread::finished, thread, &QObject::deleteLater);
    thread->start();
}

void HelperClient::onBusConnected(const QString& name, const std::function<void()>& then, const Done& failed)
{
    QDBusConnection bus(name);
    if (!bus.isConnected()) {
        leaveBus();
        failed(fail(ErrorCode::PermissionDenied, std::string(NoBusCause)));
        return;
    }
    m_isConnected = true;
    bus.connect(QString(), QStringLiteral("/org/freedesktop/DBus/Local"), QStringLiteral("org.freedesktop.DBus.Local"),
                QStringLiteral("Disconnected"), this, SLOT(onHelperGone()));
    then();
}

void HelperClient::send(const QDBusMessage& message, std::chrono::milliseconds deadline, Call call)
{
    const QDBusPendingCall pending =
        QDBusConnection(m_connectionName).asyncCall(message, static_cast<int>(deadline.count()));
    const unsigned number = ++m_lastCall;
    call.watcher = std::make_unique<QDBusPendingCallWatcher>(pending);
    connect(call.watcher.get(), &QDBusPendingCallWatcher::finished, this,
            [this, number](QDBusPendingCallWatcher* finished) {
                const auto entry = m_calls.extract(number);
                // It is inside of its own signal.
                entry.mapped().watcher.release()->deleteLater();
                entry.mapped().answered(finished->reply());
            });
    m_calls.emplace(number, std::move(call));
}

void HelperClient::giveUpCalls(const char* why)
{
    for (auto& [number, call] : std::exchange(m_calls, {})) {
        call.watcher->disconnect(this);
        call.watcher.release()->deleteLater();
        if (call.givenUp)
            call.givenUp(fail(ErrorCode::Closed, why));
    }
}

void HelperClient::leaveBus()
{
    m_lease.reset();
    m_watcher.reset();
    m_isConnected = false;
    for (auto& [number, call] : m_calls)
        call.watcher->disconnect(this);
    m_calls.clear();
    if (const QString name = std::exchange(m_connectionName, {}); !name.isEmpty())
        QDBusConnection::disconnectFromBus(name);
}

void HelperClient::onHelperGone()
{
    // The answer to a call that waits says so itself.
    if (!m_lease || !m_closing.empty())
        return;
    const Error error{ErrorCode::Closed, GoneCause};
    m_lease.reset();
    giveUpCalls(GoneCause);
    leaveBus();
    Q_EMIT lost(error);
}

Error HelperClient::errorOf(const QDBusMessage& reply) const
{
    if (reply.type() != QDBusMessage::ErrorMessage)
        return {ErrorCode::SystemFailure, "gvpn-helper gives an answer of another form"};
    switch (QDBusError(reply).type()) {
    case QDBusError::ServiceUnknown:
        return m_lease ? Error{ErrorCode::Closed, GoneCause}
                       : Error{ErrorCode::PermissionDenied, std::string(NoHelperCause)};
    case QDBusError::NoReply:
    case QDBusError::Timeout:
    case QDBusError::TimedOut: return {ErrorCode::TimedOut, "gvpn-helper does not answer"};
    case QDBusError::Disconnected: return {ErrorCode::Closed, "the system bus has ended"};
    case QDBusError::AccessDenied:
        return {ErrorCode::PermissionDenied, reply.errorMessage().left(bus::MaxCauseCharacters).toStdString()};
    default: return bus::errorFrom(reply.errorName(), reply.errorMessage());
    }
}

}  // namespace gvpn::client
