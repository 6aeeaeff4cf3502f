#include "clicking.h"
#include "fake_core.h"
#include "gui/desk.h"
#include "gui/link_dialog.h"
#include "gui/log_window.h"
#include "gui/main_window.h"
#include "gui/password_dialog.h"
#include "gui/profile_dialog.h"
#include "gui/question_dialog.h"

#include <QClipboard>
#include <QFileDialog>
#include <QLineEdit>
#include <QMessageBox>
#include <QTemporaryDir>

using namespace gvpn;
using namespace gvpn::gui;
using namespace gvpn::test;

namespace {

QString link()
{
    return QStringLiteral("gvpn://office.example.com:443/?pin=%1").arg(QString::fromStdString(pinOf(7).toString()));
}

struct Place {
    FakeCore core;
    client::LogBook log;
    MainWindow window{core, QStringLiteral("1")};
    Desk desk{core, log, window, QStringLiteral("1")};
};

}  // namespace

class TestGuiDesk : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup();
    void enrolsAfterAYes();
    void warnsOfAnotherKeyOfTheServer_data();
    void warnsOfAnotherKeyOfTheServer();
    void namesTheProfileThatTheLinkIsUsedWith();
    void enrolsNothingAfterANo();
    void asksAboutOneLinkAtATime();
    void saysThatALinkIsNone();
    void leadsFromAddToTheQuestion();
    void leadsFromAddToTheForm();
    void passesThePasswordOn();
    void asksForOnePasswordAProfile();
    void passesTheTrustOn_data();
    void passesTheTrustOn();
    void trustsTheKeyThatIsShown();
    void closesWhatARunAskedWhenItIsOver();
    void deletesAfterAYesOnly();
    void saysWhatCouldNotBeDone();
    void importsAndExports();
    void choosesTheDuplicate();
    void asksToQuitOnce();
    void showsLogAndAbout();
};

void TestGuiDesk::cleanup()
{
    QTRY_VERIFY(openDialogs() == 0);
}

void TestGuiDesk::enrolsAfterAYes()
{
    Place place;
    place.desk.takeLink(link());
    auto* question = openWindow<QuestionDialog>();
    QVERIFY(question != nullptr);
    QVERIFY(place.core.calls.isEmpty());
    click(*question, "yes");
    QCOMPARE(place.core.calls, texts({"enrol office.example.com"}));
    QCOMPARE(place.core.enrolled->pin, pinOf(7));
    // Nothing connects by itself.
    place.core.put("office.example.com");
    QCOMPARE(place.window.chosen(), QStringLiteral("office.example.com"));
    QCOMPARE(place.core.calls.size(), 1);
}

void TestGuiDesk::warnsOfAnotherKeyOfTheServer_data()
{
    QTest::addColumn<QList<int>>("pins");  // of profiles for the server; 0: none
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("known");
    QTest::addColumn<bool>("warns");
    const QString host = QStringLiteral("office.example.com");
    QTest::newRow("new") << QList<int>{} << host << 0 << false;
    QTest::newRow("the same") << QList{7} << host << 7 << false;
    QTest::newRow("another") << QList{8} << host << 8 << true;
    QTest::newRow("in other letters") << QList{8} << "OFFICE.example.COM" << 8 << true;
    QTest::newRow("behind one without a key") << QList{0, 8} << host << 0 << true;
    QTest::newRow("behind another one") << QList{8, 7} << host << 8 << false;
    QTest::newRow("without a profile") << QList<int>{} << host << 8 << true;
}

void TestGuiDesk::warnsOfAnotherKeyOfTheServer()
{
    QFETCH(QList<int>, pins);
    QFETCH(QString, host);
    QFETCH(int, known);
    QFETCH(bool, warns);
    const auto pin = [](int fill) {
        return fill == 0 ? std::nullopt : std::optional(pinOf(static_cast<unsigned char>(fill)));
    };
    Place place;
    place.core.known = pin(known);
    for (const int fill : pins) {
        const std::string name = "Office" + std::to_string(fill);
        place.core.put(name);
        place.core.entryOf(name)->profile.server = {host.toStdString(), 443};
        place.core.entryOf(name)->profile.pin = pin(fill);
    }
    place.desk.takeLink(link());
    auto* question = openWindow<QuestionDialog>();
    bool isWarned = false;
    for (const QLabel* label : question->findChildren<QLabel*>())
        isWarned = isWarned || label->text().contains(QStringLiteral("ANOTHER"));
    question->reject();
    QCOMPARE(isWarned, warns);
}

void TestGuiDesk::namesTheProfileThatTheLinkIsUsedWith()
{
    Place place;
    for (const char* name : {"Waiting", "Used"}) {
        place.core.put(name);
        place.core.entryOf(name)->profile.server = {"office.example.com", 443};
        place.core.entryOf(name)->profile.pin = pinOf(7);
    }
    place.core.entryOf("Waiting")->profile.invite = SharedSecret(SecretBytes(asBytes("another one")));
    place.desk.takeLink(link() + QStringLiteral("&invite=") + QString(22, QLatin1Char('A')));
    auto* question = openWindow<QuestionDialog>();
    QString said;
    for (const QLabel* label : question->findChildren<QLabel*>())
        said += label->text();
    question->reject();
    QVERIFY2(said.contains(QStringLiteral("Used")), qPrintable(said));
    QVERIFY2(!said.contains(QStringLiteral("Waiting")), qPrintable(said));
}

void TestGuiDesk::enrolsNothingAfterANo()
{
    Place place;
    place.desk.takeLink(link());
    click(*openWindow<QuestionDialog>(), "no");
    QVERIFY(place.core.calls.isEmpty());
    // The next link is asked about again.
    QTRY_VERIFY(openDialogs() == 0);
    place.desk.takeLink(link());
    click(*openWindow<QuestionDialog>(), "no");
}

void TestGuiDesk::asksAboutOneLinkAtATime()
{
    Place place;
    for (int i = 0; i < 20; ++i)
        place.desk.takeLink(link());
    QCOMPARE(openDialogs(), 1);
    QVERIFY(textOf(place.window, "noticeText").contains(QStringLiteral("ignored")));
    click(*openWindow<QuestionDialog>(), "no");
}

void TestGuiDesk::saysThatALinkIsNone()
{
    Place place;
    place.desk.takeLink(QStringLiteral("gvpn://"));
    QCOMPARE(openDialogs(), 0);
    QVERIFY(place.window.isVisible());
    QVERIFY(textOf(place.window, "noticeText").contains(QStringLiteral("can't be used")));
}

void TestGuiDesk::leadsFromAddToTheQuestion()
{
    Place place;
    QApplication::clipboard()->setText(link() + QLatin1Char('\n'));
    place.window.present();
    click(place.window, "add");
    auto* dialog = openWindow<LinkDialog>();
    QVERIFY(dialog != nullptr);
    // What is in the clipboard is read when a person asks for it.
    QVERIFY(dialog->findChild<QLineEdit*>()->text().isEmpty());
    click(*dialog, "paste");
    click(*dialog, "accept");
    auto* question = openWindow<QuestionDialog>();
    QVERIFY(question != nullptr);
    click(*question, "yes");
    QCOMPARE(place.core.calls, texts({"enrol office.example.com"}));
}

void TestGuiDesk::leadsFromAddToTheForm()
{
    Place place;
    place.window.present();
    click(place.window, "add");
    click(*openWindow<LinkDialog>(), "byHand");
    auto* form = openWindow<ProfileDialog>();
    QVERIFY(form != nullptr);
    form->reject();
}

void TestGuiDesk::passesThePasswordOn()
{
    Place place;
    place.core.put("Office");
    Q_EMIT place.core.passwordNeeded({.profile = "Office", .user = "anna", .canRemember = true});
    auto* dialog = openWindow<PasswordDialog>();
    QVERIFY(dialog != nullptr);
    QTest::keyClicks(dialog->findChild<QLineEdit*>(QStringLiteral("password")), QStringLiteral("secret"));
    click(*dialog, "accept");
    QCOMPARE(place.core.calls, texts({"password Office/anna"}));
    QCOMPARE(place.core.password, "secret");
}

void TestGuiDesk::asksForOnePasswordAProfile()
{
    Place place;
    place.core.put("Office");
    for (int i = 0; i < 5; ++i)
        Q_EMIT place.core.passwordNeeded({.profile = "Office", .user = "anna"});
    QCOMPARE(openDialogs(), 1);
    openWindow<PasswordDialog>()->reject();
    QCOMPARE(place.core.calls, texts({"password Office/"}));
    QCOMPARE(place.core.password, "none");
    // Wrong: it is asked for again.
    Q_EMIT place.core.passwordNeeded({.profile = "Office", .user = "anna", .wasWrong = true});
    QVERIFY(openWindow<PasswordDialog>() != nullptr);
    openWindow<PasswordDialog>()->reject();
}

void TestGuiDesk::passesTheTrustOn_data()
{
    QTest::addColumn<QByteArray>("button");
    QTest::addColumn<QString>("call");
    QTest::newRow("yes") << QByteArray("yes") << "trust Office";
    QTest::newRow("no") << QByteArray("no") << "distrust Office";
}

void TestGuiDesk::passesTheTrustOn()
{
    QFETCH(QByteArray, button);
    Place place;
    place.core.put("Office");
    Q_EMIT place.core.trustNeeded("Office", pinOf(5));
    Q_EMIT place.core.trustNeeded("Office", pinOf(5));
    QCOMPARE(openDialogs(), 1);
    click(*openWindow<QuestionDialog>(), button.constData());
    QTEST(place.core.calls.join(QLatin1Char(';')), "call");
}

void TestGuiDesk::trustsTheKeyThatIsShown()
{
    Place place;
    place.core.prepare("Office");
    Q_EMIT place.core.trustNeeded("Office", pinOf(5));
    // Of the same run, nothing is told twice.
    Q_EMIT place.core.stateChanged("Office");
    place.core.prepare("Office", false);
    QTRY_COMPARE(openDialogs(), 0);
    place.core.prepare("Office");
    Q_EMIT place.core.trustNeeded("Office", pinOf(6));
    auto* question = openWindow<QuestionDialog>();
    QVERIFY(question != nullptr);
    click(*question, "yes");
    QCOMPARE(place.core.calls, texts({"trust Office"}));
    QVERIFY(place.core.trusted == pinOf(6));
}

void TestGuiDesk::closesWhatARunAskedWhenItIsOver()
{
    Place place;
    place.core.prepare("Office");
    place.core.prepare("Home");
    Q_EMIT place.core.passwordNeeded({.profile = "Office", .user = "anna"});
    Q_EMIT place.core.trustNeeded("Home", pinOf(5));
    Q_EMIT place.core.stateChanged("Office");
    QCOMPARE(openDialogs(), 2);
    place.core.prepare("Office", false);
    QTRY_COMPARE(openDialogs(), 1);
    place.core.prepare("Home", false);
    QTRY_COMPARE(openDialogs(), 0);
    // Nobody has answered.
    QVERIFY(place.core.calls.isEmpty());
    place.core.prepare("Office");
    Q_EMIT place.core.passwordNeeded({.profile = "Office", .user = "anna"});
    QVERIFY(openWindow<PasswordDialog>() != nullptr);
    openWindow<PasswordDialog>()->reject();
    QCOMPARE(place.core.calls, texts({"password Office/"}));
}

void TestGuiDesk::deletesAfterAYesOnly()
{
    Place place;
    place.core.put("Office");
    place.window.present();
    trigger(place.window, "Delete …");
    click(*openWindow<QuestionDialog>(), "no");
    QVERIFY(place.core.calls.isEmpty());
    QTRY_VERIFY(openDialogs() == 0);
    trigger(place.window, "Delete …");
    click(*openWindow<QuestionDialog>(), "yes");
    QCOMPARE(place.core.calls, texts({"remove Office"}));
}

void TestGuiDesk::saysWhatCouldNotBeDone()
{
    Place place;
    place.core.put("Office");
    place.core.refusal = Error{ErrorCode::PermissionDenied, "the profiles can't be written"};
    place.window.present();
    trigger(place.window, "Duplicate");
    QVERIFY(textOf(place.window, "noticeText").contains(QStringLiteral("can't be written")));
    click(place.window, "noticeClose");
    QVERIFY(!place.window.findChild<QWidget*>(QStringLiteral("notice"))->isVisible());
}

void TestGuiDesk::importsAndExports()
{
    Place place;
    place.core.put("Office");
    place.window.present();
    const QTemporaryDir dir;
    const QString path = dir.filePath(QStringLiteral("a.json"));
    trigger(place.window, "Import …");
    Q_EMIT openWindow<QFileDialog>()->fileSelected(path);
    openWindow<QFileDialog>()->reject();
    QTRY_VERIFY(openDialogs() == 0);
    trigger(place.window, "Export …");
    Q_EMIT openWindow<QFileDialog>()->fileSelected(path);
    openWindow<QFileDialog>()->reject();
    QCOMPARE(place.core.calls, QStringList({QStringLiteral("import %1").arg(path), QStringLiteral("export Office"),
                                            QStringLiteral("to %1").arg(path)}));
    QVERIFY(textOf(place.window, "noticeText").contains(path));
}

void TestGuiDesk::choosesTheDuplicate()
{
    Place place;
    place.core.put("Office");
    trigger(place.window, "Duplicate");
    QCOMPARE(place.core.calls, texts({"duplicate Office"}));
}

void TestGuiDesk::asksToQuitOnce()
{
    Place place;
    int quits = 0;
    place.desk.askToQuit(1, [&] { ++quits; });
    place.desk.askToQuit(1, [&] { ++quits; });
    QCOMPARE(openDialogs(), 1);
    click(*openWindow<QuestionDialog>(), "yes");
    QCOMPARE(quits, 1);
}

void TestGuiDesk::showsLogAndAbout()
{
    Place place;
    place.window.present();
    trigger(place.window, "Log");
    trigger(place.window, "Log");
    QVERIFY(openWindow<LogWindow>() != nullptr);
    trigger(place.window, "About gvpn");
    auto* about = openWindow<QMessageBox>();
    QVERIFY(about != nullptr);
    about->close();
}

QTEST_MAIN(TestGuiDesk)
#include "tst_gui_desk.moc"
