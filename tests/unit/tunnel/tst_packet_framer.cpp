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

/// Collects the frames of all blocks.
class Sink {
public:
    explicit Sink(std::size_t poolBytes = PoolBytes)
        : m_pool(poolBytes)
    {}

    void append(const Segment& segment, const net::SegmentSupport& takes)
    {
        m_framer.append(segment.bytes, segment.header, PacketForm{takes},
                        [this](PacketBlock block) { keep(std::move(block)); });
    }
    void commit(const Segment& segment, const net::SegmentSupport& takes)
    {
        std::ranges::copy(segment.bytes, m_pool.space().begin());
        m_framer.commit(segment.bytes.size(), segment.header, PacketForm{takes},
                        [this](PacketBlock block) { keep(std::move(block)); });
    }
    /// In blocks of one frame each; anything else is broken.
    [[nodiscard]] const std::vector<PacketFrame>& frames() const { return m_frames; }
    [[nodiscard]] bool isBroken() const { return m_isBroken; }
    /// Blocks that the pool had no room for.
    [[nodiscard]] int lost() const { return m_lost; }
    [[nodiscard]] const PacketPool& pool() const { return m_pool; }
    /// From now on blocks are kept instead of given back.
    void hold() { m_holds = true; }

private:
    void keep(PacketBlock block)
    {
        if (!block) {
            ++m_lost;
            return;
        }
        const auto decoded = decodeFrames(block.frame());
        if (!decoded || decoded->size() != 1) {
            m_isBroken = true;
            return;
        }
        m_frames.push_back(decoded->front());
        if (m_holds)
            m_held.push(std::move(block));
    }

    PacketPool m_pool;
    PacketFramer m_framer{m_pool};
    std::vector<PacketFrame> m_frames;
    PacketList m_held;
    bool m_holds = false;
    bool m_isBroken = false;
    int m_lost = 0;
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
    void cutsWhatMayNotTravel_data();
    void cutsWhatMayNotTravel();
    void framesForV1();
    void leavesWhatIsAppendedAsItIs();
    void largePacketsAreNotCopied();
    void tellsOfAPacketThatThePoolHasNoRoomFor_data();
    void tellsOfAPacketThatThePoolHasNoRoomFor();
    void tellsOnceOfACutThatThePoolHasNoRoomFor();
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

void TestPacketFramer::cutsWhatMayNotTravel_data()
{
    QTest::addColumn<int>("payloadBytes");
    QTest::addColumn<int>("segmentBytes");
    QTest::newRow("one byte each") << 2000 << 1;
    QTest::newRow("64 KB of tiny segments") << 65000 << 48;
    QTest::newRow("too many") << 65000 << 300;
    QTest::newRow("one too many") << 128 * 216 + 1 << 216;
}

void TestPacketFramer::cutsWhatMayNotTravel()
{
    QFETCH(int, payloadBytes);
    QFETCH(int, segmentBytes);
    for (const bool isIPv4 : {true, false}) {
        const Segment segment =
            tcpSegment(isIPv4 ? Us : Us6, isIPv4 ? Lan : Lan6, static_cast<std::size_t>(payloadBytes),
                       static_cast<std::uint16_t>(segmentBytes));
        Sink sink;
        sink.commit(segment, net::SegmentSupport::all());
        QVERIFY(sink.frames() == plainFrames(cutAll(segment.header, segment.bytes)));
        QVERIFY(!sink.isBroken());
        QCOMPARE(static_cast<int>(sink.frames().size()), (payloadBytes + segmentBytes - 1) / segmentBytes);
    }
}

void TestPacketFramer::framesForV1()
{
    PacketPool pool;
    PacketFramer framer(pool);
    const Segment partial = unfinished(Us, Lan, net::IpProtocol::Udp, numberedPayload(9, 700));
    const Segment large = tcpSegment(Us, Lan, 5000, 1400);
    std::vector<ByteVector> expected = cutAll(large.header, large.bytes);
    expected.insert(expected.begin(), finished(partial));
    std::vector<ByteVector> got;
    const auto keep = [&got](const PacketBlock& block) {
        got.emplace_back(block.frame().begin(), block.frame().end());
    };
    std::ranges::copy(partial.bytes, pool.space().begin());
    framer.commit(partial.bytes.size(), partial.header, {{}, Framing::V1}, keep);
    framer.append(large.bytes, large.header, {{}, Framing::V1}, keep);
    QCOMPARE(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        // Body length, command 2, transaction 0.
        QCOMPARE(std::size_t{readBigEndian<std::uint32_t>(got[i], 0)}, expected[i].size() + 8);
        QCOMPARE(readBigEndian<std::uint32_t>(got[i], 4), 2U);
        QCOMPARE(readBigEndian<std::uint32_t>(got[i], 8), 0U);
        QVERIFY(std::ranges::equal(ByteView(got[i]).subspan(12), expected[i]));
    }
}

void TestPacketFramer::leavesWhatIsAppendedAsItIs()
{
    // A relayed packet stands in the link's buffer, and its checksum is somebody else's.
    const Segment partial = unfinished(Us, Lan, net::IpProtocol::Udp, numberedPayload(9, 700));
    const ByteVector before = partial.bytes;
    Sink sink;
    sink.append(partial, TakesNothing);
    QVERIFY(partial.bytes == before);
    const std::vector<PacketFrame> expected = {{FrameType::Packet, {}, finished(partial)}};
    QVERIFY(sink.frames() == expected);
}

void TestPacketFramer::largePacketsAreNotCopied()
{
    PacketPool pool;
    PacketFramer framer(pool);
    const Segment large = tcpSegment(Us, Lan, 60'000, 1400);
    const std::byte* place = pool.space().data();
    std::ranges::copy(large.bytes, pool.space().begin());
    bool isInPlace = false;
    framer.commit(large.bytes.size(), large.header, {net::SegmentSupport::all()},
                  [&](const PacketBlock& block) { isInPlace = block.packet().data() == place; });
    QVERIFY(isInPlace);
}

void TestPacketFramer::tellsOfAPacketThatThePoolHasNoRoomFor_data()
{
    QTest::addColumn<bool>("isAppended");
    QTest::newRow("in place") << false;
    QTest::newRow("copied") << true;
}

void TestPacketFramer::tellsOfAPacketThatThePoolHasNoRoomFor()
{
    QFETCH(bool, isAppended);
    Sink sink(0);
    const std::vector<Segment> packets{{{}, udpPacket(Us, Lan, 1)},
                                       unfinished(Us, Lan, net::IpProtocol::Udp, numberedPayload(9, 700)),
                                       tcpSegment(Us, Lan, 60'000, 1400)};
    int lost = 0;
    for (const net::SegmentSupport& takes : {net::SegmentSupport::all(), TakesNothing}) {
        for (const Segment& packet : packets) {
            if (isAppended)
                sink.append(packet, takes);
            else
                sink.commit(packet, takes);
            QCOMPARE(sink.lost(), ++lost);
        }
    }
    QVERIFY(sink.frames().empty());
}

void TestPacketFramer::tellsOnceOfACutThatThePoolHasNoRoomFor()
{
    const Segment large = tcpSegment(Us, Lan, 14'000, 1400);
    constexpr std::size_t SpaceBytes = protocol::PacketHeadroomBytes + net::MaxPacketBytes;
    Sink sink(SpaceBytes + 4 * 2048);
    sink.hold();
    sink.commit(large, TakesNothing);
    QCOMPARE(sink.lost(), 1);
    auto expected = plainFrames(cutAll(large.header, large.bytes));
    expected.resize(4);
    QVERIFY(sink.frames() == expected);
    QCOMPARE(sink.pool().bytesInUse(), SpaceBytes + 4 * 2048);
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
    }
    QVERIFY(!sink.isBroken());
    QCOMPARE(sink.lost(), 0);
    QVERIFY(sink.frames() == expected);
}

QTEST_APPLESS_MAIN(TestPacketFramer)
#include "tst_packet_framer.moc"
