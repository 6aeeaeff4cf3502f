#include "program/unix_signals.h"

#include <atomic>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

// The kernel hands a handler nothing but the number, so the way to the object is global. signalfd would need no
// handler, but every thread and every child would have to be kept from inheriting the blocked signals.
std::atomic<int> pipeToMainLoop = -1;
static_assert(std::atomic<int>::is_always_lock_free);

void handleSignal(int number)
{
    const int formerErrno = errno;
    const auto byte = static_cast<unsigned char>(number);
    // A full pipe means that the main loop has plenty to look at already.
    [[maybe_unused]] const ssize_t written = ::write(pipeToMainLoop.load(), &byte, 1);
    errno = formerErrno;
}

}  // namespace

Result<std::unique_ptr<UnixSignals>> UnixSignals::create()
{
    if (pipeToMainLoop.load() >= 0)
        return fail(ErrorCode::AlreadyExists, "signals are being handled already");
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return fail(errnoError("pipe2", errno));
    return std::unique_ptr<UnixSignals>(new UnixSignals(UniqueFd(ends[0]), UniqueFd(ends[1])));
}

UnixSignals::UnixSignals(UniqueFd readEnd, UniqueFd writeEnd)
    : m_readEnd(std::move(readEnd))
    , m_writeEnd(std::move(writeEnd))
    , m_notifier(m_readEnd.get(), QSocketNotifier::Read)
{
    connect(&m_notifier, &QSocketNotifier::activated, this, &UnixSignals::onReadable);
    pipeToMainLoop = m_writeEnd.get();
    for (std::size_t i = 0; i < Numbers.size(); ++i) {
        struct sigaction action {};
        action.sa_handler = Numbers[i] == SIGPIPE ? SIG_IGN : handleSignal;
        action.sa_flags = SA_RESTART;
        ::sigaction(Numbers[i], &action, &m_former[i]);
    }
}

UnixSignals::~UnixSignals()
{
    for (std::size_t i = 0; i < Numbers.size(); ++i)
        ::sigaction(Numbers[i], &m_former[i], nullptr);
    pipeToMainLoop = -1;
}

void UnixSignals::onReadable()
{
    unsigned char number = 0;
    // One a turn: a slot may delete us.
    if (::read(m_readEnd.get(), &number, 1) == 1)
        Q_EMIT signalled(number);
}

}  // namespace gvpn::program
