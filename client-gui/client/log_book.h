// The last lines of the log, for the log window and for sending them to somebody: without what must stay secret. Lines
// come from any thread; everything else belongs to the thread that it lives in.
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QtGlobal>

#include <deque>
#include <mutex>
#include <vector>

namespace gvpn::client {

inline constexpr std::size_t MaxLogLines = 2'000;
inline constexpr qsizetype MaxLogLineLength = 2'000;  // characters; the rest is cut

struct LogLine {
    QDateTime time;
    QtMsgType level = QtInfoMsg;
    QString category;  // "gvpn.client"
    QString text;      // escaped, redacted
    [[nodiscard]] bool operator==(const LogLine&) const = default;
};

/// Links keep their host, but neither pin nor invite; what looks like a pin, an invite, a password or a private key is
/// replaced by "[…]". Safe to do twice.
[[nodiscard]] QString redact(const QString& text);

class LogBook : public QObject {
    Q_OBJECT
public:
    explicit LogBook(QObject* parent = nullptr);

    /// From any thread. The oldest line gives way.
    void append(const QDateTime& time, QtMsgType level, const QString& category, const QString& text);
    /// All lines, the oldest first.
    [[nodiscard]] std::vector<LogLine> lines() const;
    /// One a line, times in UTC.
    [[nodiscard]] QString exportText() const;
    void clear();

Q_SIGNALS:
    /// Lines were added since the last one; several at once.
    void changed();

private:
    mutable std::mutex m_mutex;  // guards what follows
    std::deque<LogLine> m_lines;
    bool m_isAnnounced = false;
};

}  // namespace gvpn::client
