#include "system/service_directory.h"

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace gvpn;
using namespace gvpn::system;

namespace {

constexpr ServiceUser Service{12345, 12346};

struct stat statusOf(const std::string& path)
{
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        qFatal("%s is missing", path.c_str());
    return status;
}

void write(const std::string& path)
{
    QFile file(QString::fromStdString(path));
    if (!file.open(QIODevice::WriteOnly))
        qFatal("can't write %s", path.c_str());
}

}  // namespace

class TestServiceDirectory : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void makesBoth();
    void isDoneTwice();
    void rootGivesItAwayWithItsFiles();
    void aLinkIsNeverFollowed();
    void somebodyElsesIsRefused();
    void aBaseOfSomebodyElseIsRefused();

private:
    [[nodiscard]] std::string base() const { return m_base; }

    std::unique_ptr<QTemporaryDir> m_dir;
    std::string m_base;
};

void TestServiceDirectory::init()
{
    m_dir = std::make_unique<QTemporaryDir>();
    m_base = m_dir->filePath(QStringLiteral("run")).toStdString();
}

void TestServiceDirectory::makesBoth()
{
    QVERIFY(makeServiceDirectory(base(), "server"));
    QCOMPARE(statusOf(base()).st_mode & 07777U, 0755U);
    QCOMPARE(statusOf(base() + "/server").st_mode & 07777U, 0700U);
}

void TestServiceDirectory::isDoneTwice()
{
    QVERIFY(makeServiceDirectory(base(), "server"));
    QVERIFY(makeServiceDirectory(base(), "server"));
}

void TestServiceDirectory::rootGivesItAwayWithItsFiles()
{
    if (::geteuid() != 0)
        QSKIP("needs root");
    QVERIFY(makeServiceDirectory(base(), "net-1"));
    write(base() + "/net-1/lock");
    QVERIFY(makeServiceDirectory(base(), "net-1", Service));
    QCOMPARE(statusOf(base()).st_uid, 0U);
    QCOMPARE(statusOf(base() + "/net-1").st_uid, Service.user);
    QCOMPARE(statusOf(base() + "/net-1/lock").st_uid, Service.user);
    QCOMPARE(statusOf(base() + "/net-1/lock").st_gid, Service.group);
    // What the user has put there since is left alone, whatever it leads to.
    const std::string victim = m_dir->filePath(QStringLiteral("victim")).toStdString();
    write(victim);
    QCOMPARE(::link(victim.c_str(), (base() + "/net-1/evil").c_str()), 0);
    QVERIFY(makeServiceDirectory(base(), "net-1", Service));
    QCOMPARE(statusOf(victim).st_uid, 0U);
}

void TestServiceDirectory::aLinkIsNeverFollowed()
{
    if (::geteuid() != 0)
        QSKIP("needs root");
    const std::string victim = m_dir->filePath(QStringLiteral("etc")).toStdString();
    QCOMPARE(::mkdir(victim.c_str(), 0755), 0);
    write(victim + "/shadow");
    QCOMPARE(::mkdir(base().c_str(), 0755), 0);
    QCOMPARE(::symlink(victim.c_str(), (base() + "/net-1").c_str()), 0);
    QVERIFY(!makeServiceDirectory(base(), "net-1", Service));
    QCOMPARE(statusOf(victim).st_uid, 0U);
    QCOMPARE(statusOf(victim + "/shadow").st_uid, 0U);
}

void TestServiceDirectory::somebodyElsesIsRefused()
{
    if (::geteuid() != 0)
        QSKIP("needs root");
    QVERIFY(makeServiceDirectory(base(), "server", ServiceUser{777, 777}));
    const auto made = makeServiceDirectory(base(), "server", Service);
    QVERIFY(!made && made.error().code == ErrorCode::PermissionDenied);
}

void TestServiceDirectory::aBaseOfSomebodyElseIsRefused()
{
    if (::geteuid() != 0)
        QSKIP("needs root");
    QCOMPARE(::mkdir(base().c_str(), 0755), 0);
    QCOMPARE(::chown(base().c_str(), Service.user, Service.group), 0);
    const auto made = makeServiceDirectory(base(), "server", Service);
    QVERIFY(!made && made.error().code == ErrorCode::PermissionDenied);
}

QTEST_GUILESS_MAIN(TestServiceDirectory)

#include "tst_service_directory.moc"
