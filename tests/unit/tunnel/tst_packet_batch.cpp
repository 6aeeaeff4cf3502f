#include "frames.h"
#include "tunnel/packet_batch.h"

#include <QtTest>

#include <random>

using namespace gvpn;
using namespace gvpn::test;
using namespace gvpn::tunnel;
using namespace gvpn::tunnel::test;

namespace {

const net::IpAddress Us = address("10.86.0.2");
const net::IpAddress Lan = address("172.17.0.9");
/// Frames up to this size are copied to their neighbours.
constexpr std::size_t MaxCopiedBytes = 8192;
constexpr std::size_t UdpHeaders = 28;

/// A framed UDP packet whose frame has this size.
PacketBlock blockOf(PacketPool& pool, std::uint32_t number, std::size_t frameBytes)
{
    const ByteVector packet = udpPacket(Us, Lan, number, frameBytes - protocol::FrameHeaderBytes - UdpHeaders);
    PacketBlock block = pool.make(packet.size());
    std::ranges::copy(packet, block.packet().begin());
    block.writeFrame({}, Framing::V2);
    return block;
}

ByteVector joined(std::span<const ByteView> parts)
{
    ByteVector all;
    for (const ByteView part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

/// The numbers of the packets in the parts, in order; nothing if they are not whole frames.
std::vector<std::uint32_t> numbersIn(std::span<const ByteView> parts)
{
    std::vector<std::uint32_t> numbers;
    for (const ByteView part : parts) {
        // Each part stands for itself: whole frames.
        const auto frames = decodeFrames(part);
        if (!frames)
            return {};
        for (const PacketFrame& frame : *frames)
            numbers.push_back(numberOf(frame.bytes));
    }
    return numbers;
}

}  // namespace

class TestPacketBatch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isEmptyAtFirst();
    void smallFramesShareAPart();
    void largeFramesStayInPlace_data();
    void largeFramesStayInPlace();
    void partsAreInTheOrderOfThePackets();
    void keepsSegmentsAsTheyAre();
    void takesTheLargestPacketJustBelowTheTarget();
    void isFullAtTheTarget();
    void neverHasTooManyParts();
    void countsPacketsWithoutTheirHeaders();
    void givesItsBlocksBack();
    void canBeFilledAgain();
    void losesNothingInRandomUse();
};

void TestPacketBatch::isEmptyAtFirst()
{
    const PacketBatch batch;
    QVERIFY(batch.isEmpty());
    QVERIFY(!batch.isFull());
    QVERIFY(batch.parts().empty());
    QCOMPARE(batch.packets(), std::size_t{0});
    QCOMPARE(batch.packetBytes(), std::size_t{0});
}

void TestPacketBatch::smallFramesShareAPart()
{
    PacketPool pool;
    PacketBatch batch;
    for (std::uint32_t i = 0; i < 5; ++i)
        batch.add(blockOf(pool, i, i == 2 ? MaxCopiedBytes : 100));
    QCOMPARE(batch.parts().size(), std::size_t{1});
    QVERIFY((numbersIn(batch.parts()) == std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
    // Copied: their blocks are free again.
    QCOMPARE(pool.bytesInUse(), std::size_t{0});
}

void TestPacketBatch::largeFramesStayInPlace_data()
{
    QTest::addColumn<std::size_t>("frameBytes");
    QTest::addColumn<bool>("isInPlace");
    QTest::newRow("the largest that is copied") << MaxCopiedBytes << false;
    QTest::newRow("a byte more") << MaxCopiedBytes + 1 << true;
    QTest::newRow("large") << std::size_t{60'000} << true;
}

void TestPacketBatch::largeFramesStayInPlace()
{
    QFETCH(std::size_t, frameBytes);
    QFETCH(bool, isInPlace);
    PacketPool pool;
    PacketBatch batch;
    PacketBlock block = blockOf(pool, 1, frameBytes);
    const ByteView frame = block.frame();
    batch.add(std::move(block));
    QCOMPARE(batch.parts().size(), std::size_t{1});
    QCOMPARE(batch.parts()[0].size(), frameBytes);
    QCOMPARE(batch.parts()[0].data() == frame.data(), isInPlace);
    QCOMPARE(pool.bytesInUse() > 0, isInPlace);
}

void TestPacketBatch::partsAreInTheOrderOfThePackets()
{
    PacketPool pool;
    PacketBatch batch;
    std::uint32_t number = 0;
    for (const std::size_t frameBytes : {100U, 200U, 9000U, 9001U, 300U, 400U, 500U, 9002U, 600U})
        batch.add(blockOf(pool, number++, frameBytes));
    const std::vector<std::size_t> expected{300, 9000, 9001, 1200, 9002, 600};
    QCOMPARE(batch.parts().size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        QCOMPARE(batch.parts()[i].size(), expected[i]);
    QVERIFY((numbersIn(batch.parts()) == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

void TestPacketBatch::keepsSegmentsAsTheyAre()
{
    PacketPool pool;
    PacketBatch batch;
    const std::vector<Segment> sent{
        {{}, udpPacket(Us, Lan, 1)},
        tcpSegment(Us, Lan, 5000, 1000),
        unfinished(Us, Lan, net::IpProtocol::Udp, numberedPayload(7, 100)),
        tcpSegment(Us, Lan, 30'000, 1400),
    };
    for (const Segment& segment : sent) {
        PacketBlock block = pool.make(segment.bytes.size());
        std::ranges::copy(segment.bytes, block.packet().begin());
        block.writeFrame(segment.header, Framing::V2);
        batch.add(std::move(block));
    }
    const auto frames = decodeFrames(joined(batch.parts()));
    QVERIFY(frames && frames->size() == sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i)
        QVERIFY((*frames)[i].segment == sent[i].header && (*frames)[i].bytes == sent[i].bytes);
}

void TestPacketBatch::takesTheLargestPacketJustBelowTheTarget()
{
    PacketPool pool;
    PacketBatch batch;
    batch.add(blockOf(pool, 1, BatchTargetBytes - 1));
    QVERIFY(!batch.isFull());
    const Segment largest = tcpSegment(Us, Lan, net::MaxPacketBytes - 40, 1400);
    PacketBlock block = pool.make(largest.bytes.size());
    std::ranges::copy(largest.bytes, block.packet().begin());
    block.writeFrame(largest.header, Framing::V2);
    batch.add(std::move(block));
    QVERIFY(batch.isFull());
    const ByteVector all = joined(batch.parts());
    QCOMPARE(all.size(), MaxBatchBytes - 1);
    const auto frames = decodeFrames(all);
    QVERIFY(frames && frames->size() == 2);
    QVERIFY((*frames)[1].bytes == largest.bytes);
}

void TestPacketBatch::isFullAtTheTarget()
{
    PacketPool pool;
    PacketBatch batch;
    batch.add(blockOf(pool, 1, BatchTargetBytes - 100));
    QVERIFY(!batch.isFull());
    batch.add(blockOf(pool, 2, 100));
    QVERIFY(batch.isFull());

    // The last small frame may begin just below the target.
    batch.clear();
    for (std::uint32_t i = 0; i < 7; ++i)
        batch.add(blockOf(pool, i, MaxCopiedBytes));
    batch.add(blockOf(pool, 7, MaxCopiedBytes - 1));
    QVERIFY(!batch.isFull());
    batch.add(blockOf(pool, 8, MaxCopiedBytes));
    QVERIFY(batch.isFull());
    QCOMPARE(batch.parts().size(), std::size_t{1});
    QCOMPARE(numbersIn(batch.parts()).size(), std::size_t{9});
}

void TestPacketBatch::neverHasTooManyParts()
{
    // The smallest frames that stay in place, with small ones between, make the most parts.
    PacketPool pool;
    PacketBatch batch;
    for (std::uint32_t i = 0; !batch.isFull(); ++i)
        batch.add(blockOf(pool, i, i % 2 == 0 ? MaxCopiedBytes + 1 : 50));
    QVERIFY(batch.parts().size() <= MaxBatchParts);
    QVERIFY(batch.parts().size() > 10);
}

void TestPacketBatch::countsPacketsWithoutTheirHeaders()
{
    PacketPool pool;
    PacketBatch batch;
    batch.add(blockOf(pool, 1, 100));
    batch.add(blockOf(pool, 1, 20'000));
    batch.add(blockOf(pool, 1, 1000));
    QCOMPARE(batch.packets(), std::size_t{3});
    QCOMPARE(batch.packetBytes(), 21'100 - 3 * protocol::FrameHeaderBytes);
}

void TestPacketBatch::givesItsBlocksBack()
{
    PacketPool pool;
    {
        PacketBatch batch;
        batch.add(blockOf(pool, 1, 20'000));
        batch.add(blockOf(pool, 1, 20'000));
        QVERIFY(pool.bytesInUse() > 40'000);
        batch.clear();
        QCOMPARE(pool.bytesInUse(), std::size_t{0});
        batch.add(blockOf(pool, 1, 20'000));
    }
    QCOMPARE(pool.bytesInUse(), std::size_t{0});
}

void TestPacketBatch::canBeFilledAgain()
{
    PacketPool pool;
    PacketBatch batch;
    for (std::uint32_t round = 0; round < 3; ++round) {
        std::vector<std::uint32_t> expected;
        while (!batch.isFull()) {
            expected.push_back(round * 1000 + static_cast<std::uint32_t>(expected.size()));
            batch.add(blockOf(pool, expected.back(), 1400));
        }
        QVERIFY(numbersIn(batch.parts()) == expected);
        QCOMPARE(batch.packets(), expected.size());
        batch.clear();
        QVERIFY(batch.isEmpty() && batch.parts().empty());
        QCOMPARE(batch.packets(), std::size_t{0});
        QCOMPARE(batch.packetBytes(), std::size_t{0});
    }
}

void TestPacketBatch::losesNothingInRandomUse()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    PacketPool pool;
    PacketBatch batch;
    for (int round = 0; round < 15; ++round) {
        ByteVector expected;
        while (!batch.isFull()) {
            const std::size_t frameBytes = 100 + random() % (random() % 4 == 0 ? 65'000 : 2000);
            PacketBlock block =
                blockOf(pool, static_cast<std::uint32_t>(random()), std::min(frameBytes, std::size_t{65'500}));
            expected.insert(expected.end(), block.frame().begin(), block.frame().end());
            batch.add(std::move(block));
        }
        QVERIFY(joined(batch.parts()) == expected);
        QVERIFY(expected.size() <= MaxBatchBytes);
        batch.clear();
    }
}

QTEST_APPLESS_MAIN(TestPacketBatch)
#include "tst_packet_batch.moc"
