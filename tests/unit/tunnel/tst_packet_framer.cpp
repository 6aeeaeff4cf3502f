#include "frames.h"
#include "tunnel/packet_framer.h"

#include <QtTest>

#include <random>

using namespace gvpn;
using namespace gvpn::test;
using namespace gvpn::tunnel;
using namespace gvpn::tunnel::test;
using protocol::FrameType;

namespace {

const net::IpAddress Us = address("10.86.0.2");
const net::IpAddress Lan = address("172.17.0.9");
const net::IpAddress Us6 = address("fd00:86::2");
const net::IpAddress Lan6 = address("fd00:17::9");

constexpr net::SegmentSupport TakesNothing{};
constexpr net::SegmentSupport TakesChecksums{.checksum = true};

/// Collects the frames of all batches.
class Sink {
public:
    void append(const Segment& segment, const net::SegmentSupport& takes)
    {
        m_framer.append(segment.bytes, segment.header, PacketForm{takes}, [this] { flush(); });
    }
    void commit(const Segment& segment, const net::SegmentSupport& takes)
    {
        std::ranges::copy(segment.bytes, m_framer.batch().packetSpace().begin());
        m_framer.commit(segment.bytes.size(), segment.header, PacketForm{takes}, [this] { flush(); });
    }
    void flush()
    {
        const auto decoded = decodeFrames(m_framer.batch().frames());
        m_isBroken = m_isBroken || !decoded || m_framer.batch().frames().size() > MaxBatchBytes;
        if (decoded)
            m_frames.insert(m_frames.end(), decoded->begin(), decoded->end());
        ++m_flushes;
        m_framer.batch().clear();
    }
    [[nodiscard]] const std::vector<PacketFrame>& frames()
    {
        if (!m_framer.batch().isEmpty())
            flush();
        return m_frames;
    }
    [[nodiscard]] int flushes() const { return m_flushes; }
    [[nodiscard]] bool isBroken() const { return m_isBroken; }
    [[nodiscard]] bool isFull() { return m_framer.batch().isFull(); }

private:
    PacketFramer m_framer;
    std::vector<PacketFrame> m_frames;
    int m_flushes = 0;
    bool m_isBroken = false;
};

std::vector<PacketFrame> plainFrames(const std::vector<ByteVector>& packets)
{
    std::vector<PacketFrame> frames;
    for (const ByteVector& packet : packets)
        frames.push_back({FrameType::Packet, {}, packet});
    return frames;
}

}  // namespace

class TestPacketFramer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void handsOnWhatThePeerTakes_data();
    void handsOnWhatThePeerTakes();
    void fillsInChecksumsThatThePeerDoesNotTake_data();
    void fillsInChecksumsThatThePeerDoesNotTake();
    void cutsSegmentsThatThePeerDoesNotTake_data();
    void cutsSegmentsThatThePeerDoesNotTake();
    void cutsIfOnlyTheTypeIsTaken();
    void flushesWhenTheBatchIsFull();
    void flushesInTheMiddleOfACut();
    void losesAndReordersNothing();
};

void TestPacketFramer::handsOnWhatThePeerTakes_data()
{
    QTest::addColumn<bool>("isIPv4");
    QTest::addColumn<bool>("isAppended");
    QTest::newRow("IPv4 in place") << true << false;
    QTest::newRow("IPv6 in place") << false << false;
    QTest::newRow("IPv4 copied") << true << true;
    QTest::newRow("IPv6 copied") << false << true;
}

void TestPacketFramer::handsOnWhatThePeerTakes()
{
    QFETCH(bool, isIPv4);
    QFETCH(bool, isAppended);
    const Segment segment = tcpSegment(isIPv4 ? Us : Us6, isIPv4 ? Lan : Lan6, 20000, 1400);
    Sink sink;
    if (isAppended)
        sink.append(segment, net::SegmentSupport::all());
    else
        sink.commit(segment, net::SegmentSupport::all());
    const std::vector<PacketFrame> expected = {{FrameType::Segment, segment.header, segment.bytes}};
    QVERIFY(sink.frames() == expected);
}

void TestPacketFramer::fillsInChecksumsThatThePeerDoesNotTake_data()
{
    QTest::addColumn<bool>("isTcp");
    QTest::addColumn<bool>("isIPv4");
    QTest::newRow("TCP, IPv4") << true << true;
    QTest::newRow("UDP, IPv4") << false << true;
    QTest::newRow("TCP, IPv6") << true << false;
    QTest::newRow("UDP, IPv6") << false << false;
}

void TestPacketFramer::fillsInChecksumsThatThePeerDoesNotTake()
{
    QFETCH(bool, isTcp);
    QFETCH(bool, isIPv4);
    const Segment partial = unfinished(isIPv4 ? Us : Us6, isIPv4 ? Lan : Lan6,
                                       isTcp ? net::IpProtocol::Tcp : net::IpProtocol::Udp, numberedPayload(9, 700));
    Sink sink;
    sink.commit(partial, TakesNothing);
    sink.commit(partial, TakesChecksums);
    const ByteVector whole = finished(partial);
    QVERIFY(whole != partial.bytes);
    const std::vector<PacketFrame> expected = {{FrameType::Packet, {}, whole},
                                               {FrameType::Segment, partial.header, partial.bytes}};
    QVERIFY(sink.frames() == expected);
}

void TestPacketFramer::cutsSegmentsThatThePeerDoesNotTake_data()
{
    QTest::addColumn<bool>("isIPv4");
    QTest::addColumn<bool>("takesChecksums");
    QTest::addColumn<int>("payloadBytes");
    for (const bool isIPv4 : {true, false}) {
        for (const bool takesChecksums : {true, false}) {
            for (const int payloadBytes : {1, 1400, 1401, 14000, 65000}) {
                QTest::addRow("%s, %s, %d bytes", isIPv4 ? "IPv4" : "IPv6", takesChecksums ? "checksums" : "nothing",
                              payloadBytes)
                    << isIPv4 << takesChecksums << payloadBytes;
            }
        }
    }
}

void TestPacketFramer::cutsSegmentsThatThePeerDoesNotTake()
{
    QFETCH(bool, isIPv4);
    QFETCH(bool, takesChecksums);
    QFETCH(int, payloadBytes);
    const Segment segment =
        tcpSegment(isIPv4 ? Us : Us6, isIPv4 ? Lan : Lan6, static_cast<std::size_t>(payloadBytes), 1400);
    Sink sink;
    sink.commit(segment, takesChecksums ? TakesChecksums : TakesNothing);
    QVERIFY(!sink.isBroken());
    QVERIFY(sink.frames() == plainFrames(cutAll(segment.header, segment.bytes)));
    QCOMPARE(static_cast<int>(sink.frames().size()), (payloadBytes + 1399) / 1400);
}

void TestPacketFramer::cutsIfOnlyTheTypeIsTaken()
{
    const Segment segment = tcpSegment(Us, Lan, 5000, 1000);
    Sink sink;
    sink.commit(segment, {.tcp4 = true});
    sink.commit(segment, {.checksum = true, .tcp6 = true, .udp4 = true, .udp6 = true});
    QCOMPARE(sink.frames().size(), std::size_t{10});
}

void TestPacketFramer::flushesWhenTheBatchIsFull()
{
    Sink sink;
    const Segment large = tcpSegment(Us, Lan, 30000, 1400);
    sink.commit(large, net::SegmentSupport::all());
    sink.commit(large, net::SegmentSupport::all());
    QCOMPARE(sink.flushes(), 0);
    sink.commit(large, net::SegmentSupport::all());
    QCOMPARE(sink.flushes(), 1);
    QVERIFY(!sink.isFull());
    QCOMPARE(sink.frames().size(), std::size_t{3});
}

void TestPacketFramer::flushesInTheMiddleOfACut()
{
    Sink sink;
    const Segment large = tcpSegment(Us, Lan, 65000, 1400);
    const Segment filler{{}, udpPacket(Us, Lan, 1, 60000)};
    sink.commit(filler, TakesNothing);
    sink.commit(large, TakesNothing);
    QVERIFY(sink.flushes() >= 1);
    QVERIFY(!sink.isFull());
    std::vector<PacketFrame> expected = {{FrameType::Packet, {}, filler.bytes}};
    for (const PacketFrame& frame : plainFrames(cutAll(large.header, large.bytes)))
        expected.push_back(frame);
    QVERIFY(sink.frames() == expected);
}

void TestPacketFramer::losesAndReordersNothing()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    Sink sink;
    std::vector<PacketFrame> expected;
    for (std::uint32_t i = 0; i < 300; ++i) {
        const bool takesAll = random() % 2 == 0;
        const Segment packet = random() % 3 == 0 ? Segment{{}, udpPacket(Us, Lan, i, random() % 3000)}
                                                 : tcpSegment(Us, Lan, 1 + random() % 64000,
                                                              static_cast<std::uint16_t>(1000 + random() % 400), i);
        if (packet.header.isPlain())
            expected.push_back({FrameType::Packet, {}, packet.bytes});
        else if (takesAll)
            expected.push_back({FrameType::Segment, packet.header, packet.bytes});
        else
            for (const PacketFrame& frame : plainFrames(cutAll(packet.header, packet.bytes)))
                expected.push_back(frame);
        const net::SegmentSupport takes = takesAll ? net::SegmentSupport::all() : TakesNothing;
        if (random() % 2 == 0)
            sink.commit(packet, takes);
        else
            sink.append(packet, takes);
        QVERIFY(!sink.isFull());
    }
    QVERIFY(!sink.isBroken());
    QVERIFY(sink.frames() == expected);
}

QTEST_APPLESS_MAIN(TestPacketFramer)
#include "tst_packet_framer.moc"
