#include "stream_recorder.h"
#include "transport/epoll_host.h"
#include "transport/tcp_connector.h"

#include "base/unique_fd.h"

#include <QNetworkInterface>
#include <QTcpServer>
#include <QTcpSocket>
#include <QtTest>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace gvpn::transport {

using namespace std::chrono_literals;

class TcpConnectorTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void connectsToALiteralAddress_data();
    void connectsToALiteralAddress();
    void connectsByName();
    void goesOnToTheNextAddressWhenOneHangs();
    void goesOnAtOnceWhenOneRefuses();
    void saysWhyNoAddressAnswers();
    void saysWhyEachOfManyAddressesFailed();
    void isForbiddenOnlyIfEveryAddressIs_data();
    void isForbiddenOnlyIfEveryAddressIs();
    void saysThatANameDoesNotResolve();
    void saysThatTheTimeIsUp();
    void saysNothingFromInsideOfStart();
    void saysNothingAfterACancel_data();
    void saysNothingAfterACancel();
    void mayBeDeletedInItsSlots_data();
    void mayBeDeletedInItsSlots();
    void handsTheStreamOverOnce();
    void whatTheServerSaysFirstIsThereToRead_data();
    void whatTheServerSaysFirstIsThereToRead();
    void keepsTheZoneOfALinkLocalAddress();

private:
    std::unique_ptr<EpollLoop> m_loop;
    std::unique_ptr<EpollHost> m_host;
};

namespace {

/// What a connector said, in words.
struct Outcome {
    explicit Outcome(TcpConnector& connector)
    {
        QObject::connect(&connector, &TcpConnector::resolved, &connector, [this] { events.append(u"resolved"_qs); });
        QObject::connect(&connector, &TcpConnector::connected, &connector, [this, &connector] {
            events.append(u"connected"_qs);
            stream = connector.takeStream();
        });
        QObject::connect(&connector, &TcpConnector::failed, &connector, [this](const Error& failure) {
            events.append(u"failed"_qs);
            error = failure;
        });
    }
    [[nodiscard]] bool isOver() const { return stream || error; }

    QStringList events;
    std::unique_ptr<ByteStream> stream;
    std::optional<Error> error;
};

ConnectOptions optionsFor(const std::string& host, std::uint16_t port)
{
    return {.server = {host, port}};
}

std::vector<net::IpAddress> addressesOf(std::initializer_list<std::string_view> texts)
{
    std::vector<net::IpAddress> addresses;
    for (const std::string_view text : texts)
        addresses.push_back(net::IpAddress::parse(text).value());
    return addresses;
}

std::uint16_t listenOn(QTcpServer& server, const QHostAddress& address)
{
    return server.listen(address) ? server.serverPort() : std::uint16_t{0};
}

std::uint16_t refusedPort()
{
    QTcpServer server;
    return listenOn(server, QHostAddress(QHostAddress::LocalHost));
}

/// A listener whose queue is full: whoever connects gets no answer at all.
class BlackHole {
public:
    explicit BlackHole(std::uint16_t wantedPort = 0)
        : m_listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_addr = in6addr_loopback;
        address.sin6_port = htons(wantedPort);
        socklen_t length = sizeof(address);
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(m_listener.get(), generic, length) != 0 || ::listen(m_listener.get(), 0) != 0
            || ::getsockname(m_listener.get(), generic, &length) != 0)
            return;
        for (UniqueFd& filler : m_fillers) {
            filler = UniqueFd(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            static_cast<void>(::connect(filler.get(), generic, length));
        }
        m_port = ntohs(address.sin6_port);
    }
    [[nodiscard]] std::uint16_t port() const { return m_port; }

private:
    UniqueFd m_listener;
    std::array<UniqueFd, 4> m_fillers;
    std::uint16_t m_port = 0;
};

/// The first link-local address of this computer, with its zone; nothing if there is none.
std::optional<QHostAddress> linkLocalAddress()
{
    for (const QHostAddress& address : QNetworkInterface::allAddresses()) {
        if (address.protocol() == QAbstractSocket::IPv6Protocol && address.isLinkLocal())
            return address;
    }
    return std::nullopt;
}

}  // namespace

void TcpConnectorTest::init()
{
    auto loop = EpollLoop::create();
    QVERIFY(loop.has_value());
    m_loop = std::move(*loop);
    m_host = std::make_unique<EpollHost>(*m_loop);
}

/// Sockets that were given up go with the event loop.
void TcpConnectorTest::cleanup()
{
    QTest::qWait(1);
    m_host.reset();
    m_loop.reset();
}

void TcpConnectorTest::connectsToALiteralAddress_data()
{
    QTest::addColumn<QString>("address");
    QTest::newRow("IPv4") << "127.0.0.1";
    QTest::newRow("IPv6") << "::1";
}

void TcpConnectorTest::connectsToALiteralAddress()
{
    QFETCH(QString, address);
    QTcpServer server;
    const std::uint16_t port = listenOn(server, QHostAddress(address));
    if (port == 0)
        QSKIP("this address is not to be had here");
    TcpConnector connector(optionsFor(address.toStdString(), port), *m_loop);
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QCOMPARE(outcome.events, QStringList({u"resolved"_qs, u"connected"_qs}));
    QCOMPARE(outcome.stream->peer().address.toString(), address.toStdString());
    QCOMPARE(outcome.stream->peer().port, port);

    StreamRecorder recorder(*outcome.stream);
    QTRY_VERIFY(server.hasPendingConnections());
    server.nextPendingConnection()->write("hello");
    QTRY_COMPARE(recorder.received.size(), 5U);
}

void TcpConnectorTest::connectsByName()
{
    QTcpServer server;
    // Where the name stands for ::1 as well, that address refuses and the other one works.
    const std::uint16_t port = listenOn(server, QHostAddress(QHostAddress::LocalHost));
    TcpConnector connector(optionsFor("localhost", port), *m_loop);
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QCOMPARE(outcome.events, QStringList({u"resolved"_qs, u"connected"_qs}));
}

void TcpConnectorTest::goesOnToTheNextAddressWhenOneHangs()
{
    QTcpServer server;
    const std::uint16_t port = listenOn(server, QHostAddress(QHostAddress::LocalHost));
    const BlackHole hole(port);
    if (hole.port() == 0)
        QSKIP("no IPv6 loopback here");
    ConnectOptions options = optionsFor("office.invalid", port);
    options.addresses = addressesOf({"::1", "127.0.0.1"});
    options.stagger = 20ms;
    TcpConnector connector(options, *m_loop);
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QVERIFY(outcome.stream);
    QCOMPARE(outcome.stream->peer().address, net::IpAddress::fromIPv4(INADDR_LOOPBACK));
}

void TcpConnectorTest::goesOnAtOnceWhenOneRefuses()
{
    QTcpServer server;
    ConnectOptions options = optionsFor("office.invalid", listenOn(server, QHostAddress(QHostAddress::LocalHost)));
    options.addresses = addressesOf({"127.0.0.2", "127.0.0.3", "127.0.0.1", "127.0.0.4"});
    options.stagger = 1h;
    TcpConnector connector(options, *m_loop);
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QCOMPARE(outcome.events, QStringList({u"resolved"_qs, u"connected"_qs}));
    QCOMPARE(outcome.stream->peer().address, net::IpAddress::fromIPv4(INADDR_LOOPBACK));
}

void TcpConnectorTest::saysWhyNoAddressAnswers()
{
    const std::uint16_t port = refusedPort();
    TcpConnector connector(optionsFor("127.0.0.1", port), *m_loop);
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QCOMPARE(outcome.events, QStringList({u"resolved"_qs, u"failed"_qs}));
    QCOMPARE(outcome.error->code, ErrorCode::Unreachable);
    QCOMPARE(outcome.error->context, std::string("no connection (Connection refused)"));
}

void TcpConnectorTest::saysWhyEachOfManyAddressesFailed()
{
    ConnectOptions options = optionsFor("office.invalid", refusedPort());
    options.addresses = addressesOf({"127.0.0.1", "127.0.0.2", "127.0.0.3"});
    options.stagger = 0ms;  // all of them at the same time
    TcpConnector connector(options, *m_loop);
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QCOMPARE(outcome.error->code, ErrorCode::Unreachable);
    QCOMPARE(outcome.error->context, std::string("no connection (127.0.0.1: Connection refused; 127.0.0.2: Connection "
                                                 "refused; 127.0.0.3: Connection refused)"));
}

void TcpConnectorTest::isForbiddenOnlyIfEveryAddressIs_data()
{
    using Codes = std::vector<ErrorCode>;
    QTest::addColumn<Codes>("failures");
    QTest::addColumn<ErrorCode>("verdict");
    QTest::newRow("none") << Codes{} << ErrorCode::Unreachable;
    QTest::newRow("one forbidden") << Codes{ErrorCode::PermissionDenied} << ErrorCode::PermissionDenied;
    QTest::newRow("one of two") << Codes{ErrorCode::PermissionDenied, ErrorCode::Unreachable} << ErrorCode::Unreachable;
    QTest::newRow("the other of two") << Codes{ErrorCode::TimedOut, ErrorCode::PermissionDenied}
                                      << ErrorCode::Unreachable;
    QTest::newRow("both") << Codes{ErrorCode::PermissionDenied, ErrorCode::PermissionDenied}
                          << ErrorCode::PermissionDenied;
    QTest::newRow("a closed one") << Codes{ErrorCode::Closed} << ErrorCode::Unreachable;
}

void TcpConnectorTest::isForbiddenOnlyIfEveryAddressIs()
{
    QFETCH(std::vector<ErrorCode>, failures);
    QTEST(verdictOn(failures), "verdict");
}

void TcpConnectorTest::saysThatANameDoesNotResolve()
{
    // Longer than a label may be, so no resolver is asked.
    TcpConnector connector(optionsFor(std::string(64, 'a') + ".invalid", 1), *m_loop);
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QCOMPARE(outcome.events, QStringList({u"failed"_qs}));
    QCOMPARE(outcome.error->code, ErrorCode::NotFound);
    // The sentence that this becomes a part of names the server.
    QVERIFY(!outcome.error->context.empty());
    QVERIFY(outcome.error->context.find(".invalid") == std::string::npos);
}

void TcpConnectorTest::saysThatTheTimeIsUp()
{
    const BlackHole hole;
    if (hole.port() == 0)
        QSKIP("no IPv6 loopback here");
    ConnectOptions options = optionsFor("::1", hole.port());
    options.deadline = 50ms;
    TcpConnector connector(options, *m_loop);
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QCOMPARE(outcome.events, QStringList({u"resolved"_qs, u"failed"_qs}));
    QCOMPARE(outcome.error->code, ErrorCode::TimedOut);
    QCOMPARE(outcome.error->context, std::string("no answer in time"));
}

void TcpConnectorTest::saysNothingFromInsideOfStart()
{
    TcpConnector connector(optionsFor("127.0.0.1", refusedPort()), *m_loop);
    const Outcome outcome(connector);
    connector.start();
    QVERIFY(outcome.events.isEmpty());
}

void TcpConnectorTest::saysNothingAfterACancel_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<bool>("isResolvedBefore");
    QTest::newRow("literal, at once") << "127.0.0.1" << false;
    QTest::newRow("name, at once") << "localhost" << false;
    QTest::newRow("literal, while connecting") << "127.0.0.1" << true;
    QTest::newRow("name, while connecting") << "localhost" << true;
}

void TcpConnectorTest::saysNothingAfterACancel()
{
    QFETCH(QString, host);
    QFETCH(bool, isResolvedBefore);
    QTcpServer server;
    const std::uint16_t port = listenOn(server, QHostAddress(QHostAddress::LocalHost));
    TcpConnector connector(optionsFor(host.toStdString(), port), *m_loop);
    Outcome outcome(connector);
    if (isResolvedBefore)
        connect(&connector, &TcpConnector::resolved, &connector, &TcpConnector::cancel);
    connector.start();
    if (isResolvedBefore)
        QTRY_COMPARE(outcome.events.size(), 1);
    else
        connector.cancel();
    QTest::qWait(20);
    QCOMPARE(outcome.events.size(), isResolvedBefore ? 1 : 0);
    QVERIFY(!outcome.isOver());
}

void TcpConnectorTest::mayBeDeletedInItsSlots_data()
{
    QTest::addColumn<bool>("isRefused");
    QTest::addColumn<bool>("isAtResolved");
    QTest::newRow("resolved") << false << true;
    QTest::newRow("connected") << false << false;
    QTest::newRow("failed") << true << false;
}

void TcpConnectorTest::mayBeDeletedInItsSlots()
{
    QFETCH(bool, isRefused);
    QFETCH(bool, isAtResolved);
    QTcpServer server;
    const std::uint16_t port = isRefused ? refusedPort() : listenOn(server, QHostAddress(QHostAddress::LocalHost));
    auto connector = std::make_unique<TcpConnector>(optionsFor("127.0.0.1", port), *m_loop);
    const auto forget = [&connector] { connector.reset(); };
    if (isAtResolved)
        connect(connector.get(), &TcpConnector::resolved, this, forget);
    connect(connector.get(), &TcpConnector::connected, this, forget);
    connect(connector.get(), &TcpConnector::failed, this, forget);
    connector->start();
    QTRY_VERIFY(!connector);
}

void TcpConnectorTest::handsTheStreamOverOnce()
{
    QTcpServer server;
    TcpConnector connector(optionsFor("127.0.0.1", listenOn(server, QHostAddress(QHostAddress::LocalHost))), *m_loop);
    QVERIFY(!connector.takeStream());
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QVERIFY(outcome.stream);
    QVERIFY(!connector.takeStream());
}

void TcpConnectorTest::whatTheServerSaysFirstIsThereToRead_data()
{
    QTest::addColumn<bool>("isClosed");
    QTest::newRow("and it waits") << false;
    QTest::newRow("and it leaves") << true;
}

void TcpConnectorTest::whatTheServerSaysFirstIsThereToRead()
{
    QFETCH(bool, isClosed);
    QTcpServer server;
    connect(&server, &QTcpServer::newConnection, &server, [&server, isClosed] {
        QTcpSocket* socket = server.nextPendingConnection();
        socket->write("hello");
        if (isClosed)
            socket->close();
    });
    TcpConnector connector(optionsFor("127.0.0.1", listenOn(server, QHostAddress(QHostAddress::LocalHost))), *m_loop);
    Outcome outcome(connector);
    connector.start();
    QTRY_VERIFY(outcome.isOver());
    QVERIFY(outcome.stream);
    // It came long before anybody listens.
    QTest::qWait(5);
    StreamRecorder recorder(*outcome.stream);
    QTRY_COMPARE(recorder.received.size(), 5U);
    QCOMPARE(recorder.received.front(), std::byte{'h'});
    if (isClosed)
        QTRY_VERIFY(recorder.closed);
    else
        QVERIFY(!recorder.closed);
}

void TcpConnectorTest::keepsTheZoneOfALinkLocalAddress()
{
    const auto own = linkLocalAddress();
    if (!own)
        QSKIP("no link-local address here");
    QTcpServer server;
    const std::uint16_t port = listenOn(server, *own);
    if (port == 0)
        QSKIP("this address is not to be had here");
    const unsigned index = ::if_nametoindex(own->scopeId().toLatin1().constData());
    QHostAddress byNumber = *own;
    byNumber.setScopeId(QString::number(index));
    for (const QHostAddress& address : {*own, byNumber}) {
        TcpConnector connector(optionsFor(address.toString().toStdString(), port), *m_loop);
        Outcome outcome(connector);
        connector.start();
        QTRY_VERIFY(outcome.isOver());
        QVERIFY2(outcome.stream, qPrintable(address.toString()));
    }
}

}  // namespace gvpn::transport

QTEST_GUILESS_MAIN(gvpn::transport::TcpConnectorTest)
#include "tst_tcp_connector.moc"
