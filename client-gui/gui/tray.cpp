#include "gui/tray.h"

#include "gui/icons.h"
#include "gui/units.h"

#include <QEvent>

#include <algorithm>

namespace gvpn::gui {

namespace {

constexpr std::chrono::seconds ClockStep{1};

}  // namespace

Tray::Tray(client::ClientCore& core, QObject* parent)
    : QObject(parent)
    , m_core(core)
    , m_show(new QAction(this))
    , m_quit(new QAction(this))
    , m_separator(new QAction(this))
    , m_clock(new QTimer(this))
{
    using client::ClientCore;
    m_separator->setSeparator(true);
    m_clock->setObjectName(QStringLiteral("clock"));
    m_clock->setInterval(ClockStep);
    connect(m_clock, &QTimer::timeout, this, &Tray::refreshToolTip);
    connect(m_show, &QAction::triggered, this, &Tray::showRequested);
    connect(m_quit, &QAction::triggered, this, &Tray::quitRequested);
    connect(&core, &ClientCore::ready, this, &Tray::rebuild);
    connect(&core, &ClientCore::profilesChanged, this, &Tray::rebuild);
    connect(&core, &ClientCore::stateChanged, this, &Tray::refreshEntry);
    connect(&core, &ClientCore::trafficChanged, this, &Tray::refreshToolTip);
    connect(&m_icon, &QSystemTrayIcon::messageClicked, this, &Tray::notificationClicked);
    connect(&m_icon, &QSystemTrayIcon::activated, this, [this](QSystemTrayIcon::ActivationReason reason) {
        if (reason == QSystemTrayIcon::Trigger || reason == QSystemTrayIcon::DoubleClick)
            Q_EMIT showRequested();
    });
    m_menu.installEventFilter(this);
    retranslate();
    rebuild();
    m_icon.setContextMenu(&m_menu);
}

void Tray::notify(const QString& title, const QString& text, Phase phase)
{
    // Desktops may read the body as markup, and it may hold what a server has said.
    m_icon.showMessage(title, plain(text), phaseIcon(phase));
}

/// The panel keeps a copy of the menu: entries are changed in place while the list is the same.
void Tray::rebuild()
{
    for (const auto& [name, action] : m_entries)
        delete action;
    m_entries.clear();
    m_menu.clear();
    for (const client::ProfileEntry& entry : m_core.profiles()) {
        const std::string name = entry.profile.name;
        QAction* action = m_menu.addAction(QString());
        connect(action, &QAction::triggered, this, [this, name] { onProfile(name); });
        m_entries.emplace(name, action);
    }
    m_menu.addActions({m_separator, m_show, m_quit});
    m_separator->setVisible(!m_entries.empty());
    refresh();
}

void Tray::refresh()
{
    for (const auto& [name, action] : m_entries)
        refreshEntry(name);
    refreshToolTip();
    if (m_entries.empty())
        refreshEntry({});
}

void Tray::refreshEntry(const std::string& profile)
{
    const client::ProfileEntry* entry = m_core.find(profile);
    if (const auto action = m_entries.find(profile); entry != nullptr && action != m_entries.end()) {
        action->second->setText(menuText(*entry));
        action->second->setIcon(phaseIcon(phaseOf(*entry)));
        action->second->setEnabled(gui::present(*entry).action != Action::None);
    }
    const Phase phase = overallPhase(m_core.profiles());
    if (m_phase != phase)
        m_icon.setIcon(phaseIcon(phase));
    m_phase = phase;
    refreshToolTip();
}

void Tray::refreshToolTip()
{
    const auto& profiles = m_core.profiles();
    // The panel is told each time that it is set.
    if (const QString text = trayToolTip(profiles, QDateTime::currentDateTime()); text != m_icon.toolTip())
        m_icon.setToolTip(text);
    if (!std::ranges::any_of(profiles, isCountingDown))
        m_clock->stop();
    else if (!m_clock->isActive())
        m_clock->start();
}

void Tray::onProfile(const std::string& profile)
{
    const client::ProfileEntry* entry = m_core.find(profile);
    if (entry == nullptr)
        return;
    if (gui::present(*entry).action == Action::Disconnect)
        m_core.disconnectProfile(profile);
    else
        m_core.connectProfile(profile);
}

/// Of the menu: it is a window, so it hears of a new language, and this object doesn't.
bool Tray::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::LanguageChange)
        retranslate();
    return QObject::eventFilter(watched, event);
}

void Tray::retranslate()
{
    m_show->setText(tr("&Show window"));
    m_quit->setText(tr("&Quit"));
    refresh();
}

}  // namespace gvpn::gui
