#include "cli/secret_input.h"

#include "base/unique_fd.h"

#include <QCoreApplication>
#include <QtTest>

#include <fcntl.h>
#include <unistd.h>

using namespace gvpn;
using namespace gvpn::cli;

namespace {

constexpr const char* Link = "gvpn://office.example.com:443/?pin=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
constexpr const char* Invite = "&invite=AAECAwQFBgcICQoLDA0ODw";

/// The reading end of a pipe that holds this text and no more.
UniqueFd pipeWith(std::string_view text)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0 || ::write(ends[1], text.data(), text.size()) != ssize_t(text.size()))
        qFatal("no pipe");
    ::close(ends[1]);
    return UniqueFd(ends[0]);
}

/// Standard input, while it lives.
class StandardInput {
public:
    explicit StandardInput(std::string_view text)
        : m_former(::dup(STDIN_FILENO))
    {
        ::dup2(pipeWith(text).get(), STDIN_FILENO);
    }
    StandardInput(const StandardInput&) = delete;
    StandardInput& operator=(const StandardInput&) = delete;
    ~StandardInput() { ::dup2(m_former.get(), STDIN_FILENO); }

private:
    UniqueFd m_former;
};

CliOptions optionsOf(const QString& line)
{
    auto parsed =
        parseOptions(QStringList{QStringLiteral("gvpn-client")} + line.split(QLatin1Char(' '), Qt::SkipEmptyParts));
    if (!parsed || !std::holds_alternative<CliOptions>(*parsed))
        qFatal("%s", parsed ? "no options" : parsed.error().context.c_str());
    return std::get<CliOptions>(std::move(*parsed));
}

}  // namespace

class TestSecretInput : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsOneLine_data();
    void readsOneLine();
    void leavesTheRestUnread();
    void takesALinkFromStandardInput();
    void refusesALinkFromStandardInput_data();
    void refusesALinkFromStandardInput();
    void readsAPasswordFromStandardInput();
    void readsAPasswordFromADescriptor();
    void refusesAPassword_data();
    void refusesAPassword();
    void asksNobodyWithoutATerminal();
};

void TestSecretInput::readsOneLine_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("line") << QByteArray("abc\n") << QByteArray("abc");
    QTest::newRow("end") << QByteArray("abc") << QByteArray("abc");
    QTest::newRow("as long as it may be") << QByteArray("abcdefgh\n") << QByteArray("abcdefgh");
    QTest::newRow("too long") << QByteArray("abcdefghi\n") << QByteArray();
    QTest::newRow("endless") << QByteArray(100, 'a') << QByteArray();
    QTest::newRow("nothing") << QByteArray() << QByteArray();
    QTest::newRow("empty line") << QByteArray("\nabc") << QByteArray();
}

void TestSecretInput::readsOneLine()
{
    QFETCH(QByteArray, text);
    const UniqueFd input = pipeWith(text.toStdString());
    const auto line = readLine(input.get(), 8);
    const std::string_view read = line ? asText(line->view()) : std::string_view();
    QTEST(QByteArray(read.data(), qsizetype(read.size())), "line");
    if (!line)
        QCOMPARE(line.error().code, ErrorCode::InvalidArgument);
}

void TestSecretInput::leavesTheRestUnread()
{
    const UniqueFd input = pipeWith("one\ntwo\n");
    QCOMPARE(asText(readLine(input.get(), 8)->view()), std::string_view("one"));
    QCOMPARE(asText(readLine(input.get(), 8)->view()), std::string_view("two"));
}

void TestSecretInput::takesALinkFromStandardInput()
{
    const StandardInput input(" " + std::string(Link) + Invite + "&user=anna\r\nrest");
    CliOptions options = optionsOf(QStringLiteral("--link-stdin --accept-routes none"));
    const auto read = readSecrets(options);
    QVERIFY2(read.has_value(), read ? "" : read.error().context.c_str());
    QVERIFY(options.link.has_value() && options.link->invite.has_value());
    QCOMPARE(options.link->user, std::string("anna"));
    QVERIFY(!options.link->acceptRoutes.isAuto);
    QCOMPARE(options.server, (net::HostPort{"office.example.com", 443}));
    QVERIFY(!options.password.has_value());
}

void TestSecretInput::refusesALinkFromStandardInput_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("mentions");
    const QByteArray link(Link);
    QTest::newRow("nothing") << "--link-stdin" << QByteArray() << "there is none";
    QTest::newRow("no link") << "--link-stdin" << QByteArray("hello\n") << "gvpn://";
    QTest::newRow("too long") << "--link-stdin" << link + QByteArray(2000, 'x') << "longer than 1024 bytes";
    QTest::newRow("user and invite") << "--link-stdin --user anna" << link + Invite << "invite";
    QTest::newRow("password and no user") << "--link-stdin --password-fd 9" << link << "--user NAME";
}

void TestSecretInput::refusesALinkFromStandardInput()
{
    QFETCH(QString, line);
    QFETCH(QByteArray, text);
    QFETCH(QString, mentions);
    const StandardInput input(text.toStdString());
    CliOptions options = optionsOf(line);
    const auto read = readSecrets(options);
    QVERIFY(!read.has_value());
    QCOMPARE(read.error().code, ErrorCode::InvalidArgument);
    const QString sentence = QString::fromStdString(read.error().context);
    QVERIFY2(sentence.contains(mentions) && sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
    QVERIFY(!sentence.contains(QStringLiteral("AAECAw")));
}

void TestSecretInput::readsAPasswordFromStandardInput()
{
    const StandardInput input("correct horse\nrest");
    CliOptions options = optionsOf(QStringLiteral("--server a --user anna --password-stdin"));
    QVERIFY(readSecrets(options).has_value());
    QVERIFY(options.password.has_value());
    QCOMPARE(asText(options.password->view()), std::string_view("correct horse"));
}

void TestSecretInput::readsAPasswordFromADescriptor()
{
    // As a descriptor that the program has got: it is closed after that.
    const int descriptor = ::dup(pipeWith("correct horse").get());
    CliOptions options = optionsOf(QStringLiteral("--profile Office --password-fd %1").arg(descriptor));
    QVERIFY(readSecrets(options).has_value());
    QCOMPARE(asText(options.password->view()), std::string_view("correct horse"));
    QCOMPARE(::fcntl(descriptor, F_GETFD), -1);
}

void TestSecretInput::refusesAPassword_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("empty") << QByteArray("\n");
    QTest::newRow("too long") << QByteArray(257, 'p');
    QTest::newRow("no UTF-8") << QByteArray("\xff\n");
}

void TestSecretInput::refusesAPassword()
{
    QFETCH(QByteArray, text);
    const StandardInput input(text.toStdString());
    CliOptions options = optionsOf(QStringLiteral("--server a --user anna --password-stdin"));
    const auto read = readSecrets(options);
    QVERIFY(!read.has_value());
    QCOMPARE(read.error().code, ErrorCode::InvalidArgument);
    QVERIFY(!options.password.has_value());
    CliOptions closed = optionsOf(QStringLiteral("--server a --user anna --password-fd 987"));
    QVERIFY(!readSecrets(closed).has_value());
}

void TestSecretInput::asksNobodyWithoutATerminal()
{
    const StandardInput input("not for us\n");
    CliOptions options = optionsOf(QStringLiteral("--server a --user anna"));
    QVERIFY(readSecrets(options).has_value());
    QVERIFY(!options.password.has_value());
    QCOMPARE(asText(readLine(STDIN_FILENO, 64)->view()), std::string_view("not for us"));
}

QTEST_GUILESS_MAIN(TestSecretInput)
#include "tst_secret_input.moc"
