#include "gui/main_window.h"

#include "client/sentences.h"
#include "gui/icons.h"
#include "gui/profile_list_model.h"
#include "gui/profile_page.h"
#include "gui/widgets.h"

#include <QApplication>
#include <QClipboard>
#include <QCloseEvent>
#include <QLabel>
#include <QListView>
#include <QMenuBar>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace gvpn::gui {

namespace {

constexpr std::chrono::seconds ClockStep{1};
/// Older ones go: the window is not for reading them all.
constexpr qsizetype MaxSaid = 3;

QPushButton* button(QWidget* parent, const char* name)
{
    auto* made = new QPushButton(parent);
    made->setObjectName(QLatin1String(name));
    return made;
}

std::chrono::milliseconds sinceEpoch()
{
    return std::chrono::milliseconds(QDateTime::currentMSecsSinceEpoch());
}

}  // namespace

MainWindow::MainWindow(client::ClientCore& core, QString version, QWidget* parent)
    : QMainWindow(parent)
    , m_core(core)
    , m_version(std::move(version))
    , m_model(new ProfileListModel(core, this))
    , m_list(new QListView(this))
    , m_page(new ProfilePage(this))
    , m_pages(new QStackedWidget(this))
    , m_emptyText(plainLabel(this))
    , m_emptyAdd(button(this, "emptyAdd"))
    , m_add(button(this, "add"))
    , m_notice(new QFrame(this))
    , m_noticeText(plainLabel(this))
    , m_noticeClose(button(this, "noticeClose"))
    , m_broken(plainLabel(this))
    , m_clock(new QTimer(this))
{
    using client::ClientCore;
    build();
    buildMenus();
    retranslate();
    connect(&core, &ClientCore::ready, this, &MainWindow::onProfilesChanged);
    connect(&core, &ClientCore::profilesChanged, this, &MainWindow::onProfilesChanged);
    connect(&core, &ClientCore::stateChanged, this, &MainWindow::refresh);
    connect(&core, &ClientCore::trafficChanged, this, &MainWindow::onTraffic);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, &MainWindow::refresh);
    connect(m_list, &QListView::activated, m_page, [this] { m_page->mainButton().setFocus(); });
    connect(m_page, &ProfilePage::connectRequested, this, [this] { m_core.connectProfile(chosen().toStdString()); });
    connect(m_page, &ProfilePage::disconnectRequested, this,
            [this] { m_core.disconnectProfile(chosen().toStdString()); });
    connect(m_page, &ProfilePage::copyRequested, this, &MainWindow::copyDetails);
    connect(m_clock, &QTimer::timeout, this, &MainWindow::onClock);
    m_clock->setObjectName(QStringLiteral("clock"));
    m_clock->setInterval(ClockStep);
    onProfilesChanged();
}

void MainWindow::build()
{
    setWindowIcon(programIcon());
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(m_page);
    scroll->setFocusPolicy(Qt::NoFocus);
    m_pages->addWidget(buildEmptyPage());
    m_pages->addWidget(scroll);
    auto* splitter = new QSplitter(this);
    splitter->addWidget(buildSide());
    splitter->addWidget(m_pages);
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    auto* all = new QWidget(this);
    auto* layout = new QVBoxLayout(all);
    layout->addWidget(buildNotice());
    layout->addWidget(splitter, 1);
    setCentralWidget(all);
    const int em = fontMetrics().height();
    resize(em * 46, em * 36);
    splitter->setSizes({em * 14, em * 32});
    QWidget* before = m_list;
    for (QWidget* next :
         {static_cast<QWidget*>(&m_page->mainButton()), static_cast<QWidget*>(&m_page->copyButton()),
          static_cast<QWidget*>(m_emptyAdd), static_cast<QWidget*>(m_add), static_cast<QWidget*>(m_noticeClose)}) {
        setTabOrder(before, next);
        before = next;
    }
    m_list->setFocus();
}

QWidget* MainWindow::buildSide()
{
    m_list->setModel(m_model);
    m_list->setObjectName(QStringLiteral("profiles"));
    m_list->setIconSize(QSize(fontMetrics().height() * 2, fontMetrics().height() * 2));
    m_list->setUniformItemSizes(true);
    m_list->setTextElideMode(Qt::ElideRight);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_broken->setObjectName(QStringLiteral("brokenFiles"));
    connect(m_add, &QPushButton::clicked, this, &MainWindow::addByLinkRequested);
    auto* side = new QWidget(this);
    auto* layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_list, 1);
    layout->addWidget(m_broken);
    layout->addWidget(m_add);
    return side;
}

QWidget* MainWindow::buildEmptyPage()
{
    auto* page = new QWidget(this);
    auto* icon = new QLabel(page);
    const int side = fontMetrics().height() * 5;
    icon->setPixmap(programIcon().pixmap(QSize(side, side), devicePixelRatioF()));
    m_emptyText->setAlignment(Qt::AlignCenter);
    connect(m_emptyAdd, &QPushButton::clicked, this, &MainWindow::addByLinkRequested);
    auto* layout = new QVBoxLayout(page);
    layout->addStretch();
    layout->addWidget(icon, 0, Qt::AlignCenter);
    layout->addWidget(m_emptyText);
    layout->addWidget(m_emptyAdd, 0, Qt::AlignCenter);
    layout->addStretch();
    return page;
}

QWidget* MainWindow::buildNotice()
{
    m_notice->setObjectName(QStringLiteral("notice"));
    m_noticeText->setObjectName(QStringLiteral("noticeText"));
    m_notice->setFrameShape(QFrame::StyledPanel);
    m_notice->setAutoFillBackground(true);
    m_notice->setBackgroundRole(QPalette::AlternateBase);
    m_noticeText->setForegroundRole(QPalette::Text);
    auto* icon = new QLabel(m_notice);
    const int side = fontMetrics().height() * 2;
    icon->setPixmap(
        style()->standardIcon(QStyle::SP_MessageBoxInformation).pixmap(QSize(side, side), devicePixelRatioF()));
    connect(m_noticeClose, &QPushButton::clicked, this, [this] {
        m_said.clear();
        m_notice->hide();
    });
    auto* layout = new QHBoxLayout(m_notice);
    layout->addWidget(icon);
    layout->addWidget(m_noticeText, 1);
    layout->addWidget(m_noticeClose);
    m_notice->hide();
    return m_notice;
}

QAction* MainWindow::addCommand(QMenu& menu, void (MainWindow::*signal)(), const QKeySequence& keys)
{
    QAction* action = menu.addAction(QString());
    action->setShortcut(keys);
    connect(action, &QAction::triggered, this, [this, signal] { Q_EMIT(this->*signal)(); });
    return action;
}

QAction* MainWindow::addProfileCommand(QMenu& menu, void (MainWindow::*signal)(const QString&),
                                       const QKeySequence& keys)
{
    QAction* action = menu.addAction(QString());
    action->setShortcut(keys);
    connect(action, &QAction::triggered, this, [this, signal] { Q_EMIT(this->*signal)(chosen()); });
    return action;
}

void MainWindow::buildMenus()
{
    m_profileMenu = menuBar()->addMenu(QString());
    m_addByLink = addCommand(*m_profileMenu, &MainWindow::addByLinkRequested, QKeySequence::New);
    m_addByHand = addCommand(*m_profileMenu, &MainWindow::addByHandRequested);
    m_import = addCommand(*m_profileMenu, &MainWindow::importRequested, QKeySequence::Open);
    m_profileMenu->addSeparator();
    m_edit = addProfileCommand(*m_profileMenu, &MainWindow::editRequested, Qt::Key_F2);
    m_duplicate = addProfileCommand(*m_profileMenu, &MainWindow::duplicateRequested);
    m_export = addProfileCommand(*m_profileMenu, &MainWindow::exportRequested, QKeySequence::SaveAs);
    m_remove = addProfileCommand(*m_profileMenu, &MainWindow::removeRequested, QKeySequence::Delete);
    // Only where a profile is chosen: Delete means something else in a text.
    m_remove->setShortcutContext(Qt::WidgetShortcut);
    m_list->addAction(m_remove);
    m_list->addActions({m_edit, m_duplicate, m_export});
    m_list->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_profileMenu->addSeparator();
    m_quit = addCommand(*m_profileMenu, &MainWindow::quitRequested, QKeySequence::Quit);
    m_toolsMenu = menuBar()->addMenu(QString());
    m_log = addCommand(*m_toolsMenu, &MainWindow::logRequested, Qt::CTRL | Qt::Key_L);
    m_settings = addCommand(*m_toolsMenu, &MainWindow::settingsRequested, QKeySequence::Preferences);
    m_helpMenu = menuBar()->addMenu(QString());
    m_about = addCommand(*m_helpMenu, &MainWindow::aboutRequested);
}

void MainWindow::retranslate()
{
    setWindowTitle(tr("gvpn"));
    m_list->setAccessibleName(tr("Profiles"));
    m_emptyText->setText(tr("No office network yet.\nAdd one with the link that you got from its administrator."));
    m_emptyAdd->setText(tr("Add with a &link …"));
    m_add->setText(tr("&Add …"));
    m_add->setToolTip(tr("Add a network with the link that you got"));
    m_noticeClose->setText(tr("&Got it"));
    m_profileMenu->setTitle(tr("&Profile"));
    m_addByLink->setText(tr("&Add with a link …"));
    m_addByHand->setText(tr("Add by &hand …"));
    m_import->setText(tr("&Import …"));
    m_edit->setText(tr("&Edit …"));
    m_duplicate->setText(tr("D&uplicate"));
    m_export->setText(tr("E&xport …"));
    m_remove->setText(tr("&Delete …"));
    m_quit->setText(tr("&Quit"));
    m_toolsMenu->setTitle(tr("&Tools"));
    m_log->setText(tr("&Log"));
    m_settings->setText(tr("&Settings …"));
    m_helpMenu->setTitle(tr("&Help"));
    m_about->setText(tr("&About gvpn"));
    showBrokenFiles();
}

void MainWindow::present()
{
    setWindowState(windowState() & ~Qt::WindowMinimized);
    show();
    raise();
    // A question keeps the keyboard: the window behind it takes none.
    QWidget* question = QApplication::activeModalWidget();
    QWidget* front = question != nullptr ? question : this;
    front->raise();
    front->activateWindow();
}

void MainWindow::choose(const QString& name)
{
    m_wanted = name;
    if (const int row = m_model->rowOf(name); row >= 0) {
        m_list->setCurrentIndex(m_model->index(row));
        m_wanted.clear();
    }
}

QString MainWindow::chosen() const
{
    return m_list->currentIndex().data(ProfileListModel::NameRole).toString();
}

void MainWindow::say(const QString& sentence)
{
    m_said.removeAll(sentence);
    m_said.append(sentence);
    if (m_said.size() > MaxSaid)
        m_said.removeFirst();
    m_noticeText->setText(m_said.join(QLatin1Char('\n')));
    m_notice->show();
}

/// The model has been reset, which has forgotten the choice.
void MainWindow::onProfilesChanged()
{
    const QString before = m_wanted.isEmpty() ? m_shown : m_wanted;
    if (m_model->rowOf(before) >= 0)
        choose(before);
    else if (m_model->rowCount() > 0)
        m_list->setCurrentIndex(m_model->index(0));
    std::erase_if(m_histories, [this](const auto& one) { return m_core.find(one.first) == nullptr; });
    showBrokenFiles();
    refresh();
}

void MainWindow::onTraffic(const std::string& profile)
{
    if (const client::ProfileEntry* entry = m_core.find(profile))
        m_histories[profile].add(entry->traffic, sinceEpoch());
    if (chosen().toStdString() == profile)
        refresh();
}

void MainWindow::refresh()
{
    const std::string name = chosen().toStdString();
    const client::ProfileEntry* entry = m_core.find(name);
    for (QAction* action : {m_edit, m_duplicate, m_export, m_remove})
        action->setEnabled(entry != nullptr);
    m_pages->setCurrentIndex(entry != nullptr ? 1 : 0);
    runClock();
    if (entry == nullptr)
        return;
    m_shown = chosen();
    m_page->display(*entry, m_histories[name], QDateTime::currentDateTime());
    if (phaseOf(*entry) != Phase::Connected)
        m_histories[name].clear();
}

/// Nothing is counted for nobody.
void MainWindow::runClock()
{
    const client::ProfileEntry* entry = m_core.find(chosen().toStdString());
    const bool isConnected = entry != nullptr && phaseOf(*entry) == Phase::Connected;
    const bool isNeeded = isConnected || std::ranges::any_of(m_core.profiles(), isCountingDown);
    if (!isNeeded || !isVisible() || isMinimized())
        m_clock->stop();
    else if (!m_clock->isActive())
        m_clock->start();
}

void MainWindow::onClock()
{
    m_model->countDown();
    refresh();
}

void MainWindow::copyDetails()
{
    if (const client::ProfileEntry* entry = m_core.find(chosen().toStdString()))
        QApplication::clipboard()->setText(detailsToCopy(*entry, QDateTime::currentDateTimeUtc(), m_version));
}

void MainWindow::showBrokenFiles()
{
    QStringList sentences;
    for (const Error& error : m_core.brokenFiles())
        sentences.append(client::sentenceForProfile(error, client::Audience::Window));
    m_broken->setText(sentences.join(QLatin1Char('\n')));
    m_broken->setVisible(!sentences.isEmpty());
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (m_hidesOnClose) {
        hide();
        event->accept();
        return;
    }
    event->ignore();
    Q_EMIT quitRequested();
}

void MainWindow::showEvent(QShowEvent* event)
{
    QMainWindow::showEvent(event);
    onClock();
}

void MainWindow::hideEvent(QHideEvent* event)
{
    QMainWindow::hideEvent(event);
    runClock();
}

void MainWindow::changeEvent(QEvent* event)
{
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::WindowStateChange)
        onClock();
    if (event->type() != QEvent::LanguageChange)
        return;
    retranslate();
    m_model->retranslate();
    refresh();
}

}  // namespace gvpn::gui
