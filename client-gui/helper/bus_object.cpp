#include "helper/bus_object.h"

#include "base/text.h"
#include "bus/contract.h"

#include <QDBusArgument>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusUnixFileDescriptor>
#include <QPointer>

namespace gvpn::helper {

namespace {

constexpr QLatin1String Bus{"org.freedesktop.DBus"};
constexpr QLatin1String BusPath{"/org/freedesktop/DBus"};
constexpr QLatin1String Properties{"org.freedesktop.DBus.Properties"};
constexpr QLatin1String VersionProperty{"Version"};

bool isForUs(const QDBusMessage& message)
{
    return message.interface() == bus::InterfaceName || message.interface().isEmpty();
}

}  // namespace

BusObject::BusObject(const QDBusConnection& bus, LeaseKeeper& keeper)
    : m_bus(bus)
    , m_keeper(keeper)
{
    // One rule for all: the bus allows a program some hundred, and whoever is refused a tunnel may go on asking.
    m_bus.connect(Bus, BusPath, Bus, QStringLiteral("NameOwnerChanged"), this,
                  SLOT(onOwnerChanged(QString, QString, QString)));
    connect(this, &BusObject::leftBus, this, [this](const QString& name) { m_keeper.callerLeft(name.toStdString()); });
}

void BusObject::onOwnerChanged(const QString& name, const QString& /*before*/, const QString& after)
{
    if (name.startsWith(QLatin1Char(':')) && after.isEmpty())
        Q_EMIT leftBus(name);
}

QString BusObject::introspect(const QString& /*path*/) const
{
    return bus::interfaceXml();
}

bool BusObject::handleMessage(const QDBusMessage& message, const QDBusConnection& /*connection*/)
{
    if (message.type() != QDBusMessage::MethodCallMessage)
        return false;
    if (message.interface() == Properties)
        handleProperties(message);
    else if (isForUs(message))
        handleCall(message);
    else
        return false;
    Q_EMIT called();
    return true;
}

void BusObject::handleCall(const QDBusMessage& message)
{
    const QString member = message.member();
    const QString signature = message.signature();
    if (member == QLatin1String("Open") && signature == bus::OpenSignature) {
        handleOpen(message);
    } else if (member == QLatin1String("Apply") && signature == bus::ApplySignature) {
        handleApply(message);
    } else if (member == QLatin1String("SetNames") && signature == bus::NamesSignature) {
        handleNames(message);
    } else if (member == QLatin1String("Close") && signature == bus::CloseSignature) {
        m_keeper.close(message.service().toStdString(), message.arguments().constFirst().toUInt(),
                       [guard = QPointer(this), message](const Result<void>& result) {
                           if (guard)
                               guard->answer(message, result);
                       });
    } else if (member == QLatin1String("SetCongestionControl") && signature == bus::CongestionSignature) {
        handleCongestion(message);
    } else {
        m_bus.send(message.createErrorReply(QDBusError::UnknownMethod,
                                            QStringLiteral("there is no method %1(%2)").arg(member, signature)));
    }
}

void BusObject::handleProperties(const QDBusMessage& message)
{
    const QVariantList arguments = message.arguments();
    const bool isAll = message.member() == QLatin1String("GetAll") && message.signature() == QLatin1String("s");
    const bool isOne = message.member() == QLatin1String("Get") && message.signature() == QLatin1String("ss");
    const bool isOurs = !arguments.isEmpty() && arguments.constFirst().toString() == bus::InterfaceName;
    if (isAll && isOurs)
        m_bus.send(message.createReply(QVariantMap{{VersionProperty, bus::ContractVersion}}));
    else if (isOne && isOurs && arguments.at(1).toString() == VersionProperty)
        m_bus.send(message.createReply(QVariant::fromValue(QDBusVariant(bus::ContractVersion))));
    else
        m_bus.send(message.createErrorReply(QDBusError::UnknownProperty, QStringLiteral("there is no such property")));
}

void BusObject::handleOpen(const QDBusMessage& message)
{
    const bool usesOffloads = message.arguments().constFirst().toBool();
    withCaller(message, [this, message, usesOffloads](const Caller& caller) {
        m_keeper.open(caller, usesOffloads, [guard = QPointer(this), message](Result<HandedTun> result) {
            if (guard)
                guard->answer(message, std::move(result));
        });
    });
}

void BusObject::handleApply(const QDBusMessage& message)
{
    const QVariantList arguments = message.arguments();
    m_keeper.apply(message.service().toStdString(), arguments.at(0).toUInt(),
                   qdbus_cast<bus::SettingsArgument>(arguments.at(1)),
                   [guard = QPointer(this), message](const Result<void>& result) {
                       if (guard)
                           guard->answer(message, result);
                   });
}

void BusObject::handleNames(const QDBusMessage& message)
{
    const QVariantList arguments = message.arguments();
    m_keeper.setNames(message.service().toStdString(), arguments.at(0).toUInt(),
                      qdbus_cast<bus::NamesArgument>(arguments.at(1)),
                      [guard = QPointer(this), message](const Result<system::DnsOutcome>& result) {
                          if (!guard)
                              return;
                          if (result)
                              guard->m_bus.send(message.createReply(*result == system::DnsOutcome::InForce));
                          else
                              guard->refuse(message, result.error());
                      });
}

void BusObject::handleCongestion(const QDBusMessage& message)
{
    const QVariantList arguments = message.arguments();
    const auto socket = arguments.at(0).value<QDBusUnixFileDescriptor>();
    answer(message, m_keeper.setCongestionControl(message.service().toStdString(), socket.fileDescriptor(),
                                                  arguments.at(1).toString().toStdString()));
}

/// Whoever leaves before the bus has answered is either seen to leave or not known to the bus.
void BusObject::withCaller(const QDBusMessage& message, std::function<void(const Caller&)> then)
{
    const QString name = message.service();
    QDBusMessage call = QDBusMessage::createMethodCall(Bus, BusPath, Bus, QStringLiteral("GetConnectionUnixUser"));
    call.setArguments({name});
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(call), this);
    connect(this, &BusObject::leftBus, watcher, [watcher, name](const QString& left) {
        if (left == name)
            delete watcher;
    });
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
            [this, message, name, then = std::move(then)](QDBusPendingCallWatcher* finished) {
                finished->deleteLater();
                const QDBusPendingReply<uint> reply = *finished;
                if (!reply.isError()) {
                    then({name.toStdString(), reply.value()});
                    return;
                }
                refuse(message, {ErrorCode::SystemFailure, "the bus does not say who is calling"});
            });
}

void BusObject::answer(const QDBusMessage& message, const Result<void>& result)
{
    if (result)
        m_bus.send(message.createReply());
    else
        refuse(message, result.error());
}

void BusObject::answer(const QDBusMessage& message, Result<HandedTun> result)
{
    if (!result) {
        refuse(message, result.error());
        return;
    }
    QDBusUnixFileDescriptor descriptor;
    descriptor.giveFileDescriptor(result->tun.descriptor.release());
    m_bus.send(message.createReply(
        {result->lease, QVariant::fromValue(descriptor), QString::fromStdString(result->tun.name), result->tun.index}));
}

void BusObject::refuse(const QDBusMessage& message, const Error& error)
{
    const QString cause = QString::fromStdString(escapeForDisplay(error.context));
    m_bus.send(message.createErrorReply(bus::errorNameOf(error.code), cause.left(bus::MaxCauseCharacters)));
}

}  // namespace gvpn::helper
