#include "client/profile_lock.h"

#include <QTemporaryDir>
#include <QtTest>

#include <sys/wait.h>
#include <unistd.h>

using namespace gvpn;
using namespace gvpn::client;

namespace {

/// A process that holds the lock until it is let go.
class Holder {
public:
    Holder(const std::string& stateDir, const std::string& profile)
    {
        std::array<int, 2> ready{};
        if (::pipe(ready.data()) != 0 || ::pipe(m_end.data()) != 0)
            qFatal("no pipe");
        m_pid = ::fork();
        if (m_pid == 0) {
            const auto lock = ProfileLock::take(stateDir, profile, "other");
            char byte = lock ? 'y' : 'n';
            static_cast<void>(!::write(ready[1], &byte, 1));
            ::close(m_end[1]);
            static_cast<void>(!::read(m_end[0], &byte, 1));
            ::_exit(0);
        }
        ::close(m_end[0]);
        char answer = 0;
        hasLock = ::read(ready[0], &answer, 1) == 1 && answer == 'y';
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~Holder() { kill(SIGKILL); }
    void kill(int signal)
    {
        if (m_pid == 0)
            return;
        ::kill(m_pid, signal);
        ::waitpid(m_pid, nullptr, 0);
        ::close(m_end[1]);
        m_pid = 0;
    }
    [[nodiscard]] std::string description() const { return "other (process " + std::to_string(m_pid) + ")"; }

    bool hasLock = false;

private:
    std::array<int, 2> m_end{};
    pid_t m_pid = 0;
};

}  // namespace

class TestProfileLock : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void namesWhoHoldsIt();
    void goesWithItsProcess();
    void isFreeAgainWhenItIsDropped();
    void makesNothingWhereNothingIs();
    void locksOneProfileOnly();
    void takesAnyName();
    void namesADirectoryThatCantBeUsed();
};

void TestProfileLock::namesWhoHoldsIt()
{
    const QTemporaryDir directory;
    const std::string place = directory.path().toStdString();
    const Holder holder(place, "Office");
    QVERIFY(holder.hasLock);
    const auto refused = ProfileLock::take(place, "Office", "me");
    QCOMPARE(refused.error().code, ErrorCode::AlreadyExists);
    QCOMPARE(refused.error().context, holder.description());
}

void TestProfileLock::goesWithItsProcess()
{
    const QTemporaryDir directory;
    const std::string place = directory.path().toStdString();
    Holder holder(place, "Office");
    QVERIFY(holder.hasLock);
    holder.kill(SIGKILL);
    QVERIFY(ProfileLock::take(place, "Office", "me").has_value());
}

void TestProfileLock::isFreeAgainWhenItIsDropped()
{
    const QTemporaryDir directory;
    const std::string place = directory.path().toStdString();
    {
        const auto first = ProfileLock::take(place, "Office", "a program with a long name");
        QVERIFY(first.has_value());
        const auto second = ProfileLock::take(place, "Office", "b");
        QCOMPARE(second.error().context, "a program with a long name (process " + std::to_string(::getpid()) + ")");
    }
    const auto third = ProfileLock::take(place, "Office", "b");
    QVERIFY(third.has_value());
    QCOMPARE(ProfileLock::take(place, "Office", "c").error().context, "b (process " + std::to_string(::getpid()) + ")");
}

void TestProfileLock::makesNothingWhereNothingIs()
{
    const QTemporaryDir directory;
    const std::string place = directory.path().toStdString();
    const auto none = ProfileLock::takeIfThere(place, "Office", "me");
    QVERIFY(none.has_value() && !none->has_value());
    QVERIFY(QDir(directory.path()).isEmpty());
    {
        const Holder holder(place, "Office");
        const auto refused = ProfileLock::takeIfThere(place, "Office", "me");
        QCOMPARE(refused.error(), (Error{ErrorCode::AlreadyExists, holder.description()}));
    }
    const auto taken = ProfileLock::takeIfThere(place, "Office", "me");
    QVERIFY(taken.has_value() && taken->has_value());
    QCOMPARE(ProfileLock::take(place, "Office", "b").error().code, ErrorCode::AlreadyExists);
    const auto other = ProfileLock::takeIfThere(place, "Home", "me");
    QVERIFY(other.has_value() && !other->has_value());
}

void TestProfileLock::locksOneProfileOnly()
{
    const QTemporaryDir directory;
    const std::string place = directory.path().toStdString();
    const auto office = ProfileLock::take(place, "Office", "a");
    const auto home = ProfileLock::take(place, "Home", "a");
    QVERIFY(office.has_value() && home.has_value());
}

void TestProfileLock::takesAnyName()
{
    const QTemporaryDir directory;
    const std::string place = directory.path().toStdString();
    for (const std::string& name : {std::string(".."), std::string("../../x"), std::string(64, '/')}) {
        const auto lock = ProfileLock::take(place, name, "a");
        QVERIFY2(lock.has_value(), lock ? "" : lock.error().context.c_str());
    }
    QCOMPARE(QDir(directory.path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot),
             QStringList(QStringLiteral("locks")));
    QCOMPARE(QDir(directory.filePath(QStringLiteral("locks"))).entryList(QDir::Files | QDir::Hidden).size(), 3);
}

void TestProfileLock::namesADirectoryThatCantBeUsed()
{
    const QTemporaryDir directory;
    const QString place = directory.filePath(QStringLiteral("file"));
    QFile file(place);
    QVERIFY(file.open(QIODevice::WriteOnly));
    const auto refused = ProfileLock::take(place.toStdString(), "Office", "a");
    QVERIFY(!refused.has_value() && refused.error().code != ErrorCode::AlreadyExists);
    QVERIFY(refused.error().context.find(place.toStdString()) != std::string::npos);
}

QTEST_APPLESS_MAIN(TestProfileLock)
#include "tst_profile_lock.moc"
