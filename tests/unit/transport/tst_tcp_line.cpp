#include "loopback_pair.h"
#include "stream_recorder.h"
#include "transport/epoll_stream.h"
#include "transport/fake_line.h"
#include "transport/memory_stream.h"
#include "transport/tcp_line.h"

#include <QtTest>

#include <linux/socket.h>
#include <netinet/tcp.h>
#include <poll.h>

namespace gvpn::transport {

namespace {

bool isWritable(const UniqueFd& socket)
{
    pollfd polled{.fd = socket.get(), .events = POLLOUT, .revents = 0};
    return ::poll(&polled, 1, 0) == 1 && (polled.revents & POLLOUT) != 0;
}

void sendUntilFull(const UniqueFd& socket)
{
    const ByteVector bytes(16 * 1024);
    while (::send(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
}

}  // namespace

class TcpLineTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_pair = makeLoopbackPair(); }
    void tellsWhatWasSent();
    void tellsWhatWaitsToBeSent();
    void limitsWhatWaitsToBeSent();
    void handsOutAnotherDescriptorOfItsSocket();
    void limitsWhatWaitsToBeReadAndTakesItBack();
    void setsTheCongestionControlOfARunningConnection();
    void refusesACongestionControlThatThereIsNot_data();
    void refusesACongestionControlThatThereIsNot();
    void saysWhyACongestionControlCantBeSet_data();
    void saysWhyACongestionControlCantBeSet();
    void answersWithErrorsAfterTheEnd();
    void belongsToAnEpollStreamAndEndsWithIt();
    void isWhatTheTestSaysInMemory();

private:
    [[nodiscard]] TcpLine lineOfFirst() const
    {
        return TcpLine([this] { return m_pair.first.get(); });
    }

    LoopbackPair m_pair;
};

void TcpLineTest::tellsWhatWasSent()
{
    const TcpLine line = lineOfFirst();
    const auto before = line.info();
    QVERIFY(before.has_value());
    QCOMPARE(before->bytesSent, std::uint64_t{0});
    sendAll(m_pair.first, ByteVector(5000));
    QTRY_COMPARE(line.info()->unacknowledged, 0U);
    const auto after = line.info();
    QVERIFY(after.has_value());
    QCOMPARE(after->bytesSent - after->bytesRetransmitted, std::uint64_t{5000});
    QVERIFY(after->segmentsSent > 0);
    QVERIFY(after->roundTrip.count() > 0);
    QVERIFY(after->minRoundTrip.count() > 0);
    QVERIFY(after->congestionWindow > 0);
    QVERIFY(after->slowStartThreshold > after->congestionWindow);
    QVERIFY(after->maxSegmentBytes >= 500);
    QVERIFY(after->pathMtu > after->maxSegmentBytes);
}

void TcpLineTest::tellsWhatWaitsToBeSent()
{
    sendUntilFull(m_pair.first);
    const auto info = lineOfFirst().info();
    QVERIFY(info.has_value());
    QVERIFY(info->unsentBytes > 0);
}

void TcpLineTest::handsOutAnotherDescriptorOfItsSocket()
{
    TcpLine line = lineOfFirst();
    const auto copy = line.duplicate();
    QVERIFY(copy.has_value());
    QVERIFY(copy->get() != m_pair.first.get());
    const char name[] = "reno";
    QCOMPARE(::setsockopt(copy->get(), IPPROTO_TCP, TCP_CONGESTION, name, sizeof name - 1), 0);
    QCOMPARE(line.congestionControl().value(), std::string("reno"));
    QCOMPARE(TcpLine([] { return -1; }).duplicate().error().code, ErrorCode::Closed);
}

void TcpLineTest::limitsWhatWaitsToBeSent()
{
    TcpLine line = lineOfFirst();
    QVERIFY(line.setUnsentLimit(4096).has_value());
    std::uint32_t set = 0;
    socklen_t length = sizeof(set);
    QCOMPARE(::getsockopt(m_pair.first.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &set, &length), 0);
    QCOMPARE(set, 4096U);
    sendUntilFull(m_pair.first);
    QVERIFY(!isWritable(m_pair.first));
}

void TcpLineTest::limitsWhatWaitsToBeReadAndTakesItBack()
{
    TcpLine line = lineOfFirst();
    const auto buffer = [this] {
        int bytes = 0;
        socklen_t length = sizeof(bytes);
        return ::getsockopt(m_pair.first.get(), SOL_SOCKET, SO_RCVBUF, &bytes, &length) == 0 ? bytes : -1;
    };
    const auto locks = [this] {
        int value = 0;
        socklen_t length = sizeof(value);
        return ::getsockopt(m_pair.first.get(), SOL_SOCKET, SO_BUF_LOCK, &value, &length) == 0 ? value : -1;
    };
    const int sendLock = locks() & SOCK_SNDBUF_LOCK;
    const auto set = line.setReceiveLimit(100'000);
    QVERIFY2(set.has_value(), set ? "" : set.error().context.c_str());
    QCOMPARE(buffer(), 100'000);
    QCOMPARE(locks(), sendLock | SOCK_RCVBUF_LOCK);
    sendAll(m_pair.second, ByteVector(5000));
    QTRY_COMPARE(line.info()->bytesReceived, std::uint64_t{5000});
    QVERIFY(line.setReceiveLimit(0).has_value());
    QCOMPARE(locks(), sendLock);
}

void TcpLineTest::setsTheCongestionControlOfARunningConnection()
{
    TcpLine line = lineOfFirst();
    sendAll(m_pair.first, ByteVector(5000));
    // Every Linux has it, and anybody may choose it.
    const auto set = line.setCongestionControl("reno");
    QVERIFY2(set.has_value(), set ? "" : set.error().context.c_str());
    QCOMPARE(line.congestionControl().value(), std::string("reno"));
    sendAll(m_pair.first, ByteVector(5000));
}

void TcpLineTest::refusesACongestionControlThatThereIsNot_data()
{
    QTest::addColumn<std::string>("name");
    QTest::newRow("unknown") << std::string("nosuch");
    QTest::newRow("the longest") << std::string(MaxCongestionNameBytes, 'x');
    QTest::newRow("too long") << std::string("reno_and_much_more_of_it");
}

void TcpLineTest::refusesACongestionControlThatThereIsNot()
{
    QFETCH(const std::string, name);
    TcpLine line = lineOfFirst();
    const std::string before = line.congestionControl().value();
    const auto set = line.setCongestionControl(name);
    QVERIFY(!set);
    QCOMPARE(set.error().code, ErrorCode::Unsupported);
    QCOMPARE(line.congestionControl().value(), before);
}

void TcpLineTest::saysWhyACongestionControlCantBeSet_data()
{
    QTest::addColumn<int>("errnoValue");
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<QString>("part");
    QTest::newRow("not allowed") << EPERM << ErrorCode::PermissionDenied << "tcp_allowed_congestion_control";
    QTest::newRow("not there") << ENOENT << ErrorCode::Unsupported << "kernel";
    QTest::newRow("anything else") << EBUSY << ErrorCode::SystemFailure << "can't be set: ";
}

void TcpLineTest::saysWhyACongestionControlCantBeSet()
{
    QFETCH(const int, errnoValue);
    QFETCH(const QString, part);
    const Error error = congestionError(errnoValue);
    QTEST(error.code, "code");
    QVERIFY2(QString::fromStdString(error.context).contains(part), error.context.c_str());
}

void TcpLineTest::answersWithErrorsAfterTheEnd()
{
    TcpLine line([] { return -1; });
    QCOMPARE(line.info().error().code, ErrorCode::Closed);
    QCOMPARE(line.congestionControl().error().code, ErrorCode::Closed);
    QCOMPARE(line.setCongestionControl("reno").error().code, ErrorCode::Closed);
    QCOMPARE(line.setUnsentLimit(1).error().code, ErrorCode::Closed);
    QCOMPARE(line.setReceiveLimit(1).error().code, ErrorCode::Closed);
}

void TcpLineTest::belongsToAnEpollStreamAndEndsWithIt()
{
    auto loop = EpollLoop::create();
    QVERIFY(loop.has_value());
    auto stream = EpollStream::create(**loop, std::move(m_pair.first));
    QVERIFY(stream.has_value());
    Line* line = (*stream)->line();
    QVERIFY(line != nullptr);
    QVERIFY((*stream)->write(ByteVector(100)).has_value());
    QCOMPARE(line->info().value().bytesSent, std::uint64_t{100});
    (*stream)->close();
    QCOMPARE((*stream)->line(), line);
    QCOMPARE(line->info().error().code, ErrorCode::Closed);
}

void TcpLineTest::isWhatTheTestSaysInMemory()
{
    MemoryLink link;
    const auto first = link.takeFirst();
    const auto second = link.takeSecond();
    QCOMPARE(first->line(), nullptr);
    FakeLine line;
    link.setLineOfSecond(&line);
    QCOMPARE(first->line(), nullptr);
    QCOMPARE(second->line(), &line);
}

}  // namespace gvpn::transport

QTEST_GUILESS_MAIN(gvpn::transport::TcpLineTest)
#include "tst_tcp_line.moc"
