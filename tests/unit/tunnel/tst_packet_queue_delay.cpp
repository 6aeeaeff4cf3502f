// What the queue does about packets that wait too long, and how that follows the outer round trip.
#include "blocks.h"
#include "net/flow.h"
#include "tunnel/packet_queue.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::test;
using namespace gvpn::tunnel;
using namespace gvpn::tunnel::test;
using namespace std::chrono_literals;

namespace {

const TimePoint Start{1h};

/// A flow with a standing queue: a packet comes and one leaves each millisecond.
struct Standing {
    explicit Standing(int waiting, Ecn ecnBits = Ecn::NotCapable, std::uint64_t flowHash = 1)
        : ecn(ecnBits)
        , flow(flowHash)
    {
        // Those that wait came one a millisecond as well.
        for (int i = 0; i < waiting; ++i) {
            push();
            now += 1ms;
        }
    }
    void push() { queue.push(blockOf(pool, pushed++, 1400, ecn), flow, now); }
    void step()
    {
        push();
        if (const PacketBlock block = queue.pop(now)) {
            ++handedOut;
            packet.assign(block.packet().begin(), block.packet().end());
            frame.assign(block.frame().begin(), block.frame().end());
            if (ecnOf(packet) == Ecn::Experienced)
                ++marksSeen;
        }
        now += 1ms;
    }
    void run(int steps)
    {
        for (int i = 0; i < steps; ++i)
            step();
    }

    Ecn ecn;
    std::uint64_t flow;
    PacketPool pool;
    PacketQueue queue;
    TimePoint now = Start;
    std::uint32_t pushed = 0;
    std::uint32_t handedOut = 0;
    std::uint32_t marksSeen = 0;
    ByteVector packet;  // the last one that was handed out
    ByteVector frame;
};

}  // namespace

class TestPacketQueueDelay : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void leavesAShortQueueAlone();
    void dropsFromAStandingQueue();
    void marksThoseThatUnderstandIt_data();
    void marksThoseThatUnderstandIt();
    void theMarkIsInTheFrame();
    void leavesOtherFlowsAlone();
    void burstsAreNoStandingQueue();
    void anEmptyQueueBeginsAnew();
    void limitsFollowTheRoundTrip_data();
    void limitsFollowTheRoundTrip();
    void aLongWayLetsPacketsWaitLonger();
};

void TestPacketQueueDelay::leavesAShortQueueAlone()
{
    Standing line(4);
    line.run(3000);
    QCOMPARE(line.queue.counts().late, std::uint64_t{0});
    QCOMPARE(line.handedOut, 3000U);
}

void TestPacketQueueDelay::dropsFromAStandingQueue()
{
    Standing line(60);
    line.run(100);
    QCOMPARE(line.queue.counts().late, std::uint64_t{0});
    line.run(2000);
    QVERIFY(line.queue.counts().late > 20);
    QCOMPARE(line.queue.counts().marked, std::uint64_t{0});
    QCOMPARE(line.queue.counts().overflowed, std::uint64_t{0});
    // Drops don't cost the receiver its turn: each drop makes the queue one shorter, until the wait is short.
    QCOMPARE(line.handedOut, 2100U);
    QCOMPARE(line.queue.packets(), 60 - line.queue.counts().late);
    QVERIFY(line.queue.packets() < 10);
    const std::uint64_t late = line.queue.counts().late;
    line.run(1000);
    QVERIFY(line.queue.counts().late <= late + 1);
}

void TestPacketQueueDelay::marksThoseThatUnderstandIt_data()
{
    QTest::addColumn<int>("ecn");
    QTest::newRow("ECT(0)") << static_cast<int>(Ecn::Capable0);
    QTest::newRow("ECT(1)") << static_cast<int>(Ecn::Capable1);
    QTest::newRow("CE") << static_cast<int>(Ecn::Experienced);
}

void TestPacketQueueDelay::marksThoseThatUnderstandIt()
{
    QFETCH(int, ecn);
    Standing line(60, static_cast<Ecn>(ecn));
    line.run(1000);
    QVERIFY(line.queue.counts().marked > 10);
    QCOMPARE(line.queue.counts().late, std::uint64_t{0});
    QCOMPARE(line.handedOut, 1000U);
    QCOMPARE(line.queue.packets(), std::size_t{60});
    if (static_cast<Ecn>(ecn) != Ecn::Experienced)
        QCOMPARE(std::uint64_t{line.marksSeen}, line.queue.counts().marked);
}

void TestPacketQueueDelay::theMarkIsInTheFrame()
{
    Standing line(60, Ecn::Capable0);
    while (line.marksSeen == 0) {
        QVERIFY(line.handedOut < 1000);
        line.step();
    }
    ByteVector expected = numberedPacket(numberOf(line.packet), 1400, Ecn::Experienced);
    QVERIFY(line.packet == expected);
    QVERIFY(std::ranges::equal(ByteView(line.frame).last(expected.size()), expected));
}

void TestPacketQueueDelay::leavesOtherFlowsAlone()
{
    Standing line(60);
    std::uint32_t others = 0;
    for (int i = 0; i < 2000; ++i) {
        line.push();
        if (i % 10 == 0)
            line.queue.push(blockOf(line.pool, 0xFFFF0000U | others++, 100), 2, line.now);
        for (int pops = 0; pops < (i % 10 == 0 ? 2 : 1); ++pops) {
            const PacketBlock block = line.queue.pop(line.now);
            if (block && numberOf(block.packet()) >> 16U == 0xFFFFU)
                --others;
        }
        line.now += 1ms;
    }
    QVERIFY(line.queue.counts().late > 10);
    QVERIFY(others <= 1);
}

void TestPacketQueueDelay::burstsAreNoStandingQueue()
{
    Standing line(0);
    for (int burst = 0; burst < 50; ++burst) {
        for (int i = 0; i < 80; ++i)
            line.push();
        for (int i = 0; i < 85; ++i) {
            static_cast<void>(line.queue.pop(line.now));
            line.now += 1ms;
        }
    }
    QCOMPARE(line.queue.counts().late, std::uint64_t{0});
}

void TestPacketQueueDelay::anEmptyQueueBeginsAnew()
{
    Standing line(60);
    line.run(99);
    while (line.queue.pop(line.now)) {
    }
    const std::uint64_t late = line.queue.counts().late;
    // One packet that has waited for long is no queue.
    for (int i = 0; i < 20; ++i) {
        line.push();
        line.now += 1s;
        QVERIFY(line.queue.pop(line.now));
        QVERIFY(!line.queue.pop(line.now));
    }
    QCOMPARE(line.queue.counts().late, late);
}

void TestPacketQueueDelay::limitsFollowTheRoundTrip_data()
{
    QTest::addColumn<int>("roundTripMs");
    QTest::addColumn<int>("intervalMs");
    QTest::addColumn<int>("targetMs");
    QTest::newRow("none") << 0 << 100 << 5;
    QTest::newRow("short") << 2 << 100 << 5;
    QTest::newRow("the shortest that makes packets wait longer") << 6 << 100 << 6;
    QTest::newRow("the shortest that lets senders react later") << 26 << 104 << 26;
    QTest::newRow("long") << 150 << 600 << 150;
    QTest::newRow("the longest that counts") << 250 << 1000 << 200;
    QTest::newRow("too long") << 60'000 << 1000 << 200;
}

void TestPacketQueueDelay::limitsFollowTheRoundTrip()
{
    QFETCH(int, roundTripMs);
    QFETCH(int, intervalMs);
    QFETCH(int, targetMs);
    PacketQueue queue;
    QVERIFY(queue.limits().interval == 100ms && queue.limits().target == 5ms);
    queue.setRoundTrip(std::chrono::milliseconds(roundTripMs));
    QVERIFY(queue.limits().interval == std::chrono::milliseconds(intervalMs));
    QVERIFY(queue.limits().target == std::chrono::milliseconds(targetMs));
}

void TestPacketQueueDelay::aLongWayLetsPacketsWaitLonger()
{
    Standing line(60);
    line.queue.setRoundTrip(400ms);  // target 80 ms
    line.run(5000);
    QCOMPARE(line.queue.counts().late, std::uint64_t{0});
    line.queue.setRoundTrip(20ms);
    line.run(500);
    QVERIFY(line.queue.counts().late > 5);
}

QTEST_APPLESS_MAIN(TestPacketQueueDelay)
#include "tst_packet_queue_delay.moc"
