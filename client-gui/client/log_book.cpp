#include "client/log_book.h"

#include "base/text.h"

#include <QRegularExpression>

#include <array>
#include <utility>

namespace gvpn::client {

namespace {

struct Secret {
    QRegularExpression pattern;
    QString replacement;
};

/// Too much hidden harms nobody. In this order: what a link says has gone when the rest is looked at.
const std::array<Secret, 5>& secrets()
{
    constexpr auto AnyCase = QRegularExpression::CaseInsensitiveOption;
    static const std::array<Secret, 5> Secrets{
        Secret{QRegularExpression(QStringLiteral("-----BEGIN [^-]*PRIVATE KEY-----.*?(-----END [^-]*-----|$)"),
                                  QRegularExpression::DotMatchesEverythingOption),
               QStringLiteral("[…]")},
        Secret{QRegularExpression(QStringLiteral("(gvpn:)(//[^/?\\s\"'<>]*)?[^\\s\"'<>]*"), AnyCase),
               QStringLiteral("\\1\\2/[…]")},
        Secret{QRegularExpression(QStringLiteral("\\b(password|passwd|secret|invite|pin)(\"?\\s*[=:]\\s*)"
                                                 "(?!\\[…\\])(\"[^\"]*\"|[^\\s\"]\\S*)"),
                                  AnyCase),
               QStringLiteral("\\1\\2[…]")},
        // A pin has 43 characters of base64url; keys and digests are as long.
        Secret{QRegularExpression(QStringLiteral("(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{32,}(?![A-Za-z0-9_-])")),
               QStringLiteral("[…]")},
        // An invite has 22; a word of our own that is as long has neither a digit nor a capital.
        Secret{QRegularExpression(QStringLiteral("(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*[A-Z0-9])[A-Za-z0-9_-]{22}"
                                                 "(?![A-Za-z0-9_-])")),
               QStringLiteral("[…]")}};
    return Secrets;
}

QString levelName(QtMsgType level)
{
    switch (level) {
    case QtDebugMsg: return QStringLiteral("DEBUG");
    case QtInfoMsg: return QStringLiteral("INFO");
    case QtWarningMsg: return QStringLiteral("WARNING");
    case QtCriticalMsg:
    case QtFatalMsg: break;
    }
    return QStringLiteral("ERROR");
}

QString plain(const QString& text)
{
    // Cut before, so that a flood costs little, but not within what is to be hidden.
    QString safe = redact(QString::fromStdString(escapeForDisplay(text.left(4 * MaxLogLineLength).toStdString())));
    safe.truncate(MaxLogLineLength);
    return safe;
}

}  // namespace

QString redact(const QString& text)
{
    QString redacted = text;
    for (const Secret& secret : secrets())
        redacted.replace(secret.pattern, secret.replacement);
    return redacted;
}

LogBook::LogBook(QObject* parent)
    : QObject(parent)
{}

void LogBook::append(const QDateTime& time, QtMsgType level, const QString& category, const QString& text)
{
    LogLine line{time, level, plain(category), plain(text)};
    {
        const std::lock_guard lock(m_mutex);
        m_lines.push_back(std::move(line));
        if (m_lines.size() > MaxLogLines)
            m_lines.pop_front();
        if (std::exchange(m_isAnnounced, true))
            return;
    }
    const auto announce = [this] {
        {
            const std::lock_guard lock(m_mutex);
            m_isAnnounced = false;
        }
        Q_EMIT changed();
    };
    QMetaObject::invokeMethod(this, announce, Qt::QueuedConnection);
}

std::vector<LogLine> LogBook::lines() const
{
    const std::lock_guard lock(m_mutex);
    return {m_lines.begin(), m_lines.end()};
}

QString LogBook::exportText() const
{
    QString text;
    const auto all = lines();
    for (const LogLine& line : all)
        text += QStringLiteral("%1 %2 %3: ")
                    .arg(line.time.toUTC().toString(Qt::ISODateWithMs), levelName(line.level), line.category)
                + line.text + QLatin1Char('\n');
    return text;
}

void LogBook::clear()
{
    const std::lock_guard lock(m_mutex);
    m_lines.clear();
}

}  // namespace gvpn::client
