// The window: profiles on the left, the chosen one on the right, all commands in the menu bar. Shows the core's state
// and carries out what needs no dialog; the rest it asks for by signals (Desk opens the dialogs). GUI thread.
#pragma once

#include "gui/presenter.h"
#include "gui/throughput_history.h"

#include <QMainWindow>
#include <QTimer>

#include <map>

class QFrame;
class QLabel;
class QListView;
class QMenu;
class QPushButton;
class QStackedWidget;

namespace gvpn::gui {

class ProfileListModel;
class ProfilePage;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// version: for the details of a failure.
    MainWindow(client::ClientCore& core, QString version, QWidget* parent = nullptr);

    /// Shown, not minimised, in front.
    void present();
    void choose(const QString& name);
    /// Empty: none is chosen.
    [[nodiscard]] QString chosen() const;
    /// A sentence above everything, below those that nobody has closed yet. Plain text.
    void say(const QString& sentence);
    /// Without a tray, closing the window ends the program.
    void setHidesOnClose(bool hides) { m_hidesOnClose = hides; }

Q_SIGNALS:
    void addByLinkRequested();
    void addByHandRequested();
    void importRequested();
    void editRequested(const QString& name);
    void duplicateRequested(const QString& name);
    void exportRequested(const QString& name);
    void removeRequested(const QString& name);
    void logRequested();
    void settingsRequested();
    void aboutRequested();
    void quitRequested();

protected:
    void closeEvent(QCloseEvent* event) override;
    void changeEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void build();
    QWidget* buildSide();
    QWidget* buildEmptyPage();
    QWidget* buildNotice();
    void buildMenus();
    QAction* addCommand(QMenu& menu, void (MainWindow::*signal)(), const QKeySequence& keys = {});
    QAction* addProfileCommand(QMenu& menu, void (MainWindow::*signal)(const QString&), const QKeySequence& keys = {});
    void retranslate();
    void onProfilesChanged();
    void onTraffic(const std::string& profile);
    void refresh();
    void runClock();
    void onClock();
    void copyDetails();
    void showBrokenFiles();

    client::ClientCore& m_core;
    QString m_version;
    bool m_hidesOnClose = false;
    ProfileListModel* m_model;
    QListView* m_list;
    ProfilePage* m_page;
    QStackedWidget* m_pages;
    QLabel* m_emptyText;
    QPushButton* m_emptyAdd;
    QPushButton* m_add;
    QFrame* m_notice;
    QLabel* m_noticeText;
    QStringList m_said;  // what is in it
    QPushButton* m_noticeClose;
    QLabel* m_broken;
    QMenu* m_profileMenu = nullptr;
    QMenu* m_toolsMenu = nullptr;
    QMenu* m_helpMenu = nullptr;
    QAction* m_addByLink = nullptr;
    QAction* m_addByHand = nullptr;
    QAction* m_import = nullptr;
    QAction* m_edit = nullptr;
    QAction* m_duplicate = nullptr;
    QAction* m_export = nullptr;
    QAction* m_remove = nullptr;
    QAction* m_quit = nullptr;
    QAction* m_log = nullptr;
    QAction* m_settings = nullptr;
    QAction* m_about = nullptr;
    QString m_shown;   // survives a reset of the model
    QString m_wanted;  // chosen as soon as there is a profile of that name
    std::map<std::string, ThroughputHistory> m_histories;
    QTimer* m_clock;  // moves "connected for" and "next try in" on
};

}  // namespace gvpn::gui
