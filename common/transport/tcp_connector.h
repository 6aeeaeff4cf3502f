// The client's way to a server: resolves the name, tries all addresses staggered (RFC 8305, 250 ms apart, families
// alternating), hands over the first connection that stands. Qt event loop; one use.
#pragma once

#include "transport/byte_stream.h"
#include "transport/epoll_loop.h"

#include <QObject>

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace gvpn::transport {

struct ConnectOptions {
    net::HostPort server;
    std::vector<net::IpAddress> addresses{};  // of the server, when somebody knows them: no resolver is asked then
    std::chrono::milliseconds stagger{250};
    std::chrono::milliseconds deadline{15'000};  // for all of it
};

/// What the failures of all addresses come to: PermissionDenied if each of them was forbidden, else Unreachable.
[[nodiscard]] ErrorCode verdictOn(std::span<const ErrorCode> failures);

class TcpConnector : public QObject {
    Q_OBJECT
public:
    /// loop: where the stream lives; outlives it.
    TcpConnector(ConnectOptions options, EpollLoop& loop, QObject* parent = nullptr);
    ~TcpConnector() override;

    void start();
    /// No signal follows.
    void cancel();

Q_SIGNALS:
    /// The name was resolved; addresses are being tried.
    void resolved();
    /// Take the stream with takeStream() in the slot.
    void connected();
    /// NotFound: no such name. Unreachable, PermissionDenied: no address answers (see verdictOn(); the context lists
    /// each with its reason). TimedOut: the deadline passed. The context leaves out the server's own name.
    void failed(const gvpn::Error& error);

public:
    [[nodiscard]] std::unique_ptr<ByteStream> takeStream();

private:
    class Private;
    std::unique_ptr<Private> m_private;
};

}  // namespace gvpn::transport
