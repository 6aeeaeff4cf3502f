#include "program/private_file.h"
#include "scratch_directory.h"

#include <QtTest>

#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::program {

class PrivateFileTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsWhatIsThere_data();
    void readsWhatIsThere();
    void readsNothingBeyondItsLimit();
    void refusesWhatIsNoRegularFile();
    void namesTheFileThatIsNotThere();
    void readsAKeyThatIsPrivate_data();
    void readsAKeyThatIsPrivate();
    void refusesAKeyThatOthersCanRead_data();
    void refusesAKeyThatOthersCanRead();
    void refusesAKeyOfAnotherUser();
    void readsAsRootTheKeyOfTheServiceWhoseDirectoryItIs();
    void writesPrivateFilesWhateverTheMask();
    void replacesAFileAndItsMode();
    void leavesNothingBehindWhenItFails();
    void createsNoFileOverAnother();
    void createsNoFileOverALinkThatLeadsNowhere();
    void givesWhatRootWritesToTheOwnerOfTheDirectory();
};

namespace {

constexpr uid_t ServiceUser = 12345;

}  // namespace

void PrivateFileTest::readsWhatIsThere_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("nothing") << QByteArray("");
    QTest::newRow("a line") << QByteArray("a line\n");
    QTest::newRow("exactly the limit") << QByteArray(100, 'x');
    QTest::newRow("zeros") << QByteArray(10, '\0');
}

void PrivateFileTest::readsWhatIsThere()
{
    QFETCH(QByteArray, content);
    const ScratchDirectory directory;
    directory.put("file", content, 0644);
    const auto bytes = readFile(directory.path("file"), 100);
    QVERIFY2(bytes.has_value(), bytes ? "" : bytes.error().context.c_str());
    QCOMPARE(std::string(asText(*bytes)), content.toStdString());
}

void PrivateFileTest::readsNothingBeyondItsLimit()
{
    const ScratchDirectory directory;
    directory.put("file", QByteArray(101, 'x'), 0600);
    QCOMPARE(readFile(directory.path("file"), 100).error().code, ErrorCode::LimitExceeded);
    QCOMPARE(readKeyFile(directory.path("file"), 100).error().code, ErrorCode::LimitExceeded);
}

void PrivateFileTest::refusesWhatIsNoRegularFile()
{
    const ScratchDirectory directory;
    QCOMPARE(readFile(directory.path(""), 100).error().code, ErrorCode::InvalidArgument);
    QCOMPARE(::mkfifo(directory.path("pipe").c_str(), 0600), 0);
    QCOMPARE(readFile(directory.path("pipe"), 100).error().code, ErrorCode::InvalidArgument);
    QCOMPARE(readKeyFile(directory.path("pipe"), 100).error().code, ErrorCode::InvalidArgument);
}

void PrivateFileTest::namesTheFileThatIsNotThere()
{
    const ScratchDirectory directory;
    const auto bytes = readFile(directory.path("nothing"), 100);
    QCOMPARE(bytes.error().code, ErrorCode::NotFound);
    QVERIFY(bytes.error().context.find(directory.path("nothing")) != std::string::npos);
}

void PrivateFileTest::readsAKeyThatIsPrivate_data()
{
    QTest::addColumn<int>("mode");
    QTest::newRow("rw") << 0600;
    QTest::newRow("r") << 0400;
    QTest::newRow("rwx") << 0700;
}

void PrivateFileTest::readsAKeyThatIsPrivate()
{
    QFETCH(int, mode);
    const ScratchDirectory directory;
    directory.put("key", "secret", static_cast<mode_t>(mode));
    const auto key = readKeyFile(directory.path("key"), 100);
    QVERIFY(key.has_value());
    QCOMPARE(asText(key->view()), std::string_view("secret"));
}

void PrivateFileTest::refusesAKeyThatOthersCanRead_data()
{
    QTest::addColumn<int>("mode");
    QTest::newRow("group reads") << 0640;
    QTest::newRow("group writes") << 0620;
    QTest::newRow("others read") << 0604;
    QTest::newRow("others write") << 0602;
    QTest::newRow("others execute") << 0601;
    QTest::newRow("everybody") << 0777;
}

void PrivateFileTest::refusesAKeyThatOthersCanRead()
{
    QFETCH(int, mode);
    const ScratchDirectory directory;
    directory.put("key", "secret", static_cast<mode_t>(mode));
    const auto key = readKeyFile(directory.path("key"), 100);
    QVERIFY(!key);
    QCOMPARE(key.error().code, ErrorCode::PermissionDenied);
    QVERIFY(key.error().context.starts_with(directory.path("key")));
    QCOMPARE(directory.modeOf("key"), mode);
}

void PrivateFileTest::refusesAKeyOfAnotherUser()
{
    if (::geteuid() != 0)
        QSKIP("only root can give a file away");
    const ScratchDirectory directory;
    directory.put("key", "secret", 0600);
    QCOMPARE(::chown(directory.path("key").c_str(), ServiceUser, ServiceUser), 0);
    QCOMPARE(readKeyFile(directory.path("key"), 100).error().code, ErrorCode::PermissionDenied);
}

void PrivateFileTest::readsAsRootTheKeyOfTheServiceWhoseDirectoryItIs()
{
    if (::geteuid() != 0)
        QSKIP("only root can give a file away");
    const ScratchDirectory directory;
    directory.put("key", "secret", 0600);
    QCOMPARE(::chown(directory.path("key").c_str(), ServiceUser, ServiceUser), 0);
    QCOMPARE(::chown(directory.path("").c_str(), ServiceUser, ServiceUser), 0);
    QVERIFY(readKeyFile(directory.path("key"), 100).has_value());
}

void PrivateFileTest::writesPrivateFilesWhateverTheMask()
{
    const ScratchDirectory directory;
    const mode_t former = ::umask(0);
    const auto written = writeFile(directory.path("written"), asBytes("one"));
    const auto created = createFile(directory.path("created"), asBytes("two"));
    ::umask(former);
    QVERIFY(written.has_value());
    QVERIFY(created.has_value());
    QCOMPARE(directory.modeOf("written"), 0600);
    QCOMPARE(directory.modeOf("created"), 0600);
    QCOMPARE(directory.content("written"), QByteArray("one"));
    QCOMPARE(directory.content("created"), QByteArray("two"));
    QCOMPARE(directory.entries(), QStringList({u"created"_qs, u"written"_qs}));
}

void PrivateFileTest::replacesAFileAndItsMode()
{
    const ScratchDirectory directory;
    directory.put("file", "a long former content", 0644);
    QVERIFY(writeFile(directory.path("file"), asBytes("new")));
    QCOMPARE(directory.content("file"), QByteArray("new"));
    QCOMPARE(directory.modeOf("file"), 0600);
    QCOMPARE(directory.entries(), QStringList({u"file"_qs}));
}

void PrivateFileTest::leavesNothingBehindWhenItFails()
{
    const ScratchDirectory directory;
    QCOMPARE(::mkdir(directory.path("taken").c_str(), 0700), 0);
    QVERIFY(!writeFile(directory.path("taken"), asBytes("new")));
    QVERIFY(!createFile(directory.path("taken"), asBytes("new")));
    QCOMPARE(directory.entries(), QStringList({u"taken"_qs}));
    const auto lost = writeFile(directory.path("nowhere/file"), asBytes("new"));
    QCOMPARE(lost.error().code, ErrorCode::NotFound);
}

void PrivateFileTest::createsNoFileOverAnother()
{
    const ScratchDirectory directory;
    directory.put("file", "former", 0600);
    const auto created = createFile(directory.path("file"), asBytes("new"));
    QCOMPARE(created.error().code, ErrorCode::AlreadyExists);
    QCOMPARE(directory.content("file"), QByteArray("former"));
    QCOMPARE(directory.entries(), QStringList({u"file"_qs}));
}

void PrivateFileTest::createsNoFileOverALinkThatLeadsNowhere()
{
    const ScratchDirectory directory;
    QCOMPARE(::symlink(directory.path("elsewhere").c_str(), directory.path("file").c_str()), 0);
    QCOMPARE(createFile(directory.path("file"), asBytes("new")).error().code, ErrorCode::AlreadyExists);
    QCOMPARE(directory.entries(), QStringList({u"file"_qs}));
}

void PrivateFileTest::givesWhatRootWritesToTheOwnerOfTheDirectory()
{
    if (::geteuid() != 0)
        QSKIP("only root can give a file away");
    const ScratchDirectory directory;
    QCOMPARE(::chown(directory.path("").c_str(), ServiceUser, ServiceUser), 0);
    QVERIFY(writeFile(directory.path("written"), asBytes("one")));
    QVERIFY(createFile(directory.path("created"), asBytes("two")));
    for (const std::string_view name : {"written", "created"}) {
        struct stat status {};
        QCOMPARE(::stat(directory.path(name).c_str(), &status), 0);
        QCOMPARE(status.st_uid, ServiceUser);
        QCOMPARE(status.st_gid, ServiceUser);
    }
}

}  // namespace gvpn::program

QTEST_APPLESS_MAIN(gvpn::program::PrivateFileTest)
#include "tst_private_file.moc"
