#include "loopback_pair.h"
#include "stream_recorder.h"
#include "transport/epoll_stream.h"

#include <QtTest>

#include <netinet/tcp.h>

namespace gvpn::transport {

using namespace std::chrono_literals;

class EpollStreamTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void carriesALargeTransferUnderBackPressure();
    void asksForMoreOnlyAfterAShortWrite();
    void takesNothingMoreWhileItIsFull();
    void callsAReaderAgainThatStoppedEarly();
    void deliversWhatArrivedBeforeTheEnd();
    void tellsOfTheEndToAReaderThatStoppedExactlyThere();
    void tellsOfAReset();
    void tellsOfAConnectionThatBrokeUnderAWriter();
    void sendsWhatItTookWhenItIsClosed();
    void sendsItsLastWordsToAPeerThatReadsLate();
    void keepsItsLastWordsFromAResetWhileThePeerIsSending();
    void sendsAResetWhenItIsAborted();
    void endsTheConnectionWhenItIsDestroyed();
    void callsNobodyAfterACloseInsideACallback_data();
    void callsNobodyAfterACloseInsideACallback();
    void closesAtOnceWhenTooManyLinger();
    void peekLeavesTheBytesForTheNextObserver();
    void setsTheKernelOnTheWatchForADeadPeer();
    void refusesToReadAndWriteAfterTheEnd();
    void callsNobodyWhileItHasNoObserver();
    void showsThePeer_data();
    void showsThePeer();
    void refusesASocketThatIsNotConnected();

private:
    [[nodiscard]] bool runUntil(const std::function<bool()>& isDone);
    [[nodiscard]] std::unique_ptr<EpollStream> makeStream(UniqueFd socket);

    std::unique_ptr<EpollLoop> m_loop;
    LoopbackPair m_pair;
};

void EpollStreamTest::init()
{
    auto loop = EpollLoop::create();
    QVERIFY(loop.has_value());
    m_loop = std::move(*loop);
    m_pair = makeLoopbackPair();
}

void EpollStreamTest::cleanup()
{
    m_loop.reset();
}

bool EpollStreamTest::runUntil(const std::function<bool()>& isDone)
{
    const TimePoint limit = Clock::now() + 10s;
    EpollLoop::TimerId timer = 0;
    std::function<void()> look = [&] {
        if (isDone() || m_loop->now() > limit)
            m_loop->stop();
        timer = m_loop->schedule(m_loop->now() + 1ms, look);
    };
    look();
    m_loop->run();
    m_loop->cancel(timer);
    return isDone();
}

std::unique_ptr<EpollStream> EpollStreamTest::makeStream(UniqueFd socket)
{
    auto stream = EpollStream::create(*m_loop, std::move(socket));
    if (!stream)
        qFatal("%s", stream.error().context.c_str());
    return std::move(*stream);
}

void EpollStreamTest::carriesALargeTransferUnderBackPressure()
{
    const auto sender = makeStream(std::move(m_pair.first));
    const auto receiver = makeStream(std::move(m_pair.second));
    StreamRecorder sending(*sender);
    StreamRecorder receiving(*receiver);
    const ByteVector bytes = patternOf(4 * 1024 * 1024);
    sending.send(bytes);
    QVERIFY(!sending.hasSentAll());
    QVERIFY(runUntil([&] { return receiving.received.size() >= bytes.size(); }));
    QVERIFY(receiving.received == bytes);
    QVERIFY(sending.writableCalls > 0);
}

void EpollStreamTest::asksForMoreOnlyAfterAShortWrite()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.send(patternOf(100));
    sendAll(m_pair.second, patternOf(10));
    QVERIFY(runUntil([&] { return recorder.received.size() == 10; }));
    QCOMPARE(recorder.writableCalls, 0);
}

void EpollStreamTest::takesNothingMoreWhileItIsFull()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.send(patternOf(4 * 1024 * 1024));
    QVERIFY(!recorder.hasSentAll());
    // The kernel may still find a corner for a little.
    while (stream->write(patternOf(100)).value() > 0) {
    }
    const std::size_t taken = recorder.sentBytes();
    QVERIFY(runUntil([turns = 0]() mutable { return ++turns > 5; }));
    QCOMPARE(recorder.sentBytes(), taken);
    QCOMPARE(recorder.writableCalls, 0);
    QVERIFY(runUntil([&] {
        int end = EAGAIN;
        static_cast<void>(receiveWhatIsThere(m_pair.second, end));
        return recorder.writableCalls > 0;
    }));
    QVERIFY(recorder.sentBytes() > taken);
}

void EpollStreamTest::callsAReaderAgainThatStoppedEarly()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.readBytes = 1000;
    sendAll(m_pair.second, patternOf(50'500));
    QVERIFY(runUntil([&] { return recorder.received.size() == 50'500; }));
    QVERIFY(recorder.received == patternOf(50'500));
    const int calls = recorder.readableCalls;
    QVERIFY(calls >= 51);
    QVERIFY(runUntil([turns = 0]() mutable { return ++turns > 5; }));
    QCOMPARE(recorder.readableCalls, calls);
}

void EpollStreamTest::deliversWhatArrivedBeforeTheEnd()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.readBytes = 1000;
    sendAll(m_pair.second, patternOf(50'000));
    m_pair.second.reset();
    QVERIFY(runUntil([&] { return recorder.closed.has_value(); }));
    QVERIFY(recorder.received == patternOf(50'000));
    QCOMPARE(recorder.closed->code, ErrorCode::Closed);
}

void EpollStreamTest::tellsOfTheEndToAReaderThatStoppedExactlyThere()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.readBytes = 100;
    recorder.stopAfterBytes = 100;
    sendAll(m_pair.second, patternOf(100));
    m_pair.second.reset();
    QVERIFY(runUntil([&] { return recorder.closed.has_value(); }));
    QCOMPARE(recorder.received, patternOf(100));
}

void EpollStreamTest::tellsOfAReset()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    closeWithReset(m_pair.second);
    QVERIFY(runUntil([&] { return recorder.closed.has_value(); }));
    QCOMPARE(recorder.closed->code, ErrorCode::Closed);
}

void EpollStreamTest::tellsOfAConnectionThatBrokeUnderAWriter()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    closeWithReset(m_pair.second);
    recorder.send(patternOf(100));
    QVERIFY(!recorder.hasSentAll());
    QVERIFY(!recorder.closed);
    QCOMPARE(stream->write(patternOf(100)).value(), 0U);
    QVERIFY(!recorder.closed);
    QVERIFY(runUntil([&] { return recorder.closed.has_value(); }));
}

void EpollStreamTest::sendsWhatItTookWhenItIsClosed()
{
    auto stream = makeStream(std::move(m_pair.first));
    const ByteVector bytes = patternOf(4 * 1024 * 1024);
    const auto taken = stream->write(bytes);
    QVERIFY(taken.has_value() && *taken < bytes.size());
    stream->close();
    stream.reset();

    ByteVector received;
    int end = EAGAIN;
    QVERIFY(runUntil([&] {
        const ByteVector some = receiveWhatIsThere(m_pair.second, end);
        received.insert(received.end(), some.begin(), some.end());
        return end != EAGAIN;
    }));
    QCOMPARE(end, 0);
    QCOMPARE(received.size(), *taken);
    QVERIFY(std::ranges::equal(received, ByteView(bytes).first(*taken)));
}

void EpollStreamTest::sendsItsLastWordsToAPeerThatReadsLate()
{
    auto stream = makeStream(std::move(m_pair.first));
    const ByteVector bytes = patternOf(4 * 1024 * 1024);
    const auto taken = stream->write(bytes);
    QVERIFY(taken.has_value() && *taken < bytes.size());
    const ByteView lastWords = ByteView(bytes).subspan(*taken, 300'000);
    stream->closeAfter(lastWords);
    stream.reset();

    ByteVector received;
    int end = EAGAIN;
    QVERIFY(runUntil([&] {
        const ByteVector some = receiveWhatIsThere(m_pair.second, end);
        received.insert(received.end(), some.begin(), some.end());
        return end != EAGAIN;
    }));
    QCOMPARE(end, 0);
    QCOMPARE(received.size(), *taken + lastWords.size());
    QVERIFY(std::ranges::equal(received, ByteView(bytes).first(*taken + lastWords.size())));
}

void EpollStreamTest::keepsItsLastWordsFromAResetWhileThePeerIsSending()
{
    const auto stream = makeStream(std::move(m_pair.first));
    sendAll(m_pair.second, patternOf(100'000));
    QCOMPARE(stream->write(patternOf(30)).value(), 30U);
    stream->close();
    // What the peer was about to send reaches a connection that is over.
    for (int i = 0; i < 10; ++i) {
        sendAll(m_pair.second, patternOf(1000));
        QVERIFY(runUntil([turns = 0]() mutable { return ++turns > 2; }));
    }
    int end = EAGAIN;
    QCOMPARE(receiveWhatIsThere(m_pair.second, end), patternOf(30));
    QCOMPARE(end, 0);
}

void EpollStreamTest::sendsAResetWhenItIsAborted()
{
    const auto stream = makeStream(std::move(m_pair.first));
    stream->abort();
    int end = EAGAIN;
    QVERIFY(receiveWhatIsThere(m_pair.second, end).empty());
    QCOMPARE(end, ECONNRESET);
}

void EpollStreamTest::endsTheConnectionWhenItIsDestroyed()
{
    auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    sendAll(m_pair.second, patternOf(10));
    stream.reset();
    QVERIFY(runUntil([turns = 0]() mutable { return ++turns > 2; }));
    QCOMPARE(recorder.readableCalls, 0);
    int end = EAGAIN;
    QVERIFY(receiveWhatIsThere(m_pair.second, end).empty());
    QCOMPARE(end, ECONNRESET);
}

void EpollStreamTest::callsNobodyAfterACloseInsideACallback_data()
{
    QTest::addColumn<bool>("isAbort");
    QTest::newRow("close") << false;
    QTest::newRow("abort") << true;
}

void EpollStreamTest::callsNobodyAfterACloseInsideACallback()
{
    QFETCH(bool, isAbort);
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.send(patternOf(4 * 1024 * 1024));  // wants room
    recorder.onReadable = [&] { isAbort ? stream->abort() : stream->close(); };
    sendAll(m_pair.second, patternOf(10));
    m_pair.second.reset();
    QVERIFY(runUntil([&] { return recorder.readableCalls > 0; }));
    QVERIFY(runUntil([turns = 0]() mutable { return ++turns > 2; }));
    QCOMPARE(recorder.readableCalls, 1);
    QCOMPARE(recorder.writableCalls, 0);
    QVERIFY(!recorder.closed);
}

void EpollStreamTest::closesAtOnceWhenTooManyLinger()
{
    auto stream = makeStream(std::move(m_pair.first));
    QCOMPARE(m_loop->lingering(), 0U);
    stream->close();
    QCOMPARE(m_loop->lingering(), 1U);
    m_pair.second.reset();
    QVERIFY(runUntil([&] { return m_loop->lingering() == 0; }));

    m_loop->lingering() = MaxLingering;
    LoopbackPair pair = makeLoopbackPair();
    stream = makeStream(std::move(pair.first));
    QCOMPARE(stream->write(patternOf(30)).value(), 30U);
    stream->close();
    QCOMPARE(m_loop->watcherCount(), 0U);
    QCOMPARE(m_loop->lingering(), MaxLingering);
    // What it had taken arrives all the same.
    int end = EAGAIN;
    QCOMPARE(receiveWhatIsThere(pair.second, end), patternOf(30));
    QCOMPARE(end, 0);
}

void EpollStreamTest::peekLeavesTheBytesForTheNextObserver()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder first(*stream);
    ByteVector peeked(1);
    std::unique_ptr<StreamRecorder> second;
    first.onReadable = [&] {
        QCOMPARE(stream->peek(peeked).value(), 1U);
        second = std::make_unique<StreamRecorder>(*stream);
    };
    sendAll(m_pair.second, patternOf(100));
    QVERIFY(runUntil([&] { return second && second->received.size() == 100; }));
    QVERIFY(second->received == patternOf(100));
    QCOMPARE(peeked[0], patternOf(1)[0]);
    QCOMPARE(first.readableCalls, 1);
    QCOMPARE(stream->peek(peeked).value(), 0U);
}

void EpollStreamTest::setsTheKernelOnTheWatchForADeadPeer()
{
    const int descriptor = m_pair.first.get();
    const auto stream = makeStream(std::move(m_pair.first));
    stream->watchForDeadPeer(20s);
    const auto option = [descriptor](int level, int name) {
        int value = 0;
        socklen_t length = sizeof(value);
        return ::getsockopt(descriptor, level, name, &value, &length) == 0 ? value : -1;
    };
    QCOMPARE(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    QCOMPARE(option(IPPROTO_TCP, TCP_KEEPIDLE), 10);
    QCOMPARE(option(IPPROTO_TCP, TCP_KEEPINTVL), 5);
    QCOMPARE(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 20'000);
}

void EpollStreamTest::refusesToReadAndWriteAfterTheEnd()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    ByteVector buffer(10);
    recorder.onClosed = [&] {
        QVERIFY(!stream->read(buffer));
        QVERIFY(!stream->write(buffer));
        stream->close();
        stream->abort();
    };
    m_pair.second.reset();
    QVERIFY(runUntil([&] { return recorder.closed.has_value(); }));
    QCOMPARE(stream->read(buffer).error().code, ErrorCode::Closed);
}

void EpollStreamTest::callsNobodyWhileItHasNoObserver()
{
    const auto stream = makeStream(std::move(m_pair.first));
    sendAll(m_pair.second, patternOf(10));
    m_pair.second.reset();
    QVERIFY(runUntil([turns = 0]() mutable { return ++turns > 2; }));
    StreamRecorder recorder(*stream);
    stream->setObserver(nullptr);
    QVERIFY(runUntil([turns = 0]() mutable { return ++turns > 2; }));
    QCOMPARE(recorder.readableCalls, 0);
    stream->setObserver(&recorder);
    QVERIFY(runUntil([&] { return recorder.closed.has_value(); }));
    QCOMPARE(recorder.received, patternOf(10));
}

void EpollStreamTest::showsThePeer_data()
{
    QTest::addColumn<int>("listenFamily");
    QTest::newRow("IPv4") << AF_INET;
    QTest::newRow("IPv4 that came to a dual-stack listener") << AF_INET6;
}

void EpollStreamTest::showsThePeer()
{
    QFETCH(int, listenFamily);
    m_pair = makeLoopbackPair(static_cast<sa_family_t>(listenFamily));
    sockaddr_in own{};
    socklen_t length = sizeof(own);
    QCOMPARE(::getsockname(m_pair.second.get(), reinterpret_cast<sockaddr*>(&own), &length), 0);
    const auto stream = makeStream(std::move(m_pair.first));
    QCOMPARE(stream->peer().address, net::IpAddress::fromIPv4(INADDR_LOOPBACK));
    QCOMPARE(stream->peer().port, ntohs(own.sin_port));
    stream->abort();
    QCOMPARE(stream->peer().port, ntohs(own.sin_port));
}

void EpollStreamTest::refusesASocketThatIsNotConnected()
{
    QVERIFY(!EpollStream::create(*m_loop, UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))));
    QVERIFY(!EpollStream::create(*m_loop, UniqueFd()));
}

}  // namespace gvpn::transport

QTEST_APPLESS_MAIN(gvpn::transport::EpollStreamTest)
#include "tst_epoll_stream.moc"
