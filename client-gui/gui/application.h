// The tray application as a whole: window, tray, dialogs, notifications, and how it ends. Joins them; what they do is
// in them. GUI thread.
#pragma once

#include "client/client_core.h"
#include "client/log_book.h"
#include "client/settings.h"
#include "gui/desk.h"
#include "gui/language.h"
#include "gui/main_window.h"
#include "gui/notices.h"
#include "gui/notifier.h"
#include "gui/start_request.h"
#include "gui/tray.h"
#include "gui/tray_host.h"

#include <QPointer>
#include <QTimer>

#include <chrono>
#include <map>

namespace gvpn::gui {

class SettingsDialog;

struct ApplicationParts {
    client::ClientCore& core;
    client::LogBook& log;
    client::Settings settings;
    using Kept = std::function<void(const Result<void>& kept)>;
    /// before: what was given last. kept is called once, now or later from the event loop.
    std::function<void(const client::Settings& settings, const client::Settings& before, Kept kept)> keepSettings;
    std::unique_ptr<TraySelection> traySelection;  // may be null
    std::chrono::milliseconds trayStep{500};       // of TrayHost
    QString version;
    /// The most that ending may take, whatever happens to the network meanwhile.
    std::chrono::milliseconds endTime{10'000};
};

class Application : public QObject {
    Q_OBJECT
public:
    explicit Application(ApplicationParts parts, QObject* parent = nullptr);
    ~Application() override;

    void start(const StartRequest& request);
    /// Another start of the program wants something of this one.
    void handle(const StartRequest& request);
    /// Asks if a tunnel is up.
    void quit();
    /// Without a question: a signal, or the session is over. Puts the network back; finished() follows.
    void end();
    [[nodiscard]] MainWindow& window() { return m_window; }

Q_SIGNALS:
    /// It can't be stopped any more: handle() does nothing from now on.
    void ending();
    void finished();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void onTrayFound();
    void onTrayLost();
    void onTrayMissing();
    void onReady();
    void finish();
    void onStateChanged(const std::string& profile);
    void log(const client::ProfileEntry& entry);
    void announce(const std::string& profile, const Notice& notice);
    void onUnannounced(const Notice& notice);
    void showSettings();
    void onSettings(const client::Settings& settings);

    client::ClientCore& m_core;
    client::Settings m_settings;
    client::Settings m_kept;
    decltype(ApplicationParts::keepSettings) m_keepSettings;
    Language m_language;
    MainWindow m_window;
    Desk m_desk;
    TrayHost m_trayHost;
    std::unique_ptr<Tray> m_tray;
    Notices m_notices;
    Notifier m_notifier;
    std::map<std::string, QString> m_logged;  // the last line of each profile
    QPointer<SettingsDialog> m_settingsDialog;
    QString m_link;  // until the profiles are known
    QTimer m_endDeadline;
    bool m_isReady = false;
    bool m_isEnding = false;
    bool m_isFinished = false;
};

}  // namespace gvpn::gui
