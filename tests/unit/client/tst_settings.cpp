#include "client/settings.h"

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include <sys/stat.h>

using namespace gvpn;
using namespace gvpn::client;

namespace {

struct Home {
    [[nodiscard]] SettingsPlaces places() const
    {
        return SettingsPlaces::in({directory.path().toStdString(), {}}).value();
    }
    void write(const std::string& path, const QByteArray& text) const
    {
        const QString name = QString::fromStdString(path);
        QDir().mkpath(QFileInfo(name).path());
        QFile file(name);
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            qFatal("could not write %s", path.c_str());
    }
    [[nodiscard]] QByteArray autostart() const
    {
        QFile file(QString::fromStdString(places().autostartFile));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    QTemporaryDir directory;
};

constexpr const char* Program = "/usr/bin/gvpn-gui";

}  // namespace

class TestSettings : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void choosesItsPlaces();
    void areAsByDefaultWithoutAFile();
    void readsWhatItWrote_data();
    void readsWhatItWrote();
    void takesNothingStrange();
    void writesAndRemovesTheAutostartEntry();
    void leavesTheAutostartEntryAlone_data();
    void leavesTheAutostartEntryAlone();
    void knowsWhatADesktopSwitchedOff_data();
    void knowsWhatADesktopSwitchedOff();
    void quotesThePath_data();
    void quotesThePath();
    void refusesAPathThatIsNone_data();
    void refusesAPathThatIsNone();
    void saysWhatCantBeWritten();
};

void TestSettings::choosesItsPlaces()
{
    const auto places = SettingsPlaces::in({"/home/a", "/etc/a"});
    QCOMPARE(places->file, std::string("/etc/a/gvpn/gui.conf"));
    QCOMPARE(places->autostartFile, std::string("/etc/a/autostart/gvpn-gui.desktop"));
    QCOMPARE(SettingsPlaces::in({}).error().code, ErrorCode::NotFound);
}

void TestSettings::areAsByDefaultWithoutAFile()
{
    const Home home;
    QVERIFY(readSettings(home.places()) == Settings{});
    QVERIFY(QDir(home.directory.path()).isEmpty());
}

void TestSettings::readsWhatItWrote_data()
{
    QTest::addColumn<bool>("login");
    QTest::addColumn<bool>("hidden");
    QTest::addColumn<bool>("notifications");
    QTest::addColumn<QString>("language");
    QTest::newRow("off") << false << false << false << QString();
    QTest::newRow("login") << true << false << true << QStringLiteral("en");
    QTest::newRow("hidden") << false << true << true << QStringLiteral("zh_CN");
    QTest::newRow("on") << true << true << true << QString();
}

void TestSettings::readsWhatItWrote()
{
    QFETCH(bool, login);
    QFETCH(bool, hidden);
    QFETCH(bool, notifications);
    QFETCH(QString, language);
    const Home home;
    const Settings settings{login, hidden, notifications, language};
    const Settings other{!login, !hidden, !notifications, QStringLiteral("de")};
    QVERIFY(writeSettings(other, {}, home.places(), Program).has_value());
    QVERIFY(writeSettings(settings, other, home.places(), Program).has_value());
    QVERIFY(readSettings(home.places()) == settings);
}

void TestSettings::takesNothingStrange()
{
    const Home home;
    home.write(home.places().file,
               "[General]\nstart_hidden=maybe\nnotifications=2\nlanguage=../../etc/passwd\nunknown=true\n");
    QVERIFY(readSettings(home.places()) == Settings{});
    home.write(home.places().file, QByteArray("\0\xff[[[=\n", 8));
    QVERIFY(readSettings(home.places()) == Settings{});
}

void TestSettings::writesAndRemovesTheAutostartEntry()
{
    const Home home;
    const Settings off;
    const Settings on{.startsAtLogin = true};
    QVERIFY(writeSettings(on, off, home.places(), Program).has_value());
    QCOMPARE(home.autostart(), autostartText(Program).value());
    QVERIFY(writeSettings(off, on, home.places(), Program).has_value());
    QVERIFY(!QFile::exists(QString::fromStdString(home.places().autostartFile)));
}

void TestSettings::leavesTheAutostartEntryAlone_data()
{
    QTest::addColumn<bool>("isOn");
    QTest::addColumn<QByteArray>("entry");
    QTest::newRow("changed by hand") << true
                                     << QByteArray("[Desktop Entry]\nExec=gvpn-gui --hidden --log-level=debug\n");
    QTest::newRow("switched off by the desktop") << true << QByteArray("[Desktop Entry]\nHidden=true\n");
    QTest::newRow("off") << false << QByteArray("[Desktop Entry]\nHidden=true\n");
}

void TestSettings::leavesTheAutostartEntryAlone()
{
    QFETCH(bool, isOn);
    QFETCH(QByteArray, entry);
    const Home home;
    home.write(home.places().autostartFile, entry);
    const Settings before{.startsAtLogin = isOn};
    Settings changed = before;
    changed.showsNotifications = false;
    QVERIFY(writeSettings(changed, before, home.places(), Program).has_value());
    QCOMPARE(home.autostart(), entry);
    QVERIFY(!readSettings(home.places()).showsNotifications);
}

void TestSettings::knowsWhatADesktopSwitchedOff_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("isOn");
    QTest::newRow("ours") << autostartText(Program).value() << true;
    QTest::newRow("hidden") << autostartText(Program).value() + "Hidden=true\n" << false;
    QTest::newRow("hidden, blanks") << autostartText(Program).value() + "Hidden = true \n" << false;
    QTest::newRow("not hidden") << autostartText(Program).value() + "Hidden=false\n" << true;
    QTest::newRow("GNOME") << autostartText(Program).value().replace("-enabled=true", "-enabled=false") << false;
    QTest::newRow("of an action") << autostartText(Program).value() + "[Desktop Action x]\nHidden=true\n" << true;
    QTest::newRow("empty") << QByteArray() << false;
    QTest::newRow("something else") << QByteArray("Exec=gvpn-gui\n") << false;
}

void TestSettings::knowsWhatADesktopSwitchedOff()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, isOn);
    QCOMPARE(isAutostartOn(text), isOn);
    const Home home;
    home.write(home.places().autostartFile, text);
    QCOMPARE(readSettings(home.places()).startsAtLogin, isOn);
}

void TestSettings::quotesThePath_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("plain") << QByteArray(Program) << QByteArray("Exec=\"/usr/bin/gvpn-gui\" --hidden\n");
    QTest::newRow("blank") << QByteArray("/a b/c") << QByteArray("Exec=\"/a b/c\" --hidden\n");
    QTest::newRow("percent") << QByteArray("/%f") << QByteArray("Exec=\"/%%f\" --hidden\n");
    QTest::newRow("quote") << QByteArray("/a\"b") << QByteArray(R"(Exec="/a\\"b" --hidden)") + '\n';
    QTest::newRow("dollar") << QByteArray("/$a`") << QByteArray(R"(Exec="/\\$a\\`" --hidden)") + '\n';
    QTest::newRow("backslash") << QByteArray(R"(/a\b)") << QByteArray(R"(Exec="/a\\\\b" --hidden)") + '\n';
}

void TestSettings::quotesThePath()
{
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, line);
    const auto text = autostartText(path.toStdString());
    QVERIFY2(text->contains(line), text->constData());
}

void TestSettings::refusesAPathThatIsNone_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("relative") << QByteArray("gvpn-gui");
    QTest::newRow("another key") << QByteArray("/a\nExec=rm");
    QTest::newRow("NUL") << QByteArray("/a\0b", 4);
}

void TestSettings::refusesAPathThatIsNone()
{
    QFETCH(QByteArray, path);
    QCOMPARE(autostartText(path.toStdString()).error().code, ErrorCode::InvalidArgument);
    const Home home;
    QVERIFY(!writeSettings({.startsAtLogin = true}, {}, home.places(), path.toStdString()).has_value());
    QVERIFY(home.autostart().isEmpty());
}

void TestSettings::saysWhatCantBeWritten()
{
    const Home home;
    home.write(home.directory.path().toStdString() + "/.config", "a file where a directory should be");
    const auto written = writeSettings({.startsAtLogin = true}, {}, home.places(), Program);
    QVERIFY(!written.has_value() && !written.error().context.empty());
}

QTEST_GUILESS_MAIN(TestSettings)
#include "tst_settings.moc"
