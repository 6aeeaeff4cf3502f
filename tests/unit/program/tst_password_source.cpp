// Passwords from descriptors, and from a pseudo-terminal that a child process has for its own.
#include "program/password_source.h"

#include "base/unique_fd.h"

#include <QtTest>

#include <array>
#include <csignal>
#include <functional>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

constexpr int PatienceMs = 10'000;

struct Pipe {
    UniqueFd readEnd;
    UniqueFd writeEnd;
    Pipe()
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            qFatal("pipe2");
        readEnd = UniqueFd(ends[0]);
        writeEnd = UniqueFd(ends[1]);
    }
};

bool put(int descriptor, const QByteArray& bytes)
{
    return ::write(descriptor, bytes.constData(), static_cast<std::size_t>(bytes.size())) == bytes.size();
}

/// What comes until it holds `wanted` that many times, or ends.
QByteArray readUntil(int descriptor, const QByteArray& wanted = {}, int times = 1)
{
    QByteArray text;
    std::array<char, 256> chunk{};
    while (wanted.isEmpty() || text.count(wanted) < times) {
        pollfd waiting{descriptor, POLLIN, 0};
        if (::poll(&waiting, 1, PatienceMs) <= 0)
            return text + "(nothing more came)";
        const ssize_t size = ::read(descriptor, chunk.data(), chunk.size());
        if (size <= 0)
            break;
        text.append(chunk.data(), static_cast<qsizetype>(size));
    }
    return text;
}

bool hasEcho(int terminal)
{
    termios mode{};
    return ::tcgetattr(terminal, &mode) == 0 && (mode.c_lflag & ECHO) != 0;
}

QByteArray sayWhatCame(const Result<SharedSecret>& password)
{
    if (!password)
        return QByteArray::fromStdString(std::string(errorCodeName(password.error().code)) + ": "
                                         + password.error().context);
    return QByteArray::fromStdString("password " + std::string(asText(password->view())));
}

void actByDefault()
{
    for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP})
        ::signal(number, SIG_DFL);  // QtTest has handlers for some
    const rlimit noCore{0, 0};
    ::setrlimit(RLIMIT_CORE, &noCore);
}

/// A child with a terminal of its own; what its task returns comes out of `said`.
class Asker {
public:
    using Task = std::function<QByteArray(int terminal)>;

    explicit Asker(const Task& task)
        : m_keyboard(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC))
    {
        if (::grantpt(keyboard()) != 0 || ::unlockpt(keyboard()) != 0)
            qFatal("no pseudo-terminal");
        const QByteArray name = ::ptsname(keyboard());
        // Held open here, too: without it the settings would be gone with the child.
        m_terminal = UniqueFd(::open(name.constData(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        m_child = ::fork();
        if (m_child != 0) {
            m_said.writeEnd.reset();
            return;
        }
        actByDefault();
        ::setsid();
        const bool isOurs = ::ioctl(m_terminal.get(), TIOCSCTTY, 0) == 0;
        put(m_said.writeEnd.get(), isOurs ? task(m_terminal.get()) : QByteArray("no controlling terminal"));
        ::_exit(0);
    }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;
    ~Asker()
    {
        if (m_child > 0) {
            ::kill(m_child, SIGKILL);
            ::waitpid(m_child, nullptr, 0);
        }
    }

    [[nodiscard]] int keyboard() const { return m_keyboard.get(); }
    [[nodiscard]] int terminal() const { return m_terminal.get(); }
    [[nodiscard]] pid_t pid() const { return m_child; }
    [[nodiscard]] QByteArray said() const { return readUntil(m_said.readEnd.get()); }
    /// As of waitpid().
    [[nodiscard]] int end()
    {
        int status = 0;
        ::waitpid(std::exchange(m_child, -1), &status, 0);
        return status;
    }

private:
    UniqueFd m_keyboard;
    UniqueFd m_terminal;
    Pipe m_said;
    pid_t m_child = -1;
};

QByteArray ask(int /*terminal*/)
{
    return sayWhatCame(askPassword("Password: "));
}

/// A shell with one job that asks, is stopped and goes on.
QByteArray askInAJob(int terminal)
{
    ::signal(SIGTTOU, SIG_IGN);
    Pipe said;
    const pid_t job = ::fork();
    if (job == 0) {
        ::setpgid(0, 0);
        ::tcsetpgrp(terminal, ::getpid());
        put(said.writeEnd.get(), ask(terminal));
        ::_exit(0);
    }
    said.writeEnd.reset();
    int status = 0;
    ::waitpid(job, &status, WUNTRACED);
    const QByteArray stopped = WIFSTOPPED(status) ? "stopped, " : "not stopped, ";
    const QByteArray echo = hasEcho(terminal) ? "echo, " : "no echo, ";
    ::kill(job, SIGCONT);
    const QByteArray answer = readUntil(said.readEnd.get());
    ::waitpid(job, nullptr, 0);
    return stopped + echo + answer;
}

}  // namespace

class PasswordSourceTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsALine_data();
    void readsALine();
    void refusesWhatIsNoPassword_data();
    void refusesWhatIsNoPassword();
    void saysWhenItCantRead();
    void asksWithoutEcho();
    void putsTheEchoBackBeforeASignalEndsIt_data();
    void putsTheEchoBackBeforeASignalEndsIt();
    void givesUpWhenTheProgramHandlesTheSignal();
    void leavesAnIgnoredSignalIgnored();
    void asksAgainAfterAStop();
    void leavesNothingOfALongLineForTheShell();
    void asksTwiceForANewPassword_data();
    void asksTwiceForANewPassword();
    void saysThatThereIsNoTerminal();
};

void PasswordSourceTest::readsALine_data()
{
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<QByteArray>("password");
    QTest::addColumn<QByteArray>("rest");
    QTest::newRow("with a line feed") << QByteArray("hunter2\n") << QByteArray("hunter2") << QByteArray();
    QTest::newRow("without") << QByteArray("hunter2") << QByteArray("hunter2") << QByteArray();
    QTest::newRow("more lines") << QByteArray("a\nb\nc") << QByteArray("a") << QByteArray("b\nc");
    QTest::newRow("blanks and control characters")
        << QByteArray(" a\tb\x1b \r\n") << QByteArray(" a\tb\x1b \r") << QByteArray();
    QTest::newRow("other scripts") << QByteArray("\xE2\x82\xAC\n") << QByteArray("\xE2\x82\xAC") << QByteArray();
    QTest::newRow("longest") << QByteArray(256, 'x') + "\nrest" << QByteArray(256, 'x') << QByteArray("rest");
    QTest::newRow("longest to the end") << QByteArray(256, 'x') << QByteArray(256, 'x') << QByteArray();
}

void PasswordSourceTest::readsALine()
{
    QFETCH(QByteArray, input);
    QFETCH(QByteArray, password);
    QFETCH(QByteArray, rest);
    Pipe pipe;
    QVERIFY(put(pipe.writeEnd.get(), input));
    pipe.writeEnd.reset();
    const auto got = readPassword(pipe.readEnd.get());
    QCOMPARE(sayWhatCame(got), "password " + password);
    QCOMPARE(readUntil(pipe.readEnd.get()), rest);
}

void PasswordSourceTest::refusesWhatIsNoPassword_data()
{
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char* name, const QByteArray& input, const char* reason) {
        QTest::newRow(name) << input << QByteArray(reason);
    };
    row("nothing", "", "invalid-argument: the password is empty");
    row("an empty line", "\nhunter2", "invalid-argument: the password is empty");
    row("a NUL byte", QByteArray("hunter2\0x\n", 10), "invalid-argument: the password holds a NUL byte");
    row("no UTF-8", "hunter2\xFF\n", "invalid-argument: the password is not UTF-8");
    row("half a character", "hunter2\xE2\x82\n", "invalid-argument: the password is not UTF-8");
    row("a byte too long", QByteArray(257, 'x') + '\n', "invalid-argument: the password is longer than 256 bytes");
    row("much too long", QByteArray(4000, 'x'), "invalid-argument: the password is longer than 256 bytes");
}

void PasswordSourceTest::refusesWhatIsNoPassword()
{
    QFETCH(QByteArray, input);
    QFETCH(QByteArray, reason);
    Pipe pipe;
    QVERIFY(put(pipe.writeEnd.get(), input));
    pipe.writeEnd.reset();
    QCOMPARE(sayWhatCame(readPassword(pipe.readEnd.get())), reason);
}

void PasswordSourceTest::saysWhenItCantRead()
{
    Pipe pipe;
    const int closed = pipe.readEnd.get();
    pipe.readEnd.reset();
    QVERIFY(sayWhatCame(readPassword(closed)).contains("read the password"));
    QVERIFY(sayWhatCame(readPassword(-1)).contains("read the password"));
}

void PasswordSourceTest::asksWithoutEcho()
{
    Asker asker(ask);
    QCOMPARE(readUntil(asker.keyboard(), "Password: "), QByteArray("Password: "));
    QVERIFY(!hasEcho(asker.terminal()));
    QVERIFY(put(asker.keyboard(), "hunter2\n"));
    QCOMPARE(asker.said(), QByteArray("password hunter2"));
    QCOMPARE(asker.end(), 0);
    QVERIFY(hasEcho(asker.terminal()));
    QCOMPARE(readUntil(asker.keyboard(), "\n"), QByteArray("\r\n"));
}

void PasswordSourceTest::putsTheEchoBackBeforeASignalEndsIt_data()
{
    QTest::addColumn<int>("number");
    QTest::addColumn<QByteArray>("key");  // or it is sent
    QTest::newRow("Ctrl-C") << SIGINT << QByteArray("\x03");
    QTest::newRow("Ctrl-\\") << SIGQUIT << QByteArray("\x1c");
    QTest::newRow("SIGINT") << SIGINT << QByteArray();
    QTest::newRow("SIGTERM") << SIGTERM << QByteArray();
    QTest::newRow("SIGHUP") << SIGHUP << QByteArray();
}

void PasswordSourceTest::putsTheEchoBackBeforeASignalEndsIt()
{
    QFETCH(int, number);
    QFETCH(QByteArray, key);
    Asker asker(ask);
    QCOMPARE(readUntil(asker.keyboard(), "Password: "), QByteArray("Password: "));
    QVERIFY(!hasEcho(asker.terminal()));
    QVERIFY(put(asker.keyboard(), "hunt"));
    QVERIFY(key.isEmpty() ? ::kill(asker.pid(), number) == 0 : put(asker.keyboard(), key));
    QCOMPARE(asker.said(), QByteArray());
    const int status = asker.end();
    QVERIFY(WIFSIGNALED(status));
    QCOMPARE(WTERMSIG(status), number);
    QVERIFY(hasEcho(asker.terminal()));
}

void PasswordSourceTest::givesUpWhenTheProgramHandlesTheSignal()
{
    Asker asker([](int terminal) {
        ::signal(SIGINT, [](int) {});
        const QByteArray answer = ask(terminal);
        return answer + (hasEcho(terminal) ? ", echo" : ", no echo");
    });
    QCOMPARE(readUntil(asker.keyboard(), "Password: "), QByteArray("Password: "));
    QVERIFY(put(asker.keyboard(), "\x03"));
    QCOMPARE(asker.said(), QByteArray("closed: interrupted, echo"));
    QCOMPARE(asker.end(), 0);
}

void PasswordSourceTest::leavesAnIgnoredSignalIgnored()
{
    Asker asker([](int terminal) {
        ::signal(SIGHUP, SIG_IGN);  // nohup
        return ask(terminal);
    });
    QCOMPARE(readUntil(asker.keyboard(), "Password: "), QByteArray("Password: "));
    QCOMPARE(::kill(asker.pid(), SIGHUP), 0);
    QVERIFY(put(asker.keyboard(), "hunter2\n"));
    QCOMPARE(asker.said(), QByteArray("password hunter2"));
}

void PasswordSourceTest::asksAgainAfterAStop()
{
    Asker asker(askInAJob);
    QCOMPARE(readUntil(asker.keyboard(), "Password: "), QByteArray("Password: "));
    QVERIFY(put(asker.keyboard(), "half\x1a"));  // Ctrl-Z
    QVERIFY(readUntil(asker.keyboard(), "Password: ").endsWith("Password: "));
    QVERIFY(!hasEcho(asker.terminal()));
    QVERIFY(put(asker.keyboard(), "hunter2\n"));
    QCOMPARE(asker.said(), QByteArray("stopped, echo, password hunter2"));
    QVERIFY(hasEcho(asker.terminal()));
}

void PasswordSourceTest::leavesNothingOfALongLineForTheShell()
{
    Asker asker([](int terminal) {
        const QByteArray answer = ask(terminal);
        int left = -1;
        ::ioctl(terminal, FIONREAD, &left);
        return answer + ", left " + QByteArray::number(left);
    });
    QCOMPARE(readUntil(asker.keyboard(), "Password: "), QByteArray("Password: "));
    QVERIFY(put(asker.keyboard(), QByteArray(300, 'x') + "\nreboot\n"));
    QCOMPARE(asker.said(), QByteArray("invalid-argument: the password is longer than 256 bytes, left 0"));
}

void PasswordSourceTest::asksTwiceForANewPassword_data()
{
    QTest::addColumn<QByteArray>("first");
    QTest::addColumn<QByteArray>("second");
    QTest::addColumn<QByteArray>("answer");
    QTest::newRow("the same") << QByteArray("hunter2") << QByteArray("hunter2") << QByteArray("password hunter2");
    QTest::newRow("another") << QByteArray("hunter2") << QByteArray("hunter3")
                             << QByteArray("invalid-argument: the two passwords differ");
    QTest::newRow("nothing") << QByteArray("hunter2") << QByteArray()
                             << QByteArray("invalid-argument: the password is empty");
}

void PasswordSourceTest::asksTwiceForANewPassword()
{
    QFETCH(QByteArray, first);
    QFETCH(QByteArray, second);
    QFETCH(QByteArray, answer);
    // What a name may hold must not reach the terminal.
    Asker asker([](int) { return sayWhatCame(askNewPassword("New password for \x1b[2J: ")); });
    QCOMPARE(readUntil(asker.keyboard(), ": "), QByteArray("New password for \\x1b[2J: "));
    QVERIFY(put(asker.keyboard(), first + '\n'));
    QCOMPARE(readUntil(asker.keyboard(), ": "), QByteArray("\r\nOnce more: "));
    QVERIFY(put(asker.keyboard(), second + '\n'));
    QCOMPARE(asker.said(), answer);
}

void PasswordSourceTest::saysThatThereIsNoTerminal()
{
    Pipe said;
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        put(said.writeEnd.get(), sayWhatCame(askPassword("Password: ")));
        ::_exit(0);
    }
    said.writeEnd.reset();
    const QByteArray answer = readUntil(said.readEnd.get());
    QVERIFY2(answer.startsWith("not-found: no terminal"), answer.constData());
    ::waitpid(child, nullptr, 0);
}

}  // namespace gvpn::program

QTEST_APPLESS_MAIN(gvpn::program::PasswordSourceTest)
#include "tst_password_source.moc"
