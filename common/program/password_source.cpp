#include "program/password_source.h"

#include "base/text.h"
#include "base/unique_fd.h"

#include <QByteArrayView>

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

/// While it lives, the signals that would end or stop the process wait, so that they can't leave the terminal without
/// its echo. Those that do nothing (ignored, or held back by the caller) still do nothing.
class HeldSignals {
public:
    HeldSignals()
    {
        sigset_t held{};
        ::sigemptyset(&held);
        ::pthread_sigmask(SIG_BLOCK, nullptr, &m_former);
        for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP}) {
            struct sigaction action {};
            const bool isActed = ::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN;
            if (isActed && ::sigismember(&m_former, number) == 0)
                ::sigaddset(&held, number);
        }
        ::pthread_sigmask(SIG_BLOCK, &held, nullptr);
        m_descriptor = UniqueFd(::signalfd(-1, &held, SFD_CLOEXEC));
    }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;
    /// What waits takes its course now.
    ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &m_former, nullptr); }

    /// Readable when one waits. Nothing is read from it.
    [[nodiscard]] int descriptor() const { return m_descriptor.get(); }
    /// The one that waits is a wish to go on later (Ctrl-Z).
    [[nodiscard]] static bool isStop()
    {
        sigset_t waiting{};
        ::sigpending(&waiting);
        for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) {
            if (::sigismember(&waiting, number) == 1)
                return false;
        }
        return ::sigismember(&waiting, SIGTSTP) == 1;
    }

private:
    sigset_t m_former{};
    UniqueFd m_descriptor;
};

/// No echo while it lives. What was typed before and what is left afterwards is thrown away: the rest of a line that is
/// too long would else be the next command of a shell.
class HiddenInput {
public:
    explicit HiddenInput(int terminal)
        : m_terminal(terminal)
    {
        if (::tcgetattr(m_terminal, &m_former) != 0)
            return;
        termios hidden = m_former;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
        hidden.c_lflag |= static_cast<tcflag_t>(ICANON | ISIG);
        m_isHidden = set(hidden);
    }
    HiddenInput(const HiddenInput&) = delete;
    HiddenInput& operator=(const HiddenInput&) = delete;
    ~HiddenInput()
    {
        if (m_isHidden)
            static_cast<void>(set(m_former));
    }

    [[nodiscard]] bool isHidden() const { return m_isHidden; }

private:
    [[nodiscard]] bool set(const termios& mode) const
    {
        while (::tcsetattr(m_terminal, TCSAFLUSH, &mode) != 0) {
            if (errno != EINTR)
                return false;
        }
        return true;
    }

    int m_terminal;
    termios m_former{};
    bool m_isHidden = false;
};

Failure unusable(std::string_view why)
{
    return fail(ErrorCode::InvalidArgument, "the password " + std::string(why));
}

Result<SharedSecret> checked(ByteView password)
{
    const std::string_view text = asText(password);
    if (text.empty())
        return unusable("is empty");
    if (text.find('\0') != std::string_view::npos)
        return unusable("holds a NUL byte");
    if (!QByteArrayView(text.data(), static_cast<qsizetype>(text.size())).isValidUtf8())
        return unusable("is not UTF-8");
    return SharedSecret(SecretBytes(password));
}

/// Waits for a byte, the end (false) or, if interrupt is a descriptor, for that. Closed: interrupted.
Result<bool> readByte(int descriptor, int interrupt, ByteSpan target)
{
    for (;;) {
        std::array<pollfd, 2> waiting{{{descriptor, POLLIN, 0}, {interrupt, POLLIN, 0}}};
        if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
            return fail(errnoError("wait for the password", errno));
        if (waiting[1].revents != 0)
            return fail(ErrorCode::Closed, "interrupted");
        const ssize_t size = waiting[0].revents != 0 ? ::read(descriptor, target.data(), 1) : -1;
        if (size >= 0)
            return size == 1;
        if (waiting[0].revents != 0 && errno != EINTR && errno != EAGAIN)
            return fail(errnoError("read the password", errno));
    }
}

/// One byte at a time: what comes after the line belongs to somebody else.
Result<SharedSecret> readLine(int descriptor, int interrupt)
{
    SecretBytes line(MaxTypedPasswordBytes + 1);
    for (std::size_t size = 0; size <= MaxTypedPasswordBytes; ++size) {
        const ByteSpan next = line.span().subspan(size, 1);
        const auto isThere = readByte(descriptor, interrupt, next);
        if (!isThere)
            return fail(isThere.error());
        if (!*isThere || next[0] == std::byte{'\n'})
            return checked(line.view().first(size));
    }
    return unusable("is longer than " + std::to_string(MaxTypedPasswordBytes) + " bytes");
}

void show(int terminal, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t written = ::write(terminal, text.data(), text.size());
        if (written < 0 && errno != EINTR)
            return;  // whoever can't see the question can still answer it
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

/// Nothing: stopped, and going on again.
Result<std::optional<SharedSecret>> askOnce(int terminal, std::string_view prompt)
{
    const HeldSignals signals;
    if (signals.descriptor() < 0)
        return fail(errnoError("watch for signals", errno));
    const HiddenInput input(terminal);
    if (!input.isHidden())
        return fail(errnoError("switch off the terminal's echo", errno));
    show(terminal, prompt);
    auto password = readLine(terminal, signals.descriptor());
    show(terminal, "\n");
    if (password)
        return std::optional(std::move(*password));
    if (password.error().code == ErrorCode::Closed && HeldSignals::isStop())
        return std::optional<SharedSecret>();
    return fail(password.error());
}

}  // namespace

Result<SharedSecret> readPassword(int descriptor)
{
    if (descriptor < 0)  // poll() would wait for ever
        return fail(errnoError("read the password", EBADF));
    return readLine(descriptor, -1);
}

Result<SharedSecret> askPassword(const std::string& prompt)
{
    const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal.isValid())
        return fail(ErrorCode::NotFound,
                    "no terminal to ask for the password: " + errnoError("/dev/tty", errno).context);
    for (;;) {
        auto password = askOnce(terminal.get(), escapeForDisplay(prompt));
        if (!password)
            return fail(password.error());
        if (*password)
            return std::move(**password);
    }
}

Result<SharedSecret> askNewPassword(const std::string& prompt)
{
    auto first = askPassword(prompt);
    if (!first)
        return first;
    const auto second = askPassword("Once more: ");
    if (!second)
        return fail(second.error());
    if (!(*first == *second))
        return fail(ErrorCode::InvalidArgument, "the two passwords differ");
    return first;
}

}  // namespace gvpn::program
