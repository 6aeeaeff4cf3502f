#include "frames.h"
#include "support/packets.h"
#include "tunnel/packet_pool.h"

#include <QtTest>

#include <random>
#include <set>

using namespace gvpn;
using namespace gvpn::test;
using namespace gvpn::tunnel;
using namespace gvpn::tunnel::test;

namespace {

constexpr std::size_t Large = protocol::PacketHeadroomBytes + net::MaxPacketBytes;
constexpr std::size_t SmallPacket = 2048 - protocol::PacketHeadroomBytes;
constexpr std::size_t MiddlePacket = 16384 - protocol::PacketHeadroomBytes;

}  // namespace

class TestPacketPool : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void blocksAreOfTheSmallestSizeThatFits_data();
    void blocksAreOfTheSmallestSizeThatFits();
    void usesBlocksAgain();
    void blocksThatAreGivenBackAreWhole();
    void smallPacketsLeaveTheSpaceWhereItIs();
    void largePacketsTakeTheSpaceAlong();
    void givesNothingBeyondItsLimit();
    void whoReadsAndDropsGoesOnAtTheLimit();
    void theSpaceOfAFullPoolIsNotLost();
    void countsWhatIsOut();
    void aBlockMayMove();
    void framesDecodeBack();
    void framesForV1();
    void listsKeepTheirOrder();
    void listsGiveBackWhatIsLeft();
    void keepsItsAccountInRandomUse();
};

void TestPacketPool::blocksAreOfTheSmallestSizeThatFits_data()
{
    QTest::addColumn<std::size_t>("packetBytes");
    QTest::addColumn<std::size_t>("memoryBytes");
    const auto row = [](const char* name, std::size_t packetBytes, std::size_t memoryBytes) {
        QTest::newRow(name) << packetBytes << memoryBytes;
    };
    row("nothing", 0, 2048);
    row("an ordinary packet", 1500, 2048);
    row("the largest small one", SmallPacket, 2048);
    row("a byte more", SmallPacket + 1, 16384);
    row("the largest middle one", MiddlePacket, 16384);
    row("again a byte more", MiddlePacket + 1, Large);
    row("the largest packet", net::MaxPacketBytes, Large);
}

void TestPacketPool::blocksAreOfTheSmallestSizeThatFits()
{
    QFETCH(std::size_t, packetBytes);
    QFETCH(std::size_t, memoryBytes);
    PacketPool pool;
    const PacketBlock block = pool.make(packetBytes);
    QVERIFY(block);
    QCOMPARE(block.packet().size(), packetBytes);
    QCOMPARE(block.memoryBytes(), memoryBytes);
    QCOMPARE(pool.bytesInUse(), memoryBytes);
    // All of it is ours to write.
    std::ranges::fill(block.packet(), std::byte{0xAB});
}

void TestPacketPool::usesBlocksAgain()
{
    PacketPool pool;
    for (const std::size_t packetBytes : {SmallPacket, MiddlePacket, net::MaxPacketBytes}) {
        std::set<const std::byte*> places;
        for (int round = 0; round < 10; ++round) {
            std::vector<PacketBlock> blocks;
            for (int i = 0; i < 8; ++i)
                places.insert(blocks.emplace_back(pool.make(packetBytes)).packet().data());
        }
        QCOMPARE(places.size(), std::size_t{8});
    }
    QCOMPARE(pool.bytesInUse(), std::size_t{0});
}

void TestPacketPool::blocksThatAreGivenBackAreWhole()
{
    PacketPool pool;
    const std::byte* place = nullptr;
    {
        PacketBlock block = pool.make(1000);
        place = block.packet().data();
        block.truncate(10);
        block.writeFrame({}, Framing::V1);
    }
    const PacketBlock again = pool.make(1400);
    QCOMPARE(again.packet().data(), place);
    QCOMPARE(again.packet().size(), std::size_t{1400});
    // Without a frame header there is nothing before the packet.
    QCOMPARE(again.frame().size(), std::size_t{1400});
}

void TestPacketPool::smallPacketsLeaveTheSpaceWhereItIs()
{
    PacketPool pool;
    const ByteSpan space = pool.space();
    QCOMPARE(space.size(), net::MaxPacketBytes);
    std::vector<PacketBlock> blocks;
    for (const std::size_t sizeBytes : {std::size_t{40}, std::size_t{1500}, MiddlePacket}) {
        const ByteVector packet = numberedPayload(7, sizeBytes);
        QCOMPARE(pool.space().data(), space.data());
        std::ranges::copy(packet, pool.space().begin());
        blocks.push_back(pool.take(sizeBytes));
        QVERIFY(std::ranges::equal(blocks.back().packet(), packet));
        QVERIFY(blocks.back().packet().data() != space.data());
    }
    // Copies: what comes next changes nothing.
    std::ranges::fill(pool.space(), std::byte{0});
    QVERIFY(std::ranges::equal(blocks[1].packet(), numberedPayload(7, 1500)));
}

void TestPacketPool::largePacketsTakeTheSpaceAlong()
{
    PacketPool pool;
    const std::byte* place = pool.space().data();
    std::ranges::copy(numberedPayload(1, 40'000), pool.space().begin());
    const PacketBlock block = pool.take(40'000);
    QCOMPARE(block.packet().data(), place);
    QCOMPARE(block.packet().size(), std::size_t{40'000});
    QVERIFY(pool.space().data() != place);
    QCOMPARE(pool.space().size(), net::MaxPacketBytes);
    std::ranges::fill(pool.space(), std::byte{0});
    QVERIFY(std::ranges::equal(block.packet(), numberedPayload(1, 40'000)));
}

void TestPacketPool::givesNothingBeyondItsLimit()
{
    PacketPool pool(10 * 2048);
    std::vector<PacketBlock> blocks;
    for (int i = 0; i < 10; ++i)
        QVERIFY(blocks.emplace_back(pool.make(100)));
    QVERIFY(!pool.make(100));
    QVERIFY(!pool.make(5000));
    QVERIFY(!pool.make(net::MaxPacketBytes));
    QCOMPARE(pool.bytesInUse(), std::size_t{10 * 2048});
    blocks.pop_back();
    QVERIFY(!pool.make(5000));
    QVERIFY(pool.make(100));
}

void TestPacketPool::whoReadsAndDropsGoesOnAtTheLimit()
{
    PacketPool pool(2048);
    const PacketBlock only = pool.make(100);
    for (const std::size_t sizeBytes : {std::size_t{100}, MiddlePacket, net::MaxPacketBytes}) {
        QCOMPARE(pool.space().size(), net::MaxPacketBytes);
        QVERIFY(!pool.take(sizeBytes));
    }
}

void TestPacketPool::theSpaceOfAFullPoolIsNotLost()
{
    PacketPool pool(Large);
    const std::byte* place = pool.space().data();
    PacketBlock first = pool.take(net::MaxPacketBytes);
    QVERIFY(first);
    std::ranges::copy(numberedPayload(3, 50'000), pool.space().begin());
    QVERIFY(!pool.take(50'000));
    first = PacketBlock();
    const PacketBlock second = pool.take(50'000);
    QVERIFY(std::ranges::equal(second.packet(), numberedPayload(3, 50'000)));
    QCOMPARE(pool.space().data(), place);
}

void TestPacketPool::countsWhatIsOut()
{
    PacketPool pool;
    QCOMPARE(pool.bytesInUse(), std::size_t{0});
    {
        const PacketBlock small = pool.make(100);
        PacketBlock middle = pool.make(5000);
        QCOMPARE(pool.bytesInUse(), std::size_t{2048 + 16384});
        const PacketBlock large = pool.make(50'000);
        QCOMPARE(pool.bytesInUse(), 2048 + 16384 + Large);
        middle = PacketBlock();
        QCOMPARE(pool.bytesInUse(), 2048 + Large);
    }
    QCOMPARE(pool.bytesInUse(), std::size_t{0});
}

void TestPacketPool::aBlockMayMove()
{
    PacketPool pool;
    PacketBlock first = pool.make(100);
    const std::byte* place = first.packet().data();
    first.setQueuedAt(TimePoint(std::chrono::seconds(5)));
    PacketBlock second(std::move(first));
    QVERIFY(!first);
    QCOMPARE(second.packet().data(), place);
    QVERIFY(second.queuedAt() == TimePoint(std::chrono::seconds(5)));
    PacketBlock third = pool.make(200);
    third = std::move(second);
    QCOMPARE(third.packet().data(), place);
    QCOMPARE(third.packet().size(), std::size_t{100});
    second = PacketBlock();
    QCOMPARE(pool.bytesInUse(), std::size_t{2048});
}

void TestPacketPool::framesDecodeBack()
{
    const net::IpAddress us = address("10.86.0.2");
    const net::IpAddress lan = address("172.17.0.9");
    PacketPool pool;
    for (const Segment& segment : {Segment{{}, udpPacket(us, lan, 3)}, tcpSegment(us, lan, 50'000, 1400),
                                   unfinished(us, lan, net::IpProtocol::Udp, numberedPayload(1, 5000))}) {
        PacketBlock block = pool.make(segment.bytes.size());
        std::ranges::copy(segment.bytes, block.packet().begin());
        block.writeFrame(segment.header, Framing::V2);
        const auto frames = decodeFrames(block.frame());
        QVERIFY(frames && frames->size() == 1);
        QVERIFY(frames->front().segment == segment.header && frames->front().bytes == segment.bytes);
        QVERIFY(std::ranges::equal(block.packet(), segment.bytes));
    }
}

void TestPacketPool::framesForV1()
{
    // Body length, command 2, transaction 0, the packet; by hand.
    PacketPool pool;
    for (const std::size_t payloadBytes : {0U, 100U, 1400U, 30'000U}) {
        const ByteVector packet = udpPacket(address("10.86.0.2"), address("172.17.0.9"), 1, payloadBytes);
        const std::size_t length = packet.size() + 8;
        ByteVector expected(12);
        writeBigEndian(expected, 0, static_cast<std::uint32_t>(length));
        writeBigEndian(expected, 4, std::uint32_t{2});
        expected.insert(expected.end(), packet.begin(), packet.end());
        PacketBlock block = pool.make(packet.size());
        std::ranges::copy(packet, block.packet().begin());
        block.writeFrame({}, Framing::V1);
        QVERIFY(std::ranges::equal(block.frame(), expected));
    }
}

void TestPacketPool::listsKeepTheirOrder()
{
    PacketPool pool;
    PacketList list;
    QVERIFY(list.isEmpty());
    QVERIFY(!list.pop());
    std::uint32_t pushed = 0;
    std::uint32_t popped = 0;
    for (const auto& [in, out] : {std::pair{5, 3}, {1, 3}, {0, 1}, {4, 4}, {7, 2}, {1, 6}}) {
        for (int i = 0; i < in; ++i) {
            PacketBlock block = pool.make(4);
            writeBigEndian(block.packet(), 0, pushed++);
            list.push(std::move(block));
            QVERIFY(!list.isEmpty());
        }
        for (int i = 0; i < out; ++i) {
            const PacketBlock block = list.pop();
            QCOMPARE(static_cast<bool>(block), popped < pushed);
            if (block)
                QCOMPARE(readBigEndian<std::uint32_t>(block.packet(), 0), popped++);
        }
        QCOMPARE(list.isEmpty(), popped == pushed);
    }
    QCOMPARE(popped, pushed);
}

void TestPacketPool::listsGiveBackWhatIsLeft()
{
    PacketPool pool;
    {
        PacketList list;
        for (int i = 0; i < 20; ++i)
            list.push(pool.make(100));
        QCOMPARE(pool.bytesInUse(), std::size_t{20 * 2048});
    }
    QCOMPARE(pool.bytesInUse(), std::size_t{0});
}

void TestPacketPool::keepsItsAccountInRandomUse()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    constexpr std::size_t LimitBytes = 4 * 1024 * 1024;
    PacketPool pool(LimitBytes);
    std::vector<std::pair<PacketBlock, std::uint32_t>> blocks;
    std::size_t sum = 0;
    for (std::uint32_t i = 0; i < 5000; ++i) {
        if (random() % 3 != 0) {
            const std::size_t sizeBytes = 4 + random() % (i % 2 == 0 ? 1500 : net::MaxPacketBytes - 4);
            PacketBlock block = random() % 2 == 0 ? pool.make(sizeBytes) : PacketBlock();
            if (!block) {
                writeBigEndian(pool.space(), 0, i);
                block = pool.take(sizeBytes);
            }
            if (!block)
                continue;
            QCOMPARE(block.packet().size(), sizeBytes);
            writeBigEndian(block.packet(), 0, i);
            sum += block.memoryBytes();
            blocks.emplace_back(std::move(block), i);
        } else if (!blocks.empty()) {
            std::swap(blocks[random() % blocks.size()], blocks.back());
            QCOMPARE(readBigEndian<std::uint32_t>(blocks.back().first.packet(), 0), blocks.back().second);
            sum -= blocks.back().first.memoryBytes();
            blocks.pop_back();
        }
        // The space is counted as well.
        QVERIFY(pool.bytesInUse() == sum || pool.bytesInUse() == sum + Large);
        QVERIFY(sum <= LimitBytes);
    }
}

QTEST_APPLESS_MAIN(TestPacketPool)
#include "tst_packet_pool.moc"
