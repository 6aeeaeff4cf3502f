// A ByteStream over a connected QTcpSocket: TCP_NODELAY, bounded buffers both ways, flush() after each write. Qt event
// loop of the socket's thread, which must go on turning for a moment after close().
#pragma once

#include "transport/byte_stream.h"

#include <QObject>

#include <chrono>
#include <memory>
#include <optional>

class QTcpSocket;

namespace gvpn::transport {

inline constexpr qint64 SocketReadBufferBytes = 256 * 1024;
inline constexpr qint64 SocketWriteBufferBytes = 256 * 1024;
/// How long a closed connection may take to send the rest and to see its peer close as well.
inline constexpr std::chrono::milliseconds SocketFarewellTime{3000};

class QtStream : public QObject, public ByteStream {
    Q_OBJECT
public:
    /// socket is connected.
    explicit QtStream(std::unique_ptr<QTcpSocket> socket);
    ~QtStream() override;

    void setObserver(Observer* observer) override;
    [[nodiscard]] Result<std::size_t> read(ByteSpan into) override;
    [[nodiscard]] Result<std::size_t> peek(ByteSpan into) override;
    [[nodiscard]] Result<std::size_t> write(ByteView bytes) override;
    void closeAfter(ByteView lastWords) override;
    void abort() override;
    void watchForDeadPeer(Duration silence) override;
    [[nodiscard]] net::Endpoint peer() const override { return m_peer; }

private:
    void onReadyRead();
    void onBytesWritten();
    void onDisconnected();
    void onLookAgain();
    void lookAgainSoon();
    void noteFailure();

    std::unique_ptr<QTcpSocket> m_socket;
    net::Endpoint m_peer;
    Observer* m_observer = nullptr;
    std::optional<Error> m_failure;  // told to the observer when everything has been read
    bool m_isLookQueued = false;
    bool m_isWriting = false;
    bool m_wantsRoom = false;
    bool m_isOver = false;
};

}  // namespace gvpn::transport
