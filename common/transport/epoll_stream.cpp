#include "transport/epoll_stream.h"

#include "transport/dead_peer.h"
#include "transport/peer_address.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace gvpn::transport {

namespace {

constexpr std::uint32_t EndEvents = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
// Nobody listens: an error or a hang-up, which epoll always reports, is not to come again with every turn.
constexpr std::uint32_t NoEvents = EPOLLET;

/// Throws away some of what has been received. False: nothing will come any more.
bool discardInput(int descriptor)
{
    std::array<std::byte, 16 * 1024> waste{};
    const ssize_t discarded = ::recv(descriptor, waste.data(), waste.size(), MSG_DONTWAIT);
    return discarded > 0 || (discarded < 0 && (errno == EAGAIN || errno == EINTR));
}

/// As much as the socket takes now. False: the connection is broken.
bool sendSome(int descriptor, ByteView& bytes)
{
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

/// A connection that we have ended, with last words on their way and a peer that may still be sending. If it were
/// closed with something unread, the kernel would answer with a reset, which destroys what we sent last (a goodbye,
/// say) on the peer's side. Owned by its timer.
class Linger final : private EpollLoop::Watcher {
public:
    static void start(EpollLoop& loop, UniqueFd socket, ByteView lastWords)
    {
        if (loop.lingering() >= MaxLingering)
            return;
        const auto linger = std::make_shared<Linger>(loop, std::move(socket), lastWords);
        const std::uint32_t events = lastWords.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
        if (!loop.watch(linger->m_socket.get(), events, *linger))
            return;
        linger->m_timer = loop.schedule(loop.now() + LingerTime, [linger] { linger->giveUp(); });
    }

    Linger(EpollLoop& loop, UniqueFd socket, ByteView lastWords)
        : m_loop(loop)
        , m_socket(std::move(socket))
        , m_lastWords(lastWords.begin(), lastWords.end())
        , m_unsent(m_lastWords)
    {
        ++m_loop.lingering();
    }
    ~Linger() { --m_loop.lingering(); }
    Linger(const Linger&) = delete;
    Linger& operator=(const Linger&) = delete;

private:
    void descriptorReady(std::uint32_t events) override
    {
        bool isAlive = true;
        if ((events & EPOLLOUT) != 0 && !m_unsent.empty()) {
            isAlive = sendSome(m_socket.get(), m_unsent);
            if (m_unsent.empty()) {
                static_cast<void>(::shutdown(m_socket.get(), SHUT_WR));
                m_loop.change(m_socket.get(), EPOLLIN);
            }
        }
        if (isAlive && discardInput(m_socket.get()))
            return;
        m_loop.forget(m_socket.get());
        m_loop.cancel(m_timer);  // the end of this object
    }

    void giveUp()
    {
        m_loop.forget(m_socket.get());
        static_cast<void>(discardInput(m_socket.get()));
    }

    EpollLoop& m_loop;
    UniqueFd m_socket;
    ByteVector m_lastWords;
    ByteView m_unsent;  // of m_lastWords
    EpollLoop::TimerId m_timer = 0;
};

}  // namespace

Result<std::unique_ptr<EpollStream>> EpollStream::create(EpollLoop& loop, UniqueFd socket)
{
    const auto peer = peerOf(socket.get());
    if (!peer)
        return fail(peer.error());
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return fail(errnoError("fcntl", errno));
    const int on = 1;
    if (::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        return fail(errnoError("setsockopt TCP_NODELAY", errno));
    std::unique_ptr<EpollStream> stream(new EpollStream(loop, std::move(socket), *peer));
    if (const auto watched = loop.watch(stream->m_socket.get(), NoEvents, *stream); !watched)
        return fail(watched.error());
    return stream;
}

EpollStream::EpollStream(EpollLoop& loop, UniqueFd socket, const net::Endpoint& peer)
    : m_loop(loop)
    , m_socket(std::move(socket))
    , m_peer(peer)
    , m_events(NoEvents)
{}

EpollStream::~EpollStream()
{
    EpollStream::abort();
}

void EpollStream::setObserver(Observer* observer)
{
    m_observer = observer;
    if (m_isOver)
        return;
    setEvents(observer ? EPOLLIN | EPOLLRDHUP | (m_wantsRoom ? EPOLLOUT : 0U) : NoEvents);
}

Result<std::size_t> EpollStream::read(ByteSpan into)
{
    return receive(into, 0);
}

Result<std::size_t> EpollStream::peek(ByteSpan into)
{
    return receive(into, MSG_PEEK);
}

Result<std::size_t> EpollStream::receive(ByteSpan into, int flags)
{
    if (m_isOver)
        return fail(ErrorCode::Closed, "read from a closed stream");
    if (into.empty())
        return 0;
    ssize_t size = 0;
    do {
        size = ::recv(m_socket.get(), into.data(), into.size(), flags);
    } while (size < 0 && errno == EINTR);
    if (size > 0)
        return static_cast<std::size_t>(size);
    // The end stays readable, so the loop calls us again and the observer hears of it from there.
    if (size == 0)
        noteFailure({ErrorCode::Closed, "the peer closed the connection"});
    else if (errno != EAGAIN)
        noteFailure(errnoError("receive", errno));
    return 0;
}

Result<std::size_t> EpollStream::write(ByteView bytes)
{
    if (m_isOver)
        return fail(ErrorCode::Closed, "write to a closed stream");
    if (m_failure || bytes.empty())
        return 0;
    ssize_t size = 0;
    do {
        size = ::send(m_socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && errno != EAGAIN)
        noteFailure(errnoError("send", errno));
    const std::size_t taken = size < 0 ? 0 : static_cast<std::size_t>(size);
    if (taken < bytes.size()) {
        m_wantsRoom = true;
        if (m_observer)
            setEvents(m_events | EPOLLOUT);
    }
    return taken;
}

void EpollStream::closeAfter(ByteView lastWords)
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_loop.forget(m_socket.get());
    const bool isAlive = sendSome(m_socket.get(), lastWords);
    if (lastWords.empty())
        static_cast<void>(::shutdown(m_socket.get(), SHUT_WR));
    if (isAlive && discardInput(m_socket.get()))
        Linger::start(m_loop, std::move(m_socket), lastWords);
    m_socket.reset();
}

void EpollStream::abort()
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_loop.forget(m_socket.get());
    const linger resetAtOnce{.l_onoff = 1, .l_linger = 0};
    static_cast<void>(::setsockopt(m_socket.get(), SOL_SOCKET, SO_LINGER, &resetAtOnce, sizeof(resetAtOnce)));
    m_socket.reset();
}

void EpollStream::watchForDeadPeer(Duration silence)
{
    if (!m_isOver)
        transport::watchForDeadPeer(m_socket.get(), silence);
}

void EpollStream::descriptorReady(std::uint32_t events)
{
    if (isListening() && (events & (EPOLLIN | EndEvents)) != 0)
        m_observer->streamReadable();
    if (isListening() && (events & EPOLLOUT) != 0 && !m_failure) {
        m_wantsRoom = false;
        m_observer->streamWritable();
        // Not before the call: with a full socket each turn would cost two system calls for nothing.
        if (isListening() && !m_wantsRoom)
            setEvents(m_events & ~std::uint32_t{EPOLLOUT});
    }
    if (isListening() && (m_failure || (events & EndEvents) != 0) && isAtEnd())
        finish();
}

/// Nothing is left to read and nothing will come. Looks for itself, as the reader may have stopped exactly at the end.
bool EpollStream::isAtEnd()
{
    std::byte next{};
    const ssize_t size = ::recv(m_socket.get(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    if (size > 0)
        return false;
    if (size == 0)
        noteFailure({ErrorCode::Closed, "the peer closed the connection"});
    else if (errno != EAGAIN && errno != EINTR)
        noteFailure(errnoError("receive", errno));
    return m_failure.has_value();
}

/// The first failure is the cause of those that come after it.
void EpollStream::noteFailure(Error failure)
{
    if (!m_failure)
        m_failure = std::move(failure);
}

void EpollStream::finish()
{
    const Error failure = *m_failure;
    m_isOver = true;
    m_loop.forget(m_socket.get());
    m_socket.reset();
    m_observer->streamClosed(failure);
}

void EpollStream::setEvents(std::uint32_t events)
{
    if (events != m_events)
        m_loop.change(m_socket.get(), events);
    m_events = events;
}

}  // namespace gvpn::transport
