// What the doctor asks on the network, each once, with a deadline: an own port, whose key answers there; a resolver,
// whether it lives. Qt event loop.
#pragma once

#include "base/byte_buffer.h"
#include "net/endpoint.h"
#include "tls/tls_engine.h"

#include <QObject>
#include <QTcpSocket>
#include <QTimer>
#include <QUdpSocket>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace gvpn::server {

inline constexpr std::chrono::milliseconds ProbeDeadline{2'500};

class PinProbe : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(Result<Pin>)>;

    /// As a stranger with a key of its own, who goes away after the handshake. context: a client's; outlives this.
    /// done is called once, later, unless this is gone before.
    PinProbe(const tls::TlsContext& context, const net::Endpoint& address, Done done, QObject* parent = nullptr);

private:
    void onConnected();
    void onReadable();
    void sendPending();
    void finish(Result<Pin> result);

    tls::TlsEngine m_engine;
    ByteBuffer m_out;
    QTcpSocket m_socket;
    QTimer m_deadline;
    Done m_done;
};

class ResolverProbe : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(Result<void>)>;

    /// Asks for the SOA of a domain (empty: the root); any answer will do (RFC 1035, section 4). done as above.
    ResolverProbe(const net::IpAddress& resolver, const std::string& domain, Done done, QObject* parent = nullptr);

private:
    void ask();
    void onReadable();
    void finish(Result<void> result);

    QByteArray m_question;
    QUdpSocket m_socket;
    QTimer m_repeat;
    QTimer m_deadline;
    Done m_done;
};

/// domain: of labels of 1 to 63 bytes. Pure.
[[nodiscard]] QByteArray dnsQuestion(std::uint16_t id, const std::string& domain);
/// A message with this question's id and the flag of an answer.
[[nodiscard]] bool isAnswerTo(const QByteArray& question, const QByteArray& message);

}  // namespace gvpn::server
