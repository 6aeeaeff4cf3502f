// What is left of root after it became somebody else, against the real kernel: in child processes, since there is no
// way back. Needs root.
#include "program/privileges.h"

#include "base/unique_fd.h"
#include "system/nft_process.h"

#include <QCoreApplication>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include <array>
#include <functional>
#include <optional>

#include <fcntl.h>
#include <grp.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <pwd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace gvpn;
using program::becomeOwnerOf;
using program::becomeUserWithNetAdmin;

namespace {

const char* const User = "nobody";
const char* const FilterArgument = "become-and-filter";
const QByteArray NetAdminOnly = "0000000000001000";  // bit 12, linux/capability.h
const QByteArray None = "0000000000000000";
constexpr uid_t NamelessUser = 54'321;
constexpr gid_t NamelessGroup = 54'322;

QByteArray outcome(const Result<void>& result)
{
    return result ? QByteArray("done") : QByteArray::fromStdString(result.error().context);
}

QByteArray outcome(bool isDone)
{
    return isDone ? QByteArray("done") : QByteArray(::strerror(errno));
}

/// What task returns in a child process.
QByteArray inAChild(const std::function<QByteArray()>& task)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return "pipe2";
    const UniqueFd readEnd(ends[0]);
    UniqueFd writeEnd(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        const QByteArray said = task();
        const bool isSaid = ::write(writeEnd.get(), said.constData(), static_cast<std::size_t>(said.size())) >= 0;
        ::_exit(isSaid ? 0 : 1);
    }
    writeEnd.reset();
    QByteArray said;
    std::array<char, 512> chunk{};
    for (ssize_t size = 1; size > 0;) {
        size = ::read(readEnd.get(), chunk.data(), chunk.size());
        said.append(chunk.data(), std::max<qsizetype>(size, 0));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status == 0 ? said : said + " (killed)";
}

QByteArray becomeUser()
{
    return outcome(becomeUserWithNetAdmin(User));
}

/// The value of a line of /proc/self/status, with blanks for tabs.
QByteArray statusOf(const QByteArray& key)
{
    QFile status(QStringLiteral("/proc/self/status"));
    if (!status.open(QIODevice::ReadOnly))
        return "no /proc";
    for (const QByteArray& line : status.readAll().split('\n')) {
        if (line.startsWith(key + ':'))
            return line.mid(key.size() + 1).simplified();
    }
    return "no " + key;
}

QByteArray capabilities()
{
    return statusOf("CapInh") + ' ' + statusOf("CapPrm") + ' ' + statusOf("CapEff") + ' ' + statusOf("CapBnd") + ' '
           + statusOf("CapAmb");
}

QByteArray fourTimes(unsigned id)
{
    const QByteArray text = QByteArray::number(id);
    return text + ' ' + text + ' ' + text + ' ' + text;
}

QByteArray openTun(const QByteArray& path)
{
    const UniqueFd tun(::open(path.constData(), O_RDWR | O_CLOEXEC));
    if (!tun.isValid())
        return "open " + path + ": " + outcome(false);
    ifreq request{};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (::ioctl(tun.get(), TUNSETIFF, &request) != 0)
        return "TUNSETIFF: " + outcome(false);
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    request.ifr_flags = IFF_UP;
    return outcome(::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0);
}

QByteArray switchForwardingOn()
{
    QFile file(QStringLiteral("/proc/sys/net/ipv4/conf/lo/forwarding"));
    if (!file.open(QIODevice::WriteOnly | QIODevice::Unbuffered))
        return "open " + file.fileName().toUtf8();
    return outcome(file.write("1") == 1);
}

/// Any of the ways back that a process could try.
bool canGetRootBack()
{
    return ::setuid(0) == 0 || ::setresuid(0, 0, 0) == 0 || ::setgid(0) == 0 || ::setresgid(0, 0, 0) == 0
           || ::setgroups(0, nullptr) == 0 || ::chown("/", 0, 0) == 0;
}

/// The body of the child that main() makes of this program: 0 when nft did what it was told.
int becomeAndFilter(int argc, char** argv)
{
    if (::unshare(CLONE_NEWNET) != 0 || !becomeUserWithNetAdmin(User))
        return 2;
    const QCoreApplication application(argc, argv);
    system::NftProcess nft;
    std::optional<Result<void>> ended;
    nft.run(R"({"nftables":[{"add":{"table":{"family":"inet","name":"gvpn_test"}}},{"list":{"tables":null}}]})",
            [&](Result<void> result) {
                ended = std::move(result);
                QCoreApplication::exit(*ended ? 0 : 1);
            });
    const int status = ended ? (*ended ? 0 : 1) : QCoreApplication::exec();
    if (ended && !*ended)
        std::fprintf(stderr, "%s\n", ended->error().context.c_str());
    return status;
}

}  // namespace

class TestPrivilegesDropped : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (::geteuid() != 0 || !program::hasNetAdmin())
            QSKIP("needs root with CAP_NET_ADMIN");
        const passwd* user = ::getpwnam(User);
        QVERIFY(user);
        m_user = user->pw_uid;
        m_group = user->pw_gid;
    }

    void isTheUserWithNetAdminAndNothingElse()
    {
        const QByteArray said = inAChild([] {
            const gid_t extra = 4;
            if (::setgroups(1, &extra) != 0)
                return QByteArray("setgroups");
            const QByteArray become = becomeUser();
            return become + '|' + statusOf("Uid") + '|' + statusOf("Gid") + '|' + statusOf("Groups") + '|'
                   + capabilities() + '|' + statusOf("NoNewPrivs") + '|'
                   + QByteArray::number(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
        });
        const QByteArray expected = "done|" + fourTimes(m_user) + '|' + fourTimes(m_group) + '|'
                                    + QByteArray::number(m_group) + '|' + None + ' ' + NetAdminOnly + ' ' + NetAdminOnly
                                    + ' ' + NetAdminOnly + ' ' + None + "|1|0";
        QCOMPARE(said, expected);
    }

    void canNotBecomeRootAgain()
    {
        QCOMPARE(inAChild([] { return canGetRootBack() ? QByteArray("yes") : QByteArray("no"); }), QByteArray("yes"));
        QCOMPARE(inAChild([] {
                     const QByteArray become = becomeUser();
                     return become + (canGetRootBack() ? ", root" : "");
                 }),
                 QByteArray("done"));
    }

    void aProgramThatItStartsHasNothing()
    {
        const QByteArray said = inAChild([] {
            const QByteArray become = becomeUser();
            QProcess child;
            child.start(QStringLiteral("/bin/grep"), {QStringLiteral("-E"), QStringLiteral("^Cap(Prm|Eff|Amb):"),
                                                      QStringLiteral("/proc/self/status")});
            child.waitForFinished();
            return become + ' ' + child.readAllStandardOutput().simplified();
        });
        QCOMPARE(said, "done CapPrm: " + None + " CapEff: " + None + " CapAmb: " + None);
    }

    void opensATunAndSetsItUp()
    {
        const QByteArray tun = tunForEverybody();
        if (tun.isEmpty())
            QSKIP("no /dev/net/tun, and none can be made");
        const QByteArray said = inAChild([&tun] {
            const QByteArray separate = outcome(::unshare(CLONE_NEWNET) == 0);
            const QByteArray become = becomeUser();
            return separate + ' ' + become + ' ' + openTun(tun);
        });
        QCOMPARE(said, QByteArray("done done done"));
    }

    void switchesForwardingOn()
    {
        const QByteArray said = inAChild([] {
            const QByteArray separate = outcome(::unshare(CLONE_NEWNET) == 0);
            const QByteArray become = becomeUser();
            return separate + ' ' + become + ' ' + switchForwardingOn();
        });
        QCOMPARE(said, QByteArray("done done done"));
    }

    void nftWorksAsItsChild()
    {
        if (::access("/usr/sbin/nft", X_OK) != 0)
            QSKIP("no nft");
        QProcess child;
        child.setProcessChannelMode(QProcess::MergedChannels);
        child.start(QCoreApplication::applicationFilePath(), {QString::fromLatin1(FilterArgument)});
        QVERIFY(child.waitForFinished());
        QVERIFY2(child.exitStatus() == QProcess::NormalExit && child.exitCode() == 0, child.readAll().constData());
    }

    void onlyRootCanBecomeAUser()
    {
        const QByteArray said = inAChild([] {
            const QByteArray first = becomeUser();
            return first + ' ' + becomeUser();
        });
        QCOMPARE(said, QByteArray("done only root can become the user nobody"));
    }

    void becomesTheOwnerOfADirectory()
    {
        const QByteArray path = ownedBy(m_user, m_group);
        const QByteArray said = inAChild([&path] {
            const QByteArray become = outcome(becomeOwnerOf(path.toStdString()));
            const UniqueFd file(::open((path + "/file").constData(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
            return become + '|' + statusOf("Uid") + '|' + statusOf("Gid") + '|' + capabilities() + '|'
                   + statusOf("NoNewPrivs") + (canGetRootBack() ? " root" : "");
        });
        const QByteArray nothing = None + ' ' + None + ' ' + None + ' ' + None + ' ' + None;
        QCOMPARE(said, "done|" + fourTimes(m_user) + '|' + fourTimes(m_group) + '|' + nothing + "|1");
        struct stat status {};
        QCOMPARE(::stat((path + "/file").constData(), &status), 0);
        QCOMPARE(status.st_uid, m_user);
    }

    void becomesAnOwnerWithoutAName()
    {
        const QByteArray path = ownedBy(NamelessUser, NamelessGroup);
        const QByteArray said = inAChild([&path] {
            const QByteArray become = outcome(becomeOwnerOf(path.toStdString()));
            return become + '|' + statusOf("Uid") + '|' + statusOf("Gid") + '|' + statusOf("Groups");
        });
        QCOMPARE(said, "done|" + fourTimes(NamelessUser) + '|' + fourTimes(NamelessGroup) + '|');
    }

    void staysWhatItIsOtherwise()
    {
        const QByteArray roots = ownedBy(0, 0);
        const QByteArray users = ownedBy(NamelessUser, NamelessGroup);
        QCOMPARE(inAChild([&] {
                     const QByteArray become = outcome(becomeOwnerOf(roots.toStdString()));
                     return become + ' ' + statusOf("Uid");
                 }),
                 "done " + fourTimes(0));
        const QByteArray said = inAChild([&] {
            const QByteArray become = becomeUser();
            const QByteArray second = outcome(becomeOwnerOf(users.toStdString()));
            return become + ' ' + second + ' ' + statusOf("Uid");
        });
        QCOMPARE(said, "done done " + fourTimes(m_user));
    }

    void namesADirectoryThatIsNotThere()
    {
        const auto result = becomeOwnerOf("/proc/missing");
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::NotFound);
        QVERIFY(result.error().context.find("/proc/missing") != std::string::npos);
    }

private:
    /// The device that udev makes, or in a container one like it. Nothing: not to be had.
    QByteArray tunForEverybody()
    {
        struct stat status {};
        if (::stat("/dev/net/tun", &status) != 0 || (status.st_mode & 06U) == 06U)
            return status.st_mode != 0 ? "/dev/net/tun" : "";
        const QByteArray path = ownedBy(m_user, m_group) + "/tun";
        const bool isMade = ::mknod(path.constData(), S_IFCHR | 0600, status.st_rdev) == 0
                            && ::chown(path.constData(), m_user, m_group) == 0;
        // A file system without devices shows that only now.
        return isMade && UniqueFd(::open(path.constData(), O_RDWR | O_CLOEXEC)).isValid() ? path : "";
    }

    /// A new directory that its owner can reach.
    QByteArray ownedBy(uid_t user, gid_t group)
    {
        const QByteArray path = m_directory.filePath(QString::number(m_count++)).toUtf8();
        const bool isMade = ::chmod(m_directory.path().toUtf8().constData(), 0755) == 0
                            && ::mkdir(path.constData(), 0700) == 0 && ::chown(path.constData(), user, group) == 0;
        return isMade ? path : QByteArray("no directory");
    }

    QTemporaryDir m_directory;
    int m_count = 0;
    uid_t m_user = 0;
    gid_t m_group = 0;
};

int main(int argc, char** argv)
{
    if (argc == 2 && qstrcmp(argv[1], FilterArgument) == 0)
        return becomeAndFilter(argc, argv);
    const QCoreApplication application(argc, argv);
    TestPrivilegesDropped test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_privileges_dropped.moc"
