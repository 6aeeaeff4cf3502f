#include "gui/application.h"

#include "gui/settings_dialog.h"

#include <QGuiApplication>
#include <QLoggingCategory>
#include <QSessionManager>

#include <algorithm>
#include <utility>

namespace gvpn::gui {

namespace {

Q_LOGGING_CATEGORY(lcGui, "gvpn.gui")

}  // namespace

Application::Application(ApplicationParts parts, QObject* parent)
    : QObject(parent)
    , m_core(parts.core)
    , m_settings(std::move(parts.settings))
    , m_kept(m_settings)
    , m_keepSettings(std::move(parts.keepSettings))
    , m_window(parts.core, parts.version)
    , m_desk(parts.core, parts.log, m_window, parts.version)
    , m_trayHost(std::move(parts.traySelection), parts.trayStep)
    , m_notifier(QDBusConnection::sessionBus())
{
    using client::ClientCore;
    m_language.use(m_settings.language);
    connect(&m_core, &ClientCore::ready, this, &Application::onReady);
    connect(&m_core, &ClientCore::stateChanged, this, &Application::onStateChanged);
    connect(&m_core, &ClientCore::routesNamed, this, [this](const client::NewRoutes& named) {
        // The notification of the connection names them, too.
        m_window.say(noticeOf(named).text);
    });
    connect(&m_core, &ClientCore::profilesChanged, this, [this] {
        m_notices.follow(m_core.profiles());
        std::erase_if(m_logged, [this](const auto& one) { return m_core.find(one.first) == nullptr; });
    });
    connect(&m_core, &ClientCore::keyringUnavailable, &m_window, &MainWindow::say);
    connect(&m_notifier, &Notifier::clicked, &m_window, &MainWindow::present);
    connect(&m_notifier, &Notifier::refused, this, &Application::onUnannounced);
    connect(&m_window, &MainWindow::quitRequested, this, &Application::quit);
    connect(&m_desk, &Desk::settingsRequested, this, &Application::showSettings);
    connect(&m_trayHost, &TrayHost::found, this, &Application::onTrayFound);
    connect(&m_trayHost, &TrayHost::lost, this, &Application::onTrayLost);
    connect(&m_trayHost, &TrayHost::missing, this, &Application::onTrayMissing);
    m_endDeadline.setSingleShot(true);
    m_endDeadline.setInterval(parts.endTime);
    connect(&m_endDeadline, &QTimer::timeout, this, &Application::finish);
    // A request only: the person may still decide to stay. There is nothing to be saved.
    connect(
        qGuiApp, &QGuiApplication::commitDataRequest, this,
        [](QSessionManager& session) { session.setRestartHint(QSessionManager::RestartNever); }, Qt::DirectConnection);
    qApp->installEventFilter(this);
}

Application::~Application() = default;

void Application::start(const StartRequest& request)
{
    m_link = request.link;
    if (!(request.isHidden || m_settings.startsHidden) || !m_link.isEmpty())
        m_window.present();
    m_trayHost.start();
    m_core.start(true);
}

void Application::handle(const StartRequest& request)
{
    if (m_isEnding)
        return;
    if (!request.link.isEmpty() && m_isReady)
        m_desk.takeLink(request.link);
    else if (!request.link.isEmpty())
        m_link = request.link;
    else if (!request.isHidden)
        m_window.present();
}

void Application::quit()
{
    if (m_isEnding)
        return;
    const auto tunnels = std::ranges::count_if(m_core.profiles(), isUp);
    if (tunnels == 0)
        end();
    else
        m_desk.askToQuit(static_cast<int>(tunnels), [this] { end(); });
}

void Application::end()
{
    if (std::exchange(m_isEnding, true))
        return;
    m_window.hide();
    m_tray.reset();
    Q_EMIT ending();
    m_endDeadline.start();
    m_core.disconnectAll([self = QPointer(this)] {
        if (self)
            self->finish();
    });
}

void Application::finish()
{
    m_endDeadline.stop();
    if (!std::exchange(m_isFinished, true))
        Q_EMIT finished();
}

/// The session is over. Qt would close each window first, and one that asks a question would keep the program alive.
bool Application::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != qApp || event->type() != QEvent::Quit)
        return QObject::eventFilter(watched, event);
    end();
    return true;
}

void Application::onTrayFound()
{
    if (m_isEnding)
        return;
    m_tray = std::make_unique<Tray>(m_core);
    connect(m_tray.get(), &Tray::showRequested, &m_window, &MainWindow::present);
    connect(m_tray.get(), &Tray::notificationClicked, &m_window, &MainWindow::present);
    connect(m_tray.get(), &Tray::quitRequested, this, &Application::quit);
    m_tray->show();
    m_window.setHidesOnClose(true);
}

/// Closed, the window would be gone with nothing left to click.
void Application::onTrayLost()
{
    m_tray.reset();
    m_window.setHidesOnClose(false);
}

void Application::onTrayMissing()
{
    if (m_isEnding)
        return;
    m_window.say(tr("This desktop shows no tray icons, so gvpn works as a window. To get a tray: on GNOME install the "
                    "extension “AppIndicator”, elsewhere add a “status tray” to a panel."));
    // Hidden, there would be no way to it.
    m_window.present();
}

void Application::onReady()
{
    m_isReady = true;
    if (!m_link.isEmpty())
        m_desk.takeLink(std::exchange(m_link, {}));
}

void Application::onStateChanged(const std::string& profile)
{
    const client::ProfileEntry* entry = m_core.find(profile);
    if (entry == nullptr)
        return;
    log(*entry);
    if (const auto notice = m_notices.take(*entry))
        announce(profile, *notice);
}

/// A state may be told more than once, for what the log doesn't say.
void Application::log(const client::ProfileEntry& entry)
{
    const QString line = logText(entry);
    if (std::exchange(m_logged[entry.profile.name], line) != line)
        qCInfo(lcGui).noquote() << line;
}

/// The bus first: it needs no tray, and beside an X11 tray Qt would draw a balloon of its own.
void Application::announce(const std::string& profile, const Notice& notice)
{
    if (m_settings.showsNotifications && !m_isEnding)
        m_notifier.show(profile, notice);
}

void Application::onUnannounced(const Notice& notice)
{
    if (m_tray)
        m_tray->notify(notice.title, notice.text, notice.phase);
}

void Application::showSettings()
{
    if (!m_settingsDialog) {
        m_settingsDialog = new SettingsDialog(m_settings, &m_window);
        connect(m_settingsDialog, &SettingsDialog::changed, this, &Application::onSettings);
    }
    m_settingsDialog->open();
}

void Application::onSettings(const client::Settings& settings)
{
    m_settings = settings;
    m_language.use(settings.language);
    const client::Settings before = std::exchange(m_kept, settings);
    m_keepSettings(settings, before, [this, before](const Result<void>& kept) {
        if (!kept)
            m_kept = before;
        if (m_settingsDialog)
            m_settingsDialog->setFailure(
                kept ? QString()
                     : tr("Could not keep the settings: %1").arg(QString::fromStdString(kept.error().context)));
    });
}

}  // namespace gvpn::gui
