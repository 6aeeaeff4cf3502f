// The icon in the tray: its shape tells the state, its menu connects and disconnects. Made when there is a host for it
// (TrayHost). GUI thread.
#pragma once

#include "gui/presenter.h"

#include <QMenu>
#include <QSystemTrayIcon>
#include <QTimer>

#include <map>
#include <optional>

namespace gvpn::gui {

class Tray : public QObject {
    Q_OBJECT
public:
    explicit Tray(client::ClientCore& core, QObject* parent = nullptr);

    void show() { m_icon.show(); }
    /// title and text: plain.
    void notify(const QString& title, const QString& text, Phase phase);
    [[nodiscard]] QMenu& menu() { return m_menu; }
    [[nodiscard]] QString toolTip() const { return m_icon.toolTip(); }

Q_SIGNALS:
    void showRequested();
    void quitRequested();
    /// The notification was clicked.
    void notificationClicked();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void rebuild();
    void refresh();
    void refreshToolTip();
    void refreshEntry(const std::string& profile);
    void onProfile(const std::string& profile);
    void retranslate();

    client::ClientCore& m_core;
    QMenu m_menu;
    QAction* m_show;
    QAction* m_quit;
    QAction* m_separator;
    std::map<std::string, QAction*> m_entries;
    std::optional<Phase> m_phase;
    QTimer* m_clock;  // while the tooltip counts seconds
    QSystemTrayIcon m_icon;
};

}  // namespace gvpn::gui
