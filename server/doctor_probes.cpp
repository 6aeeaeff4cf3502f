#include "server/doctor_probes.h"

#include <QHostAddress>
#include <QNetworkProxy>
#include <QRandomGenerator>
#include <QtEndian>

#include <utility>

namespace gvpn::server {

namespace {

constexpr std::size_t OutBytes = 2 * tls::ControlRoomBytes;
constexpr qint64 ChunkBytes = 4096;
constexpr std::uint16_t DnsPort = 53;
constexpr std::chrono::milliseconds RepeatAfter{800};
constexpr qsizetype DnsHeaderBytes = 12;

ByteView asView(const QByteArray& bytes)
{
    return asBytes({bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

void appendNumber(QByteArray& bytes, quint16 number)
{
    const quint16 wire = qToBigEndian(number);
    bytes.append(reinterpret_cast<const char*>(&wire), sizeof wire);
}

}  // namespace

PinProbe::PinProbe(const tls::TlsContext& context, const net::Endpoint& address, Done done, QObject* parent)
    : QObject(parent)
    , m_engine(context, [](const Pin&) { return true; })
    , m_out(OutBytes)
    , m_done(std::move(done))
{
    connect(&m_socket, &QTcpSocket::connected, this, &PinProbe::onConnected);
    connect(&m_socket, &QTcpSocket::readyRead, this, &PinProbe::onReadable);
    connect(&m_socket, &QTcpSocket::errorOccurred, this,
            [this] { finish(fail(ErrorCode::Unreachable, m_socket.errorString().toLower().toStdString())); });
    m_deadline.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this,
            [this] { finish(fail(ErrorCode::TimedOut, "no answer within two seconds")); });
    m_deadline.start(ProbeDeadline);
    m_socket.setProxy(QNetworkProxy::NoProxy);
    m_socket.connectToHost(QHostAddress(QString::fromStdString(address.address.toString())), address.port);
}

void PinProbe::onConnected()
{
    if (const auto started = m_engine.start(m_out); !started)
        finish(fail(started.error()));
    else
        sendPending();
}

void PinProbe::onReadable()
{
    while (m_done && m_socket.bytesAvailable() > 0) {
        const QByteArray chunk = m_socket.read(ChunkBytes);
        ByteVector plaintext(tls::TlsEngine::plaintextRoom(static_cast<std::size_t>(chunk.size())));
        const auto received = m_engine.receive(asView(chunk), plaintext, m_out, Clock::now());
        sendPending();
        if (!received)
            finish(fail(received.error()));
        else if (m_engine.isEstablished() && m_engine.peerPin())
            finish(*m_engine.peerPin());
    }
}

void PinProbe::sendPending()
{
    const ByteView bytes = m_out.data();
    m_socket.write(reinterpret_cast<const char*>(bytes.data()), static_cast<qint64>(bytes.size()));
    m_socket.flush();
    m_out.clear();
}

void PinProbe::finish(Result<Pin> result)
{
    m_deadline.stop();
    if (const Done done = std::exchange(m_done, {})) {
        m_socket.disconnectFromHost();
        done(std::move(result));
    }
}

ResolverProbe::ResolverProbe(const net::IpAddress& resolver, const std::string& domain, Done done, QObject* parent)
    : QObject(parent)
    , m_question(dnsQuestion(static_cast<std::uint16_t>(QRandomGenerator::system()->generate()), domain))
    , m_done(std::move(done))
{
    connect(&m_socket, &QUdpSocket::readyRead, this, &ResolverProbe::onReadable);
    connect(&m_socket, &QUdpSocket::connected, this, &ResolverProbe::ask);
    connect(&m_socket, &QUdpSocket::errorOccurred, this,
            [this] { finish(fail(ErrorCode::Unreachable, m_socket.errorString().toLower().toStdString())); });
    // A lost datagram is no dead resolver.
    connect(&m_repeat, &QTimer::timeout, this, &ResolverProbe::ask);
    m_deadline.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this,
            [this] { finish(fail(ErrorCode::TimedOut, "no answer within two seconds")); });
    m_deadline.start(ProbeDeadline);
    m_socket.setProxy(QNetworkProxy::NoProxy);
    m_socket.connectToHost(QHostAddress(QString::fromStdString(resolver.toString())), DnsPort);
}

void ResolverProbe::ask()
{
    m_socket.write(m_question);
    m_repeat.start(RepeatAfter);
}

void ResolverProbe::onReadable()
{
    while (m_socket.bytesAvailable() > 0 || m_socket.hasPendingDatagrams()) {
        QByteArray message(ChunkBytes, Qt::Uninitialized);
        const qint64 size = m_socket.read(message.data(), message.size());
        if (size < 0)
            return;
        message.truncate(size);
        if (isAnswerTo(m_question, message)) {
            finish({});
            return;
        }
    }
}

void ResolverProbe::finish(Result<void> result)
{
    m_deadline.stop();
    m_repeat.stop();
    if (const Done done = std::exchange(m_done, {}))
        done(std::move(result));
}

QByteArray dnsQuestion(std::uint16_t id, const std::string& domain)
{
    constexpr quint16 RecursionDesired = 0x0100;
    constexpr quint16 TypeSoa = 6;
    constexpr quint16 ClassInternet = 1;
    QByteArray message;
    for (const quint16 number : {quint16{id}, RecursionDesired, quint16{1}, quint16{0}, quint16{0}, quint16{0}})
        appendNumber(message, number);
    const QList<QByteArray> labels = QByteArray::fromStdString(domain).split('.');
    for (const QByteArray& label : labels) {
        if (label.isEmpty())
            continue;
        message.append(static_cast<char>(label.size()));
        message.append(label);
    }
    message.append('\0');
    appendNumber(message, TypeSoa);
    appendNumber(message, ClassInternet);
    return message;
}

bool isAnswerTo(const QByteArray& question, const QByteArray& message)
{
    constexpr unsigned char AnswerFlag = 0x80;
    return message.size() >= DnsHeaderBytes && message.startsWith(question.left(2))
           && (static_cast<unsigned char>(message[2]) & AnswerFlag) != 0;
}

}  // namespace gvpn::server
