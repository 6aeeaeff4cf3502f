#include "support/packets.h"
#include "tunnel/pending_writer.h"

#include <QtTest>

#include <random>

using namespace gvpn;
using namespace gvpn::test;
using tunnel::BufferStock;
using tunnel::PendingWriter;

namespace {

/// Takes as many bytes as the test allows.
class FakeStream final : public transport::ByteStream {
public:
    std::size_t roomBytes = 0;
    bool isBroken = false;
    ByteVector taken;
    int writes = 0;

    void setObserver(Observer* /*observer*/) override {}
    [[nodiscard]] Result<std::size_t> read(ByteSpan /*into*/) override { return 0; }
    [[nodiscard]] Result<std::size_t> peek(ByteSpan /*into*/) override { return 0; }
    [[nodiscard]] Result<std::size_t> write(ByteView bytes) override
    {
        ++writes;
        if (isBroken)
            return fail(ErrorCode::Closed, "write to a closed stream");
        const std::size_t size = std::min(bytes.size(), roomBytes);
        roomBytes -= size;
        taken.insert(taken.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        return size;
    }
    void closeAfter(ByteView /*lastWords*/) override {}
    void abort() override {}
    void watchForDeadPeer(Duration /*silence*/) override {}
    [[nodiscard]] net::Endpoint peer() const override { return {}; }
    [[nodiscard]] transport::Line* line() override { return nullptr; }
};

constexpr std::size_t LimitBytes = 1000;

struct Fixture {
    FakeStream stream;
    BufferStock stock{LimitBytes};
    PendingWriter writer{stream, stock};

    [[nodiscard]] bool write(const ByteVector& bytes) { return writer.write(bytes).has_value(); }
    [[nodiscard]] bool flush() { return writer.flush().has_value(); }
};

}  // namespace

class TestPendingWriter : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepsNothingThatTheStreamTakes();
    void keepsWhatTheStreamDoesNotTake();
    void flushesInPieces();
    void writesBehindWhatWaits();
    void asksTheStreamFirstWhenSomethingWaits();
    void keepsAsMuchAsABufferHolds();
    void tellsOfAPeerThatDoesNotRead_data();
    void tellsOfAPeerThatDoesNotRead();
    void usesTheRoomBeforeWhatWaits();
    void tellsOfAStreamThatIsOver();
    void givesItsBufferBack();
    void hasABufferOnlyWhileSomethingWaits();
    void losesAndReordersNothing();
};

void TestPendingWriter::keepsNothingThatTheStreamTakes()
{
    Fixture fixture;
    fixture.stream.roomBytes = 10'000;
    QVERIFY(fixture.write(numberedPayload(1, 5000)));
    QVERIFY(fixture.writer.isEmpty());
    QVERIFY(fixture.writer.waiting().empty());
    QVERIFY(fixture.stream.taken == numberedPayload(1, 5000));
    QVERIFY(fixture.flush());
    QVERIFY(fixture.write({}));
    QVERIFY(fixture.writer.isEmpty());
}

void TestPendingWriter::keepsWhatTheStreamDoesNotTake()
{
    Fixture fixture;
    fixture.stream.roomBytes = 100;
    const ByteVector bytes = numberedPayload(1, 400);
    QVERIFY(fixture.write(bytes));
    QVERIFY(!fixture.writer.isEmpty());
    QVERIFY(std::ranges::equal(fixture.writer.waiting(), ByteView(bytes).subspan(100)));
    fixture.stream.roomBytes = 1000;
    QVERIFY(fixture.flush());
    QVERIFY(fixture.writer.isEmpty());
    QVERIFY(fixture.stream.taken == bytes);
}

void TestPendingWriter::flushesInPieces()
{
    Fixture fixture;
    const ByteVector bytes = numberedPayload(1, 1000);
    QVERIFY(fixture.write(bytes));
    for (std::size_t sent = 0; sent < 1000; sent += 8) {
        QVERIFY(!fixture.writer.isEmpty());
        QVERIFY(std::ranges::equal(fixture.writer.waiting(), ByteView(bytes).subspan(sent)));
        fixture.stream.roomBytes = 8;
        QVERIFY(fixture.flush());
    }
    QVERIFY(fixture.writer.isEmpty());
    QVERIFY(fixture.stream.taken == bytes);
}

void TestPendingWriter::writesBehindWhatWaits()
{
    Fixture fixture;
    ByteVector expected;
    for (std::uint32_t i = 0; i < 5; ++i) {
        const ByteVector bytes = numberedPayload(i, 100 + i);
        expected.insert(expected.end(), bytes.begin(), bytes.end());
        fixture.stream.roomBytes = 30;
        QVERIFY(fixture.write(bytes));
        QCOMPARE(fixture.stream.taken.size(), 30 * std::size_t{i + 1});
    }
    fixture.stream.roomBytes = 1000;
    QVERIFY(fixture.flush());
    QVERIFY(fixture.stream.taken == expected);
}

void TestPendingWriter::asksTheStreamFirstWhenSomethingWaits()
{
    Fixture fixture;
    QVERIFY(fixture.write(numberedPayload(1, 900)));
    fixture.stream.roomBytes = 2000;
    QVERIFY(fixture.write(numberedPayload(2, 900)));
    QVERIFY(fixture.writer.isEmpty());
    QCOMPARE(fixture.stream.taken.size(), std::size_t{1800});
}

void TestPendingWriter::keepsAsMuchAsABufferHolds()
{
    Fixture fixture;
    QVERIFY(fixture.write(ByteVector(LimitBytes - 1)));
    QVERIFY(fixture.write(ByteVector(1)));
    QCOMPARE(fixture.writer.waiting().size(), LimitBytes);
    QVERIFY(fixture.write({}));
}

void TestPendingWriter::tellsOfAPeerThatDoesNotRead_data()
{
    QTest::addColumn<std::size_t>("firstBytes");
    QTest::addColumn<std::size_t>("secondBytes");
    QTest::newRow("too much at once") << std::size_t{0} << LimitBytes + 1;
    QTest::newRow("a byte too much") << LimitBytes << std::size_t{1};
    QTest::newRow("too much in two") << std::size_t{600} << std::size_t{401};
}

void TestPendingWriter::tellsOfAPeerThatDoesNotRead()
{
    QFETCH(std::size_t, firstBytes);
    QFETCH(std::size_t, secondBytes);
    Fixture fixture;
    QVERIFY(fixture.write(ByteVector(firstBytes)));
    const auto written = fixture.writer.write(ByteVector(secondBytes));
    QVERIFY(!written);
    QCOMPARE(written.error().code, ErrorCode::TimedOut);
    QVERIFY(fixture.writer.waiting().size() <= LimitBytes);
}

void TestPendingWriter::usesTheRoomBeforeWhatWaits()
{
    Fixture fixture;
    QVERIFY(fixture.write(numberedPayload(1, LimitBytes)));
    fixture.stream.roomBytes = 700;
    QVERIFY(fixture.flush());
    QVERIFY(fixture.write(numberedPayload(2, 700)));
    QVERIFY(!fixture.write(ByteVector(1)));
    fixture.stream.roomBytes = 5000;
    QVERIFY(fixture.flush());
    ByteVector expected = numberedPayload(1, LimitBytes);
    const ByteVector second = numberedPayload(2, 700);
    expected.insert(expected.end(), second.begin(), second.end());
    QVERIFY(fixture.stream.taken == expected);
}

void TestPendingWriter::tellsOfAStreamThatIsOver()
{
    Fixture fixture;
    QVERIFY(fixture.write(ByteVector(100)));
    fixture.stream.isBroken = true;
    const auto flushed = fixture.writer.flush();
    QVERIFY(!flushed);
    QCOMPARE(flushed.error().code, ErrorCode::Closed);
    QCOMPARE(fixture.writer.write(ByteVector(1)).error().code, ErrorCode::Closed);

    Fixture empty;
    empty.stream.isBroken = true;
    QVERIFY(empty.flush());
    QCOMPARE(empty.writer.write(ByteVector(1)).error().code, ErrorCode::Closed);
}

void TestPendingWriter::givesItsBufferBack()
{
    FakeStream stream;
    BufferStock stock(LimitBytes);
    const std::byte* place = nullptr;
    {
        PendingWriter writer(stream, stock);
        QVERIFY(writer.write(ByteVector(10)));
        place = writer.waiting().data();
    }
    QCOMPARE(stock.take().get(), place);
}

void TestPendingWriter::hasABufferOnlyWhileSomethingWaits()
{
    // The next writer of the thread gets the memory of the first one.
    Fixture fixture;
    PendingWriter second(fixture.stream, fixture.stock);
    QVERIFY(fixture.write(ByteVector(10)));
    const std::byte* place = fixture.writer.waiting().data();
    fixture.stream.roomBytes = 10;
    QVERIFY(fixture.flush());
    QVERIFY(second.write(ByteVector(10)));
    QCOMPARE(second.waiting().data(), place);
    QVERIFY(fixture.write(ByteVector(10)));
    QVERIFY(fixture.writer.waiting().data() != place);
}

void TestPendingWriter::losesAndReordersNothing()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    Fixture fixture;
    ByteVector expected;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        fixture.stream.roomBytes = random() % 3 == 0 ? random() % 500 : 0;
        if (random() % 2 == 0) {
            QVERIFY(fixture.flush());
        } else if (const std::size_t size = random() % 300; fixture.writer.waiting().size() + size <= LimitBytes) {
            const ByteVector bytes = numberedPayload(i, size);
            expected.insert(expected.end(), bytes.begin(), bytes.end());
            QVERIFY(fixture.write(bytes));
        }
        QCOMPARE(fixture.stream.taken.size() + fixture.writer.waiting().size(), expected.size());
    }
    fixture.stream.roomBytes = LimitBytes;
    QVERIFY(fixture.flush());
    QVERIFY(fixture.stream.taken == expected);
}

QTEST_APPLESS_MAIN(TestPendingWriter)
#include "tst_pending_writer.moc"
