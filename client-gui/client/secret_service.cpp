#include "client/secret_service.h"

#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>

#include <utility>

namespace gvpn::client {

namespace {

// Secret Service API Draft 0.2.
const QString& service()
{
    static const QString Name = QStringLiteral("org.freedesktop.secrets");
    return Name;
}

using Done = std::function<void(const Result<void>&)>;

Error noAnswer(const QDBusError& error)
{
    return {ErrorCode::Unsupported, "no keyring answers: " + error.message().toStdString()};
}

template <typename Reply, typename Answered>
void call(const QDBusConnection& bus, QObject& context, const QDBusMessage& message, Answered answered)
{
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(message), &context);
    QObject::connect(watcher, &QDBusPendingCallWatcher::finished, &context,
                     [answered = std::move(answered)](QDBusPendingCallWatcher* finished) {
                         const Reply reply = *finished;
                         finished->deleteLater();
                         answered(reply);
                     });
}

void askWhetherLocked(const QDBusConnection& bus, QObject& context, const QString& collection, Done done)
{
    QDBusMessage ask = QDBusMessage::createMethodCall(
        service(), collection, QStringLiteral("org.freedesktop.DBus.Properties"), QStringLiteral("Get"));
    ask << QStringLiteral("org.freedesktop.Secret.Collection") << QStringLiteral("Locked");
    using Reply = QDBusPendingReply<QDBusVariant>;
    call<Reply>(bus, context, ask, [done = std::move(done)](const Reply& reply) {
        if (!reply.isValid())
            done(fail(noAnswer(reply.error())));
        else if (reply.value().variant().toBool())
            done(fail(ErrorCode::PermissionDenied, "the keyring is locked"));
        else
            done({});
    });
}

}  // namespace

void lookAtSecretService(const QDBusConnection& bus, QObject& context, std::function<void(const Result<void>&)> done)
{
    if (!bus.isConnected()) {
        done(fail(ErrorCode::Unsupported, "there is no session bus"));
        return;
    }
    QDBusMessage ask =
        QDBusMessage::createMethodCall(service(), QStringLiteral("/org/freedesktop/secrets"),
                                       QStringLiteral("org.freedesktop.Secret.Service"), QStringLiteral("ReadAlias"));
    ask << QStringLiteral("default");
    using Reply = QDBusPendingReply<QDBusObjectPath>;
    call<Reply>(bus, context, ask, [bus, &context, done = std::move(done)](const Reply& reply) {
        const QString collection = reply.isValid() ? reply.value().path() : QString();
        if (!reply.isValid())
            done(fail(noAnswer(reply.error())));
        else if (collection == QLatin1String("/"))
            done(fail(ErrorCode::Unsupported, "no keyring has been set up yet"));
        else
            askWhetherLocked(bus, context, collection, done);
    });
}

}  // namespace gvpn::client
