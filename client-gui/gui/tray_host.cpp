#include "gui/tray_host.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusServiceWatcher>
#include <QDBusVariant>

namespace gvpn::gui {

namespace {

constexpr std::chrono::milliseconds PollStep{500};
/// A panel that is started at login, together with us, takes some seconds.
constexpr int PollsBeforeMissing = 16;
/// A StatusNotifier host is preferred where both come up: the X11 tray counts after a second only.
constexpr int PollsBeforeSelection = 2;

const QString& watcherName()
{
    static const QString name = QStringLiteral("org.kde.StatusNotifierWatcher");
    return name;
}

}  // namespace

TrayHost::TrayHost(std::unique_ptr<TraySelection> selection, QObject* parent)
    : QObject(parent)
    , m_selection(std::move(selection))
{
    m_poll.setInterval(PollStep);
    connect(&m_poll, &QTimer::timeout, this, &TrayHost::poll);
}

TrayHost::~TrayHost() = default;

void TrayHost::start()
{
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (bus.isConnected()) {
        auto* services = new QDBusServiceWatcher(watcherName(), bus, QDBusServiceWatcher::WatchForRegistration, this);
        connect(services, &QDBusServiceWatcher::serviceRegistered, this, &TrayHost::askWatcher);
        bus.connect(watcherName(), QStringLiteral("/StatusNotifierWatcher"), watcherName(),
                    QStringLiteral("StatusNotifierHostRegistered"), this, SLOT(onFound()));
        askWatcher();
    }
    poll();
    m_poll.start();
}

void TrayHost::askWatcher()
{
    QDBusMessage ask =
        QDBusMessage::createMethodCall(watcherName(), QStringLiteral("/StatusNotifierWatcher"),
                                       QStringLiteral("org.freedesktop.DBus.Properties"), QStringLiteral("Get"));
    ask.setAutoStartService(false);
    ask << watcherName() << QStringLiteral("IsStatusNotifierHostRegistered");
    auto* call = new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(ask), this);
    connect(call, &QDBusPendingCallWatcher::finished, this, [this](QDBusPendingCallWatcher* done) {
        const QDBusPendingReply<QDBusVariant> reply = *done;
        done->deleteLater();
        if (reply.isValid() && reply.value().variant().toBool())
            onFound();
    });
}

void TrayHost::poll()
{
    ++m_polls;
    const bool isSelected = m_selection && m_selection->poll();
    if (isSelected && m_polls > PollsBeforeSelection)
        onFound();
    else if (m_polls == PollsBeforeMissing)
        Q_EMIT missing();
}

void TrayHost::onFound()
{
    if (m_isThere)
        return;
    m_isThere = true;
    m_poll.stop();
    Q_EMIT found();
}

}  // namespace gvpn::gui
