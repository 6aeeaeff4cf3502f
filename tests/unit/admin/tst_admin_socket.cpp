#include "admin/admin_socket.h"

#include "admin/admin_client.h"
#include "admin/local_socket.h"

#include <QFile>
#include <QLocalSocket>
#include <QTemporaryDir>
#include <QtTest>

#include <atomic>
#include <optional>
#include <thread>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace gvpn;
using namespace gvpn::admin;

namespace {

using namespace std::chrono_literals;

AdminSocket::CarryOut echo()
{
    return [](const Command& command, const AdminSocket::Answer& answer) { answer(toJson(command)); };
}

/// Asks from a thread of its own, since asking waits and the server needs this thread's loop.
class Question {
public:
    Question(const std::string& path, const Command& command, std::chrono::milliseconds deadline = AnswerDeadline)
        : m_thread([this, path, command, deadline] {
            m_result = askServer(path, command, deadline);
            m_isDone = true;
        })
    {}
    ~Question() { m_thread.join(); }
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;
    [[nodiscard]] bool isDone() const { return m_isDone; }
    [[nodiscard]] const Result<Reply>& result() const { return *m_result; }

private:
    std::optional<Result<Reply>> m_result;
    std::atomic<bool> m_isDone = false;
    std::thread m_thread;
};

/// A client that does what it likes.
class RawClient {
public:
    explicit RawClient(const std::string& path) { m_socket.connectToServer(QString::fromStdString(path)); }
    [[nodiscard]] bool isConnected() const { return m_socket.state() == QLocalSocket::ConnectedState; }
    [[nodiscard]] bool isClosed() const { return m_socket.state() == QLocalSocket::UnconnectedState; }
    void send(const QByteArray& bytes)
    {
        m_socket.write(bytes);
        m_socket.flush();
    }
    [[nodiscard]] QByteArray received()
    {
        m_received += m_socket.readAll();
        return m_received;
    }
    void leave() { m_socket.abort(); }

private:
    QLocalSocket m_socket;
    QByteArray m_received;
};

}  // namespace

class TestAdminSocket : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void answersAQuestion();
    void answersAnErrorWithItsCode();
    void answersLater();
    void answersManyAtOnce();
    void refusesGarbage_data();
    void refusesGarbage();
    void readsALineThatComesInPieces();
    void takesOneRequestAConnection();
    void cutsOffALineThatIsTooLong();
    void takesTheLongestLine();
    void cutsOffWhoStaysSilent();
    void outlivesAClientThatDoesNotWait();
    void outlivesAnAnswerThatComesAfterIt();
    void turnsAwayTooManyConnections();
    void goesOnWhenDescriptorsAreThereAgain();
    void isForItsOwnerOnly();
    void removesItsSocket();
    void leavesTheSocketOfItsSuccessor();
    void replacesTheSocketOfADeadServer();
    void letsALivingServerBe();
    void letsWhatIsNoSocketBe();
    void refusesPathsThatCanNotBe_data();
    void refusesPathsThatCanNotBe();
    void saysThatNobodyListens();
    void doesNotWaitForEver();
    void doesNotTakeNonsenseForAnAnswer();
    void knowsWhereAServerListens();
    void knowsWhoMayAsk();

private:
    std::unique_ptr<QTemporaryDir> m_directory;
    std::string m_path;
};

void TestAdminSocket::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
    m_path = m_directory->filePath(QStringLiteral("admin.sock")).toStdString();
}

void TestAdminSocket::answersAQuestion()
{
    const auto server = AdminSocket::listen(m_path, echo());
    QVERIFY(server.has_value());
    const Question question(m_path, Kick{"anna\n"});
    QTRY_VERIFY(question.isDone());
    QVERIFY(question.result().has_value());
    QCOMPARE(question.result()->value(), toJson(Command(Kick{"anna\n"})));
}

void TestAdminSocket::answersAnErrorWithItsCode()
{
    const Error error{ErrorCode::NotFound, "there is no user"};
    const auto server = AdminSocket::listen(
        m_path, [error](const Command&, const AdminSocket::Answer& answer) { answer(fail(error)); });
    const Question question(m_path, ListUsers{});
    QTRY_VERIFY(question.isDone());
    QVERIFY(question.result().has_value());
    QVERIFY(question.result()->error() == error);
}

void TestAdminSocket::answersLater()
{
    AdminSocket::Answer answer;
    const auto server = AdminSocket::listen(
        m_path, [&answer](const Command&, AdminSocket::Answer later) { answer = std::move(later); }, 50ms);
    const Question question(m_path, ListUsers{});
    QTRY_VERIFY(answer);
    // The deadline is the client's, not that of who carries out.
    QTest::qWait(100);
    QVERIFY(!question.isDone());
    answer(QJsonObject{{QStringLiteral("late"), true}});
    QTRY_VERIFY(question.isDone());
    QVERIFY(question.result().has_value() && question.result()->has_value());
}

void TestAdminSocket::answersManyAtOnce()
{
    const QString longText(8000, QLatin1Char('x'));
    const auto server = AdminSocket::listen(m_path, [&](const Command&, const AdminSocket::Answer& answer) {
        QJsonArray many;
        for (int i = 0; i < 200; ++i)
            many.append(longText);
        answer(QJsonObject{{QStringLiteral("many"), many}});
    });
    std::vector<std::unique_ptr<Question>> questions;
    for (int i = 0; i < 8; ++i)
        questions.push_back(std::make_unique<Question>(m_path, ListUsers{}));
    for (const auto& question : questions) {
        QTRY_VERIFY(question->isDone());
        QVERIFY(question->result().has_value());
        QCOMPARE(question->result()->value().value(QLatin1String("many")).toArray().size(), 200);
    }
}

void TestAdminSocket::refusesGarbage_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("nothing") << QByteArray("\n");
    QTest::newRow("no JSON") << QByteArray("GET / HTTP/1.1\r\n");
    QTest::newRow("no object") << QByteArray("[1,2]\n");
    QTest::newRow("half an object") << QByteArray("{\"command\":\n");
    QTest::newRow("no command") << QByteArray("{}\n");
    QTest::newRow("bytes") << QByteArray("\x00\xff\x80\n", 4);
    QTest::newRow("deep") << QByteArray(2000, '[') + '\n';
}

void TestAdminSocket::refusesGarbage()
{
    QFETCH(QByteArray, line);
    bool isCarriedOut = false;
    const auto server =
        AdminSocket::listen(m_path, [&](const Command&, const AdminSocket::Answer&) { isCarriedOut = true; });
    RawClient client(m_path);
    client.send(line);
    QTRY_VERIFY(client.received().contains("\"malformed\""));
    QTRY_VERIFY(client.isClosed());
    QVERIFY(!isCarriedOut);
}

void TestAdminSocket::readsALineThatComesInPieces()
{
    const auto server = AdminSocket::listen(m_path, echo());
    RawClient client(m_path);
    const QByteArray line = "{\"command\":\"list-users\"}\n";
    for (qsizetype i = 0; i < line.size(); ++i) {
        client.send(line.mid(i, 1));
        QCoreApplication::processEvents();
    }
    QTRY_VERIFY(client.isClosed());
    QCOMPARE(client.received(), QByteArray("{\"result\":{\"command\":\"list-users\"}}\n"));
}

void TestAdminSocket::takesOneRequestAConnection()
{
    int count = 0;
    const auto server = AdminSocket::listen(m_path, [&](const Command&, const AdminSocket::Answer& answer) {
        ++count;
        answer(QJsonObject());
    });
    RawClient client(m_path);
    client.send("{\"command\":\"list-users\"}\n{\"command\":\"list-users\"}\n");
    QTRY_VERIFY(client.isClosed());
    QCOMPARE(count, 1);
}

void TestAdminSocket::cutsOffALineThatIsTooLong()
{
    bool isCarriedOut = false;
    const auto server =
        AdminSocket::listen(m_path, [&](const Command&, const AdminSocket::Answer&) { isCarriedOut = true; });
    RawClient client(m_path);
    client.send(QByteArray(4 * MaxRequestBytes, 'x'));
    QTRY_VERIFY(client.isClosed());
    QVERIFY(!isCarriedOut);
}

void TestAdminSocket::takesTheLongestLine()
{
    const auto server = AdminSocket::listen(m_path, echo());
    const QByteArray command = "{\"command\":\"list-users\"}";
    for (const qint64 extra : {0, 1}) {
        RawClient client(m_path);
        client.send(command + QByteArray(MaxRequestBytes + extra - 1 - command.size(), ' ') + '\n');
        QTRY_VERIFY(client.isClosed());
        QCOMPARE(client.received().startsWith("{\"result\""), extra == 0);
    }
}

void TestAdminSocket::cutsOffWhoStaysSilent()
{
    const auto server = AdminSocket::listen(m_path, echo(), 20ms);
    RawClient silent(m_path);
    RawClient slow(m_path);
    slow.send("{\"comm");
    QVERIFY(silent.isConnected());
    QTRY_VERIFY(silent.isClosed());
    QTRY_VERIFY(slow.isClosed());
    QCOMPARE(silent.received(), QByteArray());
}

void TestAdminSocket::outlivesAClientThatDoesNotWait()
{
    AdminSocket::Answer answer;
    const auto server = AdminSocket::listen(
        m_path, [&answer](const Command&, AdminSocket::Answer later) { answer = std::move(later); });
    {
        RawClient client(m_path);
        client.send("{\"command\":\"list-users\"}\n");
        QTRY_VERIFY(answer);
        client.leave();
    }
    QCoreApplication::processEvents();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    answer(QJsonObject());
    const Question another(m_path, ListUsers{});
    answer = nullptr;
    QTRY_VERIFY(answer);
    answer(QJsonObject());
    QTRY_VERIFY(another.isDone());
    QVERIFY(another.result().has_value());
}

void TestAdminSocket::outlivesAnAnswerThatComesAfterIt()
{
    AdminSocket::Answer answer;
    auto server = AdminSocket::listen(
        m_path, [&answer](const Command&, AdminSocket::Answer later) { answer = std::move(later); });
    RawClient client(m_path);
    client.send("{\"command\":\"list-users\"}\n");
    QTRY_VERIFY(answer);
    server->reset();
    answer(QJsonObject());
    QTRY_VERIFY(client.isClosed());
    QCOMPARE(client.received(), QByteArray());
}

void TestAdminSocket::turnsAwayTooManyConnections()
{
    const auto server = AdminSocket::listen(m_path, echo());
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < MaxConnections; ++i) {
        clients.push_back(std::make_unique<RawClient>(m_path));
        QCoreApplication::processEvents();
    }
    RawClient last(m_path);
    QTRY_VERIFY(last.isClosed());
    QVERIFY(clients.front()->isConnected());
    clients.front()->leave();
    QTRY_VERIFY([this] {
        RawClient next(m_path);
        next.send("{\"command\":\"list-users\"}\n");
        return QTest::qWaitFor([&next] { return next.isClosed(); }) && !next.received().isEmpty();
    }());
}

void TestAdminSocket::goesOnWhenDescriptorsAreThereAgain()
{
    const auto server = AdminSocket::listen(m_path, echo());
    RawClient client(m_path);
    client.send("{\"command\":\"list-users\"}\n");
    rlimit before{};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const int firstFree = UniqueFd(::dup(0)).get();
    QVERIFY(firstFree > 0);
    const rlimit none{static_cast<rlim_t>(firstFree), before.rlim_max};
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &none), 0);
    QCoreApplication::processEvents();
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &before), 0);
    QCOMPARE(client.received(), QByteArray());
    QTRY_VERIFY(client.received().startsWith("{\"result\""));
}

void TestAdminSocket::isForItsOwnerOnly()
{
    const auto before = ::umask(0);
    const auto server = AdminSocket::listen(m_path, echo());
    ::umask(before);
    QVERIFY(server.has_value());
    struct stat status {};
    QCOMPARE(::lstat(m_path.c_str(), &status), 0);
    QVERIFY(S_ISSOCK(status.st_mode));
    QCOMPARE(status.st_mode & 07777U, 0600U);
}

void TestAdminSocket::removesItsSocket()
{
    auto server = AdminSocket::listen(m_path, echo());
    QVERIFY(QFile::exists(QString::fromStdString(m_path)));
    server->reset();
    QVERIFY(!QFile::exists(QString::fromStdString(m_path)));
    QVERIFY(AdminSocket::listen(m_path, echo()).has_value());
}

void TestAdminSocket::leavesTheSocketOfItsSuccessor()
{
    auto first = AdminSocket::listen(m_path, echo());
    QVERIFY(QFile::remove(QString::fromStdString(m_path)));
    const auto second = AdminSocket::listen(m_path, echo());
    QVERIFY(second.has_value());
    first->reset();
    const Question question(m_path, ListUsers{});
    QTRY_VERIFY(question.isDone());
    QVERIFY(question.result().has_value());
}

void TestAdminSocket::replacesTheSocketOfADeadServer()
{
    // Closed without a farewell: the name stays.
    QVERIFY(listenOnPath(m_path).has_value());
    QVERIFY(QFile::exists(QString::fromStdString(m_path)));
    const auto server = AdminSocket::listen(m_path, echo());
    QVERIFY(server.has_value());
    const Question question(m_path, ListUsers{});
    QTRY_VERIFY(question.isDone());
    QVERIFY(question.result().has_value());
}

void TestAdminSocket::letsALivingServerBe()
{
    const auto first = AdminSocket::listen(m_path, echo());
    const auto second = AdminSocket::listen(m_path, echo());
    QVERIFY(!second.has_value());
    QCOMPARE(second.error().code, ErrorCode::AlreadyExists);
    const Question question(m_path, ListUsers{});
    QTRY_VERIFY(question.isDone());
    QVERIFY(question.result().has_value());
}

void TestAdminSocket::letsWhatIsNoSocketBe()
{
    QFile file(QString::fromStdString(m_path));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("precious") > 0);
    file.close();
    const auto server = AdminSocket::listen(m_path, echo());
    QVERIFY(!server.has_value());
    QCOMPARE(server.error().code, ErrorCode::AlreadyExists);
    QCOMPARE(file.size(), 8);
}

void TestAdminSocket::refusesPathsThatCanNotBe_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<int>("code");
    const int invalid = static_cast<int>(ErrorCode::InvalidArgument);
    QTest::newRow("too long") << QStringLiteral("/tmp/") + QString(200, QLatin1Char('x')) << invalid;
    QTest::newRow("one byte too long") << QStringLiteral("/") + QString(107, QLatin1Char('x')) << invalid;
    QTest::newRow("relative") << QStringLiteral("admin.sock") << invalid;
    QTest::newRow("abstract") << (QString(1, QChar()) + QStringLiteral("admin")) << invalid;
    QTest::newRow("empty") << QString() << invalid;
    QTest::newRow("no directory") << QStringLiteral("/nonexistent/admin.sock") << static_cast<int>(ErrorCode::NotFound);
}

void TestAdminSocket::refusesPathsThatCanNotBe()
{
    QFETCH(QString, path);
    QFETCH(int, code);
    const auto server = AdminSocket::listen(path.toStdString(), echo());
    QVERIFY(!server.has_value());
    QCOMPARE(static_cast<int>(server.error().code), code);
}

void TestAdminSocket::saysThatNobodyListens()
{
    QCOMPARE(askServer(m_path, ListUsers{}).error().code, ErrorCode::Unreachable);
    QVERIFY(listenOnPath(m_path).has_value());
    QCOMPARE(askServer(m_path, ListUsers{}).error().code, ErrorCode::Unreachable);
}

void TestAdminSocket::doesNotWaitForEver()
{
    const auto deaf = listenOnPath(m_path);
    QCOMPARE(askServer(m_path, ListUsers{}, 20ms).error().code, ErrorCode::TimedOut);
}

void TestAdminSocket::doesNotTakeNonsenseForAnAnswer()
{
    const auto socket = listenOnPath(m_path);
    for (const char* answer : {"", "hello\n", "[]\n", "{\"result\":{}"}) {
        std::optional<Result<Reply>> result;
        std::thread asking([&] { result = askServer(m_path, ListUsers{}, 5s); });
        UniqueFd peer;
        const bool isAccepted = QTest::qWaitFor([&] {
            peer.reset(::accept(socket->get(), nullptr, nullptr));
            return peer.isValid();
        });
        // Read first: what is left unread at the end would be an error of its own.
        std::array<char, 1024> request{};
        const bool isAsked = isAccepted && ::read(peer.get(), request.data(), request.size()) > 0;
        const auto sent = ::write(peer.get(), answer, qstrlen(answer));
        peer.reset();
        asking.join();
        QVERIFY(isAsked && sent >= 0);
        QVERIFY(!result->has_value());
        const bool isWhole = QByteArray(answer).endsWith('\n');
        QCOMPARE(result->error().code, isWhole ? ErrorCode::Malformed : ErrorCode::Closed);
    }
}

void TestAdminSocket::knowsWhereAServerListens()
{
    const std::string standard = "/var/lib/gvpn";
    QCOMPARE(socketPath("/var/lib/gvpn", standard), std::string("/run/gvpn/server/admin.sock"));
    QCOMPARE(socketPath("/var/lib/gvpn/", standard), std::string("/run/gvpn/server/admin.sock"));
    QCOMPARE(socketPath("/var/lib/../lib//gvpn", standard), std::string("/run/gvpn/server/admin.sock"));
    QCOMPARE(socketPath("/var/lib/gvpn2", standard), std::string("/var/lib/gvpn2/admin.sock"));
    QCOMPARE(socketPath("state", standard), QDir::current().filePath(QStringLiteral("state/admin.sock")).toStdString());
}

void TestAdminSocket::knowsWhoMayAsk()
{
    QVERIFY(mayAdminister(0, 1000));
    QVERIFY(mayAdminister(1000, 1000));
    QVERIFY(!mayAdminister(1001, 1000));
    QVERIFY(!mayAdminister(1000, 0));
    const auto listening = listenOnPath(m_path);
    const auto client = connectToPath(m_path);
    QCOMPARE(peerUser(client->get()).value(), ::geteuid());
    QVERIFY(!peerUser(-1).has_value());
}

QTEST_GUILESS_MAIN(TestAdminSocket)
#include "tst_admin_socket.moc"
