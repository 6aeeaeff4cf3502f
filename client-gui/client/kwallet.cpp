#include "client/kwallet.h"

#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>

#include <utility>

namespace gvpn::client {

namespace {

/// The daemon that QtKeychain speaks with.
QDBusMessage callTo(const QString& method)
{
    QDBusMessage message =
        QDBusMessage::createMethodCall(QStringLiteral("org.kde.kwalletd5"), QStringLiteral("/modules/kwalletd5"),
                                       QStringLiteral("org.kde.KWallet"), method);
    message.setAutoStartService(false);
    return message;
}

template <typename Value, typename Answered>
void call(const QDBusConnection& bus, QObject& context, const QDBusMessage& message, Answered answered)
{
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(message), &context);
    QObject::connect(watcher, &QDBusPendingCallWatcher::finished, &context,
                     [answered = std::move(answered)](QDBusPendingCallWatcher* finished) {
                         const QDBusPendingReply<Value> reply = *finished;
                         finished->deleteLater();
                         answered(reply);
                     });
}

Error noAnswer(const QDBusError& error)
{
    return {ErrorCode::Unsupported, "KWallet does not answer: " + error.message().toStdString()};
}

}  // namespace

void lookAtKWallet(const QDBusConnection& bus, QObject& context, std::function<void(const Result<void>&)> done)
{
    if (!bus.isConnected()) {
        done(fail(ErrorCode::Unsupported, "there is no session bus"));
        return;
    }
    const auto judge = [done](const QDBusPendingReply<bool>& isOpen) {
        if (!isOpen.isValid())
            done(fail(noAnswer(isOpen.error())));
        else if (!isOpen.value())
            done(fail(ErrorCode::PermissionDenied, "the wallet is closed"));
        else
            done({});
    };
    call<QString>(bus, context, callTo(QStringLiteral("networkWallet")),
                  [bus, &context, judge, done = std::move(done)](const QDBusPendingReply<QString>& wallet) {
                      if (!wallet.isValid()) {
                          done(fail(noAnswer(wallet.error())));
                          return;
                      }
                      QDBusMessage ask = callTo(QStringLiteral("isOpen"));
                      ask << wallet.value();
                      call<bool>(bus, context, ask, judge);
                  });
}

}  // namespace gvpn::client
