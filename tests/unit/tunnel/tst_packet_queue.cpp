#include "blocks.h"
#include "tunnel/packet_queue.h"

#include <QtTest>

#include <array>
#include <deque>
#include <map>
#include <random>

using namespace gvpn;
using namespace gvpn::test;
using namespace gvpn::tunnel;
using namespace gvpn::tunnel::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t SmallBlock = 2048;
constexpr std::size_t Quantum = 16 * 1024;
constexpr std::size_t Endless = 256U * 1024 * 1024;
const TimePoint Start{1h};

/// A queue whose packets say which flow they belong to (the upper half of their number).
struct Fixture {
    explicit Fixture(std::size_t limitBytes = Endless)
        : queue(limitBytes)
    {}

    PacketPool pool;
    PacketQueue queue;
    TimePoint now = Start;
    std::map<std::uint32_t, std::uint32_t> pushed;  // by flow

    void push(std::uint32_t flow, std::size_t packetBytes, int packets = 1)
    {
        for (int i = 0; i < packets; ++i)
            queue.push(blockOf(pool, flow << 16U | pushed[flow]++, packetBytes), flow, now);
    }
    /// The number of the next packet; nothing: there is none.
    [[nodiscard]] std::optional<std::uint32_t> pop()
    {
        const PacketBlock block = queue.pop(now);
        return block ? std::optional(numberOf(block.packet())) : std::nullopt;
    }
    [[nodiscard]] int popFlow()
    {
        const auto number = pop();
        return number ? static_cast<int>(*number >> 16U) : -1;
    }
    /// The packets of a flow that are left, by their places in it.
    [[nodiscard]] std::map<std::uint32_t, std::vector<std::uint32_t>> drain()
    {
        std::map<std::uint32_t, std::vector<std::uint32_t>> left;
        while (const auto number = pop())
            left[*number >> 16U].push_back(*number & 0xFFFFU);
        return left;
    }
};

std::vector<std::uint32_t> range(std::uint32_t first, std::uint32_t end)
{
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t i = first; i < end; ++i)
        numbers.push_back(i);
    return numbers;
}

}  // namespace

class TestPacketQueue : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isEmptyAtFirst();
    void queuesThatStandStillLeaveRoomForOthers();
    void keepsTheOrderOfAFlow();
    void bulkFlowsShareByBytes_data();
    void bulkFlowsShareByBytes();
    void manyFlowsShareByBytes();
    void aSparseFlowOvertakesABulkOne();
    void aNewFlowHasAQuantumAheadOfTheOldOnes();
    void aFlowThatPausesGetsNoMoreThanItsShare();
    void countsAsNewAgainWhenAllWasHandedOut();
    void flowsMayShareAPlace();
    void dropsTheOldestOfTheLargestFlow();
    void whoPushesIntoAFullQueueLosesNothingIfAnotherIsLarger();
    void manySmallPacketsDoNotPushOutLargeOnes();
    void aPacketThatIsTooLargeForTheQueueIsDropped();
    void blocksGoBackToThePool();
    void shrinks();
    void doesNotShrinkWhileSomethingWaits();
    void staysBelowItsLimitAndKeepsCount_data();
    void staysBelowItsLimitAndKeepsCount();
    void wholeTurnsAreServedWhateverWasDropped();
};

void TestPacketQueue::queuesThatStandStillLeaveRoomForOthers()
{
    PacketPool pool;
    std::deque<PacketQueue> still(300);
    for (PacketQueue& queue : still) {
        for (std::uint32_t i = 0; i < 40; ++i)
            queue.push(blockOf(pool, i, 60'000), i % 3, Start);
        QVERIFY(queue.memoryBytes() >= MinQueueBytes / 2);
    }
    QVERIFY(pool.bytesInUse() <= SharedBytes + still.size() * MinQueueBytes);
    PacketQueue fresh;
    fresh.push(blockOf(pool, 1, 60'000), 1, Start);
    fresh.push(blockOf(pool, 2, 100), 2, Start);
    fresh.push(blockOf(pool, 3, 100), 3, Start);
    QCOMPARE(fresh.packets(), std::size_t{3});
    QCOMPARE(fresh.counts().overflowed, std::uint64_t{0});
}

void TestPacketQueue::isEmptyAtFirst()
{
    Fixture fixture;
    QVERIFY(fixture.queue.isEmpty());
    QCOMPARE(fixture.queue.packets(), std::size_t{0});
    QCOMPARE(fixture.queue.sizeBytes(), std::size_t{0});
    QCOMPARE(fixture.queue.memoryBytes(), std::size_t{0});
    QVERIFY(!fixture.pop());
    fixture.queue.shrink();
    QVERIFY(!fixture.pop());
}

void TestPacketQueue::keepsTheOrderOfAFlow()
{
    Fixture fixture;
    for (int i = 0; i < 30; ++i) {
        fixture.push(1, i % 3 == 0 ? 20'000 : 100, 4);
        fixture.push(2, 1500, 3);
        static_cast<void>(fixture.queue.isEmpty());
    }
    QCOMPARE(fixture.queue.packets(), std::size_t{210});
    const auto left = fixture.drain();
    QVERIFY(left.at(1) == range(0, 120));
    QVERIFY(left.at(2) == range(0, 90));
    QVERIFY(fixture.queue.isEmpty());
    QCOMPARE(fixture.queue.sizeBytes(), std::size_t{0});
    QCOMPARE(fixture.queue.memoryBytes(), std::size_t{0});
}

void TestPacketQueue::bulkFlowsShareByBytes_data()
{
    QTest::addColumn<std::size_t>("firstBytes");
    QTest::addColumn<std::size_t>("secondBytes");
    QTest::newRow("alike") << std::size_t{1400} << std::size_t{1400};
    QTest::newRow("small and ordinary") << std::size_t{100} << std::size_t{1400};
    QTest::newRow("ordinary and segments") << std::size_t{1400} << std::size_t{65'000};
    QTest::newRow("small and segments") << std::size_t{60} << std::size_t{65'000};
    QTest::newRow("segments") << std::size_t{30'000} << std::size_t{65'000};
}

void TestPacketQueue::bulkFlowsShareByBytes()
{
    QFETCH(std::size_t, firstBytes);
    QFETCH(std::size_t, secondBytes);
    Fixture fixture;
    const std::array<std::size_t, 2> packetBytes{firstBytes, secondBytes};
    const std::size_t largest = std::max(firstBytes, secondBytes) + protocol::FrameHeaderBytes;
    for (const std::uint32_t flow : {0U, 1U})
        fixture.push(flow, packetBytes[flow], static_cast<int>(500'000 / packetBytes[flow]) + 1);
    std::array<std::int64_t, 2> served{};
    while (served[0] + served[1] < 900'000) {
        const auto flow = static_cast<std::size_t>(fixture.popFlow());
        QVERIFY(flow < 2);
        served[flow] += static_cast<std::int64_t>(packetBytes[flow] + protocol::FrameHeaderBytes);
        QVERIFY2(std::abs(served[0] - served[1]) <= static_cast<std::int64_t>(Quantum + largest),
                 qPrintable(QStringLiteral("%1, %2").arg(served[0]).arg(served[1])));
        if (std::max(served[0], served[1]) > 450'000)
            return;
    }
}

void TestPacketQueue::manyFlowsShareByBytes()
{
    Fixture fixture;
    constexpr std::uint32_t Flows = 60;
    for (std::uint32_t flow = 0; flow < Flows; ++flow)
        fixture.push(flow, 200 + 100 * flow, 60'000 / (200 + 100 * static_cast<int>(flow)) + 1);
    std::map<std::uint32_t, std::size_t> served;
    for (std::size_t all = 0; all < Flows * 40'000;) {
        const PacketBlock block = fixture.queue.pop(fixture.now);
        QVERIFY(block);
        served[numberOf(block.packet()) >> 16U] += block.frame().size();
        all += block.frame().size();
    }
    QCOMPARE(served.size(), std::size_t{Flows});
    for (const auto& [flow, bytes] : served)
        QVERIFY2(bytes > 40'000 - Quantum * 3 / 2 && bytes < 40'000 + Quantum * 3 / 2,
                 qPrintable(QString::number(bytes)));
}

void TestPacketQueue::aSparseFlowOvertakesABulkOne()
{
    Fixture fixture;
    fixture.push(1, 1400, 1000);
    for (int i = 0; i < 50; ++i)
        QCOMPARE(fixture.popFlow(), 1);
    for (int round = 0; round < 20; ++round) {
        fixture.push(2, 100);
        QCOMPARE(fixture.popFlow(), 2);
        // It has its pause, in which the bulk flow's turn goes round.
        for (int i = 0; i < 30; ++i)
            QCOMPARE(fixture.popFlow(), 1);
    }
}

void TestPacketQueue::aNewFlowHasAQuantumAheadOfTheOldOnes()
{
    Fixture fixture;
    fixture.push(1, 1000, 200);
    for (int i = 0; i < 40; ++i)
        QCOMPARE(fixture.popFlow(), 1);
    fixture.push(2, 1000, 200);
    int ahead = 0;
    while (fixture.popFlow() == 2)
        ++ahead;
    QCOMPARE(ahead, 17);  // 1004 bytes each: the last one begins within the quantum
}

void TestPacketQueue::aFlowThatPausesGetsNoMoreThanItsShare()
{
    // It sends whenever nothing of it waits any more, so that it would always be new.
    Fixture fixture;
    fixture.push(1, 1000, 3000);
    std::array<int, 3> served{};
    for (int i = 0; i < 3000; ++i) {
        if (i % 3 == 0)
            fixture.push(2, 1000, static_cast<int>(fixture.pushed[2]) == served[2] ? 3 : 0);
        ++served[static_cast<std::size_t>(fixture.popFlow())];
    }
    // A quantum now and then is what being new is for.
    QVERIFY2(served[1] >= 1350, qPrintable(QString::number(served[1])));
    QVERIFY(served[2] > 500);
}

void TestPacketQueue::countsAsNewAgainWhenAllWasHandedOut()
{
    Fixture fixture;
    fixture.push(1, 60'000, 2);  // far in debt
    QCOMPARE(fixture.popFlow(), 1);
    QCOMPARE(fixture.popFlow(), 1);
    QCOMPARE(fixture.popFlow(), -1);
    fixture.push(2, 1000, 20);
    fixture.push(1, 1000);
    // Behind the first quantum of flow 2, not behind what it had had too much.
    int before = 0;
    while (fixture.popFlow() == 2)
        ++before;
    QCOMPARE(before, 17);
}

void TestPacketQueue::flowsMayShareAPlace()
{
    // Hashes are larger than places: what falls together stays in the order of its arrival.
    Fixture fixture;
    for (std::uint32_t i = 0; i < 100; ++i)
        fixture.queue.push(blockOf(fixture.pool, i, 1000), std::uint64_t{i % 2} << 40U | 5U, Start);
    for (std::uint32_t i = 0; i < 100; ++i)
        QCOMPARE(fixture.pop().value_or(1000), i);
}

void TestPacketQueue::dropsTheOldestOfTheLargestFlow()
{
    Fixture fixture(100 * SmallBlock);
    fixture.push(1, 1000, 20);
    fixture.push(2, 1000, 80);
    QCOMPARE(fixture.queue.counts().overflowed, std::uint64_t{0});
    QCOMPARE(fixture.queue.memoryBytes(), 100 * SmallBlock);
    fixture.push(2, 1000, 30);
    QCOMPARE(fixture.queue.counts().overflowed, std::uint64_t{30});
    const auto left = fixture.drain();
    QVERIFY(left.at(1) == range(0, 20));
    QVERIFY(left.at(2) == range(30, 110));
    QCOMPARE(fixture.queue.counts().late, std::uint64_t{0});
}

void TestPacketQueue::whoPushesIntoAFullQueueLosesNothingIfAnotherIsLarger()
{
    Fixture fixture(100 * SmallBlock);
    fixture.push(1, 1400, 100);
    fixture.push(2, 1400, 50);
    fixture.push(3, 1400);
    const auto left = fixture.drain();
    QVERIFY(left.at(1) == range(51, 100) || left.at(1) == range(50, 100));
    QVERIFY(left.at(2).back() == 49);
    QVERIFY(left.at(3) == range(0, 1));
    QCOMPARE(left.at(1).size() + left.at(2).size(), std::size_t{99});
}

void TestPacketQueue::manySmallPacketsDoNotPushOutLargeOnes()
{
    Fixture fixture(QueueBytes);
    fixture.push(1, 60'000, 10);
    fixture.push(2, 100, 5000);
    const auto left = fixture.drain();
    QVERIFY(left.at(1) == range(0, 10));
    QCOMPARE(left.at(2).back(), 4999U);
    QCOMPARE(fixture.queue.counts().overflowed, 5000 - left.at(2).size());
}

void TestPacketQueue::aPacketThatIsTooLargeForTheQueueIsDropped()
{
    Fixture fixture(3 * SmallBlock);
    fixture.push(1, 100);
    fixture.push(2, 60'000);
    QCOMPARE(fixture.queue.counts().overflowed, std::uint64_t{1});
    QVERIFY(fixture.drain().at(1) == range(0, 1));
    fixture.push(3, 60'000);
    QVERIFY(fixture.queue.isEmpty());
    QCOMPARE(fixture.popFlow(), -1);
}

void TestPacketQueue::blocksGoBackToThePool()
{
    PacketPool pool;
    {
        PacketQueue queue(20 * SmallBlock);
        for (std::uint32_t i = 0; i < 50; ++i)
            queue.push(blockOf(pool, i, 1000), i, Start);
        QCOMPARE(pool.bytesInUse(), queue.memoryBytes());
        QVERIFY(queue.pop(Start));
        QCOMPARE(pool.bytesInUse(), queue.memoryBytes());
    }
    QCOMPARE(pool.bytesInUse(), std::size_t{0});
}

void TestPacketQueue::shrinks()
{
    Fixture fixture;
    for (const bool isAskedToTheEnd : {true, false}) {
        fixture.push(1, 1000, 3);
        fixture.push(2, 60'000, 3);
        for (int i = 0; i < 6; ++i)
            QVERIFY(fixture.pop());
        if (isAskedToTheEnd)
            QVERIFY(!fixture.pop());
        fixture.queue.shrink();
        QVERIFY(!fixture.pop());
        // What comes afterwards is as new.
        fixture.push(2, 1000, 2);
        fixture.push(1, 1000, 2);
        QCOMPARE(fixture.popFlow(), 2);
        QCOMPARE(fixture.drain().size(), std::size_t{2});
    }
}

void TestPacketQueue::doesNotShrinkWhileSomethingWaits()
{
    Fixture fixture;
    fixture.push(1, 1000, 2);
    QVERIFY(fixture.pop());
    fixture.queue.shrink();
    QCOMPARE(fixture.queue.packets(), std::size_t{1});
    QVERIFY(fixture.drain().at(1) == range(1, 2));
}

void TestPacketQueue::staysBelowItsLimitAndKeepsCount_data()
{
    QTest::addColumn<int>("limitBytes");
    QTest::addColumn<int>("flows");
    QTest::addColumn<int>("largestBytes");
    QTest::newRow("ordinary packets") << 200'000 << 10 << 1500;
    QTest::newRow("all sizes") << 1'000'000 << 20 << 65'535;
    QTest::newRow("one flow") << 500'000 << 1 << 65'535;
    QTest::newRow("more flows than places") << 2'000'000 << 500 << 9000;
    QTest::newRow("hardly any room") << 70'000 << 3 << 65'535;
}

void TestPacketQueue::staysBelowItsLimitAndKeepsCount()
{
    QFETCH(int, limitBytes);
    QFETCH(int, flows);
    QFETCH(int, largestBytes);
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    Fixture fixture(static_cast<std::size_t>(limitBytes));
    PacketQueue& queue = fixture.queue;
    std::size_t pushed = 0;
    std::size_t popped = 0;
    std::vector<std::uint32_t> lastOf(128);
    for (std::uint32_t i = 1; i < 6000; ++i) {
        if (random() % 20 == 0)
            fixture.now += 1ms * (random() % 60);
        // Now more comes than leaves, now less.
        const bool isBusy = i / 500 % 2 == 0;
        if (random() % 10 < (isBusy ? 8 : 2)) {
            const std::uint64_t flow = random() % static_cast<unsigned>(flows);
            const std::size_t top = random() % 2 == 0 ? static_cast<std::size_t>(largestBytes) : 300;
            const std::size_t sizeBytes = 40 + random() % (top - 39);
            const Ecn ecn = flow % 2 == 0 ? Ecn::NotCapable : Ecn::Capable0;
            ByteVector packet = numberedPacket(i, sizeBytes, ecn);
            packet[19] = static_cast<std::byte>(flow % 128);
            queue.push(blockOf(fixture.pool, packet), flow, fixture.now);
            ++pushed;
        } else if (const PacketBlock block = queue.pop(fixture.now)) {
            const std::uint32_t number = numberOf(block.packet());
            std::uint32_t& last = lastOf[std::to_integer<std::size_t>(block.packet()[19])];
            QVERIFY(number > last);
            last = number;
            ++popped;
        }
        QVERIFY(queue.memoryBytes() <= static_cast<std::size_t>(limitBytes));
        QCOMPARE(queue.memoryBytes(), fixture.pool.bytesInUse());
        QCOMPARE(pushed, popped + queue.packets() + queue.counts().overflowed + queue.counts().late);
        QCOMPARE(queue.isEmpty(), queue.packets() == 0);
        QVERIFY(queue.sizeBytes() <= queue.memoryBytes());
    }
    while (queue.pop(fixture.now))
        ++popped;
    QCOMPARE(pushed, popped + queue.counts().overflowed + queue.counts().late);
    QCOMPARE(queue.sizeBytes(), std::size_t{0});
    QVERIFY(queue.counts().overflowed > 0);
}

void TestPacketQueue::wholeTurnsAreServedWhateverWasDropped()
{
    // A flow that has its turn, but whose packets were all dropped to make room.
    Fixture fixture(4 * SmallBlock);
    fixture.push(1, 1400, 2);
    fixture.push(2, 100);
    fixture.push(3, 60'000);  // drops itself
    fixture.push(4, 5000);    // drops itself as well
    QCOMPARE(fixture.queue.packets(), std::size_t{3});
    const auto left = fixture.drain();
    QCOMPARE(left.size(), std::size_t{2});
    fixture.push(4, 1000);
    fixture.push(3, 1000);
    QCOMPARE(fixture.popFlow(), 4);
    QCOMPARE(fixture.popFlow(), 3);
    QCOMPARE(fixture.popFlow(), -1);
}

QTEST_APPLESS_MAIN(TestPacketQueue)
#include "tst_packet_queue.moc"
