#include "system/holder.h"
#include "system/run_directory.h"

#include <QtTest>

#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace gvpn;
using namespace gvpn::system;

namespace {

QString readLocks()
{
    QFile file(QStringLiteral("/proc/locks"));
    return file.open(QIODevice::ReadOnly) ? QString::fromLatin1(file.readAll()) : QString();
}

}  // namespace

class RunDirectoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_directory = std::make_unique<QTemporaryDir>(); }

    void keepsObjects();
    void isClosedToOthers();
    void createsNothingBeforeTheLock();
    void goesWithTheLastFile();
    void locksANewDirectoryAfterWaitingForARemovedOne();
    void refusesADirectoryThatOthersCanChange();
    void ignoresFilesOfNoUse_data();
    void ignoresFilesOfNoUse();
    void removesWhatIsOutdated();
    void ignoresASymbolicLinkAndAPipe();
    void failsWhereItCantWrite();
    void knowsTheLiving();
    void readsHoldersBack();
    void refusesBrokenHolders_data();
    void refusesBrokenHolders();

private:
    [[nodiscard]] RunDirectory locate() const { return *RunDirectory::locate(m_directory->path().toStdString()); }
    std::unique_ptr<QTemporaryDir> m_directory;
};

void RunDirectoryTest::keepsObjects()
{
    const RunDirectory directory = locate();
    QVERIFY(directory.lock().has_value());
    QVERIFY(!directory.read("a.json"));
    QVERIFY(directory.write("a.json", {{QStringLiteral("key"), 5}}).has_value());
    QCOMPARE(locate().read("a.json")->value(u"key").toInt(), 5);
    QVERIFY(directory.list("a", ".json") == std::vector<std::string>{"a.json"});
    directory.remove("a.json");
    directory.remove("a.json");
    QVERIFY(!directory.read("a.json"));
}

void RunDirectoryTest::isClosedToOthers()
{
    const RunDirectory directory = locate();
    QVERIFY(directory.lock().has_value());
    struct stat info {};
    QVERIFY(::stat(directory.path().c_str(), &info) == 0);
    QCOMPARE(info.st_mode & 0777U, 0700U);
}

void RunDirectoryTest::createsNothingBeforeTheLock()
{
    const RunDirectory directory = locate();
    QVERIFY(!directory.read("a.json"));
    QVERIFY(directory.list("", "").empty());
    QVERIFY(!QFile::exists(QString::fromStdString(directory.path())));
}

void RunDirectoryTest::goesWithTheLastFile()
{
    const RunDirectory directory = locate();
    const auto exists = [&] { return QFile::exists(QString::fromStdString(directory.path())); };
    {
        const auto lock = directory.lock();
        QVERIFY(lock && directory.write("a.json", {}) && directory.write("b.json", {}));
        directory.remove("a.json");
        QVERIFY(exists());
        directory.remove("b.json");
        QVERIFY(!exists());
    }
    const auto again = directory.lock();
    QVERIFY(again.has_value());
    QVERIFY(directory.write("a.json", {}).has_value());
    QFile other(QString::fromStdString(directory.path() + "/other"));
    QVERIFY(other.open(QIODevice::WriteOnly));
    directory.remove("a.json");
    QVERIFY(other.exists());
    QVERIFY(QFile::exists(QString::fromStdString(directory.path() + "/lock")));
}

void RunDirectoryTest::locksANewDirectoryAfterWaitingForARemovedOne()
{
    const RunDirectory directory = locate();
    Result<UniqueFd> first = directory.lock();
    QVERIFY(first && directory.write("a.json", {}));
    std::atomic<bool> hasWritten = false;
    std::thread other([&] {
        const auto second = directory.lock();
        hasWritten = second && directory.write("b.json", {});
    });
    struct stat info {};
    QVERIFY(::fstat(first->get(), &info) == 0);
    const QRegularExpression waiter(QStringLiteral("-> FLOCK .*:%1 ").arg(info.st_ino));
    QTRY_VERIFY(readLocks().contains(waiter));
    directory.remove("a.json");
    first->reset();
    other.join();
    QVERIFY(hasWritten);
    QVERIFY(directory.read("b.json").has_value());
    QVERIFY(directory.lock().has_value());
}

void RunDirectoryTest::refusesADirectoryThatOthersCanChange()
{
    const RunDirectory directory = locate();
    QVERIFY(::mkdir(directory.path().c_str(), 0700) == 0 && ::chmod(directory.path().c_str(), 0777) == 0);
    QCOMPARE(directory.lock().error().code, ErrorCode::PermissionDenied);
    QVERIFY(::rmdir(directory.path().c_str()) == 0 && ::symlink("/tmp", directory.path().c_str()) == 0);
    QCOMPARE(directory.lock().error().code, ErrorCode::PermissionDenied);
}

void RunDirectoryTest::ignoresFilesOfNoUse_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("warns");
    QTest::newRow("empty") << QByteArray() << true;
    QTest::newRow("bytes") << QByteArray("\0\xff{", 3) << true;
    QTest::newRow("cut off") << QByteArray("{\"version\": 1, \"sta") << true;
    QTest::newRow("an array") << QByteArray("[1]") << true;
    QTest::newRow("no version") << QByteArray("{\"stamp\": \"x\"}") << true;
    QTest::newRow("a later version") << QByteArray("{\"version\": 2, \"stamp\": \"x\"}") << true;
    QTest::newRow("no stamp") << QByteArray("{\"version\": 1}") << true;
    QTest::newRow("too large") << QByteArray((1 << 20) + 1, ' ') << true;
    QTest::newRow("deep") << QByteArray(100'000, '[') << true;
    QTest::newRow("another boot") << QByteArray("{\"version\": 1, \"stamp\": \"another boot\"}") << false;
}

void RunDirectoryTest::ignoresFilesOfNoUse()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, warns);
    const RunDirectory directory = locate();
    QVERIFY(directory.lock().has_value());
    QFile file(QString::fromStdString(directory.path() + "/a.json"));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) == text.size());
    file.close();
    if (warns)
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("ignoring a (damaged )?file.*a\\.json")));
    QVERIFY(!directory.read("a.json"));
}

void RunDirectoryTest::removesWhatIsOutdated()
{
    const RunDirectory directory = locate();
    QVERIFY(directory.lock().has_value());
    QVERIFY(directory.write("ours.json", {}).has_value());
    QFile file(QString::fromStdString(directory.path() + "/old.json"));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("{\"version\": 1, \"stamp\": \"another boot\"}") > 0);
    file.close();
    directory.removeOutdated();
    QVERIFY(directory.list("", ".json") == std::vector<std::string>{"ours.json"});
}

void RunDirectoryTest::ignoresASymbolicLinkAndAPipe()
{
    const RunDirectory directory = locate();
    QVERIFY(directory.lock().has_value());
    QVERIFY(directory.write("real.json", {}).has_value());
    QVERIFY(::symlink("real.json", (directory.path() + "/link.json").c_str()) == 0);
    QVERIFY(::mkfifo((directory.path() + "/pipe.json").c_str(), 0600) == 0);
    QVERIFY(directory.read("real.json").has_value());
    for (const char* name : {"link.json", "pipe.json"}) {
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("can't be read")));
        QVERIFY(!directory.read(name));
    }
}

void RunDirectoryTest::failsWhereItCantWrite()
{
    const auto directory = RunDirectory::locate("/proc/nowhere");
    QVERIFY(directory.has_value());
    QVERIFY(!directory->lock());
    QVERIFY(!directory->write("a.json", {}));
}

void RunDirectoryTest::knowsTheLiving()
{
    Holder own = Holder::makeOwn();
    QVERIFY(own.isAlive());
    QVERIFY(Holder::makeOwn() != own);
    // The number was used again.
    ++own.startTime;
    QVERIFY(!own.isAlive());

    std::array<int, 2> pipe{};
    QVERIFY(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        char byte = 0;
        ::close(pipe[1]);
        ::_exit(::read(pipe[0], &byte, 1) == 0 ? 0 : 1);
    }
    Holder other = own;
    other.process = child;
    QFile stat(QStringLiteral("/proc/%1/stat").arg(child));
    QVERIFY(stat.open(QIODevice::ReadOnly));
    const QByteArray fields = stat.readAll();
    other.startTime = fields.mid(fields.lastIndexOf(')') + 2).split(' ').at(19).toULongLong();
    QVERIFY(other.isAlive());
    ::close(pipe[0]);
    ::close(pipe[1]);
    siginfo_t info{};
    QVERIFY(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
    // A zombie.
    QVERIFY(!other.isAlive());
    QVERIFY(::waitpid(child, nullptr, 0) == child);
    QVERIFY(!other.isAlive());
}

void RunDirectoryTest::readsHoldersBack()
{
    const Holder own = Holder::makeOwn();
    QVERIFY(Holder::fromJson(own.toJson()) == own);
}

void RunDirectoryTest::refusesBrokenHolders_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QJsonValue>("value");
    QTest::newRow("no process") << "pid" << QJsonValue();
    QTest::newRow("process 0") << "pid" << QJsonValue(0);
    QTest::newRow("all processes") << "pid" << QJsonValue(-1);
    QTest::newRow("a large process") << "pid" << QJsonValue(qint64(1) << 40);
    QTest::newRow("a text as process") << "pid" << QJsonValue(QStringLiteral("5"));
    QTest::newRow("no start") << "started" << QJsonValue();
    QTest::newRow("a number as start") << "started" << QJsonValue(5);
    QTest::newRow("a negative start") << "started" << QJsonValue(QStringLiteral("-5"));
    QTest::newRow("no token") << "token" << QJsonValue();
    QTest::newRow("a path as token") << "token" << QJsonValue(QStringLiteral("../../../../etc/"));
    QTest::newRow("a long token") << "token" << QJsonValue(QStringLiteral("00000000000000000"));
}

void RunDirectoryTest::refusesBrokenHolders()
{
    QFETCH(QString, key);
    QFETCH(QJsonValue, value);
    QJsonObject object = Holder::makeOwn().toJson();
    object.insert(key, value);
    QVERIFY(!Holder::fromJson(object));
}

QTEST_APPLESS_MAIN(RunDirectoryTest)

#include "tst_run_directory.moc"
