#include "net/segment.h"
#include "packets.h"

#include <QTest>

using namespace gvpn;
using namespace gvpn::net;
using test::PacketSpec;

class TestSegmentCutter : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void packetsAreWhatASenderWouldHaveMade_data();
    void packetsAreWhatASenderWouldHaveMade();
    void whatMayNotTravelIsCutAsWell_data();
    void whatMayNotTravelIsCutAsWell();
    void finAndPushComeLastAndCwrFirst();
    void oneSegmentKeepsItsFlags();
    void numbersWrap();
    void udpSumOfZeroBecomesAllOnes();
    void wholePacketComesOutAsItself();
    void wholePacketGetsItsChecksum();
    void neverWritesBehindThePacket();
};

namespace {

constexpr std::uint8_t Fin = 0x01;
constexpr std::uint8_t Psh = 0x08;
constexpr std::uint8_t Ack = 0x10;
constexpr std::uint8_t Cwr = 0x80;

std::vector<ByteVector> cut(const SegmentHeader& header, const ByteVector& packet)
{
    std::vector<ByteVector> packets;
    SegmentCutter cutter(header, packet);
    ByteVector buffer(cutter.maxPacketBytes());
    while (const std::size_t size = cutter.next(buffer))
        packets.emplace_back(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    return packets;
}

/// What a sender without offloads makes of the same payload: built from nothing, packet by packet.
std::vector<ByteVector> expectedPackets(const PacketSpec& spec, ByteView payload, std::size_t segmentBytes)
{
    std::vector<ByteVector> packets;
    for (std::size_t offset = 0; offset < payload.size(); offset += segmentBytes) {
        const ByteView part = payload.subspan(offset, std::min(segmentBytes, payload.size() - offset));
        PacketSpec own = spec;
        own.identification = static_cast<std::uint16_t>(spec.identification + packets.size());
        own.sequence = spec.sequence + static_cast<std::uint32_t>(offset);
        if (offset > 0)
            own.flags &= static_cast<std::uint8_t>(~Cwr);
        if (offset + part.size() < payload.size())
            own.flags &= static_cast<std::uint8_t>(~(Fin | Psh));
        packets.push_back(test::finishedPacket(own, part));
    }
    return packets;
}

void compare(const PacketSpec& spec, const ByteVector& payload, std::size_t segmentBytes)
{
    const SegmentHeader header = test::cutHeader(spec, segmentBytes);
    const ByteVector packet = test::offloadedPacket(spec, payload);
    QVERIFY(validateLocal(header, IpPacket::parse(packet).value(), packet));
    const auto packets = cut(header, packet);
    QCOMPARE(packets.size(), (payload.size() + segmentBytes - 1) / segmentBytes);

    ByteVector reassembled;
    for (const ByteVector& part : packets) {
        QVERIFY(IpPacket::parse(part));
        QVERIFY(test::hasRightTransportChecksum(spec, part));
        const auto headerEnd = part.begin() + static_cast<std::ptrdiff_t>(spec.headerBytes());
        reassembled.insert(reassembled.end(), headerEnd, part.end());
    }
    QVERIFY(reassembled == payload);
    QVERIFY(packets == expectedPackets(spec, payload, segmentBytes));
}

}  // namespace

void TestSegmentCutter::packetsAreWhatASenderWouldHaveMade_data()
{
    QTest::addColumn<PacketSpec>("spec");
    QTest::addColumn<int>("payloadBytes");
    QTest::addColumn<int>("segmentBytes");
    const auto rows = [](const char* name, const PacketSpec& spec) {
        QTest::addRow("%s, many", name) << spec << 60001 << 1448;
        QTest::addRow("%s, exact multiple", name) << spec << 14480 << 1448;
        QTest::addRow("%s, odd segments", name) << spec << 5000 << 777;
        QTest::addRow("%s, one byte left over", name) << spec << 2897 << 1448;
        QTest::addRow("%s, one short of two", name) << spec << 2895 << 1448;
        QTest::addRow("%s, single", name) << spec << 1448 << 1448;
        QTest::addRow("%s, less than one", name) << spec << 1 << 1448;
        QTest::addRow("%s, most and smallest", name) << spec << 216 * 128 << 216;
    };
    rows("tcp4", {});
    rows("tcp6", {.isIPv4 = false});
    rows("udp4", {.isTcp = false});
    rows("udp6", {.isIPv4 = false, .isTcp = false});
    rows("tcp4 with options", {.ipOptionBytes = 12, .tcpOptionBytes = 12});
    rows("tcp6 with options", {.isIPv4 = false, .tcpOptionBytes = 40});
    rows("tcp4 with flags", {.flags = Fin | Psh | Ack | Cwr});
    rows("tcp6 with flags", {.isIPv4 = false, .flags = Fin | Psh | Ack | Cwr});
}

void TestSegmentCutter::packetsAreWhatASenderWouldHaveMade()
{
    QFETCH(PacketSpec, spec);
    QFETCH(int, payloadBytes);
    QFETCH(int, segmentBytes);
    const auto seed = std::random_device()();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    compare(spec, test::randomBytes(random, static_cast<std::size_t>(payloadBytes)),
            static_cast<std::size_t>(segmentBytes));
}

void TestSegmentCutter::whatMayNotTravelIsCutAsWell_data()
{
    QTest::addColumn<PacketSpec>("spec");
    QTest::addColumn<int>("payloadBytes");
    QTest::addColumn<int>("segmentBytes");
    const auto rows = [](const char* name, const PacketSpec& spec) {
        QTest::addRow("%s, one byte each", name) << spec << 1000 << 1;
        QTest::addRow("%s, one short of what may travel", name) << spec << 5000 << 215;
        QTest::addRow("%s, smallest of Linux", name) << spec << 65001 << 48;
        QTest::addRow("%s, odd", name) << spec << 3001 << 47;
        QTest::addRow("%s, more than may travel", name) << spec << 216 * 128 + 1 << 216;
        QTest::addRow("%s, many more", name) << spec << 65000 << 300;
    };
    rows("tcp4", {.flags = Fin | Psh | Ack | Cwr});
    rows("tcp6", {.isIPv4 = false, .flags = Fin | Psh | Ack | Cwr});
    rows("udp4", {.isTcp = false});
    rows("udp6", {.isIPv4 = false, .isTcp = false});
    QTest::addRow("tcp4, one byte each, 64 KB") << PacketSpec{} << 65000 << 1;
    const auto withOptions = [&](const char* name, const PacketSpec& spec) {
        QTest::addRow("%s, large segments", name) << spec << 60000 << 1400;
        QTest::addRow("%s, single", name) << spec << 1400 << 1400;
        QTest::addRow("%s, small segments", name) << spec << 5000 << 100;
    };
    withOptions("tcp6 behind options", {.isIPv4 = false, .tcpOptionBytes = 12, .ipv6Options = {8}});
    withOptions("udp6 behind options", {.isIPv4 = false, .isTcp = false, .ipv6Options = {24}});
    withOptions("tcp6 behind options twice", {.isIPv4 = false, .ipv6Options = {8, 2048}});
}

void TestSegmentCutter::whatMayNotTravelIsCutAsWell()
{
    QFETCH(PacketSpec, spec);
    QFETCH(int, payloadBytes);
    QFETCH(int, segmentBytes);
    if (segmentBytes < payloadBytes)
        QVERIFY(!mayTravel(test::cutHeader(spec, static_cast<std::size_t>(segmentBytes)),
                           spec.headerBytes() + static_cast<std::size_t>(payloadBytes)));
    packetsAreWhatASenderWouldHaveMade();
}

void TestSegmentCutter::finAndPushComeLastAndCwrFirst()
{
    for (const bool isMarked : {true, false}) {
        const PacketSpec spec{.flags = Fin | Psh | Ack | Cwr};
        SegmentHeader header = test::cutHeader(spec, 1000);
        header.isCongestionMarked = isMarked;
        const auto packets = cut(header, test::offloadedPacket(spec, ByteVector(3000)));
        QCOMPARE(packets.size(), 3U);
        QCOMPARE(packets[0][33], std::byte{Ack | Cwr});
        QCOMPARE(packets[1][33], std::byte{Ack});
        QCOMPARE(packets[2][33], std::byte{Fin | Psh | Ack});
    }
}

void TestSegmentCutter::oneSegmentKeepsItsFlags()
{
    const PacketSpec spec{.flags = Fin | Psh | Ack | Cwr};
    const auto packets = cut(test::cutHeader(spec, 1000), test::offloadedPacket(spec, ByteVector(1000)));
    QCOMPARE(packets.size(), 1U);
    QCOMPARE(packets[0][33], std::byte{Fin | Psh | Ack | Cwr});
}

void TestSegmentCutter::numbersWrap()
{
    compare({.identification = 0xFFFE, .sequence = 0xFFFFFC00}, ByteVector(10000, std::byte{0xA5}), 1000);
}

void TestSegmentCutter::udpSumOfZeroBecomesAllOnes()
{
    const PacketSpec spec{.isTcp = false};
    ByteVector payload(2000);
    const ByteVector probe = test::finishedPacket(spec, ByteView(payload).first(1000));
    test::put16(payload, 0, readBigEndian<std::uint16_t>(probe, test::checksumPlace(spec)));
    const auto packets = cut(test::cutHeader(spec, 1000), test::offloadedPacket(spec, payload));
    QCOMPARE(packets.size(), 2U);
    QCOMPARE(readBigEndian<std::uint16_t>(packets[0], test::checksumPlace(spec)), std::uint16_t{0xFFFF});
    QVERIFY(test::hasRightTransportChecksum(spec, packets[0]));
}

void TestSegmentCutter::wholePacketComesOutAsItself()
{
    const ByteVector packet = test::offloadedPacket({}, ByteVector(500));
    const auto packets = cut({}, packet);
    QCOMPARE(packets.size(), 1U);
    QVERIFY(packets[0] == packet);
}

void TestSegmentCutter::wholePacketGetsItsChecksum()
{
    for (const PacketSpec& spec : {PacketSpec{}, PacketSpec{.isIPv4 = false, .isTcp = false}}) {
        const ByteVector payload(501, std::byte{0x77});
        const auto packets = cut(test::wholeHeader(spec), test::offloadedPacket(spec, payload));
        QCOMPARE(packets.size(), 1U);
        QVERIFY(packets[0] == test::finishedPacket(spec, payload));
    }
}

void TestSegmentCutter::neverWritesBehindThePacket()
{
    const PacketSpec spec;
    const ByteVector packet = test::offloadedPacket(spec, ByteVector(2500));
    SegmentCutter cutter(test::cutHeader(spec, 1000), packet);
    QCOMPARE(cutter.maxPacketBytes(), 1040U);
    ByteVector buffer(2000);
    for (const std::size_t expected : {1040U, 1040U, 540U}) {
        std::ranges::fill(buffer, std::byte{0xEE});
        QCOMPARE(cutter.next(buffer), expected);
        const auto isUntouched = [](std::byte byte) { return byte == std::byte{0xEE}; };
        QVERIFY(std::all_of(buffer.begin() + static_cast<std::ptrdiff_t>(expected), buffer.end(), isUntouched));
    }
    QCOMPARE(cutter.next(buffer), 0U);
    QCOMPARE(cutter.next(buffer), 0U);
}

QTEST_APPLESS_MAIN(TestSegmentCutter)
#include "tst_segment_cutter.moc"
