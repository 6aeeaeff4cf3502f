// Asks the person at the terminal something that only "yes" agrees to, without stopping the event loop. Main thread.
#pragma once

#include <QSocketNotifier>
#include <QString>

#include <functional>

namespace gvpn::cli {

/// Standard input and standard error are a terminal.
[[nodiscard]] bool hasTerminal();

class TerminalQuestion {
public:
    /// Writes the text to standard error. answered is called once, from the event loop.
    TerminalQuestion(const QString& text, std::function<void(bool isYes)> answered);

private:
    void onReadable();

    QSocketNotifier m_notifier;
    QByteArray m_line;
    std::function<void(bool)> m_answered;
};

}  // namespace gvpn::cli
