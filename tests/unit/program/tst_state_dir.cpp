#include "program/state_dir.h"
#include "scratch_directory.h"

#include <QtTest>

#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::program {

class StateDirTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isWhereTheUserKeepsState_data();
    void isWhereTheUserKeepsState();
    void isNowhereWithoutAHome();
    void readsTheEnvironment();
    void makesAllThatIsMissingAndNobodyElseLooksIn_data();
    void makesAllThatIsMissingAndNobodyElseLooksIn();
    void leavesADirectoryThatExistsAsItIs();
    void takesADirectoryThatOnlyItsOwnerRules_data();
    void takesADirectoryThatOnlyItsOwnerRules();
    void refusesAPlaceThatCantBeUsed_data();
    void refusesAPlaceThatCantBeUsed();
};

void StateDirTest::isWhereTheUserKeepsState_data()
{
    QTest::addColumn<unsigned>("user");
    QTest::addColumn<QString>("home");
    QTest::addColumn<QString>("stateHome");
    QTest::addColumn<QString>("expected");
    QTest::newRow("root") << 0U << "/root"
                          << "/root/.state"
                          << "/var/lib/gvpn-client";
    QTest::newRow("home") << 1000U << "/home/ada"
                          << ""
                          << "/home/ada/.local/state/gvpn";
    QTest::newRow("state home") << 1000U << "/home/ada"
                                << "/state"
                                << "/state/gvpn";
    QTest::newRow("state home without a home") << 1000U << ""
                                               << "/state"
                                               << "/state/gvpn";
    QTest::newRow("relative state home") << 1000U << "/home/ada"
                                         << "state"
                                         << "/home/ada/.local/state/gvpn";
}

void StateDirTest::isWhereTheUserKeepsState()
{
    QFETCH(unsigned, user);
    QFETCH(QString, home);
    QFETCH(QString, stateHome);
    QFETCH(QString, expected);
    const auto path = defaultStateDir("gvpn-client", {user, home.toStdString(), stateHome.toStdString()});
    QVERIFY(path.has_value());
    QCOMPARE(*path, expected.toStdString());
}

void StateDirTest::isNowhereWithoutAHome()
{
    QCOMPARE(defaultStateDir("gvpn", {1000, "", ""}).error().code, ErrorCode::NotFound);
    QCOMPARE(defaultStateDir("gvpn", {1000, "home", "state"}).error().code, ErrorCode::NotFound);
}

void StateDirTest::readsTheEnvironment()
{
    qputenv("XDG_STATE_HOME", "/some/state");
    qputenv("HOME", "/some/home");
    const StateOwner owner = StateOwner::current();
    QCOMPARE(owner.stateHome, std::string("/some/state"));
    QCOMPARE(owner.home, std::string("/some/home"));
}

void StateDirTest::makesAllThatIsMissingAndNobodyElseLooksIn_data()
{
    QTest::addColumn<QString>("path");
    QTest::newRow("plain") << "a/b/c";
    QTest::newRow("with a slash at the end") << "a/b/c/";
    QTest::newRow("with slashes twice") << "a//b//c";
}

void StateDirTest::makesAllThatIsMissingAndNobodyElseLooksIn()
{
    QFETCH(QString, path);
    const ScratchDirectory directory;
    const auto made = makeStateDir(directory.path(path.toStdString()));
    QVERIFY2(made.has_value(), made ? "" : made.error().context.c_str());
    for (const std::string_view part : {"a", "a/b", "a/b/c"})
        QCOMPARE(directory.modeOf(part), 0700);
}

void StateDirTest::leavesADirectoryThatExistsAsItIs()
{
    const ScratchDirectory directory;
    QCOMPARE(::mkdir(directory.path("state").c_str(), 0755), 0);
    directory.put("state/file", "content", 0600);
    QVERIFY(makeStateDir(directory.path("state")));
    QCOMPARE(directory.modeOf("state"), 0755);
    QCOMPARE(directory.content("state/file"), QByteArray("content"));
}

void StateDirTest::takesADirectoryThatOnlyItsOwnerRules_data()
{
    QTest::addColumn<int>("mode");
    QTest::addColumn<bool>("isTaken");
    QTest::newRow("owner") << 0700 << true;
    QTest::newRow("everybody looks in") << 0755 << true;
    QTest::newRow("group writes") << 0770 << false;
    QTest::newRow("group only writes") << 0720 << false;
    QTest::newRow("others write") << 0702 << false;
    QTest::newRow("everybody writes") << 0777 << false;
    QTest::newRow("everybody writes, set-group-id") << 02777 << false;
    QTest::newRow("group writes, sticky") << 01770 << true;
    QTest::newRow("everybody writes, sticky") << 01777 << true;
}

void StateDirTest::takesADirectoryThatOnlyItsOwnerRules()
{
    QFETCH(int, mode);
    QFETCH(bool, isTaken);
    const ScratchDirectory directory;
    QCOMPARE(::mkdir(directory.path("state").c_str(), 0700), 0);
    QCOMPARE(::chmod(directory.path("state").c_str(), static_cast<mode_t>(mode)), 0);
    const auto made = makeStateDir(directory.path("state"));
    QCOMPARE(made.has_value(), isTaken);
    QVERIFY(isTaken || made.error().code == ErrorCode::PermissionDenied);
    QCOMPARE(directory.modeOf("state"), mode);
}

void StateDirTest::refusesAPlaceThatCantBeUsed_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("a file") << "file";
    QTest::newRow("below a file") << "file/state";
    QTest::newRow("everybody writes") << "open";
    QTest::newRow("a link that leads nowhere") << "link";
}

void StateDirTest::refusesAPlaceThatCantBeUsed()
{
    QFETCH(QString, name);
    const ScratchDirectory directory;
    directory.put("file", "content", 0600);
    QCOMPARE(::mkdir(directory.path("open").c_str(), 0700), 0);
    QCOMPARE(::chmod(directory.path("open").c_str(), 0777), 0);
    QCOMPARE(::symlink("nowhere", directory.path("link").c_str()), 0);
    const auto made = makeStateDir(directory.path(name.toStdString()));
    QVERIFY(!made);
    QVERIFY2(made.error().context.find(directory.path(name.toStdString())) != std::string::npos,
             made.error().context.c_str());
    QVERIFY(!makeStateDir(""));
}

}  // namespace gvpn::program

QTEST_APPLESS_MAIN(gvpn::program::StateDirTest)
#include "tst_state_dir.moc"
