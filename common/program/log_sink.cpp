#include "program/log_sink.h"

#include "base/text.h"

#include <QLoggingCategory>

#include <cerrno>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

struct Severity {
    std::string_view name;
    std::string_view journalPrefix;
};

constexpr Severity severityOf(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg: return {"DEBUG", "<7>"};
    case QtInfoMsg: return {"INFO", "<6>"};
    case QtWarningMsg: return {"WARNING", "<4>"};
    case QtCriticalMsg: return {"ERROR", "<3>"};
    case QtFatalMsg: return {"FATAL", "<2>"};
    }
    return {"ERROR", "<3>"};
}

/// One write: lines of several threads and processes don't mix. When nobody takes it there is nobody to tell.
void writeToStandardError(std::string_view line)
{
    ssize_t written = 0;
    while (!line.empty()) {
        written = ::write(STDERR_FILENO, line.data(), line.size());
        if (written < 0 && errno != EINTR)
            return;
        line.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

/// Qt's handler is a plain function, which can borrow nothing. Set before it is installed, and never again.
LogTap& tapOfProcess()
{
    static LogTap tap;
    return tap;
}

void handleMessage(QtMsgType type, const QMessageLogContext& context, const QString& message)
{
    static const bool IsForJournal = isJournalStream(qgetenv("JOURNAL_STREAM").toStdString(), STDERR_FILENO);
    const char* category = context.category ? context.category : "default";
    if (const LogTap& tap = tapOfProcess())
        tap(type, category, message);
    writeToStandardError(formatLogLine(type, category, message.toStdString(), IsForJournal));
}

}  // namespace

Result<LogLevel> parseLogLevel(std::string_view text)
{
    if (text == "debug")
        return LogLevel::Debug;
    if (text == "info")
        return LogLevel::Info;
    if (text == "warning")
        return LogLevel::Warning;
    return fail(ErrorCode::InvalidArgument, "log level '" + std::string(text) + "': expected debug, info or warning");
}

void installLogSink(LogLevel level, LogTap tap)
{
    tapOfProcess() = std::move(tap);
    setLogLevel(level);
    qInstallMessageHandler(handleMessage);
}

void setLogLevel(LogLevel level)
{
    const auto rule = [level](LogLevel of) { return level <= of ? QStringLiteral("true") : QStringLiteral("false"); };
    QLoggingCategory::setFilterRules(
        QStringLiteral("gvpn.*.debug=%1\ngvpn.*.info=%2").arg(rule(LogLevel::Debug), rule(LogLevel::Info)));
}

std::string formatLogLine(QtMsgType type, std::string_view category, std::string_view message, bool isForJournal)
{
    const Severity severity = severityOf(type);
    std::string line(isForJournal ? severity.journalPrefix : std::string_view());
    line += severity.name;
    line += ' ';
    line += escapeForDisplay(category);
    line += ": ";
    line += escapeForDisplay(message);
    line += '\n';
    return line;
}

bool isJournalStream(std::string_view variable, int descriptor)
{
    struct stat status {};
    if (variable.empty() || ::fstat(descriptor, &status) != 0)
        return false;
    return variable == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

}  // namespace gvpn::program
