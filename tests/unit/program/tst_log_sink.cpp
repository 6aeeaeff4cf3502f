#include "program/log_sink.h"

#include "base/unique_fd.h"

#include <QLoggingCategory>
#include <QtTest>

#include <array>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::program {

class LogSinkTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void writesOneLineAMessage_data();
    void writesOneLineAMessage();
    void letsNoMessageForgeAnother();
    void parsesItsLevels_data();
    void parsesItsLevels();
    void refusesOtherLevels_data();
    void refusesOtherLevels();
    void writesToStandardErrorFromTheLevelUp_data();
    void writesToStandardErrorFromTheLevelUp();
    void letsATapHearTheSame();
    void knowsTheJournalByItsStream();
};

namespace {

const QLoggingCategory& category()
{
    static const QLoggingCategory instance("gvpn.example");
    return instance;
}

/// What `action` makes the process write to standard error.
std::string standardErrorOf(const std::function<void()>& action)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return "no pipe";
    const UniqueFd readEnd(ends[0]);
    const UniqueFd former(::dup(STDERR_FILENO));
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
    action();
    ::dup2(former.get(), STDERR_FILENO);
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(readEnd.get(), buffer.data(), buffer.size());
    return {buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0U};
}

}  // namespace

void LogSinkTest::initTestCase()
{
    qunsetenv("JOURNAL_STREAM");
    qunsetenv("QT_LOGGING_RULES");
}

void LogSinkTest::writesOneLineAMessage_data()
{
    QTest::addColumn<int>("type");
    QTest::addColumn<bool>("isForJournal");
    QTest::addColumn<QString>("line");
    QTest::newRow("debug") << int{QtDebugMsg} << false << "DEBUG gvpn.tls: text\n";
    QTest::newRow("info") << int{QtInfoMsg} << false << "INFO gvpn.tls: text\n";
    QTest::newRow("warning") << int{QtWarningMsg} << false << "WARNING gvpn.tls: text\n";
    QTest::newRow("critical") << int{QtCriticalMsg} << false << "ERROR gvpn.tls: text\n";
    QTest::newRow("fatal") << int{QtFatalMsg} << false << "FATAL gvpn.tls: text\n";
    QTest::newRow("journal debug") << int{QtDebugMsg} << true << "<7>DEBUG gvpn.tls: text\n";
    QTest::newRow("journal info") << int{QtInfoMsg} << true << "<6>INFO gvpn.tls: text\n";
    QTest::newRow("journal warning") << int{QtWarningMsg} << true << "<4>WARNING gvpn.tls: text\n";
    QTest::newRow("journal critical") << int{QtCriticalMsg} << true << "<3>ERROR gvpn.tls: text\n";
}

void LogSinkTest::writesOneLineAMessage()
{
    QFETCH(int, type);
    QFETCH(bool, isForJournal);
    QFETCH(QString, line);
    QCOMPARE(formatLogLine(static_cast<QtMsgType>(type), "gvpn.tls", "text", isForJournal), line.toStdString());
}

void LogSinkTest::letsNoMessageForgeAnother()
{
    const std::string line = formatLogLine(QtInfoMsg, "gvpn\n", "a\nERROR b\r\x1b[2J\xE2\x80\xAE", false);
    QCOMPARE(std::ranges::count(line, '\n'), 1);
    QVERIFY(line.ends_with('\n'));
    for (const char forbidden : {'\r', '\x1b', '\xE2'})
        QVERIFY(line.find(forbidden) == std::string::npos);
}

void LogSinkTest::parsesItsLevels_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("level");
    QTest::newRow("debug") << "debug" << static_cast<int>(LogLevel::Debug);
    QTest::newRow("info") << "info" << static_cast<int>(LogLevel::Info);
    QTest::newRow("warning") << "warning" << static_cast<int>(LogLevel::Warning);
}

void LogSinkTest::parsesItsLevels()
{
    QFETCH(QString, text);
    QFETCH(int, level);
    const auto parsed = parseLogLevel(text.toStdString());
    QVERIFY(parsed.has_value());
    QCOMPARE(static_cast<int>(*parsed), level);
}

void LogSinkTest::refusesOtherLevels_data()
{
    QTest::addColumn<QString>("text");
    for (const char* text : {"", "Debug", "warn", "error", "info ", "debug,info", "1"})
        QTest::newRow(text) << text;
}

void LogSinkTest::refusesOtherLevels()
{
    QFETCH(QString, text);
    QCOMPARE(parseLogLevel(text.toStdString()).error().code, ErrorCode::InvalidArgument);
}

void LogSinkTest::writesToStandardErrorFromTheLevelUp_data()
{
    QTest::addColumn<int>("level");
    QTest::addColumn<QString>("written");
    QTest::newRow("debug") << static_cast<int>(LogLevel::Debug)
                           << "DEBUG gvpn.example: 1\nINFO gvpn.example: 2\nWARNING gvpn.example: 3\n";
    QTest::newRow("info") << static_cast<int>(LogLevel::Info) << "INFO gvpn.example: 2\nWARNING gvpn.example: 3\n";
    QTest::newRow("warning") << static_cast<int>(LogLevel::Warning) << "WARNING gvpn.example: 3\n";
}

void LogSinkTest::writesToStandardErrorFromTheLevelUp()
{
    QFETCH(int, level);
    QFETCH(QString, written);
    const QtMessageHandler former = qInstallMessageHandler(nullptr);
    const std::string output = standardErrorOf([&] {
        installLogSink(static_cast<LogLevel>(level));
        qCDebug(category) << 1;
        qCInfo(category) << 2;
        qCWarning(category) << 3;
    });
    qInstallMessageHandler(former);
    QCOMPARE(output, written.toStdString());
}

void LogSinkTest::letsATapHearTheSame()
{
    const QtMessageHandler former = qInstallMessageHandler(nullptr);
    QStringList heard;
    const std::string output = standardErrorOf([&] {
        installLogSink(LogLevel::Info, [&heard](QtMsgType type, const char* from, const QString& message) {
            heard.append(QStringLiteral("%1 %2 %3").arg(int{type}).arg(QLatin1String(from), message));
        });
        qCDebug(category) << 1;
        qCInfo(category) << 2;
    });
    qInstallMessageHandler(former);
    QCOMPARE(heard, QStringList(QStringLiteral("%1 gvpn.example 2").arg(int{QtInfoMsg})));
    QCOMPARE(output, std::string("INFO gvpn.example: 2\n"));
}

void LogSinkTest::knowsTheJournalByItsStream()
{
    std::array<int, 2> ends{};
    QCOMPARE(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd readEnd(ends[0]);
    const UniqueFd writeEnd(ends[1]);
    struct stat status {};
    QCOMPARE(::fstat(writeEnd.get(), &status), 0);
    const std::string own = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    QVERIFY(isJournalStream(own, writeEnd.get()));
    QVERIFY(!isJournalStream(own + "1", writeEnd.get()));
    QVERIFY(!isJournalStream("", writeEnd.get()));
    QVERIFY(!isJournalStream("8:12345678901234567890123", writeEnd.get()));
    QVERIFY(!isJournalStream(own, -1));
}

}  // namespace gvpn::program

QTEST_APPLESS_MAIN(gvpn::program::LogSinkTest)
#include "tst_log_sink.moc"
