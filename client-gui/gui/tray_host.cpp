#include "gui/tray_host.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusServiceWatcher>
#include <QDBusVariant>

namespace gvpn::gui {

namespace {

/// A panel that is started at login, together with us, takes some seconds.
constexpr int PollsBeforeMissing = 16;
/// A StatusNotifier host is preferred where both come up: the X11 tray counts after a second only.
constexpr int PollsBeforeSelection = 2;
/// Once it is known whether there is one.
constexpr int StepsWhenIdle = 4;

const QString& watcherName()
{
    static const QString Name = QStringLiteral("org.kde.StatusNotifierWatcher");
    return Name;
}

}  // namespace

TrayHost::TrayHost(std::unique_ptr<TraySelection> selection, std::chrono::milliseconds step, QObject* parent)
    : QObject(parent)
    , m_selection(std::move(selection))
    , m_step(step)
{
    m_poll.setInterval(m_step);
    connect(&m_poll, &QTimer::timeout, this, &TrayHost::poll);
}

TrayHost::~TrayHost() = default;

void TrayHost::start()
{
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (bus.isConnected()) {
        auto* services = new QDBusServiceWatcher(watcherName(), bus, QDBusServiceWatcher::WatchForOwnerChange, this);
        connect(services, &QDBusServiceWatcher::serviceRegistered, this, &TrayHost::askWatcher);
        connect(services, &QDBusServiceWatcher::serviceUnregistered, this, [this] { onNotifier(false); });
        for (const auto& signal :
             {QStringLiteral("StatusNotifierHostRegistered"), QStringLiteral("StatusNotifierHostUnregistered")})
            bus.connect(watcherName(), QStringLiteral("/StatusNotifierWatcher"), watcherName(), signal, this,
                        SLOT(askWatcher()));
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
        onNotifier(reply.isValid() && reply.value().variant().toBool());
    });
}

void TrayHost::onNotifier(bool isThere)
{
    if (isThere && m_protocol != Protocol::Selection)
        onFound(Protocol::Notifier);
    else if (!isThere && m_protocol == Protocol::Notifier)
        onLost();
}

void TrayHost::poll()
{
    ++m_polls;
    const bool isSelected = m_selection && m_selection->poll();
    if (isSelected && m_polls > PollsBeforeSelection && m_protocol != Protocol::Notifier)
        onFound(Protocol::Selection);
    else if (!isSelected && m_protocol == Protocol::Selection)
        onLost();
    if (!m_isThere && m_polls == PollsBeforeMissing)
        Q_EMIT missing();
    // The bus tells by itself; of a selection nobody does.
    if (m_isThere || m_polls >= PollsBeforeMissing) {
        if (m_selection && m_protocol != Protocol::Notifier)
            m_poll.setInterval(m_step * StepsWhenIdle);
        else
            m_poll.stop();
    }
}

void TrayHost::onFound(Protocol protocol)
{
    if (m_isThere)
        return;
    m_protocol = protocol;
    m_isThere = true;
    Q_EMIT found();
}

/// A panel that is started again is back in some seconds: missing() waits for it.
void TrayHost::onLost()
{
    if (!m_isThere)
        return;
    m_isThere = false;
    m_polls = 0;
    m_poll.start(m_step);
    Q_EMIT lost();
}

}  // namespace gvpn::gui
