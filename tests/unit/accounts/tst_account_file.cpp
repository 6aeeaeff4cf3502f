#include "accounts/account_store.h"
#include "accounts/database.h"
#include "scratch_store.h"

#include <sys/wait.h>
#include <unistd.h>

namespace gvpn::accounts {

class AccountFileTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void makesPrivateFilesWhateverTheMask();
    void findsNoneThatItMayNotMake();
    void takesAnEmptyFileForNone_data();
    void takesAnEmptyFileForNone();
    void refusesFilesThatOthersCanUse_data();
    void refusesFilesThatOthersCanUse();
    void refusesWhatIsNoFile_data();
    void refusesWhatIsNoFile();
    void refusesTheFileOfAnotherUser();
    void worksAsRootOnTheFilesOfTheService();
    void opensFilesWithAnyName();
    void leavesWhatIsNoneOfOurs_data();
    void leavesWhatIsNoneOfOurs();
    void leavesANewerDatabase_data();
    void leavesANewerDatabase();
    void leavesADamagedDatabase_data();
    void leavesADamagedDatabase();
    void leavesAnEmptyFileWhoseContentIsBesideIt();
    void undoesWhatACrashLeftHalfDone();
    void readsWhatACrashLeftBesideTheFile();
};

namespace {

/// What must be as it was after a refusal: the file and what waits to go into it.
struct Bytes {
    QByteArray file;
    QByteArray wal;
    [[nodiscard]] bool operator==(const Bytes&) const = default;
};

Bytes bytesOf(const ScratchStore& scratch)
{
    return {scratch.content(), scratch.content("-wal")};
}

/// Runs statements on the file, which is made if it isn't there.
void run(const ScratchStore& scratch, std::initializer_list<const char*> statements)
{
    if (scratch.modeOf("") < 0)
        scratch.put("");
    const auto database = Database::open(scratch.path(), Access::Write);
    VERIFY_DONE(database);
    for (const char* statement : statements)
        VERIFY_DONE((*database)->query(statement));
}

/// A database with enough in it to have pages in the middle.
void fill(const ScratchStore& scratch)
{
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser("anna", "$hash"));
    run(scratch, {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
                  " INSERT INTO users (name, password_hash, created_at) SELECT 'user ' || i, '$hash', 0 FROM n"});
}

/// The program's end in the middle of its work: the files as they are at this moment, in another directory.
void copyTo(const ScratchStore& from, const ScratchStore& to, std::initializer_list<std::string_view> suffixes)
{
    for (const std::string_view suffix : suffixes)
        to.put(from.content(suffix), suffix);
}

void giveTo(const std::string& path, uid_t user)
{
    QCOMPARE(::lchown(path.c_str(), user, user), 0);
}

constexpr uid_t ServiceUser = 12345;

}  // namespace

void AccountFileTest::makesPrivateFilesWhateverTheMask()
{
    for (const mode_t mask : {mode_t{0}, mode_t{0022}, mode_t{0077}}) {
        const ScratchStore scratch;
        const mode_t before = ::umask(mask);
        auto store = scratch.open();
        ::umask(before);
        VERIFY_DONE(store);
        VERIFY_DONE((*store)->addUser("anna", ""));
        for (const char* suffix : {"", "-wal", "-shm"})
            QCOMPARE(scratch.modeOf(suffix), 0600);
        store->reset();
        QCOMPARE(scratch.entries(), QStringList{QStringLiteral("gvpn.db")});
    }
}

void AccountFileTest::findsNoneThatItMayNotMake()
{
    const ScratchStore scratch;
    VERIFY_FAILS(scratch.open(false), ErrorCode::NotFound);
    QVERIFY(scratch.entries().isEmpty());
    VERIFY_FAILS(AccountStore::open(
                     scratch.directory() + "/none/gvpn.db", [] { return UnixTime(); }, true),
                 ErrorCode::NotFound);
}

void AccountFileTest::takesAnEmptyFileForNone_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("no bytes") << 0;
    QTest::newRow("version 0 without tables") << 1;
    QTest::newRow("the same, with a write-ahead log") << 2;
}

void AccountFileTest::takesAnEmptyFileForNone()
{
    QFETCH(int, kind);
    const ScratchStore scratch;
    scratch.put("");
    if (kind >= 1)
        run(scratch, {"CREATE TABLE t (x)", "DROP TABLE t"});
    if (kind == 2)
        run(scratch, {"PRAGMA journal_mode = WAL"});
    QCOMPARE(scratch.content().isEmpty(), kind == 0);
    const auto store = scratch.open(false);
    VERIFY_DONE(store);
    VERIFY_DONE((*store)->addUser("anna", ""));
    const auto database = Database::open(scratch.path(), Access::Read);
    VERIFY_DONE(database);
    QCOMPARE((*database)->query("PRAGMA application_id")->front().front().toUInt(), 0x6776706EU);
    QCOMPARE((*database)->query("PRAGMA user_version")->front().front().toInt(), 1);
    QCOMPARE((*database)->query("PRAGMA journal_mode")->front().front().toString(), QStringLiteral("wal"));
}

void AccountFileTest::refusesFilesThatOthersCanUse_data()
{
    QTest::addColumn<QByteArray>("suffix");
    QTest::addColumn<int>("mode");
    for (const int mode : {0640, 0604, 0620, 0602, 0610, 0666})
        QTest::addRow("the file, %o", mode) << QByteArray() << mode;
    QTest::newRow("the log") << QByteArray("-wal") << 0620;
    QTest::newRow("the memory") << QByteArray("-shm") << 0602;
    QTest::newRow("the journal") << QByteArray("-journal") << 0644;
}

void AccountFileTest::refusesFilesThatOthersCanUse()
{
    QFETCH(QByteArray, suffix);
    QFETCH(int, mode);
    const ScratchStore scratch;
    (void)scratch.openSurely();
    if (!suffix.isEmpty())
        scratch.put("", suffix.toStdString());
    const std::string path = scratch.path() + suffix.toStdString();
    QCOMPARE(::chmod(path.c_str(), static_cast<mode_t>(mode)), 0);
    const Bytes before = bytesOf(scratch);
    const auto store = scratch.open();
    VERIFY_FAILS(store, ErrorCode::PermissionDenied);
    QVERIFY(store.error().context.starts_with(path));
    QVERIFY(store.error().context.find("chmod 600") != std::string::npos);
    QVERIFY(bytesOf(scratch) == before);
    QCOMPARE(scratch.modeOf(suffix.toStdString()), mode);
}

void AccountFileTest::refusesWhatIsNoFile_data()
{
    QTest::addColumn<QByteArray>("what");
    for (const char* what : {"directory", "pipe", "link", "link to nowhere"})
        QTest::newRow(what) << QByteArray(what);
}

void AccountFileTest::refusesWhatIsNoFile()
{
    QFETCH(QByteArray, what);
    const ScratchStore scratch;
    const std::string target = scratch.directory() + "/target";
    if (what == "directory") {
        QCOMPARE(::mkdir(scratch.path().c_str(), 0700), 0);
    } else if (what == "pipe") {
        QCOMPARE(::mkfifo(scratch.path().c_str(), 0600), 0);
    } else {
        if (what == "link")
            VERIFY_DONE(AccountStore::open(
                target, [] { return UnixTime(); }, true));
        QCOMPARE(::symlink(target.c_str(), scratch.path().c_str()), 0);
    }
    VERIFY_FAILS(scratch.open(), ErrorCode::PermissionDenied);
    QCOMPARE(::access(target.c_str(), F_OK) == 0, what == "link");
}

void AccountFileTest::refusesTheFileOfAnotherUser()
{
    if (::geteuid() != 0)
        QSKIP("needs root");
    const ScratchStore scratch;
    (void)scratch.openSurely();
    giveTo(scratch.path(), ServiceUser);
    const Bytes before = bytesOf(scratch);
    VERIFY_FAILS(scratch.open(), ErrorCode::PermissionDenied);
    QVERIFY(bytesOf(scratch) == before);
}

void AccountFileTest::worksAsRootOnTheFilesOfTheService()
{
    if (::geteuid() != 0)
        QSKIP("needs root");
    const ScratchStore scratch;
    giveTo(scratch.directory(), ServiceUser);
    const auto store = scratch.open();
    VERIFY_DONE(store);
    VERIFY_DONE((*store)->addUser("anna", ""));
    for (const char* suffix : {"", "-wal", "-shm"}) {
        struct stat status {};
        QCOMPARE(::stat((scratch.path() + suffix).c_str(), &status), 0);
        QCOMPARE(status.st_uid, ServiceUser);
        QCOMPARE(status.st_mode & 07777U, 0600U);
    }
}

void AccountFileTest::opensFilesWithAnyName()
{
    const ScratchStore scratch;
    for (const char* name : {"a b.db", "100%.db", "what?mode=memory", "#1.db", "%00.db", "ünï.db", "a;b&c=d.db"}) {
        const std::string path = scratch.directory() + '/' + name;
        const auto store = AccountStore::open(
            path, [] { return UnixTime(); }, true);
        VERIFY_DONE(store);
        VERIFY_DONE((*store)->addUser("anna", ""));
        QVERIFY2(::access((path + "-wal").c_str(), F_OK) == 0, name);
    }
}

void AccountFileTest::leavesWhatIsNoneOfOurs_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("text") << 0;
    QTest::newRow("one byte") << 1;
    QTest::newRow("zeros") << 2;
    QTest::newRow("another program's") << 3;
    QTest::newRow("another program's, with its id and our version") << 4;
    QTest::newRow("another program's, with a log") << 5;
    QTest::newRow("ours, without a version") << 6;
    QTest::newRow("ours, with a negative version") << 7;
    QTest::newRow("only a version") << 8;
    QTest::newRow("another program's, with an empty journal") << 9;
}

void AccountFileTest::leavesWhatIsNoneOfOurs()
{
    QFETCH(int, kind);
    const ScratchStore scratch;
    if (kind == 0)
        scratch.put(QByteArray("this is a letter and no database\n").repeated(100));
    else if (kind == 1)
        scratch.put("x");
    else if (kind == 2)
        scratch.put(QByteArray(8192, '\0'));
    else if (kind == 3 || kind == 9)
        run(scratch, {"CREATE TABLE users (x)"});
    else if (kind == 4)
        run(scratch, {"PRAGMA application_id = 7", "PRAGMA user_version = 1"});
    else if (kind == 5)
        run(scratch, {"PRAGMA journal_mode = WAL", "CREATE TABLE users (x)"});
    else if (kind == 6)
        run(scratch, {"PRAGMA application_id = 1735815278"});
    else if (kind == 7)
        run(scratch, {"PRAGMA application_id = 1735815278", "PRAGMA user_version = -1"});
    else if (kind == 8)
        run(scratch, {"PRAGMA user_version = 1"});
    if (kind == 9)
        scratch.put("", "-journal");
    const Bytes before = bytesOf(scratch);
    VERIFY_FAILS(scratch.open(), ErrorCode::Malformed);
    QVERIFY(bytesOf(scratch) == before);
}

void AccountFileTest::leavesANewerDatabase_data()
{
    QTest::addColumn<bool>("isInLog");
    QTest::newRow("in the file") << false;
    QTest::newRow("still in the log") << true;
}

void AccountFileTest::leavesANewerDatabase()
{
    QFETCH(bool, isInLog);
    const ScratchStore scratch;
    const ScratchStore crashed;
    {
        const auto store = scratch.openSurely();
        run(scratch, {"CREATE TABLE later (x)", "PRAGMA user_version = 2"});
        copyTo(scratch, crashed, {"", "-wal"});
    }
    const ScratchStore& tested = isInLog ? crashed : scratch;
    const Bytes before = bytesOf(tested);
    const auto store = tested.open();
    VERIFY_FAILS(store, ErrorCode::Unsupported);
    QCOMPARE(store.error().context,
             tested.path() + ": a newer gvpn has written it: it has version 2, and this gvpn knows versions up to 1");
    QVERIFY(bytesOf(tested) == before);
}

void AccountFileTest::leavesADamagedDatabase_data()
{
    QTest::addColumn<int>("at");      // percent of the file
    QTest::addColumn<int>("length");  // of the garbage, or 0: the file ends here
    QTest::newRow("cut in the first page") << 1 << 0;
    QTest::newRow("cut in the middle") << 50 << 0;
    QTest::newRow("cut at the end") << 99 << 0;
    QTest::newRow("garbage in the header") << 0 << 40;
    QTest::newRow("garbage in the schema") << 1 << 4000;
    QTest::newRow("garbage in the middle") << 50 << 4096;
    QTest::newRow("garbage near the end") << 90 << 2000;
}

void AccountFileTest::leavesADamagedDatabase()
{
    QFETCH(int, at);
    QFETCH(int, length);
    const ScratchStore scratch;
    fill(scratch);
    QByteArray bytes = scratch.content();
    QVERIFY(bytes.size() > 10 * 4096);
    const qsizetype position = bytes.size() * at / 100;
    if (length == 0)
        bytes.truncate(position);
    else
        bytes.replace(position, length, QByteArray(length, '\xA7'));
    scratch.put(bytes);
    const auto store = scratch.open();
    VERIFY_FAILS(store, ErrorCode::Malformed);
    QVERIFY(store.error().context.starts_with(scratch.path() + ": the database is damaged"));
    QVERIFY(scratch.content() == bytes);
    QVERIFY(scratch.entries().size() == 1);
}

void AccountFileTest::leavesAnEmptyFileWhoseContentIsBesideIt()
{
    const ScratchStore scratch;
    const ScratchStore cut;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser("anna", ""));
    copyTo(scratch, cut, {"-wal"});
    cut.put("");
    const Bytes before = bytesOf(cut);
    VERIFY_FAILS(cut.open(), ErrorCode::Malformed);
    QVERIFY(bytesOf(cut) == before);
}

void AccountFileTest::undoesWhatACrashLeftHalfDone()
{
    const ScratchStore scratch;
    const ScratchStore crashed;
    VERIFY_DONE(scratch.openSurely()->addUser("anna", ""));
    {
        run(scratch, {"PRAGMA journal_mode = DELETE"});
        const auto database = Database::open(scratch.path(), Access::Write);
        VERIFY_DONE(database);
        VERIFY_DONE((*database)->query("PRAGMA cache_size = 0"));
        VERIFY_DONE((*database)->query("BEGIN IMMEDIATE"));
        VERIFY_DONE((*database)->query("DELETE FROM users"));
        // More than the cache holds: pages of a transaction that nobody ended are in the file.
        VERIFY_DONE((*database)->query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                                       " INSERT INTO users (name, password_hash, created_at)"
                                       " SELECT 'user ' || i, '', 0 FROM n"));
        copyTo(scratch, crashed, {"", "-journal"});
    }
    QVERIFY(crashed.content().contains("user 7"));
    const auto store = crashed.open();
    VERIFY_DONE(store);
    const auto users = (*store)->users();
    VERIFY_DONE(users);
    QCOMPARE(users->size(), 1U);
    QCOMPARE(users->front().name, std::string("anna"));
}

void AccountFileTest::readsWhatACrashLeftBesideTheFile()
{
    const ScratchStore scratch;
    const ScratchStore crashed;
    const auto store = scratch.openSurely();
    VERIFY_DONE(store->addUser("anna", ""));
    copyTo(scratch, crashed, {"", "-wal"});
    QVERIFY(!crashed.content().contains("anna"));
    const auto again = crashed.open();
    VERIFY_DONE(again);
    VERIFY_DONE((*again)->findUser("anna"));
}

}  // namespace gvpn::accounts

QTEST_GUILESS_MAIN(gvpn::accounts::AccountFileTest)
#include "tst_account_file.moc"
