#include "fake_core.h"
#include "gui/language.h"
#include "gui/units.h"

#include <QtTest>

using namespace gvpn::gui;
using namespace gvpn::test;

class TestGuiLanguage : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void choosesByThePersonsLanguages_data();
    void choosesByThePersonsLanguages();
    void hasATranslationOfEach_data();
    void hasATranslationOfEach();
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
