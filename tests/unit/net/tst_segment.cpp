#include "net/segment.h"
#include "packets.h"

#include <QTest>

#include <set>

using namespace gvpn;
using namespace gvpn::net;
using test::PacketSpec;

class TestSegment : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void acceptsWhatKernelsMake_data();
    void acceptsWhatKernelsMake();
    void refusesCutTypesThatLie_data();
    void refusesCutTypesThatLie();
    void refusesWholePacketsThatLie_data();
    void refusesWholePacketsThatLie();
    void localLimitsAreWiderThanAPeers_data();
    void localLimitsAreWiderThanAPeers();
    void mayTravelIsWhatAPeerAccepts_data();
    void mayTravelIsWhatAPeerAccepts();
    void refusesOptionsThatLie_data();
    void refusesOptionsThatLie();
    void refusesEachOtherType_data();
    void refusesEachOtherType();
    void completesTheChecksum_data();
    void completesTheChecksum();
    void sumOfZeroBecomesAllOnesInUdpOnly();
    void supportIsAskedByType();
    void everyFaultHasItsOwnName();
};

namespace {

constexpr PacketSpec Tcp4{};
constexpr PacketSpec Tcp6{.isIPv4 = false};
constexpr PacketSpec Udp4{.isTcp = false};
constexpr PacketSpec Udp6{.isIPv4 = false, .isTcp = false};

ByteVector offloaded(const PacketSpec& spec, std::size_t payloadBytes)
{
    return test::offloadedPacket(spec, ByteVector(payloadBytes, std::byte{0x5A}));
}

tl::expected<void, SegmentFault> check(const SegmentHeader& header, const ByteVector& packet)
{
    return validate(header, IpPacket::parse(packet).value(), packet);
}

void setIpLength(ByteVector& packet)
{
    if (packet[0] >> 4 == std::byte{4})
        test::put16(packet, 2, packet.size());
    else
        test::put16(packet, 4, packet.size() - 40);
}

void addColumns()
{
    QTest::addColumn<SegmentHeader>("header");
    QTest::addColumn<ByteVector>("packet");
    QTest::addColumn<SegmentFault>("fault");
}

}  // namespace

void TestSegment::acceptsWhatKernelsMake_data()
{
    QTest::addColumn<SegmentHeader>("header");
    QTest::addColumn<ByteVector>("packet");
    const PacketSpec withOptions{.ipOptionBytes = 40, .tcpOptionBytes = 40};
    SegmentHeader marked = test::cutHeader(Tcp4, 1448);
    marked.isCongestionMarked = true;
    ByteVector other(20);
    other[0] = std::byte{0x45};
    test::put16(other, 2, 20);

    QTest::newRow("tcp4") << test::cutHeader(Tcp4, 1448) << offloaded(Tcp4, 60000);
    QTest::newRow("tcp6") << test::cutHeader(Tcp6, 1428) << offloaded(Tcp6, 60000);
    QTest::newRow("udp4") << test::cutHeader(Udp4, 1472) << offloaded(Udp4, 60000);
    QTest::newRow("udp6") << test::cutHeader(Udp6, 1452) << offloaded(Udp6, 60000);
    QTest::newRow("tcp4, congestion mark") << marked << offloaded(Tcp4, 60000);
    QTest::newRow("tcp4, all options") << test::cutHeader(withOptions, 1400) << offloaded(withOptions, 60000);
    QTest::newRow("smallest segments, most of them") << test::cutHeader(Tcp4, 216) << offloaded(Tcp4, 216 * 128);
    QTest::newRow("one small segment") << test::cutHeader(Tcp4, 100) << offloaded(Tcp4, 100);
    QTest::newRow("less than a segment") << test::cutHeader(Tcp6, 1448) << offloaded(Tcp6, 1);
    QTest::newRow("largest packet") << test::cutHeader(Tcp4, 1448) << offloaded(Tcp4, 65535 - 40);
    QTest::newRow("whole") << SegmentHeader() << offloaded(Tcp4, 100);
    QTest::newRow("whole, bare header") << SegmentHeader() << other;
    QTest::newRow("whole, tcp4 checksum") << test::wholeHeader(Tcp4) << offloaded(Tcp4, 0);
    QTest::newRow("whole, tcp6 checksum") << test::wholeHeader(Tcp6) << offloaded(Tcp6, 100);
    QTest::newRow("whole, udp4 checksum") << test::wholeHeader(Udp4) << offloaded(Udp4, 0);
    QTest::newRow("whole, udp6 checksum") << test::wholeHeader(Udp6) << offloaded(Udp6, 100);
}

void TestSegment::acceptsWhatKernelsMake()
{
    QFETCH(SegmentHeader, header);
    QFETCH(ByteVector, packet);
    const auto checked = check(header, packet);
    QVERIFY2(checked, checked ? "" : segmentFaultName(checked.error()).data());
}

void TestSegment::refusesCutTypesThatLie_data()
{
    addColumns();
    const auto row = [](const char* name, SegmentFault fault, const PacketSpec& spec, auto change) {
        SegmentHeader header = test::cutHeader(spec, 1000);
        ByteVector packet = offloaded(spec, 5000);
        change(header, packet);
        QTest::newRow(name) << header << packet << fault;
    };
    using enum SegmentFault;
    row("unknown type", WrongType, Tcp4, [](auto& h, auto&) { h.type = static_cast<SegmentType>(5); });
    row("type 255", WrongType, Tcp4, [](auto& h, auto&) { h.type = static_cast<SegmentType>(255); });
    row("first fragment", WrongType, Tcp4, [](auto&, auto& p) { test::put16(p, 6, 0x2000); });
    row("later fragment", WrongType, Udp4, [](auto&, auto& p) { test::put16(p, 6, 0x0001); });
    row("v6 extension header", WrongType, Tcp6, [](auto&, auto& p) { p[6] = std::byte{0}; });
    row("v6 fragment header", WrongType, Udp6, [](auto&, auto& p) { p[6] = std::byte{44}; });
    row("congestion mark on UDP", WrongType, Udp4, [](auto& h, auto&) { h.isCongestionMarked = true; });

    row("header one too small", BadHeaderSize, Tcp4, [](auto& h, auto&) { --h.headerBytes; });
    row("header one too large", BadHeaderSize, Tcp4, [](auto& h, auto&) { ++h.headerBytes; });
    row("header 0", BadHeaderSize, Tcp6, [](auto& h, auto&) { h.headerBytes = 0; });
    row("header 65535", BadHeaderSize, Tcp6, [](auto& h, auto&) { h.headerBytes = 65535; });
    row("udp header one too large", BadHeaderSize, Udp6, [](auto& h, auto&) { ++h.headerBytes; });
    row("header ends before the TCP options", BadHeaderSize, Tcp4, [](auto&, auto& p) { p[32] = std::byte{0x60}; });
    row("TCP data offset 4", BadHeaderSize, Tcp4, [](auto& h, auto& p) {
        p[32] = std::byte{0x40};
        h.headerBytes = 36;
    });
    row("TCP data offset beyond the packet", BadHeaderSize, Tcp4, [](auto& h, auto& p) {
        p.resize(20 + 20 + 10);
        setIpLength(p);
        p[32] = std::byte{0xF0};
        h.headerBytes = 80;
    });
    row("half a TCP header", BadHeaderSize, Tcp4, [](auto&, auto& p) {
        p.resize(20 + 10);
        setIpLength(p);
    });
    row("no TCP header", BadHeaderSize, Tcp6, [](auto&, auto& p) {
        p.resize(40);
        setIpLength(p);
    });
    row("half an UDP header", BadHeaderSize, Udp4, [](auto&, auto& p) {
        p.resize(20 + 7);
        setIpLength(p);
    });
    row("UDP length too small", BadHeaderSize, Udp4, [](auto&, auto& p) { test::put16(p, 24, 1008); });
    row("UDP length too large", BadHeaderSize, Udp6, [](auto&, auto& p) { test::put16(p, 44, 5009); });

    row("no checksum wanted", BadChecksumPlace, Tcp4, [](auto& h, auto&) { h.needsChecksum = false; });
    row("no checksum at all", BadChecksumPlace, Udp4, [](auto& h, auto&) {
        h.needsChecksum = false;
        h.checksumStart = h.checksumOffset = 0;
    });
    row("checksum start in the IP header", BadChecksumPlace, Tcp4, [](auto& h, auto&) { h.checksumStart = 12; });
    row("checksum start 0", BadChecksumPlace, Tcp6, [](auto& h, auto&) { h.checksumStart = 0; });
    row("checksum start beyond the packet", BadChecksumPlace, Tcp6, [](auto& h, auto&) { h.checksumStart = 65535; });
    row("UDP's offset for TCP", BadChecksumPlace, Tcp4, [](auto& h, auto&) { h.checksumOffset = 6; });
    row("TCP's offset for UDP", BadChecksumPlace, Udp4, [](auto& h, auto&) { h.checksumOffset = 16; });
    row("checksum offset 65535", BadChecksumPlace, Tcp4, [](auto& h, auto&) { h.checksumOffset = 65535; });

    row("segments of 0 bytes", BadSegmentSize, Tcp4, [](auto& h, auto&) { h.segmentBytes = 0; });
    row("segments of 65535 bytes", BadSegmentSize, Tcp4, [](auto& h, auto&) { h.segmentBytes = 65535; });
    row("two segments of 215 bytes", BadSegmentSize, Tcp4, [](auto& h, auto& p) {
        h.segmentBytes = 215;
        p = offloaded(Tcp4, 216);
    });
    row("segments of 1 byte", BadSegmentSize, Udp6, [](auto& h, auto&) { h.segmentBytes = 1; });
    row("no payload", BadSegmentSize, Tcp4, [](auto&, auto& p) { p = offloaded(Tcp4, 0); });
    row("no UDP payload", BadSegmentSize, Udp6, [](auto&, auto& p) { p = offloaded(Udp6, 0); });
    row("129 segments", TooManySegments, Tcp4, [](auto& h, auto& p) {
        h.segmentBytes = 216;
        p = offloaded(Tcp4, 216 * 128 + 1);
    });
    row("303 segments", TooManySegments, Udp6, [](auto& h, auto& p) {
        h.segmentBytes = 216;
        p = offloaded(Udp6, 65400);
    });
}

void TestSegment::refusesCutTypesThatLie()
{
    QFETCH(SegmentHeader, header);
    QFETCH(ByteVector, packet);
    QFETCH(SegmentFault, fault);
    const auto checked = check(header, packet);
    QVERIFY(!checked);
    QCOMPARE(checked.error(), fault);
}

void TestSegment::refusesWholePacketsThatLie_data()
{
    addColumns();
    const auto row = [](const char* name, SegmentFault fault, const PacketSpec& spec, auto change) {
        SegmentHeader header = test::wholeHeader(spec);
        ByteVector packet = offloaded(spec, 5000);
        change(header, packet);
        QTest::newRow(name) << header << packet << fault;
    };
    using enum SegmentFault;
    row("header size", BadHeaderSize, Tcp4, [](auto& h, auto&) { h.headerBytes = 40; });
    row("segment size", BadSegmentSize, Tcp4, [](auto& h, auto&) { h.segmentBytes = 1000; });
    row("congestion mark", WrongType, Tcp4, [](auto& h, auto&) { h.isCongestionMarked = true; });
    row("place without a checksum", BadChecksumPlace, Tcp4, [](auto& h, auto&) { h.needsChecksum = false; });
    row("offset without a checksum", BadChecksumPlace, Tcp4, [](auto& h, auto&) {
        h.needsChecksum = false;
        h.checksumStart = 0;
    });
    row("start without a checksum", BadChecksumPlace, Tcp4, [](auto& h, auto&) {
        h.needsChecksum = false;
        h.checksumOffset = 0;
    });
    row("checksum start 0", BadChecksumPlace, Tcp4, [](auto& h, auto&) { h.checksumStart = 0; });
    row("checksum start one too large", BadChecksumPlace, Udp6, [](auto& h, auto&) { ++h.checksumStart; });
    row("checksum start 65535", BadChecksumPlace, Udp6, [](auto& h, auto&) { h.checksumStart = 65535; });
    row("UDP's offset for TCP", BadChecksumPlace, Tcp6, [](auto& h, auto&) { h.checksumOffset = 6; });
    row("TCP's offset for UDP", BadChecksumPlace, Udp4, [](auto& h, auto&) { h.checksumOffset = 16; });
    row("ICMP", WrongType, Udp4, [](auto&, auto& p) { p[9] = std::byte{1}; });
    row("ICMPv6", WrongType, Udp6, [](auto&, auto& p) { p[6] = std::byte{58}; });
    row("v6 extension header", WrongType, Tcp6, [](auto&, auto& p) { p[6] = std::byte{60}; });
    row("fragment", WrongType, Tcp4, [](auto&, auto& p) { test::put16(p, 6, 0x2000); });
    row("v6 fragment", WrongType, Udp6, [](auto&, auto& p) { p[6] = std::byte{44}; });
    row("TCP of 19 bytes", BadChecksumPlace, Tcp4, [](auto&, auto& p) {
        p.resize(39);
        setIpLength(p);
    });
    row("UDP of 7 bytes", BadChecksumPlace, Udp6, [](auto&, auto& p) {
        p.resize(47);
        setIpLength(p);
    });
    row("no transport header", BadChecksumPlace, Udp4, [](auto&, auto& p) {
        p.resize(20);
        setIpLength(p);
    });
}

void TestSegment::refusesWholePacketsThatLie()
{
    refusesCutTypesThatLie();
}

void TestSegment::localLimitsAreWiderThanAPeers_data()
{
    QTest::addColumn<SegmentHeader>("header");
    QTest::addColumn<ByteVector>("packet");
    QTest::addColumn<SegmentFault>("fault");
    using enum SegmentFault;
    const PacketSpec options6{.isIPv4 = false, .ipv6Options = {16}};
    const PacketSpec udpOptions6{.isIPv4 = false, .isTcp = false, .ipv6Options = {8, 8}};
    QTest::newRow("one byte each") << test::cutHeader(Tcp4, 1) << offloaded(Tcp4, 60000) << BadSegmentSize;
    QTest::newRow("just too small") << test::cutHeader(Udp6, 215) << offloaded(Udp6, 216) << BadSegmentSize;
    QTest::newRow("one too many") << test::cutHeader(Tcp6, 216) << offloaded(Tcp6, 216 * 128 + 1) << TooManySegments;
    QTest::newRow("many") << test::cutHeader(Udp4, 300) << offloaded(Udp4, 60000) << TooManySegments;
    QTest::newRow("TCP behind options") << test::cutHeader(options6, 1400) << offloaded(options6, 5000) << WrongType;
    QTest::newRow("UDP behind options") << test::cutHeader(udpOptions6, 1400) << offloaded(udpOptions6, 5000)
                                        << WrongType;
    QTest::newRow("one segment behind options")
        << test::cutHeader(options6, 1400) << offloaded(options6, 1400) << WrongType;
}

void TestSegment::localLimitsAreWiderThanAPeers()
{
    QFETCH(SegmentHeader, header);
    QFETCH(ByteVector, packet);
    QFETCH(SegmentFault, fault);
    QVERIFY(validateLocal(header, IpPacket::parse(packet).value(), packet));
    QVERIFY(!mayTravel(header, packet.size()));
    const auto checked = check(header, packet);
    QVERIFY(!checked);
    QCOMPARE(checked.error(), fault);
}

void TestSegment::mayTravelIsWhatAPeerAccepts_data()
{
    acceptsWhatKernelsMake_data();
}

void TestSegment::mayTravelIsWhatAPeerAccepts()
{
    QFETCH(SegmentHeader, header);
    QFETCH(ByteVector, packet);
    QVERIFY(validateLocal(header, IpPacket::parse(packet).value(), packet));
    QVERIFY(mayTravel(header, packet.size()));
}

void TestSegment::refusesOptionsThatLie_data()
{
    addColumns();
    const auto row = [](const char* name, SegmentFault fault, auto change) {
        const PacketSpec spec{.isIPv4 = false, .ipv6Options = {16}};
        SegmentHeader header = test::cutHeader(spec, 1000);
        ByteVector packet = offloaded(spec, 5000);
        change(header, packet);
        QTest::newRow(name) << header << packet << fault;
    };
    using enum SegmentFault;
    row("options beyond the packet", WrongType, [](auto&, auto& p) {
        p.resize(40 + 80);
        setIpLength(p);
        p[41] = std::byte{255};
    });
    row("options up to the end", BadHeaderSize, [](auto&, auto& p) {
        p.resize(40 + 80);
        setIpLength(p);
        p[41] = std::byte{9};
    });
    row("no options left", WrongType, [](auto&, auto& p) {
        p.resize(40);
        setIpLength(p);
    });
    row("half an options header", WrongType, [](auto&, auto& p) {
        p.resize(47);
        setIpLength(p);
    });
    row("options of another size", BadHeaderSize, [](auto&, auto& p) { p[41] = std::byte{0}; });
    row("UDP behind them", WrongType, [](auto&, auto& p) { p[40] = std::byte{17}; });
    row("a fragment behind them", WrongType, [](auto&, auto& p) { p[40] = std::byte{44}; });
    row("routing behind them", WrongType, [](auto&, auto& p) { p[40] = std::byte{43}; });
    row("checksum start at the options", BadChecksumPlace, [](auto& h, auto&) { h.checksumStart = 40; });
    row("header size without them", BadHeaderSize, [](auto& h, auto&) { h.headerBytes = 60; });
    row("IPv4's type", WrongType, [](auto& h, auto&) { h.type = SegmentType::Tcp4; });
    row("no segment size", BadSegmentSize, [](auto& h, auto&) { h.segmentBytes = 0; });
    row("the reserved segment size", BadSegmentSize, [](auto& h, auto&) { h.segmentBytes = 0xFFFF; });
}

void TestSegment::refusesOptionsThatLie()
{
    QFETCH(SegmentHeader, header);
    QFETCH(ByteVector, packet);
    QFETCH(SegmentFault, fault);
    const auto checked = validateLocal(header, IpPacket::parse(packet).value(), packet);
    QVERIFY(!checked);
    QCOMPARE(checked.error(), fault);
    QVERIFY(!check(header, packet));
}

void TestSegment::refusesEachOtherType_data()
{
    QTest::addColumn<int>("said");
    QTest::addColumn<int>("is");
    for (int said = 1; said <= 4; ++said)
        for (int is = 1; is <= 4; ++is)
            QTest::addRow("%d for %d", said, is) << said << is;
}

void TestSegment::refusesEachOtherType()
{
    QFETCH(int, said);
    QFETCH(int, is);
    const std::array specs{Tcp4, Tcp6, Udp4, Udp6};
    const PacketSpec& spec = specs[static_cast<std::size_t>(is) - 1];
    QCOMPARE(static_cast<int>(spec.type()), is);
    SegmentHeader header = test::cutHeader(spec, 1000);
    header.type = static_cast<SegmentType>(said);
    const auto checked = check(header, offloaded(spec, 5000));
    QCOMPARE(checked.has_value(), said == is);
    if (!checked)
        QCOMPARE(checked.error(), SegmentFault::WrongType);
}

void TestSegment::completesTheChecksum_data()
{
    QTest::addColumn<bool>("isIPv4");
    QTest::addColumn<bool>("isTcp");
    QTest::newRow("tcp4") << true << true;
    QTest::newRow("tcp6") << false << true;
    QTest::newRow("udp4") << true << false;
    QTest::newRow("udp6") << false << false;
}

void TestSegment::completesTheChecksum()
{
    QFETCH(bool, isIPv4);
    QFETCH(bool, isTcp);
    const PacketSpec spec{.isIPv4 = isIPv4, .isTcp = isTcp};
    const auto seed = std::random_device()();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    for (std::size_t size = 0; size < 200; ++size) {
        const ByteVector payload = test::randomBytes(random, size);
        ByteVector packet = test::offloadedPacket(spec, payload);
        QVERIFY(check(test::wholeHeader(spec), packet));
        completeChecksum(test::wholeHeader(spec), packet);
        QVERIFY(test::hasRightTransportChecksum(spec, packet));
        QVERIFY(packet == test::finishedPacket(spec, payload));
    }
}

void TestSegment::sumOfZeroBecomesAllOnesInUdpOnly()
{
    for (const PacketSpec& spec : {Tcp4, Udp4}) {
        // The checksum of the packet with an empty word, put into that word, makes a checksum of zero.
        ByteVector payload(2);
        const ByteVector probe = test::finishedPacket(spec, payload);
        test::put16(payload, 0, readBigEndian<std::uint16_t>(probe, test::checksumPlace(spec)));
        ByteVector packet = test::offloadedPacket(spec, payload);
        completeChecksum(test::wholeHeader(spec), packet);
        const auto checksum = readBigEndian<std::uint16_t>(packet, test::checksumPlace(spec));
        QCOMPARE(checksum, static_cast<std::uint16_t>(spec.isTcp ? 0 : 0xFFFF));
        QVERIFY(test::hasRightTransportChecksum(spec, packet));
    }
}

void TestSegment::supportIsAskedByType()
{
    const SegmentSupport none;
    QVERIFY(none.takes({}));
    QVERIFY(!none.takes(test::wholeHeader(Tcp4)));
    QVERIFY((SegmentSupport{.checksum = true}.takes(test::wholeHeader(Tcp4))));
    const std::array specs{Tcp4, Tcp6, Udp4, Udp6};
    for (std::size_t has = 0; has < 4; ++has) {
        const SegmentSupport support{true, has == 0, has == 1, has == 2, has == 3};
        for (std::size_t wants = 0; wants < 4; ++wants) {
            const SegmentHeader header = test::cutHeader(specs[wants], 1000);
            QCOMPARE(support.takes(header), has == wants);
            QVERIFY(SegmentSupport::all().takes(header));
        }
    }
    SegmentSupport withoutChecksum = SegmentSupport::all();
    withoutChecksum.checksum = false;
    QVERIFY(!withoutChecksum.takes(test::cutHeader(Tcp4, 1000)));
    QVERIFY(!SegmentSupport::all().takes({.type = static_cast<SegmentType>(9)}));
}

void TestSegment::everyFaultHasItsOwnName()
{
    std::set<std::string_view> names;
    for (int fault = 0; fault <= static_cast<int>(SegmentFault::BadChecksumPlace); ++fault)
        names.insert(segmentFaultName(static_cast<SegmentFault>(fault)));
    QCOMPARE(names.size(), 5U);
    QVERIFY(!names.contains("unknown"));
}

QTEST_APPLESS_MAIN(TestSegment)
#include "tst_segment.moc"
