// One TCP connection that is being made, to one address. Qt event loop; part of TcpConnector.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <QHostAddress>
#include <QObject>
#include <QSocketNotifier>

#include <memory>
#include <optional>

namespace gvpn::transport {

class PendingConnect : public QObject {
    Q_OBJECT
public:
    PendingConnect(const QHostAddress& address, std::uint16_t port);

    /// The connected socket, non-blocking, or why there is none; once, after finished().
    [[nodiscard]] Result<UniqueFd> takeResult();

Q_SIGNALS:
    /// Queued: never from inside the constructor, and the object may be deleted in the slot.
    void finished();

private:
    void onWritable();
    void finish(int error);

    UniqueFd m_socket;
    std::unique_ptr<QSocketNotifier> m_notifier;
    std::optional<Error> m_failure;
};

}  // namespace gvpn::transport
