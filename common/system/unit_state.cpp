#include "system/unit_state.h"

#include <QDBusArgument>
#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QDBusPendingCallWatcher>
#include <QThread>

#include <utility>

namespace gvpn::system {

namespace {

constexpr const char* Service = "org.freedesktop.systemd1";
constexpr const char* ManagerPath = "/org/freedesktop/systemd1";

std::string textOf(const QVariantMap& properties, const char* name)
{
    return properties.value(QLatin1String(name)).toString().toStdString();
}

QVariantMap toMap(const QVariant& value)
{
    return value.canConvert<QDBusArgument>() ? qdbus_cast<QVariantMap>(value.value<QDBusArgument>()) : value.toMap();
}

}  // namespace

Result<UnitState> unitStateFrom(const std::string& name, const QVariantMap& unit, const QVariantMap& service)
{
    if (textOf(unit, "LoadState") == "not-found")
        return fail(ErrorCode::NotFound, "systemd has no " + name);
    UnitState state{name, textOf(unit, "ActiveState"), textOf(unit, "UnitFileState"),
                    service.value(QStringLiteral("NRestarts")).toUInt()};
    if (state.activeState.empty())
        return fail(ErrorCode::Malformed, "systemd does not say how " + name + " is");
    return state;
}

UnitStateReader::UnitStateReader()
    : m_busName(QStringLiteral("gvpn-unit-%1").arg(reinterpret_cast<quintptr>(this), 0, 16))
{
    m_deadline.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this,
            [this] { finish(fail(ErrorCode::TimedOut, "systemd does not answer")); });
}

UnitStateReader::~UnitStateReader()
{
    m_bus.reset();
    QDBusConnection::disconnectFromBus(m_busName);
}

/// Connecting waits for the bus's greeting, so a thread does it that nobody waits for.
void UnitStateReader::read(const std::string& unit, Done done)
{
    m_unit = unit;
    m_done = std::move(done);
    m_deadline.start(Deadline);
    QThread* thread =
        QThread::create([name = m_busName] { QDBusConnection::connectToBus(QDBusConnection::SystemBus, name); });
    connect(thread, &QThread::finished, thread, &QObject::deleteLater);
    connect(thread, &QThread::finished, this, &UnitStateReader::onBusTried);
    thread->start();
}

void UnitStateReader::onBusTried()
{
    if (!m_done)
        return;
    const QDBusConnection bus(m_busName);
    if (!bus.isConnected()) {
        finish(fail(ErrorCode::NotFound, "there is no system bus to ask systemd on"));
        return;
    }
    m_bus = bus;
    call(QLatin1String(ManagerPath), QStringLiteral("org.freedesktop.systemd1.Manager"), QStringLiteral("LoadUnit"),
         {QString::fromStdString(m_unit)}, [this](const QVariant& reply) {
             const QString path = reply.value<QDBusObjectPath>().path();
             const QString properties = QStringLiteral("org.freedesktop.DBus.Properties");
             const QString getAll = QStringLiteral("GetAll");
             call(path, properties, getAll, {QStringLiteral("org.freedesktop.systemd1.Unit")},
                  [this, path, properties, getAll](const QVariant& unit) {
                      call(path, properties, getAll, {QStringLiteral("org.freedesktop.systemd1.Service")},
                           [this, unit](const QVariant& service) {
                               finish(unitStateFrom(m_unit, toMap(unit), toMap(service)));
                           });
                  });
         });
}

void UnitStateReader::call(const QString& path, const QString& interface, const QString& method,
                           const QVariantList& arguments, std::function<void(const QVariant&)> next)
{
    QDBusMessage message = QDBusMessage::createMethodCall(QLatin1String(Service), path, interface, method);
    message.setArguments(arguments);
    message.setAutoStartService(false);
    auto* watcher = new QDBusPendingCallWatcher(m_bus->asyncCall(message, static_cast<int>(Deadline.count())), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher, next = std::move(next)] {
        watcher->deleteLater();
        if (!m_done)
            return;
        const QDBusMessage reply = watcher->reply();
        if (reply.type() == QDBusMessage::ReplyMessage && !reply.arguments().isEmpty())
            next(reply.arguments().constFirst());
        else
            finish(fail(ErrorCode::NotFound, "systemd is not to be asked here"));
    });
}

void UnitStateReader::finish(Result<UnitState> result)
{
    m_deadline.stop();
    if (const Done done = std::exchange(m_done, {}))
        done(std::move(result));
}

}  // namespace gvpn::system
