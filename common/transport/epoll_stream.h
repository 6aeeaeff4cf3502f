// A ByteStream over a connected TCP socket in an EpollLoop: for client and server. Lives in the loop's thread and
// no longer than the loop. After close() the socket stays in the loop for up to LingerTime.
#pragma once

#include "transport/byte_stream.h"
#include "transport/epoll_loop.h"
#include "transport/tcp_line.h"

#include <optional>

namespace gvpn::transport {

/// How long a closed connection waits for its peer to close as well, see EpollStream::close().
inline constexpr Duration LingerTime{1000};
/// So many closed connections of a loop may do that at once: strangers who come and go must not fill the table of
/// descriptors. Those above are closed at once; if the peer was still sending, it may miss our last words.
inline constexpr std::size_t MaxLingering = 512;

class EpollStream : public ByteStream, private EpollLoop::Watcher {
public:
    /// Makes the socket non-blocking with TCP_NODELAY and listens from setObserver() on.
    [[nodiscard]] static Result<std::unique_ptr<EpollStream>> create(EpollLoop& loop, UniqueFd socket);
    ~EpollStream();

    void setObserver(Observer* observer) override;
    [[nodiscard]] Result<std::size_t> read(ByteSpan into) override;
    [[nodiscard]] Result<std::size_t> peek(ByteSpan into) override;
    [[nodiscard]] Result<std::size_t> write(ByteView bytes) override;
    void closeAfter(ByteView lastWords) override;
    void abort() override;
    void watchForDeadPeer(Duration silence) override;
    [[nodiscard]] net::Endpoint peer() const override { return m_peer; }
    [[nodiscard]] Line* line() override { return &m_line; }

private:
    EpollStream(EpollLoop& loop, UniqueFd socket, const net::Endpoint& peer);
    [[nodiscard]] Result<std::size_t> receive(ByteSpan into, int flags);
    void descriptorReady(std::uint32_t events) override;
    [[nodiscard]] bool isListening() const { return m_observer && !m_isOver; }
    void setEvents(std::uint32_t events);
    [[nodiscard]] bool isAtEnd();
    void noteFailure(Error failure);
    void finish();

    EpollLoop& m_loop;
    UniqueFd m_socket;
    TcpLine m_line{[this] { return m_socket.get(); }};
    net::Endpoint m_peer;
    Observer* m_observer = nullptr;
    std::uint32_t m_events;
    bool m_wantsRoom = false;        // a write took less than all
    std::optional<Error> m_failure;  // seen by read() or write(); streamClosed follows from the loop
    bool m_isOver = false;
};

}  // namespace gvpn::transport
