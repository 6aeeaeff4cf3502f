#include "clicking.h"
#include "fake_core.h"
#include "gui/language.h"
#include "gui/link_dialog.h"
#include "gui/log_window.h"
#include "gui/main_window.h"
#include "gui/password_dialog.h"
#include "gui/profile_dialog.h"
#include "gui/settings_dialog.h"
#include "gui/units.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::gui;
using namespace gvpn::test;

class TestGuiLanguage : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void choosesByThePersonsLanguages_data();
    void choosesByThePersonsLanguages();
    void hasATranslationOfEach_data();
    void hasATranslationOfEach();
    void givesEachKeyOneMeaning_data();
    void givesEachKeyOneMeaning();
    void hasPluralsInEnglish();
    void fallsBackForALanguageThatThereIsNot();
};

void TestGuiLanguage::choosesByThePersonsLanguages_data()
{
    QTest::addColumn<QStringList>("wanted");
    QTest::addColumn<QString>("code");
    QTest::newRow("none") << QStringList{} << "en";
    QTest::newRow("China") << texts({"zh-Hans-CN", "zh", "en"}) << "zh_CN";
    QTest::newRow("short") << texts({"zh_CN"}) << "zh_CN";
    QTest::newRow("Singapore") << texts({"zh-Hans-SG"}) << "zh_CN";
    QTest::newRow("traditional") << texts({"zh-Hant-TW"}) << "en";
    QTest::newRow("another") << texts({"de-DE"}) << "en";
    QTest::newRow("English before Chinese") << texts({"en-US", "zh-Hans-CN"}) << "en";
    QTest::newRow("another before Chinese") << texts({"de-DE", "zh-Hans-CN"}) << "zh_CN";
    QTest::newRow("no language at all") << texts({"C"}) << "en";
}

void TestGuiLanguage::choosesByThePersonsLanguages()
{
    QFETCH(QStringList, wanted);
    QTEST(bestLanguage(wanted), "code");
}

void TestGuiLanguage::hasATranslationOfEach_data()
{
    QTest::addColumn<QString>("code");
    for (const LanguageName& language : languages())
        QTest::newRow(qPrintable(language.code)) << language.code;
}

void TestGuiLanguage::hasATranslationOfEach()
{
    QFETCH(QString, code);
    QVERIFY(QFile::exists(QStringLiteral(":/i18n/gvpn_%1.qm").arg(code)));
    Language language;
    language.use(code);
    QCOMPARE(language.current(), code);
    QVERIFY(!durationText(std::chrono::hours(25)).contains(QStringLiteral("day(s)")));
}

void TestGuiLanguage::givesEachKeyOneMeaning_data()
{
    hasATranslationOfEach_data();
}

void TestGuiLanguage::givesEachKeyOneMeaning()
{
    QFETCH(QString, code);
    Language language;
    language.use(code);
    FakeCore core;
    MainWindow window(core, QStringLiteral("1"));
    window.say(QStringLiteral("Something."));
    QCOMPARE(ambiguousKeys(window), QStringList());
    for (const client::State& state : {client::State(client::Disconnected{}), connecting(client::Stage::Tcp),
                                       connected(), waiting(std::chrono::seconds(1)), failed()}) {
        core.put("Office", state);
        QCOMPARE(ambiguousKeys(window), QStringList());
    }
    core.entries[0].profile.remembersPassword = true;
    const ProfileDialog added(core);
    const ProfileDialog edited(core, core.entries[0]);
    const PasswordDialog password({.profile = "Office", .user = "anna"});
    const LinkDialog pasted{QString()};
    const SettingsDialog settings{client::Settings()};
    client::LogBook book;
    const LogWindow log(book);
    for (const QWidget* one :
         std::initializer_list<const QWidget*>{&added, &edited, &password, &pasted, &settings, &log})
        QCOMPARE(ambiguousKeys(*one), QStringList());
}

void TestGuiLanguage::hasPluralsInEnglish()
{
    Language language;
    language.use(QStringLiteral("en"));
    QCOMPARE(durationText(std::chrono::hours(25)), QStringLiteral("1 day 1 h"));
    QCOMPARE(durationText(std::chrono::hours(48)), QStringLiteral("2 days 0 h"));
}

void TestGuiLanguage::fallsBackForALanguageThatThereIsNot()
{
    Language language;
    language.use(QStringLiteral("tlh"));
    QVERIFY(!language.current().isEmpty());
    QVERIFY(language.current() != QStringLiteral("tlh"));
}

QTEST_MAIN(TestGuiLanguage)
#include "tst_gui_language.moc"
