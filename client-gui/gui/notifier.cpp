#include "gui/notifier.h"

#include "gui/icons.h"
#include "gui/units.h"

#include <QDBusMessage>
#include <QDBusPendingCallWatcher>

#include <algorithm>
#include <chrono>
#include <utility>

namespace gvpn::gui {

namespace {

// Desktop Notifications Specification, version 1.2.
constexpr const char* Service = "org.freedesktop.Notifications";
constexpr const char* Path = "/org/freedesktop/Notifications";
constexpr const char* ClickAction = "default";
constexpr int ExpiresAsTheDesktopSays = -1;
constexpr uchar NormalUrgency = 1;

/// A service that is started for us takes a moment.
constexpr std::chrono::milliseconds CallDeadline{5'000};

/// The service draws it, who doesn't know our resources.
QString iconNameFor(Phase phase)
{
    const QString ours = phaseIconName(phase);
    return QIcon::hasThemeIcon(ours) ? ours : QStringLiteral("network-vpn");
}

}  // namespace

Notifier::Notifier(const QDBusConnection& bus, QObject* parent)
    : QObject(parent)
    , m_bus(bus)
{
    // Without the service's name, whose owner Qt would wait for.
    m_bus.connect(QString(), QLatin1String(Path), QLatin1String(Service), QStringLiteral("ActionInvoked"), this,
                  SLOT(onAction(uint, QString)));
}

void Notifier::show(const std::string& about, const Notice& notice)
{
    std::erase_if(m_waiting, [&about](const Item& item) { return item.about == about; });
    m_waiting.push_back({about, notice});
    if (!m_isBusy)
        next();
}

void Notifier::next()
{
    m_isBusy = !m_waiting.empty();
    if (!m_isBusy)
        return;
    const Item item = std::move(m_waiting.front());
    m_waiting.pop_front();
    if (!m_bus.isConnected()) {
        refuse(item.notice);
        return;
    }
    call(QStringLiteral("GetCapabilities"), {}, [this, item](const QDBusMessage& reply) {
        if (reply.type() == QDBusMessage::ReplyMessage)
            send(item, reply.arguments().value(0).toStringList());
        else
            refuse(item.notice);
    });
}

void Notifier::send(const Item& item, const QStringList& capabilities)
{
    // It may hold what a server has said.
    const bool readsMarkup = capabilities.contains(QStringLiteral("body-markup"));
    const QString body = readsMarkup ? plain(item.notice.text) : item.notice.text;
    // Some services make a dialog of what has actions, unless they know them.
    QStringList actions;
    if (capabilities.contains(QStringLiteral("actions")))
        actions = {QLatin1String(ClickAction), tr("Show window")};
    const QVariantMap hints{{QStringLiteral("desktop-entry"), QStringLiteral("org.gvpn.Gui")},
                            {QStringLiteral("urgency"), QVariant::fromValue(NormalUrgency)}};
    const auto former = m_ids.find(item.about);
    const uint replaced = former == m_ids.end() ? 0 : former->second;
    call(QStringLiteral("Notify"),
         {QStringLiteral("gvpn"), replaced, iconNameFor(item.notice.phase), item.notice.title, body, actions, hints,
          ExpiresAsTheDesktopSays},
         [this, item](const QDBusMessage& reply) {
             if (reply.type() != QDBusMessage::ReplyMessage) {
                 refuse(item.notice);
                 return;
             }
             m_ids.insert_or_assign(item.about, reply.arguments().value(0).toUInt());
             next();
         });
}

void Notifier::call(const QString& method, const QVariantList& arguments,
                    std::function<void(const QDBusMessage& reply)> answered)
{
    QDBusMessage message =
        QDBusMessage::createMethodCall(QLatin1String(Service), QLatin1String(Path), QLatin1String(Service), method);
    message.setArguments(arguments);
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(message, static_cast<int>(CallDeadline.count())), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
            [answered = std::move(answered)](QDBusPendingCallWatcher* finished) {
                finished->deleteLater();
                answered(finished->reply());
            });
}

void Notifier::refuse(const Notice& notice)
{
    Q_EMIT refused(notice);
    next();
}

void Notifier::onAction(uint id, const QString& action)
{
    const bool isOurs = std::ranges::any_of(m_ids, [id](const auto& one) { return one.second == id; });
    if (isOurs && action == QLatin1String(ClickAction))
        Q_EMIT clicked();
}

}  // namespace gvpn::gui
