#include "support/link_pair.h"
#include "support/packets.h"

#include <QtTest>

#include <random>

using namespace gvpn;
using namespace gvpn::test;

namespace {

const net::IpAddress Us = address("10.86.0.2");
const net::IpAddress Lan = address("172.17.0.9");

/// Sends numbered packets in batches of random sizes, as fast as its link lets it.
class Sender {
public:
    Sender(LinkEnd& end, std::uint32_t count, unsigned seed)
        : m_end(end)
        , m_count(count)
        , m_random(seed)
    {
        fill();
        m_end.recorder.onRoom = [this] { send(); };
    }

    void send()
    {
        while (!m_batch.isEmpty()) {
            if (!m_end.link->sendFrames(m_batch.frames())) {
                ++m_refusals;
                return;
            }
            fill();
        }
    }
    [[nodiscard]] int refusals() const { return m_refusals; }

private:
    void fill()
    {
        m_batch.clear();
        const std::size_t packets = 1 + m_random() % 60;
        while (m_next < m_count && m_batch.packets() < packets && !m_batch.isFull()) {
            m_batch.append(udpPacket(Us, Lan, m_next, 4 + m_random() % 4000), {});
            ++m_next;
        }
    }

    LinkEnd& m_end;
    std::uint32_t m_count;
    std::mt19937 m_random;
    FrameRun m_batch;
    std::uint32_t m_next = 0;
    int m_refusals = 0;
};

void compareNumbers(const LinkRecorder& recorder, std::uint32_t count)
{
    QCOMPARE(recorder.packets.size(), std::size_t{count});
    for (std::uint32_t i = 0; i < count; ++i)
        QCOMPARE(numberOf(recorder.packets[i].bytes), i);
}

}  // namespace

class TestLinkTraffic : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everythingArrivesOnceAndInOrder_data();
    void everythingArrivesOnceAndInOrder();
    void saysWhenThereIsRoomAgain();
    void takesNothingWhileThereIsNoRoom();
    void theLargestBatchFits();
    void segmentsKeepTheirHeader();
    void packetsMayBeChangedInPlace();
    void aControlMessageGoesAheadOfWhatWasRefused();
    void aGoodbyeReachesAPeerThatReadsLate();
};

void TestLinkTraffic::everythingArrivesOnceAndInOrder_data()
{
    QTest::addColumn<int>("chunkBytes");
    QTest::addColumn<int>("windowBytes");
    QTest::addColumn<int>("count");
    QTest::newRow("large chunks") << (1 << 18) << (1 << 20) << 1000;
    QTest::newRow("small chunks") << 700 << (1 << 18) << 200;
    QTest::newRow("small window") << (1 << 16) << 20'000 << 500;
    QTest::newRow("tiny window and chunks") << 100 << 1000 << 100;
}

void TestLinkTraffic::everythingArrivesOnceAndInOrder()
{
    QFETCH(int, chunkBytes);
    QFETCH(int, windowBytes);
    QFETCH(int, count);
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    LinkPair pair({.maxChunkBytes = static_cast<std::size_t>(chunkBytes),
                   .windowBytes = static_cast<std::size_t>(windowBytes),
                   .seed = seed});
    pair.establish();
    QVERIFY(pair.isEstablished());
    const auto packets = static_cast<std::uint32_t>(count);
    Sender up(pair.client, packets, seed);
    Sender down(pair.server, packets, seed + 1);
    up.send();
    down.send();
    pair.pump();
    compareNumbers(pair.server.recorder, packets);
    compareNumbers(pair.client.recorder, packets);
    QVERIFY(up.refusals() > 0);
    QVERIFY(pair.client.recorder.rooms > 0);
    QVERIFY(pair.client.recorder.ends.empty() && pair.server.recorder.ends.empty());
}

void TestLinkTraffic::saysWhenThereIsRoomAgain()
{
    LinkPair pair({.windowBytes = 32 * 1024});
    pair.establish();
    pair.line.pauseReadingOfSecond(true);
    Sender sender(pair.client, 1000, 1);
    sender.send();
    QCOMPARE(sender.refusals(), 1);
    QVERIFY(!pair.client.link->hasRoom());
    pair.pump();
    QCOMPARE(pair.client.recorder.rooms, 0);
    pair.line.pauseReadingOfSecond(false);
    pair.pump();
    QVERIFY(pair.client.recorder.rooms > 0);
    QVERIFY(pair.client.link->hasRoom());
    compareNumbers(pair.server.recorder, 1000);
}

void TestLinkTraffic::takesNothingWhileThereIsNoRoom()
{
    LinkPair pair({.windowBytes = 8 * 1024});
    pair.establish();
    pair.line.pauseReadingOfSecond(true);
    FrameRun batch;
    while (!batch.isFull())
        batch.append(udpPacket(Us, Lan, 0, 1400), {});
    QVERIFY(pair.client.link->sendFrames(batch.frames()));
    for (int i = 0; i < 100; ++i)
        QVERIFY(!pair.client.link->sendFrames(batch.frames()));
    pair.line.pauseReadingOfSecond(false);
    pair.pump();
    QCOMPARE(pair.server.recorder.packets.size(), batch.packets());
}

void TestLinkTraffic::theLargestBatchFits()
{
    LinkPair pair({.windowBytes = 1});
    pair.server.link->start();
    pair.client.link->start();
    pair.pump();
    pair.server.link->allowPackets();
    QVERIFY(pair.isEstablished());
    FrameRun batch;
    batch.append(udpPacket(Us, Lan, 0, tunnel::BatchTargetBytes - 40), {});
    QVERIFY(!batch.isFull());
    const Segment largest = tcpSegment(Us, Lan, net::MaxPacketBytes - 40, 1400);
    batch.append(largest.bytes, largest.header);
    QVERIFY(pair.client.link->sendFrames(batch.frames()));
    // Control messages find room behind it.
    for (int i = 0; i < 8; ++i)
        pair.client.link->sendControl(ByteVector(4000, std::byte{1}));
    QVERIFY(pair.client.recorder.ends.empty());
}

void TestLinkTraffic::segmentsKeepTheirHeader()
{
    LinkPair pair({.maxChunkBytes = 999});
    pair.establish();
    const Segment segment = tcpSegment(Us, Lan, 60000, 1400);
    const Segment partial = unfinished(Us, Lan, net::IpProtocol::Udp, numberedPayload(1, 50));
    FrameRun batch;
    batch.append(segment.bytes, segment.header);
    batch.append(partial.bytes, partial.header);
    QVERIFY(pair.server.link->sendFrames(batch.frames()));
    pair.pump();
    const auto& packets = pair.client.recorder.packets;
    QCOMPARE(packets.size(), std::size_t{2});
    QVERIFY(packets[0].segment == segment.header && packets[0].bytes == segment.bytes);
    QVERIFY(packets[1].segment == partial.header && packets[1].bytes == partial.bytes);
}

void TestLinkTraffic::packetsMayBeChangedInPlace()
{
    LinkPair pair({.maxChunkBytes = 500});
    pair.establish();
    pair.server.recorder.onPacket = [](const net::SegmentHeader&, ByteSpan packet) {
        std::ranges::fill(packet, std::byte{0xEE});
    };
    Sender sender(pair.client, 50, 3);
    sender.send();
    pair.pump();
    compareNumbers(pair.server.recorder, 50);
}

void TestLinkTraffic::aControlMessageGoesAheadOfWhatWasRefused()
{
    LinkPair pair({.windowBytes = 8 * 1024});
    pair.establish();
    pair.line.pauseReadingOfSecond(true);
    Sender sender(pair.client, 300, 4);
    sender.send();
    pair.client.link->sendControl(protocol::encode(protocol::Ping{5}));
    std::size_t packetsBefore = 0;
    pair.server.recorder.onControl = [&] { packetsBefore = pair.server.recorder.packets.size(); };
    pair.line.pauseReadingOfSecond(false);
    pair.pump();
    compareNumbers(pair.server.recorder, 300);
    QCOMPARE(pair.server.recorder.controls.size(), std::size_t{1});
    QVERIFY(packetsBefore < 300);
}

void TestLinkTraffic::aGoodbyeReachesAPeerThatReadsLate()
{
    LinkPair pair({.windowBytes = 8 * 1024});
    pair.establish();
    pair.line.pauseReadingOfSecond(true);
    Sender sender(pair.client, 300, 4);
    sender.send();
    QVERIFY(!pair.client.link->hasRoom());
    pair.client.link->sendControl(protocol::encode(protocol::Goodbye{protocol::GoodbyeCode::Stopping, "bye"}));
    pair.client.link->close();
    pair.line.pauseReadingOfSecond(false);
    pair.pump();
    QCOMPARE(pair.server.recorder.messages<protocol::Goodbye>().size(), std::size_t{1});
    QVERIFY(pair.server.recorder.hasEndedWith(ErrorCode::Closed));
    QVERIFY(pair.client.recorder.ends.empty());
}

QTEST_APPLESS_MAIN(TestLinkTraffic)
#include "tst_link_traffic.moc"
