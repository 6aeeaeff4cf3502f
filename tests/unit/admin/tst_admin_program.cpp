#include "admin/admin_program.h"

#include "accounts/account_store.h"
#include "accounts/password_hash.h"
#include "admin/admin_socket.h"
#include "base/unique_fd.h"

#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTemporaryFile>
#include <QtTest>

#include <atomic>
#include <thread>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace gvpn;
using namespace gvpn::admin;

namespace {

/// What a run said and how it ended.
struct Said {
    int status = -1;
    QByteArray output;
    QByteArray errors;

    [[nodiscard]] QJsonObject json() const { return QJsonDocument::fromJson(output).object(); }
};

}  // namespace

class TestAdminProgram : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void addsAndListsUsersWhileNoServerRuns();
    void saysOneJsonObjectALine();
    void saysErrorsTwiceWithJson();
    void readsAPasswordFromADescriptor();
    void refusesAnEmptyPassword();
    void needsTheStateDirectory();
    void needsTheDatabase();
    void needsAServerForTheStatus();
    void asksTheServerThatRuns();
    void neverSendsAPassword();
    void printsNoInviteIntoAFile();
    void printsAnInviteWithJson();
    void printsAnInviteToATerminal_data();
    void printsAnInviteToATerminal();
    void printsHelp();
    void takesTheUsersStateDirectoryByDefault();
    void tellsAboutPermissions();
    void failsWhenNobodyReads();

private:
    [[nodiscard]] Said run(const QStringList& arguments, int output = -1);
    [[nodiscard]] std::string stateDir() const { return m_directory->path().toStdString(); }
    void makeDatabase() const
    {
        const auto made = accounts::AccountStore::open(stateDir() + "/gvpn.db", now, true);
        QVERIFY(made.has_value());
    }
    static accounts::UnixTime now() { return accounts::UnixTime(std::chrono::seconds(1767268800)); }

    std::unique_ptr<QTemporaryDir> m_directory;
};

void TestAdminProgram::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
}

Said TestAdminProgram::run(const QStringList& arguments, int output)
{
    const auto invocation = parseInvocation(QStringList{QStringLiteral("gvpn-server")} + arguments, {}, {});
    if (!invocation)
        return {2, {}, QByteArray::fromStdString(invocation.error().context)};
    QTemporaryFile out;
    QTemporaryFile errors;
    if (!out.open() || !errors.open())
        return {};
    Surroundings surroundings{stateDir(), "/var/lib/gvpn", now, [](const std::string&) -> Result<LinkParts> {
                                  return LinkParts{{"192.168.7.1", 51005}, Pin(), "office", true};
                              }};
    surroundings.output = output >= 0 ? output : out.handle();
    surroundings.errors = errors.handle();
    Said said;
    said.status = runAdminCommand(*invocation, surroundings);
    out.seek(0);
    errors.seek(0);
    said.output = out.readAll();
    said.errors = errors.readAll();
    return said;
}

void TestAdminProgram::addsAndListsUsersWhileNoServerRuns()
{
    makeDatabase();
    const Said added = run({QStringLiteral("user"), QStringLiteral("add"), QStringLiteral("anna")});
    QCOMPARE(added.errors, QByteArray());
    QCOMPARE(added.status, 0);
    QVERIFY(added.output.startsWith("User \"anna\" was added.\n"));
    const Said listed = run({QStringLiteral("user"), QStringLiteral("list")});
    QCOMPARE(listed.status, 0);
    QVERIFY2(listed.output.startsWith("NAME  ENABLED") && listed.output.contains("\nanna  yes"), listed.output);
    QVERIFY(listed.output.endsWith('\n') && !listed.output.endsWith("\n\n"));
}

void TestAdminProgram::saysOneJsonObjectALine()
{
    makeDatabase();
    const Said added =
        run({QStringLiteral("user"), QStringLiteral("add"), QStringLiteral("anna"), QStringLiteral("--json")});
    QCOMPARE(added.output.count('\n'), 1);
    QCOMPARE(added.json().value(QLatin1String("user")).toObject().value(QLatin1String("name")).toString(),
             QStringLiteral("anna"));
    for (const char* list : {"user", "device", "ban"}) {
        const Said said = run({QLatin1String(list), QStringLiteral("list"), QStringLiteral("--json")});
        QCOMPARE(said.status, 0);
        QVERIFY(said.json().value(QLatin1String(list) + QLatin1Char('s')).isArray());
    }
    QVERIFY(run({QStringLiteral("audit"), QStringLiteral("--json")}).json().value(QLatin1String("audit")).isArray());
}

void TestAdminProgram::saysErrorsTwiceWithJson()
{
    makeDatabase();
    const QStringList remove{QStringLiteral("user"), QStringLiteral("remove"), QStringLiteral("bob")};
    const Said plain = run(remove);
    QCOMPARE(plain.status, 1);
    QCOMPARE(plain.output, QByteArray());
    QVERIFY(plain.errors.startsWith("The user was not removed: ") && plain.errors.endsWith(".\n"));
    const Said json = run(remove + QStringList{QStringLiteral("--json")});
    QCOMPARE(json.status, 1);
    QCOMPARE(json.errors, plain.errors);
    const QJsonObject error = json.json().value(QLatin1String("error")).toObject();
    QCOMPARE(error.value(QLatin1String("code")).toString(), QStringLiteral("not-found"));
    QCOMPARE(error.value(QLatin1String("reason")).toString().toUtf8() + '\n', plain.errors);
}

void TestAdminProgram::readsAPasswordFromADescriptor()
{
    makeDatabase();
    QTemporaryFile file;
    QVERIFY(file.open() && file.write("correct horse\n") > 0 && file.flush() && file.seek(0));
    const Said said = run({QStringLiteral("user"), QStringLiteral("add"), QStringLiteral("anna"),
                           QStringLiteral("--password-fd"), QString::number(file.handle())});
    QCOMPARE(said.errors, QByteArray());
    QCOMPARE(said.status, 0);
    const auto store = accounts::AccountStore::open(stateDir() + "/gvpn.db", now, false);
    const std::string hash = (*store)->passwordHashOf("anna").value();
    const SharedSecret password{SecretBytes(asBytes("correct horse"))};
    QCOMPARE(accounts::verifyPassword(password, hash).value(), true);
}

void TestAdminProgram::refusesAnEmptyPassword()
{
    makeDatabase();
    QTemporaryFile file;
    QVERIFY(file.open());
    const Said said = run({QStringLiteral("user"), QStringLiteral("add"), QStringLiteral("anna"),
                           QStringLiteral("--password-fd"), QString::number(file.handle())});
    QCOMPARE(said.status, 2);
    QVERIFY(said.errors.startsWith("The user was not added: "));
    const auto store = accounts::AccountStore::open(stateDir() + "/gvpn.db", now, false);
    QVERIFY((*store)->users()->empty());
}

void TestAdminProgram::needsTheStateDirectory()
{
    const Said said = run({QStringLiteral("user"), QStringLiteral("list"), QStringLiteral("--state-dir"),
                           QStringLiteral("/nonexistent/gvpn")});
    QCOMPARE(said.status, 1);
    QVERIFY2(said.errors.contains("no gvpn-server has ever run") && said.errors.contains("--state-dir"), said.errors);
}

void TestAdminProgram::needsTheDatabase()
{
    const Said said = run({QStringLiteral("user"), QStringLiteral("list")});
    QCOMPARE(said.status, 1);
    QVERIFY2(said.errors.contains("no gvpn-server has ever run"), said.errors);
    QVERIFY(QDir(m_directory->path()).isEmpty());
}

void TestAdminProgram::needsAServerForTheStatus()
{
    makeDatabase();
    for (const QStringList& line :
         {QStringList{QStringLiteral("status")}, QStringList{QStringLiteral("kick"), QStringLiteral("anna")}}) {
        const Said said = run(line);
        QCOMPARE(said.status, 1);
        QVERIFY2(said.errors.contains("no gvpn-server runs with the state directory"), said.errors);
    }
}

/// The program waits for its answer, so the server has the main thread and the program another.
template <typename Run>
Said runBeside(const Run& run)
{
    Said said;
    std::atomic<bool> isDone = false;
    std::thread thread([&] {
        said = run();
        isDone = true;
    });
    const bool isInTime = QTest::qWaitFor([&isDone] { return isDone.load(); }, 10000);
    thread.join();
    return isInTime ? said : Said();
}

void TestAdminProgram::asksTheServerThatRuns()
{
    Command asked;
    const auto server = AdminSocket::listen(stateDir() + "/admin.sock",
                                            [&asked](const Command& command, const AdminSocket::Answer& answer) {
                                                asked = command;
                                                answer(QJsonObject{{QStringLiteral("clients"), QJsonArray()}});
                                            });
    QVERIFY(server.has_value());
    const Said said = runBeside([this] { return run({QStringLiteral("status")}); });
    QCOMPARE(said.status, 0);
    QCOMPARE(said.output, QByteArray("Nobody is connected.\n"));
    QVERIFY(std::holds_alternative<ShowStatus>(asked));
}

void TestAdminProgram::neverSendsAPassword()
{
    QTemporaryFile file;
    QVERIFY(file.open() && file.write("correct horse") > 0 && file.flush() && file.seek(0));
    SetPassword asked;
    const auto server = AdminSocket::listen(stateDir() + "/admin.sock",
                                            [&asked](const Command& command, const AdminSocket::Answer& answer) {
                                                asked = std::get<SetPassword>(command);
                                                answer(fail(ErrorCode::NotFound, "there is no user \"anna\""));
                                            });
    const Said said = runBeside([&] {
        return run({QStringLiteral("user"), QStringLiteral("passwd"), QStringLiteral("anna"),
                    QStringLiteral("--password-fd"), QString::number(file.handle())});
    });
    QCOMPARE(said.status, 1);
    QCOMPARE(said.errors, QByteArray("The password was not changed: there is no user \"anna\".\n"));
    QVERIFY(accounts::isPasswordHash(asked.passwordHash));
    QVERIFY(asked.passwordHash.find("horse") == std::string::npos);
}

void TestAdminProgram::printsNoInviteIntoAFile()
{
    makeDatabase();
    const Said said = run({QStringLiteral("invite")});
    QCOMPARE(said.status, 2);
    QCOMPARE(said.output, QByteArray());
    QVERIFY2(said.errors.contains("--json"), said.errors);
    const auto store = accounts::AccountStore::open(stateDir() + "/gvpn.db", now, false);
    QCOMPARE((*store)->hasEverInvited().value(), false);
}

void TestAdminProgram::printsAnInviteWithJson()
{
    makeDatabase();
    const Said said = run({QStringLiteral("invite"), QStringLiteral("--json"), QStringLiteral("--expires=1h")});
    QCOMPARE(said.status, 0);
    QVERIFY(
        said.json().value(QLatin1String("invite")).toString().startsWith(QStringLiteral("gvpn://192.168.7.1:51005/")));
    QCOMPARE(said.json().value(QLatin1String("expires")).toString(), QStringLiteral("2026-01-01T13:00:00Z"));
    QCOMPARE(said.output.count('\n'), 1);
}

void TestAdminProgram::printsAnInviteToATerminal_data()
{
    QTest::addColumn<int>("columns");
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<bool>("hasCode");
    QTest::addColumn<bool>("hasExcuse");
    QTest::newRow("wide") << 120 << QStringList() << true << false;
    QTest::newRow("wide, asked for") << 120 << QStringList{QStringLiteral("--qr")} << true << false;
    QTest::newRow("narrow") << 40 << QStringList() << false << false;
    QTest::newRow("narrow, asked for") << 40 << QStringList{QStringLiteral("--qr")} << false << true;
}

void TestAdminProgram::printsAnInviteToATerminal()
{
    QFETCH(int, columns);
    QFETCH(QStringList, options);
    QFETCH(bool, hasCode);
    QFETCH(bool, hasExcuse);
    makeDatabase();
    const UniqueFd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal.isValid() || ::unlockpt(terminal.get()) != 0)
        QSKIP("there are no pseudo-terminals here");
    std::array<char, 128> name{};
    QCOMPARE(::ptsname_r(terminal.get(), name.data(), name.size()), 0);
    const UniqueFd program(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns);
    QCOMPARE(::ioctl(program.get(), TIOCSWINSZ, &size), 0);

    QByteArray shown;
    std::thread reading([&] {
        std::array<char, 4096> chunk{};
        for (ssize_t got = 0; (got = ::read(terminal.get(), chunk.data(), chunk.size())) > 0;) {
            shown.append(chunk.data(), static_cast<qsizetype>(got));
            if (shown.endsWith('\x04'))
                return;
        }
    });
    const Said said = run(QStringList{QStringLiteral("invite")} + options, program.get());
    const bool isMarked = ::write(program.get(), "\x04", 1) == 1;
    reading.join();
    QVERIFY(isMarked);
    QCOMPARE(said.errors, QByteArray());
    QCOMPARE(said.status, 0);
    QVERIFY(shown.contains("gvpn://192.168.7.1:51005/?pin="));
    QCOMPARE(shown.contains("\xe2\x96\x88"), hasCode);
    QCOMPARE(shown.contains("too narrow"), hasExcuse);
}

void TestAdminProgram::printsHelp()
{
    const Said said = run({QStringLiteral("user"), QStringLiteral("--help")});
    QCOMPARE(said.status, 0);
    QVERIFY(said.output.startsWith("Usage: gvpn-server"));
}

void TestAdminProgram::takesTheUsersStateDirectoryByDefault()
{
    QTemporaryDir other;
    makeDatabase();
    const Said there =
        run({QStringLiteral("user"), QStringLiteral("list"), QStringLiteral("--state-dir"), other.path()});
    QCOMPARE(there.status, 1);
    QVERIFY(there.errors.contains(other.path().toUtf8()));
    QCOMPARE(run({QStringLiteral("user"), QStringLiteral("list")}).status, 0);
}

void TestAdminProgram::tellsAboutPermissions()
{
    const auto server =
        AdminSocket::listen(stateDir() + "/admin.sock", [](const Command&, const AdminSocket::Answer& answer) {
            answer(fail(ErrorCode::PermissionDenied, "not yours"));
        });
    const Said said = runBeside([this] { return run({QStringLiteral("user"), QStringLiteral("list")}); });
    QCOMPARE(said.status, 7);
    QVERIFY2(said.errors.contains("sudo"), said.errors);
}

void TestAdminProgram::failsWhenNobodyReads()
{
    makeDatabase();
    std::array<int, 2> pipe{};
    QCOMPARE(::pipe2(pipe.data(), O_CLOEXEC), 0);
    ::close(pipe[0]);
    const UniqueFd writing(pipe[1]);
    QCOMPARE(run({QStringLiteral("user"), QStringLiteral("list")}, writing.get()).status, 1);
}

QTEST_GUILESS_MAIN(TestAdminProgram)
#include "tst_admin_program.moc"
