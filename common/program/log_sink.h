// The one place where log lines leave the program: standard error, one line a message, made safe to print. Installed
// once by main(); messages come from any thread.
#pragma once

#include "base/result.h"

#include <QString>
#include <QtGlobal>

#include <functional>
#include <string>
#include <string_view>

namespace gvpn::program {

enum class LogLevel { Debug, Info, Warning };

/// "debug", "info" or "warning".
[[nodiscard]] Result<LogLevel> parseLogLevel(std::string_view text);

/// Hears each message as well, in the thread that has it; until the process ends.
using LogTap = std::function<void(QtMsgType type, const char* category, const QString& message)>;

/// From now on all of Qt's messages go to standard error; of ours ("gvpn.*") those from `level` up.
void installLogSink(LogLevel level, LogTap tap = {});
/// Which of our messages are wanted; may be called again while the program runs.
void setLogLevel(LogLevel level);

/// "WARNING gvpn.tunnel: text" and a line feed; for the journal with the priority in front, "<4>" (sd-daemon(3)).
[[nodiscard]] std::string formatLogLine(QtMsgType type, std::string_view category, std::string_view message,
                                        bool isForJournal);
/// Is the descriptor the stream that $JOURNAL_STREAM ("DEVICE:INODE", systemd.exec(5)) names? The variable is inherited
/// by programs whose output goes elsewhere.
[[nodiscard]] bool isJournalStream(std::string_view variable, int descriptor);

}  // namespace gvpn::program
