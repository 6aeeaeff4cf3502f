#include "stream_recorder.h"
#include "transport/memory_stream.h"

#include <QtTest>

namespace gvpn::transport {

using namespace std::chrono_literals;

class MemoryStreamTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void movesNothingBeforeItIsPumped();
    void carriesBytesBothWaysInOrder_data();
    void carriesBytesBothWaysInOrder();
    void cutsChunksWhereTheWritesDidNot();
    void givesTheSameChunksForTheSameSeed();
    void waitsForItsDelay();
    void takesNoMoreThanTheWindow();
    void holdsTheWriterBackWhileTheReaderIsPaused();
    void callsAReaderAgainThatStoppedEarly();
    void peekLeavesTheBytes();
    void deliversWhatWasTakenBeforeTheEnd();
    void dropsWhatIsOnTheWayWhenAborted();
    void tellsNobodyOfACut();
    void tellsBothEndsOfAReset();
    void throwsAwayWhatIsSentToAClosedEnd();
    void refusesToReadAndWriteAfterTheEnd();
    void leavesEndsCutThatOutliveIt();
};

namespace {

constexpr TimePoint Start{1000s};

struct Bench {
    explicit Bench(const MemoryLinkOptions& options = {})
        : link(options)
    {}
    MemoryLink link;
    std::unique_ptr<ByteStream> firstStream = link.takeFirst();
    std::unique_ptr<ByteStream> secondStream = link.takeSecond();
    StreamRecorder first{*firstStream};
    StreamRecorder second{*secondStream};
};

std::vector<std::size_t> chunksOf(std::uint64_t seed)
{
    Bench bench({.maxChunkBytes = 100, .seed = seed});
    std::vector<std::size_t> chunks;
    bench.second.onReadable = [&] {
        const std::size_t before = bench.second.received.size();
        bench.second.readSome();
        chunks.push_back(bench.second.received.size() - before);
    };
    bench.first.send(patternOf(5000));
    bench.link.pump(Start);
    return chunks;
}

}  // namespace

void MemoryStreamTest::movesNothingBeforeItIsPumped()
{
    Bench bench;
    bench.first.send(patternOf(10));
    QVERIFY(bench.second.received.empty());
    QVERIFY(bench.link.deadline() != Never);
    QVERIFY(bench.link.pump(Start));
    QCOMPARE(bench.second.received, patternOf(10));
    QVERIFY(!bench.link.pump(Start));
    QVERIFY(bench.link.deadline() == Never);
}

void MemoryStreamTest::carriesBytesBothWaysInOrder_data()
{
    QTest::addColumn<unsigned>("maxChunkBytes");
    QTest::addColumn<unsigned>("windowBytes");
    QTest::newRow("single bytes") << 1U << 100U;
    QTest::newRow("small chunks") << 7U << 1000U;
    QTest::newRow("chunks above the window") << 100'000U << 1000U;
    QTest::newRow("all at once") << 100'000U << 100'000U;
}

void MemoryStreamTest::carriesBytesBothWaysInOrder()
{
    QFETCH(unsigned, maxChunkBytes);
    QFETCH(unsigned, windowBytes);
    Bench bench({.maxChunkBytes = maxChunkBytes, .windowBytes = windowBytes});
    bench.first.send(patternOf(5000));
    bench.second.send(patternOf(3000));
    bench.link.pump(Start);
    QCOMPARE(bench.second.received, patternOf(5000));
    QCOMPARE(bench.first.received, patternOf(3000));
}

void MemoryStreamTest::cutsChunksWhereTheWritesDidNot()
{
    const auto chunks = chunksOf(7);
    QVERIFY(chunks.size() > 50);
    QVERIFY(std::ranges::max(chunks) <= 100);
    QVERIFY(std::ranges::min(chunks) < std::ranges::max(chunks));
}

void MemoryStreamTest::givesTheSameChunksForTheSameSeed()
{
    QCOMPARE(chunksOf(1), chunksOf(1));
    QVERIFY(chunksOf(1) != chunksOf(2));
}

void MemoryStreamTest::waitsForItsDelay()
{
    Bench bench({.delay = 50ms});
    bench.first.send(patternOf(10));
    QVERIFY(!bench.link.pump(Start));
    QVERIFY(bench.link.deadline() == Start + 50ms);
    QVERIFY(!bench.link.pump(Start + 49ms));
    QVERIFY(bench.second.received.empty());
    QVERIFY(bench.link.pump(Start + 50ms));
    QCOMPARE(bench.second.received, patternOf(10));
}

void MemoryStreamTest::takesNoMoreThanTheWindow()
{
    Bench bench({.windowBytes = 100});
    const ByteVector bytes = patternOf(150);
    QCOMPARE(bench.firstStream->write(bytes).value(), 100U);
    QCOMPARE(bench.firstStream->write(bytes).value(), 0U);
    QCOMPARE(bench.first.writableCalls, 0);
    bench.link.pump(Start);
    QCOMPARE(bench.first.writableCalls, 1);
    QCOMPARE(bench.firstStream->write(bytes).value(), 100U);
}

void MemoryStreamTest::holdsTheWriterBackWhileTheReaderIsPaused()
{
    Bench bench({.windowBytes = 100});
    bench.link.pauseReadingOfSecond(true);
    bench.first.send(patternOf(150));
    QVERIFY(!bench.link.pump(Start));
    QVERIFY(bench.link.deadline() == Never);
    QCOMPARE(bench.first.sentBytes(), 100U);

    bench.link.pauseReadingOfSecond(false);
    QVERIFY(bench.link.pump(Start));
    QCOMPARE(bench.second.received, patternOf(150));
}

void MemoryStreamTest::callsAReaderAgainThatStoppedEarly()
{
    Bench bench({.maxChunkBytes = 1000});
    bench.second.readBytes = 3;
    bench.first.send(patternOf(500));
    bench.link.pump(Start);
    QCOMPARE(bench.second.received, patternOf(500));
}

void MemoryStreamTest::peekLeavesTheBytes()
{
    Bench bench;
    ByteVector peeked(2);
    bench.second.onReadable = [&] {
        QCOMPARE(bench.secondStream->peek(peeked).value(), 2U);
        bench.second.readSome();
    };
    bench.first.send(patternOf(500));
    bench.link.pump(Start);
    QCOMPARE(bench.second.received, patternOf(500));
    QCOMPARE(peeked, patternOf(2));
}

void MemoryStreamTest::deliversWhatWasTakenBeforeTheEnd()
{
    Bench bench({.maxChunkBytes = 10, .delay = 5ms});
    bench.first.send(patternOf(500));
    bench.firstStream->close();
    bench.link.pump(Start);
    QVERIFY(!bench.second.closed);
    bench.second.onClosed = [&] { QCOMPARE(bench.second.received, patternOf(500)); };
    bench.link.pump(Start + 5ms);
    QVERIFY(bench.second.closed);
    QCOMPARE(bench.second.closed->code, ErrorCode::Closed);
    QVERIFY(!bench.first.closed);
    QVERIFY(bench.link.deadline() == Never);
}

void MemoryStreamTest::dropsWhatIsOnTheWayWhenAborted()
{
    Bench bench;
    bench.first.send(patternOf(500));
    bench.firstStream->abort();
    bench.link.pump(Start);
    QVERIFY(bench.second.received.empty());
    QVERIFY(bench.second.closed);
    QVERIFY(!bench.first.closed);
}

void MemoryStreamTest::tellsNobodyOfACut()
{
    Bench bench;
    bench.first.send(patternOf(500));
    bench.link.cutSilently();
    QVERIFY(!bench.link.pump(Start));
    QVERIFY(bench.link.deadline() == Never);
    QVERIFY(bench.second.received.empty());
    QVERIFY(!bench.second.closed);
}

void MemoryStreamTest::tellsBothEndsOfAReset()
{
    Bench bench;
    bench.first.send(patternOf(500));
    bench.link.reset();
    bench.link.pump(Start);
    QVERIFY(bench.second.received.empty());
    QVERIFY(bench.first.closed);
    QVERIFY(bench.second.closed);
    QCOMPARE(bench.second.closed->code, ErrorCode::Closed);
}

void MemoryStreamTest::throwsAwayWhatIsSentToAClosedEnd()
{
    Bench bench({.windowBytes = 100});
    bench.second.send(patternOf(50));
    bench.firstStream->close();
    bench.second.send(patternOf(1000));
    QVERIFY(bench.second.hasSentAll());
    bench.link.pump(Start);
    QVERIFY(bench.second.closed);
    QVERIFY(bench.first.received.empty());
    QVERIFY(bench.link.deadline() == Never);
}

void MemoryStreamTest::refusesToReadAndWriteAfterTheEnd()
{
    Bench bench;
    ByteVector buffer(10);
    bench.firstStream->close();
    QVERIFY(!bench.firstStream->read(buffer));
    QVERIFY(!bench.firstStream->write(buffer));
    bench.link.pump(Start);
    QVERIFY(!bench.secondStream->read(buffer));
    QVERIFY(!bench.secondStream->write(buffer));
}

void MemoryStreamTest::leavesEndsCutThatOutliveIt()
{
    auto link = std::make_unique<MemoryLink>();
    const auto firstStream = link->takeFirst();
    const auto secondStream = link->takeSecond();
    StreamRecorder first(*firstStream);
    StreamRecorder second(*secondStream);
    link.reset();
    first.send(patternOf(10));
    QVERIFY(first.hasSentAll());
    QVERIFY(!second.closed);
}

}  // namespace gvpn::transport

QTEST_APPLESS_MAIN(gvpn::transport::MemoryStreamTest)
#include "tst_memory_stream.moc"
