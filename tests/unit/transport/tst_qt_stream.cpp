#include "loopback_pair.h"
#include "stream_recorder.h"
#include "transport/qt_stream.h"

#include <QTcpSocket>
#include <QtTest>

namespace gvpn::transport {

class QtStreamTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void carriesALargeTransferUnderBackPressure();
    void takesNoMoreThanItsBufferHolds();
    void callsAReaderAgainThatStoppedEarly();
    void deliversWhatCameBeforeTheObserver();
    void peekLeavesTheBytesForTheNextObserver();
    void deliversWhatArrivedBeforeTheEnd();
    void tellsOfAReset();
    void tellsOfAConnectionThatBrokeUnderAWriterButNotFromInsideOfWrite();
    void sendsWhatItTookWhenItIsClosed();
    void sendsItsLastWordsToAPeerThatReadsLate();
    void keepsItsLastWordsFromAResetWhileThePeerIsSending();
    void callsNobodyAfterACloseInsideACallback_data();
    void callsNobodyAfterACloseInsideACallback();
    void callsNobodyAfterItWasDestroyed();
    void refusesToReadAndWriteAfterTheEnd();
    void showsThePeer();

private:
    LoopbackPair m_pair;
};

namespace {

std::unique_ptr<QtStream> makeStream(UniqueFd socket)
{
    auto qtSocket = std::make_unique<QTcpSocket>();
    if (!qtSocket->setSocketDescriptor(socket.release()))
        qFatal("the socket was not accepted");
    return std::make_unique<QtStream>(std::move(qtSocket));
}

void turnTheLoop()
{
    for (int i = 0; i < 5; ++i)
        QTest::qWait(1);
}

}  // namespace

void QtStreamTest::init()
{
    m_pair = makeLoopbackPair();
}

/// The farewells of the streams end when their peers are gone.
void QtStreamTest::cleanup()
{
    m_pair = {};
    turnTheLoop();
}

void QtStreamTest::carriesALargeTransferUnderBackPressure()
{
    const auto sender = makeStream(std::move(m_pair.first));
    const auto receiver = makeStream(std::move(m_pair.second));
    StreamRecorder sending(*sender);
    StreamRecorder receiving(*receiver);
    const ByteVector bytes = patternOf(4 * 1024 * 1024);
    sending.send(bytes);
    QVERIFY(!sending.hasSentAll());
    QTRY_VERIFY(receiving.received.size() >= bytes.size());
    QVERIFY(receiving.received == bytes);
    QVERIFY(sending.writableCalls > 0);
}

void QtStreamTest::takesNoMoreThanItsBufferHolds()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.send(patternOf(4 * 1024 * 1024));
    QVERIFY(!recorder.hasSentAll());
    const std::size_t taken = recorder.sentBytes();
    QCOMPARE(stream->write(patternOf(100)).value(), 0U);
    turnTheLoop();
    QCOMPARE(recorder.sentBytes(), taken);
    QCOMPARE(recorder.writableCalls, 0);

    const auto makeRoom = [&] {
        int end = EAGAIN;
        static_cast<void>(receiveWhatIsThere(m_pair.second, end));
        return recorder.writableCalls > 0;
    };
    QTRY_VERIFY(makeRoom());
}

void QtStreamTest::callsAReaderAgainThatStoppedEarly()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.readBytes = 1000;
    sendAll(m_pair.second, patternOf(50'500));
    QTRY_COMPARE(recorder.received.size(), 50'500U);
    QVERIFY(recorder.received == patternOf(50'500));
    turnTheLoop();
    QCOMPARE(recorder.readableCalls, 51);
}

void QtStreamTest::deliversWhatCameBeforeTheObserver()
{
    const auto stream = makeStream(std::move(m_pair.first));
    sendAll(m_pair.second, patternOf(100));
    m_pair.second.reset();
    turnTheLoop();
    StreamRecorder recorder(*stream);
    QCOMPARE(recorder.readableCalls, 0);
    QTRY_VERIFY(recorder.closed);
    QCOMPARE(recorder.received, patternOf(100));
}

void QtStreamTest::peekLeavesTheBytesForTheNextObserver()
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
    QTRY_VERIFY(second && second->received.size() == 100);
    QVERIFY(second->received == patternOf(100));
    QCOMPARE(peeked[0], patternOf(1)[0]);
}

void QtStreamTest::deliversWhatArrivedBeforeTheEnd()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.readBytes = 1000;
    const auto sizeBytes = static_cast<std::size_t>(SocketReadBufferBytes) * 2;  // some of it is still in the kernel
    auto sender = makeStream(std::move(m_pair.second));
    StreamRecorder sending(*sender);
    sending.send(patternOf(sizeBytes));
    QVERIFY(sending.hasSentAll());
    sender->close();
    sender.reset();
    QTRY_VERIFY(recorder.closed);
    QVERIFY(recorder.received == patternOf(sizeBytes));
    QCOMPARE(recorder.closed->code, ErrorCode::Closed);
}

void QtStreamTest::tellsOfAReset()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    closeWithReset(m_pair.second);
    QTRY_VERIFY(recorder.closed);
    QCOMPARE(recorder.closed->code, ErrorCode::Closed);
}

void QtStreamTest::tellsOfAConnectionThatBrokeUnderAWriterButNotFromInsideOfWrite()
{
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    closeWithReset(m_pair.second);
    recorder.send(patternOf(100));
    QVERIFY(!recorder.closed);
    QVERIFY(stream->write(patternOf(100)).has_value());
    QVERIFY(!recorder.closed);
    QTRY_VERIFY(recorder.closed);
}

void QtStreamTest::sendsWhatItTookWhenItIsClosed()
{
    auto stream = makeStream(std::move(m_pair.first));
    const ByteVector bytes = patternOf(4 * 1024 * 1024);
    const auto taken = stream->write(bytes);
    QVERIFY(taken.has_value() && *taken < bytes.size());
    stream->close();
    stream.reset();

    ByteVector received;
    int end = EAGAIN;
    const auto receiveMore = [&] {
        const ByteVector some = receiveWhatIsThere(m_pair.second, end);
        received.insert(received.end(), some.begin(), some.end());
        return end != EAGAIN;
    };
    QTRY_VERIFY(receiveMore());
    QCOMPARE(end, 0);
    QCOMPARE(received.size(), *taken);
    QVERIFY(std::ranges::equal(received, ByteView(bytes).first(*taken)));
}

void QtStreamTest::sendsItsLastWordsToAPeerThatReadsLate()
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
    const auto receiveMore = [&] {
        const ByteVector some = receiveWhatIsThere(m_pair.second, end);
        received.insert(received.end(), some.begin(), some.end());
        return end != EAGAIN;
    };
    QTRY_VERIFY(receiveMore());
    QCOMPARE(end, 0);
    QCOMPARE(received.size(), *taken + lastWords.size());
    QVERIFY(std::ranges::equal(received, ByteView(bytes).first(*taken + lastWords.size())));
}

void QtStreamTest::keepsItsLastWordsFromAResetWhileThePeerIsSending()
{
    const auto stream = makeStream(std::move(m_pair.first));
    sendAll(m_pair.second, patternOf(100'000));
    QCOMPARE(stream->write(patternOf(30)).value(), 30U);
    stream->close();
    // What the peer was about to send reaches a connection that is over.
    for (int i = 0; i < 10; ++i) {
        sendAll(m_pair.second, patternOf(1000));
        turnTheLoop();
    }
    int end = EAGAIN;
    QCOMPARE(receiveWhatIsThere(m_pair.second, end), patternOf(30));
    QCOMPARE(end, 0);
}

void QtStreamTest::callsNobodyAfterACloseInsideACallback_data()
{
    QTest::addColumn<bool>("isAbort");
    QTest::newRow("close") << false;
    QTest::newRow("abort") << true;
}

void QtStreamTest::callsNobodyAfterACloseInsideACallback()
{
    QFETCH(bool, isAbort);
    const auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);
    recorder.send(patternOf(4 * 1024 * 1024));  // wants room
    recorder.onReadable = [&] { isAbort ? stream->abort() : stream->close(); };
    sendAll(m_pair.second, patternOf(10));
    QTRY_VERIFY(recorder.readableCalls > 0);
    m_pair.second.reset();
    turnTheLoop();
    QCOMPARE(recorder.readableCalls, 1);
    QCOMPARE(recorder.writableCalls, 0);
    QVERIFY(!recorder.closed);
}

void QtStreamTest::callsNobodyAfterItWasDestroyed()
{
    auto stream = makeStream(std::move(m_pair.first));
    StreamRecorder recorder(*stream);  // a look is queued
    sendAll(m_pair.second, patternOf(10));
    stream.reset();
    turnTheLoop();
    QCOMPARE(recorder.readableCalls, 0);
    QVERIFY(!recorder.closed);
    int end = EAGAIN;
    QVERIFY(receiveWhatIsThere(m_pair.second, end).empty());
    QVERIFY(end != EAGAIN);
}

void QtStreamTest::refusesToReadAndWriteAfterTheEnd()
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
    QTRY_VERIFY(recorder.closed);
    QCOMPARE(stream->read(buffer).error().code, ErrorCode::Closed);
}

void QtStreamTest::showsThePeer()
{
    sockaddr_in own{};
    socklen_t length = sizeof(own);
    QCOMPARE(::getsockname(m_pair.second.get(), reinterpret_cast<sockaddr*>(&own), &length), 0);
    const auto stream = makeStream(std::move(m_pair.first));
    const net::Endpoint expected{net::IpAddress::fromIPv4(INADDR_LOOPBACK), ntohs(own.sin_port)};
    QCOMPARE(stream->peer(), expected);
    stream->abort();
    QCOMPARE(stream->peer(), expected);
}

}  // namespace gvpn::transport

QTEST_GUILESS_MAIN(gvpn::transport::QtStreamTest)
#include "tst_qt_stream.moc"
