#include "clicking.h"
#include "fake_core.h"
#include "gui/application.h"
#include "gui/question_dialog.h"
#include "gui/settings_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QSignalSpy>

using namespace gvpn;
using namespace gvpn::gui;
using namespace gvpn::test;

namespace {

QString link(unsigned char fill)
{
    return QStringLiteral("gvpn://office%1.example.com:443/?pin=%2")
        .arg(fill)
        .arg(QString::fromStdString(pinOf(fill).toString()));
}

struct TrayState {
    bool isThere = false;
    int polls = 0;
};

class FakeSelection final : public TraySelection {
public:
    explicit FakeSelection(TrayState& state)
        : m_state(state)
    {}
    bool poll() override
    {
        ++m_state.polls;
        return m_state.isThere;
    }

private:
    TrayState& m_state;
};

struct Running {
    FakeCore core;
    client::LogBook log;
    client::Settings kept;
    client::Settings keptBefore;
    std::optional<Error> keepingFails;
    Application application;
    TrayState tray;
    explicit Running(client::Settings settings = {.language = QStringLiteral("en")},
                     std::chrono::milliseconds trayStep = std::chrono::hours(1))
        : application({.core = core,
                       .log = log,
                       .settings = std::move(settings),
                       .keepSettings =
                           [this](const client::Settings& changed, const client::Settings& before, const auto& done) {
                               keptBefore = before;
                               if (!keepingFails)
                                   kept = changed;
                               done(keepingFails ? fail(*keepingFails) : Result<void>());
                           },
                       .traySelection = std::make_unique<FakeSelection>(tray),
                       .trayStep = trayStep,
                       .version = QStringLiteral("1"),
                       .endTime = std::chrono::milliseconds(20)})
    {}
    MainWindow& window() { return application.window(); }
};

}  // namespace

class TestGuiApplication : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void startsWithAWindow();
    void startsHidden_data();
    void startsHidden();
    void asksAboutTheLinkOfTheStart();
    void asksAboutALinkThatIsHandedOver();
    void comesToTheFrontForAnotherStart();
    void quitsAtOnceWithoutATunnel();
    void asksBeforeItEndsATunnel();
    void asksNothingWhenThePersonLogsOut();
    void endsWithTheSession();
    void finishesAfterTheFarewellOnly();
    void finishesWithoutAFarewellInTheEnd();
    void comesBackWhenTheTrayGoes();
    void changesTheLanguageWhileItRuns();
    void saysThatSettingsWereNotKept();
    void tellsOfNewNetworks();
    void tellsOfAKeyringThatIsLocked();
};

void TestGuiApplication::startsWithAWindow()
{
    Running running;
    running.application.start({});
    QVERIFY(running.window().isVisible());
    QCOMPARE(running.core.calls, texts({"start connecting"}));
}

void TestGuiApplication::startsHidden_data()
{
    QTest::addColumn<bool>("byOption");
    QTest::addColumn<bool>("bySettings");
    QTest::newRow("--hidden") << true << false;
    QTest::newRow("settings") << false << true;
}

void TestGuiApplication::startsHidden()
{
    QFETCH(bool, byOption);
    QFETCH(bool, bySettings);
    Running running({.startsHidden = bySettings, .language = QStringLiteral("en")});
    running.application.start({.isHidden = byOption});
    QVERIFY(!running.window().isVisible());
}

void TestGuiApplication::asksAboutTheLinkOfTheStart()
{
    Running running({.startsHidden = true, .language = QStringLiteral("en")});
    running.application.start({.link = link(3)});
    QVERIFY(running.window().isVisible());
    auto* question = openWindow<QuestionDialog>();
    QVERIFY(question != nullptr);
    question->reject();
}

void TestGuiApplication::asksAboutALinkThatIsHandedOver()
{
    Running running;
    // Before the profiles are known, nobody could say whether it is one of them.
    running.application.handle({.link = link(3)});
    QCOMPARE(openDialogs(), 0);
    running.application.start({.link = link(4)});
    click(*openWindow<QuestionDialog>(), "no");
    QTRY_COMPARE(openDialogs(), 0);
    running.application.handle({.link = link(5)});
    click(*openWindow<QuestionDialog>(), "yes");
    QCOMPARE(running.core.enrolled->pin, pinOf(5));
}

void TestGuiApplication::comesToTheFrontForAnotherStart()
{
    Running running;
    running.application.start({.isHidden = true});
    running.application.handle({.isHidden = true});
    QVERIFY(!running.window().isVisible());
    running.application.handle({});
    QVERIFY(running.window().isVisible());
}

void TestGuiApplication::quitsAtOnceWithoutATunnel()
{
    Running running;
    running.core.put("Office", failed());
    running.application.start({});
    const QSignalSpy finished(&running.application, &Application::finished);
    running.window().close();
    QCOMPARE(openDialogs(), 0);
    QVERIFY(running.core.calls.contains(QStringLiteral("disconnectAll")));
    running.core.allDisconnected();
    QCOMPARE(finished.count(), 1);
}

void TestGuiApplication::asksBeforeItEndsATunnel()
{
    Running running;
    running.core.put("Office", connected());
    running.application.start({});
    running.application.quit();
    click(*openWindow<QuestionDialog>(), "no");
    QVERIFY(!running.core.calls.contains(QStringLiteral("disconnectAll")));
    QTRY_COMPARE(openDialogs(), 0);
    running.application.quit();
    click(*openWindow<QuestionDialog>(), "yes");
    QVERIFY(running.core.calls.contains(QStringLiteral("disconnectAll")));
}

void TestGuiApplication::asksNothingWhenThePersonLogsOut()
{
    Running running;
    running.core.put("Office", connected());
    running.application.start({});
    running.application.end();
    running.application.end();
    running.application.quit();
    QCOMPARE(openDialogs(), 0);
    QCOMPARE(running.core.calls.count(QStringLiteral("disconnectAll")), 1);
    running.application.handle({.link = link(3)});
    QCOMPARE(openDialogs(), 0);
}

void TestGuiApplication::finishesAfterTheFarewellOnly()
{
    Running running;
    running.application.start({});
    const QSignalSpy ending(&running.application, &Application::ending);
    const QSignalSpy finished(&running.application, &Application::finished);
    running.application.end();
    QCOMPARE(ending.count(), 1);
    QCOMPARE(finished.count(), 0);
    running.core.allDisconnected();
    QCOMPARE(finished.count(), 1);
}

void TestGuiApplication::endsWithTheSession()
{
    Running running;
    running.core.put("Office", connected());
    running.application.start({});
    const QSignalSpy finished(&running.application, &Application::finished);
    QEvent quit(QEvent::Quit);
    QCoreApplication::sendEvent(qApp, &quit);
    QCOMPARE(openDialogs(), 0);
    QCOMPARE(running.core.calls.count(QStringLiteral("disconnectAll")), 1);
    running.core.allDisconnected();
    QCOMPARE(finished.count(), 1);
}

void TestGuiApplication::finishesWithoutAFarewellInTheEnd()
{
    Running running;
    running.application.start({});
    const QSignalSpy finished(&running.application, &Application::finished);
    running.application.end();
    QTRY_COMPARE(finished.count(), 1);
    running.core.allDisconnected();
    QCOMPARE(finished.count(), 1);
}

void TestGuiApplication::comesBackWhenTheTrayGoes()
{
    Running running({.language = QStringLiteral("en")}, std::chrono::milliseconds(1));
    running.tray.isThere = true;
    running.core.put("Office", connected());
    running.application.start({.isHidden = true});
    for (int i = 0; i < 2; ++i) {
        QTRY_VERIFY(running.tray.polls > 4);
        running.window().close();
        QVERIFY(!running.window().isVisible());
        QCOMPARE(openDialogs(), 0);
        running.tray.isThere = false;
        QTRY_VERIFY(running.window().isVisible());
        // Closing would be the end now.
        running.window().close();
        click(*openWindow<QuestionDialog>(), "no");
        QTRY_COMPARE(openDialogs(), 0);
        running.tray = {.isThere = true};
    }
}

void TestGuiApplication::changesTheLanguageWhileItRuns()
{
    Running running;
    running.core.put("Office");
    running.application.start({});
    auto* connectButton = running.window().findChild<QPushButton*>(QStringLiteral("connectButton"));
    QTRY_COMPARE(connectButton->text(), QStringLiteral("&Connect"));
    trigger(running.window(), "Settings …");
    auto* dialog = openWindow<SettingsDialog>();
    QVERIFY(dialog != nullptr);
    auto* language = dialog->findChild<QComboBox*>(QStringLiteral("language"));
    QTest::keyClick(language, Qt::Key_End);
    QTRY_VERIFY(connectButton->text() != QStringLiteral("&Connect"));
    QTRY_VERIFY(dialog->windowTitle() != QStringLiteral("Settings"));
    QCOMPARE(running.kept.language, QStringLiteral("zh_CN"));
    QTest::keyClick(language, Qt::Key_Up);
    QTRY_COMPARE(connectButton->text(), QStringLiteral("&Connect"));
    dialog->close();
}

void TestGuiApplication::saysThatSettingsWereNotKept()
{
    Running running;
    running.keepingFails = Error{ErrorCode::PermissionDenied, "gui.conf: permission denied"};
    running.application.start({});
    trigger(running.window(), "Settings …");
    auto* dialog = openWindow<SettingsDialog>();
    click(*dialog, "notifications");
    bool isSaid = false;
    for (const QLabel* label : dialog->findChildren<QLabel*>())
        isSaid = isSaid || (label->isVisible() && label->text().contains(QStringLiteral("gui.conf")));
    QVERIFY(isSaid);
    // What was not kept is tried again with the next change.
    click(*dialog, "notifications");
    QVERIFY(running.keptBefore.showsNotifications);
    running.keepingFails.reset();
    click(*dialog, "notifications");
    click(*dialog, "notifications");
    QVERIFY(!running.keptBefore.showsNotifications);
    dialog->close();
}

void TestGuiApplication::tellsOfNewNetworks()
{
    Running running;
    running.application.start({});
    const auto route = net::Prefix::parse("10.1.0.0/16").value();
    Q_EMIT running.core.routesNamed({.profile = "Office", .routes = {route}, .isFirst = true});
    QVERIFY(textOf(running.window(), "noticeText").contains(QStringLiteral("10.1.0.0/16")));
}

void TestGuiApplication::tellsOfAKeyringThatIsLocked()
{
    Running running;
    running.application.start({});
    Q_EMIT running.core.keyringUnavailable(QStringLiteral("The keyring is locked."));
    QCOMPARE(textOf(running.window(), "noticeText"), QStringLiteral("The keyring is locked."));
}

QTEST_MAIN(TestGuiApplication)
#include "tst_gui_application.moc"
