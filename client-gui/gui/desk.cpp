#include "gui/desk.h"

#include "client/invitation_link.h"
#include "client/known_servers.h"
#include "client/sentences.h"
#include "gui/link_dialog.h"
#include "gui/log_window.h"
#include "gui/main_window.h"
#include "gui/password_dialog.h"
#include "gui/profile_dialog.h"
#include "gui/widgets.h"

#include <QFileDialog>
#include <QMessageBox>

#include <algorithm>

namespace gvpn::gui {

namespace {

constexpr int IconLinesHigh = 4;

/// The profile that the link will be used with, else one with its key, else one that knows the server by another key.
const client::ProfileEntry* findForLink(const client::ClientCore& core, const client::Invitation& link)
{
    const client::ProfileEntry* found = nullptr;
    for (const client::ProfileEntry& entry : core.profiles()) {
        if (client::servesLink(entry.profile, link))
            return &entry;
        if (!entry.profile.pin || client::serverKey(entry.profile.server) != client::serverKey(link.server))
            continue;
        if (found == nullptr || entry.profile.pin == link.pin)
            found = &entry;
    }
    return found;
}

}  // namespace

Desk::Desk(client::ClientCore& core, client::LogBook& log, MainWindow& window, QString version, QObject* parent)
    : QObject(parent)
    , m_core(core)
    , m_log(log)
    , m_window(window)
    , m_version(std::move(version))
{
    using client::ClientCore;
    connectCommands();
    connect(&core, &ClientCore::passwordNeeded, this, &Desk::askForPassword);
    connect(&core, &ClientCore::trustNeeded, this, &Desk::askForTrust);
    connect(&core, &ClientCore::stateChanged, this, &Desk::closeStaleQuestions);
}

Desk::~Desk() = default;

void Desk::connectCommands()
{
    connect(&m_window, &MainWindow::addByLinkRequested, this, &Desk::addByLink);
    connect(&m_window, &MainWindow::addByHandRequested, this, &Desk::addByHand);
    connect(&m_window, &MainWindow::importRequested, this, &Desk::importFile);
    connect(&m_window, &MainWindow::editRequested, this, &Desk::edit);
    connect(&m_window, &MainWindow::duplicateRequested, this, &Desk::duplicate);
    connect(&m_window, &MainWindow::exportRequested, this, &Desk::exportFile);
    connect(&m_window, &MainWindow::removeRequested, this, &Desk::remove);
    connect(&m_window, &MainWindow::logRequested, this, &Desk::showLog);
    connect(&m_window, &MainWindow::settingsRequested, this, &Desk::settingsRequested);
    connect(&m_window, &MainWindow::aboutRequested, this, &Desk::showAbout);
}

void Desk::takeLink(const QString& link)
{
    m_window.present();
    const auto invitation = client::parseInvitationLink(link.toStdString());
    if (invitation)
        askToEnrol(*invitation);
    else
        m_window.say(linkRefusal(invitation.error()));
}

void Desk::addByLink()
{
    auto* dialog = new LinkDialog(QString(), &m_window);
    connect(dialog, &LinkDialog::invited, this, &Desk::askToEnrol);
    connect(dialog, &LinkDialog::byHandRequested, this, &Desk::addByHand);
    dialog->open();
}

void Desk::addByHand()
{
    auto* dialog = new ProfileDialog(m_core, &m_window);
    connect(dialog, &ProfileDialog::saved, &m_window, &MainWindow::choose);
    dialog->open();
}

void Desk::edit(const QString& name)
{
    const client::ProfileEntry* entry = m_core.find(name.toStdString());
    if (entry == nullptr)
        return;
    auto* dialog = new ProfileDialog(m_core, *entry, &m_window);
    connect(dialog, &ProfileDialog::saved, &m_window, &MainWindow::choose);
    dialog->open();
}

client::ClientCore::ProfileDone Desk::chooses()
{
    return [self = QPointer(this)](const Result<client::Profile>& result) {
        if (self && result)
            self->m_window.choose(QString::fromStdString(result->name));
        else if (self)
            self->m_window.say(client::sentenceForProfile(result.error(), client::Audience::Window));
    };
}

void Desk::duplicate(const QString& name)
{
    m_core.duplicate(name.toStdString(), chooses());
}

void Desk::remove(const QString& name)
{
    const client::ProfileEntry* entry = m_core.find(name.toStdString());
    if (entry == nullptr)
        return;
    connect(&ask(removalQuestion(*entry)), &QDialog::accepted, this, [this, name] {
        m_core.remove(name.toStdString(), [self = QPointer(this)](const Result<void>& result) {
            if (self && !result)
                self->m_window.say(client::sentenceForProfile(result.error(), client::Audience::Window));
        });
    });
}

QFileDialog& Desk::openFileDialog(const QString& title)
{
    auto* dialog = new QFileDialog(&m_window, title);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setNameFilters({tr("gvpn profiles (*.json)"), tr("All files (*)")});
    return *dialog;
}

void Desk::importFile()
{
    QFileDialog& dialog = openFileDialog(tr("Import a profile"));
    dialog.setFileMode(QFileDialog::ExistingFile);
    connect(&dialog, &QFileDialog::fileSelected, this,
            [this](const QString& path) { m_core.importFile(path, chooses()); });
    dialog.open();
}

void Desk::exportFile(const QString& name)
{
    QFileDialog& dialog = openFileDialog(tr("Export %1").arg(name));
    dialog.setAcceptMode(QFileDialog::AcceptSave);
    dialog.setDefaultSuffix(QStringLiteral("json"));
    dialog.selectFile(QString(name).replace(QLatin1Char('/'), QLatin1Char('_')));
    connect(&dialog, &QFileDialog::fileSelected, this, [this, name](const QString& path) {
        m_core.exportFile(name.toStdString(), path, [self = QPointer(this), path](const Result<void>& result) {
            if (self)
                self->m_window.say(result ? tr("Written to %1, without passwords and keys.").arg(path)
                                          : client::sentenceForProfile(result.error(), client::Audience::Window));
        });
    });
    dialog.open();
}

QuestionDialog& Desk::ask(const Question& question)
{
    auto* dialog = new QuestionDialog(question, &m_window);
    dialog->open();
    // The window may just have asked for the focus itself.
    dialog->raise();
    dialog->activateWindow();
    return *dialog;
}

/// A page full of links must not bury a person in questions.
void Desk::askToEnrol(const client::Invitation& invitation)
{
    m_window.present();
    if (m_enrolment && m_enrolment->isVisible()) {
        m_enrolment->raise();
        m_window.say(tr("Another link came meanwhile and was ignored: answer this question first."));
        return;
    }
    m_enrolment =
        &ask(enrolmentQuestion(invitation, findForLink(m_core, invitation), m_core.trustedKey(invitation.server)));
    connect(m_enrolment, &QDialog::accepted, this, [this, invitation] { m_core.enrol(invitation, chooses()); });
}

void Desk::askForPassword(const client::PasswordQuestion& question)
{
    auto& open = m_passwords[question.profile];
    if (open)
        return;
    m_window.present();
    auto* dialog = new PasswordDialog(question, &m_window);
    open = dialog;
    connect(dialog, &PasswordDialog::answered, this,
            [this, profile = question.profile](const auto& password, const std::string& user, bool remember) {
                m_passwords.erase(profile);
                m_core.answerPassword(profile, password, user, remember);
            });
    dialog->open();
}

void Desk::askForTrust(const std::string& profile, const Pin& presented)
{
    const client::ProfileEntry* entry = m_core.find(profile);
    auto& open = m_trusts[profile];
    if (entry == nullptr || open)
        return;
    m_window.present();
    open = &ask(trustQuestion(*entry, presented));
    connect(open, &QDialog::finished, this, [this, profile, presented](int result) {
        m_trusts.erase(profile);
        m_core.answerTrust(profile, result == QDialog::Accepted ? std::optional(presented) : std::nullopt);
    });
}

/// What the next run asks must not be answered in a dialog of this one: it may show another key.
void Desk::closeStaleQuestions(const std::string& profile)
{
    const client::ProfileEntry* entry = m_core.find(profile);
    if (entry != nullptr && entry->isPreparing)
        return;
    for (auto* questions : {&m_passwords, &m_trusts}) {
        const auto question = questions->extract(profile);
        if (question.empty() || !question.mapped())
            continue;
        question.mapped()->disconnect(this);
        question.mapped()->reject();
    }
}

void Desk::askToQuit(int tunnels, std::function<void()> yes)
{
    m_window.present();
    if (m_quit && m_quit->isVisible())
        return;
    m_quit = &ask(quitQuestion(tunnels));
    connect(m_quit, &QDialog::accepted, this, std::move(yes));
}

void Desk::showLog()
{
    if (!m_logWindow)
        m_logWindow = std::make_unique<LogWindow>(m_log);
    m_logWindow->show();
    m_logWindow->raise();
    m_logWindow->activateWindow();
}

void Desk::showAbout()
{
    auto* box = new QMessageBox(&m_window);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(tr("About gvpn"));
    box->setTextFormat(Qt::PlainText);
    const int side = m_window.fontMetrics().height() * IconLinesHigh;
    box->setIconPixmap(m_window.windowIcon().pixmap(QSize(side, side), m_window.devicePixelRatioF()));
    box->setText(tr("gvpn %1").arg(m_version));
    box->setInformativeText(tr("Connects this computer to an office network through one encrypted connection.\n"
                               "Free software: GNU General Public License, version 3 or later."));
    box->addButton(tr("&Close"), QMessageBox::AcceptRole);
    box->open();
}

}  // namespace gvpn::gui
