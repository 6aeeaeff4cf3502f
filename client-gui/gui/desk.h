// Opens the dialogs that a command, a link or the core asks for, and passes their answers on. None waits in a loop of
// its own; of each question there is one at most. GUI thread.
#pragma once

#include "client/client_core.h"
#include "client/log_book.h"
#include "gui/question_dialog.h"

#include <QObject>
#include <QPointer>

#include <functional>
#include <map>

class QFileDialog;

namespace gvpn::gui {

class LogWindow;
class MainWindow;

class Desk : public QObject {
    Q_OBJECT
public:
    Desk(client::ClientCore& core, client::LogBook& log, MainWindow& window, QString version,
         QObject* parent = nullptr);
    ~Desk() override;

    /// A link that was clicked or handed over: asks, if it is one.
    void takeLink(const QString& link);
    /// Disconnects and ends are asked for once.
    void askToQuit(int tunnels, std::function<void()> yes);

Q_SIGNALS:
    void settingsRequested();

private:
    void connectCommands();
    void addByLink();
    void addByHand();
    void edit(const QString& name);
    void duplicate(const QString& name);
    void remove(const QString& name);
    void importFile();
    void exportFile(const QString& name);
    void askToEnrol(const client::Invitation& invitation);
    void askForPassword(const client::PasswordQuestion& question);
    void askForTrust(const std::string& profile, const Pin& presented);
    void closeStaleQuestions(const std::string& profile);
    void showLog();
    void showAbout();
    QuestionDialog& ask(const Question& question);
    QFileDialog& openFileDialog(const QString& title);
    /// Chooses the profile, or says why there is none.
    [[nodiscard]] client::ClientCore::ProfileDone chooses();

    client::ClientCore& m_core;
    client::LogBook& m_log;
    MainWindow& m_window;
    QString m_version;
    QPointer<QDialog> m_enrolment;
    QPointer<QDialog> m_quit;
    std::map<std::string, QPointer<QDialog>> m_passwords;
    std::map<std::string, QPointer<QDialog>> m_trusts;
    std::unique_ptr<LogWindow> m_logWindow;
};

}  // namespace gvpn::gui
