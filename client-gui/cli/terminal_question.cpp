#include "cli/terminal_question.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <unistd.h>

namespace gvpn::cli {

namespace {

constexpr qsizetype MaxAnswerBytes = 256;

}  // namespace

bool hasTerminal()
{
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

TerminalQuestion::TerminalQuestion(const QString& text, std::function<void(bool)> answered)
    : m_notifier(STDIN_FILENO, QSocketNotifier::Read)
    , m_answered(std::move(answered))
{
    QObject::connect(&m_notifier, &QSocketNotifier::activated, &m_notifier, [this] { onReadable(); });
    std::fprintf(stderr, "%s ", text.toUtf8().constData());
}

void TerminalQuestion::onReadable()
{
    std::array<char, 64> buffer{};
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    const bool isEnd = size <= 0;
    if (!isEnd)
        m_line.append(buffer.data(), size);
    if (!isEnd && !m_line.contains('\n') && m_line.size() < MaxAnswerBytes)
        return;
    m_notifier.setEnabled(false);
    m_answered(!isEnd && m_line.trimmed() == "yes");
}

}  // namespace gvpn::cli
