#include "clicking.h"
#include "fake_core.h"
#include "gui/icons.h"
#include "gui/main_window.h"
#include "gui/profile_list_model.h"
#include "gui/throughput_graph.h"
#include "gui/tray.h"

#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QListView>
#include <QProgressBar>
#include <QSignalSpy>
#include <QWindow>

#include <algorithm>

using namespace gvpn;
using namespace gvpn::gui;
using namespace gvpn::test;
using namespace std::chrono_literals;

class TestGuiWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void invitesToAddTheFirstProfile();
    void connectsAndDisconnectsByTheLargeButton();
    void connectsByKeyboardAlone();
    void showsTheStageWhileItConnects();
    void countsOnlyForSomebodyWhoLooks();
    void countsDownInTheTraysToolTip();
    void showsTheFactsOfAConnection();
    void showsTheSentenceOfAFailureAndCopiesIt();
    void showsMarkupAsText();
    void keepsTheChoiceWhenTheListChanges();
    void choosesAProfileThatIsStillToCome();
    void namesBrokenFiles();
    void offersCommandsOnlyForAProfile();
    void hidesOnlyIfThereIsATray();
    void hasANameForEverythingThatTakesTheFocus();
    void leavesTheKeyboardToAQuestion();
    void tellsAScreenReaderWhatItShows();
    void keepsWhatWasSaidUntilItIsClosed();
    void goesFromTheListToTheLargeButton();
    void hasAnIconForEachPhase();
    void drawsWithTheThemesColours();
    void listsStatesAtAGlance();
    void connectsByTheTraysMenu();
};

void TestGuiWindow::invitesToAddTheFirstProfile()
{
    FakeCore core;
    MainWindow window(core, QStringLiteral("1"));
    const QSignalSpy asked(&window, &MainWindow::addByLinkRequested);
    window.present();
    click(window, "emptyAdd");
    QCOMPARE(asked.count(), 1);
}

void TestGuiWindow::connectsAndDisconnectsByTheLargeButton()
{
    FakeCore core;
    core.put("Office");
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    click(window, "connectButton");
    core.put("Office", connected());
    click(window, "connectButton");
    QCOMPARE(core.calls, texts({"connect Office", "disconnect Office"}));
    core.put("Office", client::Disconnecting{});
    QVERIFY(!window.findChild<QPushButton*>(QStringLiteral("connectButton"))->isEnabled());
}

void TestGuiWindow::connectsByKeyboardAlone()
{
    FakeCore core;
    core.put("A");
    core.put("B");
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    auto* list = window.findChild<QListView*>(QStringLiteral("profiles"));
    list->setFocus();
    QTest::keyClick(list, Qt::Key_Down);
    QCOMPARE(window.chosen(), QStringLiteral("B"));
    QTest::keyClick(window.findChild<QPushButton*>(QStringLiteral("connectButton")), Qt::Key_Space);
    QCOMPARE(core.calls, texts({"connect B"}));
}

void TestGuiWindow::showsTheStageWhileItConnects()
{
    FakeCore core;
    core.put("Office", connecting(client::Stage::Login));
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    auto* progress = window.findChild<QProgressBar*>();
    QVERIFY(progress->isVisible());
    QCOMPARE(progress->value(), 4);
    QCOMPARE(textOf(window, "detail"), stageText(client::Stage::Login));
    core.put("Office", connected());
    QVERIFY(!progress->isVisible());
}

void TestGuiWindow::countsOnlyForSomebodyWhoLooks()
{
    FakeCore core;
    core.put("Office", waiting(30s));
    core.entryOf("Office")->retryAt = QDateTime::currentDateTime().addSecs(30);
    MainWindow window(core, QStringLiteral("1"));
    auto* clock = window.findChild<QTimer*>(QStringLiteral("clock"));
    QVERIFY(!clock->isActive());
    window.present();
    QVERIFY(clock->isActive());
    clock->setInterval(0);
    core.entryOf("Office")->retryAt = QDateTime::currentDateTime().addSecs(5);
    QTRY_COMPARE(textOf(window, "headline"), QStringLiteral("Waiting: next try in 5 second(s)"));
    window.hide();
    QVERIFY(!clock->isActive());
    window.present();
    core.put("Office", client::Disconnected{});
    QVERIFY(!clock->isActive());
    core.put("Home", waiting(30s));
    QVERIFY(clock->isActive());
}

void TestGuiWindow::countsDownInTheTraysToolTip()
{
    FakeCore core;
    core.put("Office", waiting(30s));
    Tray tray(core);
    auto* clock = tray.findChild<QTimer*>(QStringLiteral("clock"));
    QVERIFY(clock->isActive());
    core.entryOf("Office")->retryAt = QDateTime::currentDateTime().addSecs(5);
    clock->setInterval(0);
    QTRY_VERIFY(tray.toolTip().contains(QStringLiteral("in 5 second")));
    core.put("Office", connected());
    QVERIFY(!clock->isActive());
}

void TestGuiWindow::showsTheFactsOfAConnection()
{
    FakeCore core;
    core.put("Office", connected());
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    core.entryOf("Office")->traffic = {.bytesUp = 1000, .bytesDown = 2'000'000, .roundTrip = 38ms};
    Q_EMIT core.trafficChanged("Office");
    const auto isShown = [&window](const char* text) {
        const auto labels = window.findChildren<QLabel*>();
        return std::ranges::any_of(labels, [text](const QLabel* label) {
            return label->isVisible() && label->text() == QString::fromUtf8(text);
        });
    };
    for (const char* text : {"10.86.0.2", "172.17.0.0/16", "office.example.com:443", "2.0 MB", "38 ms"})
        QTRY_VERIFY2(isShown(text), text);
}

void TestGuiWindow::showsTheSentenceOfAFailureAndCopiesIt()
{
    FakeCore core;
    core.put("Office", failed());
    MainWindow window(core, QStringLiteral("9.8.7"));
    window.present();
    QVERIFY(textOf(window, "detail").contains(QStringLiteral("connection refused")));
    click(window, "copyDetails");
    QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("9.8.7")));
    core.put("Office", client::Disconnected{});
    QVERIFY(!window.findChild<QPushButton*>(QStringLiteral("copyDetails"))->isVisible());
}

void TestGuiWindow::showsMarkupAsText()
{
    FakeCore core;
    core.put("<b>x</b>");
    core.entries.front().remarks = {QStringLiteral("<img src=x>")};
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    for (const QLabel* label : window.findChildren<QLabel*>()) {
        if (label->text().contains(QLatin1Char('<')))
            QCOMPARE(label->textFormat(), Qt::PlainText);
    }
    QCOMPARE(textOf(window, "remarks"), QStringLiteral("<img src=x>"));
}

void TestGuiWindow::keepsTheChoiceWhenTheListChanges()
{
    FakeCore core;
    core.put("A");
    core.put("B");
    MainWindow window(core, QStringLiteral("1"));
    window.choose(QStringLiteral("B"));
    core.entries.insert(core.entries.begin(), {.profile = profileNamed("0")});
    Q_EMIT core.profilesChanged();
    QCOMPARE(window.chosen(), QStringLiteral("B"));
    core.entries.pop_back();
    Q_EMIT core.profilesChanged();
    QCOMPARE(window.chosen(), QStringLiteral("0"));
    core.entries.clear();
    Q_EMIT core.profilesChanged();
    QCOMPARE(window.chosen(), QString());
}

void TestGuiWindow::choosesAProfileThatIsStillToCome()
{
    FakeCore core;
    core.put("A");
    MainWindow window(core, QStringLiteral("1"));
    window.choose(QStringLiteral("New"));
    core.put("New");
    QCOMPARE(window.chosen(), QStringLiteral("New"));
}

void TestGuiWindow::namesBrokenFiles()
{
    FakeCore core;
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    core.broken = {{ErrorCode::Malformed, "Old.json: it is no JSON object"}};
    core.put("Good");
    QVERIFY(textOf(window, "brokenFiles").contains(QStringLiteral("Old.json")));
    QVERIFY(window.findChild<QLabel*>(QStringLiteral("brokenFiles"))->isVisible());
    QCOMPARE(window.chosen(), QStringLiteral("Good"));
}

void TestGuiWindow::offersCommandsOnlyForAProfile()
{
    FakeCore core;
    MainWindow window(core, QStringLiteral("1"));
    QVERIFY(!command(window, QStringLiteral("Edit …"))->isEnabled());
    core.put("Office");
    const QSignalSpy edited(&window, &MainWindow::editRequested);
    trigger(window, "Edit …");
    QCOMPARE(edited.value(0).value(0).toString(), QStringLiteral("Office"));
}

void TestGuiWindow::hidesOnlyIfThereIsATray()
{
    FakeCore core;
    MainWindow window(core, QStringLiteral("1"));
    const QSignalSpy quit(&window, &MainWindow::quitRequested);
    window.present();
    window.close();
    QVERIFY(window.isVisible());
    QCOMPARE(quit.count(), 1);
    window.setHidesOnClose(true);
    window.close();
    QVERIFY(!window.isVisible());
    QCOMPARE(quit.count(), 1);
}

void TestGuiWindow::hasANameForEverythingThatTakesTheFocus()
{
    FakeCore core;
    core.put("Office", failed());
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    int checked = 0;
    for (const QWidget* widget : window.findChildren<QWidget*>()) {
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        if ((widget->focusPolicy() & Qt::TabFocus) == 0 || !widget->isVisible())
            continue;
        ++checked;
        QVERIFY2(!widget->accessibleName().isEmpty() || (button != nullptr && !button->text().isEmpty()),
                 qPrintable(widget->objectName()));
    }
    QVERIFY(checked >= 4);
}

void TestGuiWindow::leavesTheKeyboardToAQuestion()
{
    FakeCore core;
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    QDialog question(&window);
    question.open();
    QVERIFY(QTest::qWaitForWindowActive(&question));
    window.present();
    QCoreApplication::processEvents();
    QCOMPARE(QGuiApplication::focusWindow(), question.windowHandle());
}

void TestGuiWindow::tellsAScreenReaderWhatItShows()
{
    FakeCore core;
    core.put("Office", connected());
    core.entries.front().remarks = {QStringLiteral("A remark.")};
    MainWindow window(core, QStringLiteral("1"));
    window.say(QStringLiteral("A notice."));
    window.present();
    QCOMPARE(unreadableTexts(window), QStringList());
}

void TestGuiWindow::keepsWhatWasSaidUntilItIsClosed()
{
    FakeCore core;
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    window.say(QStringLiteral("One."));
    window.say(QStringLiteral("Two."));
    window.say(QStringLiteral("One."));
    QCOMPARE(textOf(window, "noticeText"), QStringLiteral("Two.\nOne."));
    window.say(QStringLiteral("Three."));
    window.say(QStringLiteral("Four."));
    QCOMPARE(textOf(window, "noticeText"), QStringLiteral("One.\nThree.\nFour."));
    click(window, "noticeClose");
    QVERIFY(!window.findChild<QWidget*>(QStringLiteral("notice"))->isVisible());
    window.say(QStringLiteral("Five."));
    QCOMPARE(textOf(window, "noticeText"), QStringLiteral("Five."));
}

void TestGuiWindow::goesFromTheListToTheLargeButton()
{
    FakeCore core;
    core.put("Office", failed());
    MainWindow window(core, QStringLiteral("1"));
    window.present();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    QCOMPARE(QApplication::focusWidget()->objectName(), QStringLiteral("profiles"));
    QStringList order;
    for (int i = 0; i < 3; ++i) {
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        order.append(QApplication::focusWidget()->objectName());
    }
    QCOMPARE(order, texts({"connectButton", "copyDetails", "add"}));
}

void TestGuiWindow::hasAnIconForEachPhase()
{
    QSet<QByteArray> pictures;
    for (const Phase phase : {Phase::Disconnected, Phase::Connecting, Phase::Connected, Phase::Trouble}) {
        const QImage picture = phaseIcon(phase).pixmap(22).toImage().convertToFormat(QImage::Format_Alpha8);
        QVERIFY(!picture.isNull());
        // By the outline alone: not everybody sees colours.
        pictures.insert(QByteArray(reinterpret_cast<const char*>(picture.constBits()), picture.sizeInBytes()));
        QVERIFY(QFile::exists(QStringLiteral(":/icons/%1-symbolic.svg").arg(phaseIconName(phase))));
    }
    QCOMPARE(pictures.size(), 4);
    const QIcon inList = listIcon(Phase::Disconnected);
    QCOMPARE(inList.pixmap(32, QIcon::Selected).toImage(), inList.pixmap(32).toImage());
    QVERIFY(!programIcon().pixmap(64).isNull());
}

void TestGuiWindow::drawsWithTheThemesColours()
{
    // No colour of this theme has any green.
    QPalette theme(QColor(80, 0, 80), QColor(40, 0, 40));
    theme.setColor(QPalette::Base, Qt::black);
    theme.setColor(QPalette::Text, Qt::red);
    theme.setColor(QPalette::Highlight, Qt::blue);
    theme.setColor(QPalette::Mid, Qt::magenta);
    ThroughputGraph graph;
    graph.setPalette(theme);
    graph.resize(graph.sizeHint());
    ThroughputHistory history;
    for (unsigned i = 0; i < 20; ++i)
        history.add({.bytesUp = i * i * 10'000, .bytesDown = i * 500'000}, std::chrono::seconds(i));
    graph.setHistory(history);
    const QImage picture = graph.grab().toImage().convertToFormat(QImage::Format_RGB32);
    bool hasRed = false;
    bool hasBlue = false;
    for (int y = 0; y < picture.height(); ++y) {
        for (int x = 0; x < picture.width(); ++x) {
            const QRgb colour = picture.pixel(x, y);
            QVERIFY2(qGreen(colour) == 0, qPrintable(QStringLiteral("%1,%2: %3").arg(x).arg(y).arg(colour, 0, 16)));
            hasRed = hasRed || (qRed(colour) > 200 && qBlue(colour) < 50);
            hasBlue = hasBlue || (qBlue(colour) > 200 && qRed(colour) < 50);
        }
    }
    QVERIFY(hasRed && hasBlue);
}

void TestGuiWindow::listsStatesAtAGlance()
{
    FakeCore core;
    ProfileListModel model(core);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    core.put("A");
    core.put("B", connected());
    const QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    QCOMPARE(model.index(1).data().toString(), QStringLiteral("B\nConnected"));
    core.put("B", failed());
    QCOMPARE(changed.count(), 1);
    QCOMPARE(model.index(1).data(Qt::AccessibleTextRole).toString(), QStringLiteral("B: Could not connect"));
    // The core's list is ahead of its signal.
    core.entries.clear();
    QVERIFY(!model.index(1).data().isValid());
    QCOMPARE(model.rowCount(), 2);
}

void TestGuiWindow::connectsByTheTraysMenu()
{
    FakeCore core;
    core.put("A");
    core.put("B", connected());
    Tray tray(core);
    const QSignalSpy shown(&tray, &Tray::showRequested);
    const auto actions = tray.menu().actions();
    QCOMPARE(actions.size(), 5);
    QCOMPARE(actions[0]->text(), QStringLiteral("Connect A"));
    QCOMPARE(actions[1]->text(), QStringLiteral("Disconnect B (connected)"));
    actions[0]->trigger();
    actions[1]->trigger();
    QCOMPARE(core.calls, texts({"connect A", "disconnect B"}));
    core.put("B", client::Disconnecting{});
    QVERIFY(!tray.menu().actions()[1]->isEnabled());
    actions[3]->trigger();
    QCOMPARE(shown.count(), 1);
    QVERIFY(tray.toolTip().contains(QStringLiteral("B")));
}

QTEST_MAIN(TestGuiWindow)
#include "tst_gui_window.moc"
