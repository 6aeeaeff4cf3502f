#include "frames.h"
#include "tunnel/packet_batch.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::test;
using namespace gvpn::tunnel;
using namespace gvpn::tunnel::test;
using protocol::FrameType;

namespace {

const net::IpAddress Us = address("10.86.0.2");
const net::IpAddress Lan = address("172.17.0.9");

void write(PacketBatch& batch, const Segment& segment)
{
    std::ranges::copy(segment.bytes, batch.packetSpace().begin());
    batch.commit(segment.bytes.size(), segment.header);
}

}  // namespace

class TestPacketBatch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isEmptyAtFirst();
    void framesDecodeBack();
    void framesForV1();
    void plainPacketsLeaveNoGap();
    void takesTheLargestPacketJustBelowTheTarget();
    void isFullAtTheTarget();
    void clearKeepingMovesTheUncommittedPacketToTheFront();
    void clearKeepingWorksOnAnEmptyBatch();
    void canBeFilledAgain();
};

void TestPacketBatch::isEmptyAtFirst()
{
    PacketBatch batch;
    QVERIFY(batch.isEmpty());
    QVERIFY(!batch.isFull());
    QCOMPARE(batch.packets(), std::size_t{0});
    QCOMPARE(batch.frames().size(), std::size_t{0});
    QCOMPARE(batch.packetSpace().size(), net::MaxPacketBytes);
}

void TestPacketBatch::framesDecodeBack()
{
    PacketBatch batch;
    const Segment segment = tcpSegment(Us, Lan, 5000, 1000);
    const Segment partial = unfinished(Us, Lan, net::IpProtocol::Udp, numberedPayload(7, 100));
    const ByteVector plain = udpPacket(Us, Lan, 1);
    batch.append(plain, {});
    write(batch, segment);
    write(batch, {{}, plain});
    batch.append(partial.bytes, partial.header);
    batch.append(segment.bytes, segment.header);
    QCOMPARE(batch.packets(), std::size_t{5});
    const auto frames = decodeFrames(batch.frames());
    QVERIFY(frames);
    const std::vector<PacketFrame> expected = {{FrameType::Packet, {}, plain},
                                               {FrameType::Segment, segment.header, segment.bytes},
                                               {FrameType::Packet, {}, plain},
                                               {FrameType::Segment, partial.header, partial.bytes},
                                               {FrameType::Segment, segment.header, segment.bytes}};
    QVERIFY(*frames == expected);
}

void TestPacketBatch::framesForV1()
{
    // Body length, command 2, transaction 0, the packet; by hand.
    PacketBatch batch;
    ByteVector expected;
    for (const std::size_t payloadBytes : {0U, 100U, 1400U}) {
        const ByteVector packet = udpPacket(Us, Lan, 1, payloadBytes);
        batch.append(packet, {}, Framing::V1);
        const std::size_t length = packet.size() + 8;
        for (const std::size_t byte :
             {std::size_t{0}, std::size_t{0}, length >> 8U, length & 0xFFU, std::size_t{0}, std::size_t{0},
              std::size_t{0}, std::size_t{2}, std::size_t{0}, std::size_t{0}, std::size_t{0}, std::size_t{0}})
            expected.push_back(static_cast<std::byte>(byte));
        expected.insert(expected.end(), packet.begin(), packet.end());
    }
    QCOMPARE(batch.packets(), std::size_t{3});
    QVERIFY(std::ranges::equal(batch.frames(), expected));
}

void TestPacketBatch::plainPacketsLeaveNoGap()
{
    PacketBatch batch;
    const ByteVector plain = udpPacket(Us, Lan, 1);
    batch.append(plain, {});
    QCOMPARE(batch.frames().size(), protocol::FrameHeaderBytes + plain.size());
    batch.append(plain, {});
    QCOMPARE(batch.frames().size(), 2 * (protocol::FrameHeaderBytes + plain.size()));
}

void TestPacketBatch::takesTheLargestPacketJustBelowTheTarget()
{
    PacketBatch batch;
    const ByteVector filler = udpPacket(Us, Lan, 1, BatchTargetBytes - protocol::FrameHeaderBytes - 28 - 1);
    batch.append(filler, {});
    QCOMPARE(batch.frames().size(), BatchTargetBytes - 1);
    QVERIFY(!batch.isFull());
    Segment largest = tcpSegment(Us, Lan, net::MaxPacketBytes - 40, 1400);
    QCOMPARE(largest.bytes.size(), net::MaxPacketBytes);
    write(batch, largest);
    QVERIFY(batch.isFull());
    QCOMPARE(batch.frames().size(), MaxBatchBytes - 1);
    const auto frames = decodeFrames(batch.frames());
    QVERIFY(frames && frames->size() == 2);
    QVERIFY((*frames)[0].bytes == filler);
    QVERIFY((*frames)[1].bytes == largest.bytes);
}

void TestPacketBatch::isFullAtTheTarget()
{
    PacketBatch batch;
    batch.append(udpPacket(Us, Lan, 1, BatchTargetBytes - protocol::FrameHeaderBytes - 28), {});
    QCOMPARE(batch.frames().size(), BatchTargetBytes);
    QVERIFY(batch.isFull());
}

void TestPacketBatch::clearKeepingMovesTheUncommittedPacketToTheFront()
{
    PacketBatch batch;
    batch.append(udpPacket(Us, Lan, 1), {});
    const Segment kept = tcpSegment(Us, Lan, 30000, 1400, 2);
    std::ranges::copy(kept.bytes, batch.packetSpace().begin());
    batch.clearKeeping(kept.bytes.size());
    QVERIFY(batch.isEmpty());
    QCOMPARE(batch.packets(), std::size_t{0});
    batch.commit(kept.bytes.size(), kept.header);
    const auto frames = decodeFrames(batch.frames());
    QVERIFY(frames && frames->size() == 1);
    QVERIFY(frames->front().bytes == kept.bytes);
}

void TestPacketBatch::clearKeepingWorksOnAnEmptyBatch()
{
    PacketBatch batch;
    const ByteVector packet = udpPacket(Us, Lan, 3);
    std::ranges::copy(packet, batch.packetSpace().begin());
    batch.clearKeeping(packet.size());
    batch.commit(packet.size(), {});
    const auto frames = decodeFrames(batch.frames());
    QVERIFY(frames && frames->size() == 1);
    QVERIFY(frames->front().bytes == packet);
}

void TestPacketBatch::canBeFilledAgain()
{
    PacketBatch batch;
    for (std::uint32_t round = 0; round < 3; ++round) {
        std::uint32_t count = 0;
        while (!batch.isFull())
            batch.append(udpPacket(Us, Lan, round * 1000 + count++, 1372), {});
        const auto frames = decodeFrames(batch.frames());
        QVERIFY(frames);
        QCOMPARE(frames->size(), std::size_t{count});
        QCOMPARE(batch.packets(), std::size_t{count});
        for (std::uint32_t i = 0; i < count; ++i)
            QCOMPARE(numberOf((*frames)[i].bytes), round * 1000 + i);
        batch.clear();
        QVERIFY(batch.isEmpty());
        QCOMPARE(batch.packets(), std::size_t{0});
    }
}

QTEST_APPLESS_MAIN(TestPacketBatch)
#include "tst_packet_batch.moc"
