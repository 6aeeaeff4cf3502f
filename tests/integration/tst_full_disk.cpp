// The account database on a disk that fills up: a small tmpfs in a mount namespace of this process.
#include "accounts/account_store.h"

#include <QtTest>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace gvpn::accounts {

class FullDiskTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void saysThatTheDiskIsFullAndLosesNothing();
    void makesNoHalfDatabase();

private:
    [[nodiscard]] std::string path(std::string_view name) const { return m_directory + '/' + std::string(name); }
    [[nodiscard]] Result<std::unique_ptr<AccountStore>> open() const
    {
        return AccountStore::open(
            path("gvpn.db"), [] { return UnixTime(std::chrono::days(20000)); }, true);
    }
    /// Takes all the room there is, or, with leave, all but so many bytes.
    void fillDisk(off_t leave = 0) const;

    std::string m_directory;
    QTemporaryDir m_mountPoint;
};

namespace {

constexpr char Size[] = "size=1m,mode=0700";

}  // namespace

void FullDiskTest::initTestCase()
{
    if (::geteuid() != 0)
        QSKIP("needs root, to mount a small file system");
    m_directory = m_mountPoint.path().toStdString();
    if (::unshare(CLONE_NEWNS) != 0)
        QSKIP("no mount namespaces here");
    QCOMPARE(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
}

void FullDiskTest::init()
{
    QCOMPARE(::mount("tmpfs", m_directory.c_str(), "tmpfs", 0, Size), 0);
}

void FullDiskTest::cleanup()
{
    ::umount2(m_directory.c_str(), MNT_DETACH);
}

void FullDiskTest::fillDisk(off_t leave) const
{
    const int file = ::open(path("filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    QVERIFY(file >= 0);
    const std::string block(4096, 'x');
    off_t size = 0;
    for (ssize_t written = 0; (written = ::write(file, block.data(), block.size())) > 0;)
        size += written;
    QVERIFY(size > leave);
    QCOMPARE(::ftruncate(file, size - leave), 0);
    ::close(file);
}

void FullDiskTest::saysThatTheDiskIsFullAndLosesNothing()
{
    auto store = open();
    QVERIFY2(store.has_value(), store ? "" : store.error().context.c_str());
    QVERIFY((*store)->addUser("anna", "$hash").has_value());
    fillDisk();

    // What SQLite has room for in its files already may still work.
    Result<User> added = fail(ErrorCode::NotFound, "not tried");
    int before = 0;
    for (int i = 0; i < 2000; ++i) {
        added = (*store)->addUser("user " + std::to_string(i), "$hash");
        if (!added)
            break;
        ++before;
    }
    QVERIFY(!added);
    QVERIFY2(added.error().code == ErrorCode::LimitExceeded, added.error().context.c_str());
    QCOMPARE(added.error().context, std::string("the disk is full"));
    QCOMPARE((*store)->passwordHashOf("anna"), std::string("$hash"));
    QCOMPARE((*store)->users()->size(), static_cast<std::size_t>(before) + 1);

    QCOMPARE(::unlink(path("filler").c_str()), 0);
    added = (*store)->addUser("ben", "$hash");
    QVERIFY2(added.has_value(), added ? "" : added.error().context.c_str());
    store->reset();
    const auto again = open();
    QVERIFY2(again.has_value(), again ? "" : again.error().context.c_str());
    QCOMPARE((*again)->users()->size(), static_cast<std::size_t>(before) + 2);
}

void FullDiskTest::makesNoHalfDatabase()
{
    for (const off_t leave : {0, 4096, 16384, 40960, 65536}) {
        fillDisk(leave);
        const auto refused = open();
        QVERIFY(!refused);
        QVERIFY2(refused.error().code == ErrorCode::LimitExceeded, refused.error().context.c_str());
        QCOMPARE(QDir(m_mountPoint.path()).entryList(QDir::Files | QDir::Hidden),
                 QStringList{QStringLiteral("filler")});
        QCOMPARE(::unlink(path("filler").c_str()), 0);
        auto store = open();
        QVERIFY2(store.has_value(), store ? "" : store.error().context.c_str());
        QVERIFY((*store)->addUser("anna", "$hash").has_value());
        store->reset();
        QCOMPARE(::unlink(path("gvpn.db").c_str()), 0);
    }
}

}  // namespace gvpn::accounts

QTEST_GUILESS_MAIN(gvpn::accounts::FullDiskTest)
#include "tst_full_disk.moc"
