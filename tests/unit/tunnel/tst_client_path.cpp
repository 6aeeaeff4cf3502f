#include "support/link_pair.h"
#include "support/packets.h"
#include "tun/fake_tun.h"
#include "tunnel/client_path.h"
#include "tunnel/plain_link.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::test;
using tunnel::ClientPath;
using tunnel::DropReason;

namespace {

const net::IpAddress Us = address("10.86.0.2");
const net::IpAddress Us6 = address("fd00:86::2");
const net::IpAddress Gateway = address("10.86.0.1");
const net::IpAddress Gateway6 = address("fd00:86::1");
const net::IpAddress Neighbour = address("10.86.0.3");
const net::IpAddress Lan = address("172.17.0.9");
const net::IpAddress Lan6 = address("fd00:17::9");
const net::IpAddress Stranger = address("192.168.7.7");

tunnel::ClientPathConfig config(const net::SegmentSupport& peerTakes)
{
    return {{interfaceAddress("10.86.0.2/24"), interfaceAddress("fd00:86::2/64")},
            {network("172.17.0.0/16"), network("fd00:17::/64")},
            {peerTakes, tunnel::Framing::V2}};
}

/// A client's path with a TUN below and a server's link above, which records.
struct Fixture {
    explicit Fixture(const net::SegmentSupport& tunTakes = net::SegmentSupport::all(),
                     const net::SegmentSupport& peerTakes = net::SegmentSupport::all(),
                     const transport::MemoryLinkOptions& options = {})
        : pair(options)
        , device("gvpn0", tunTakes)
        , path(device, *pair.client.link, pair.client.context, config(peerTakes), counters)
    {
        pair.establish();
    }

    /// A packet as if it came from the server.
    [[nodiscard]] bool receive(const Segment& segment)
    {
        ByteVector copy = segment.bytes;
        return path.linkPacket(segment.header, copy).has_value();
    }
    /// A wake-up reads a part of what the TUN has.
    void readAll()
    {
        for (int i = 0; i < 40; ++i)
            QVERIFY(path.tunReadable());
    }
    [[nodiscard]] const std::vector<ReceivedPacket>& sent()
    {
        pair.pump();
        return pair.server.recorder.packets;
    }

    LinkPair pair;
    tun::FakeTun device;
    tunnel::Counters counters;
    ClientPath path;
};

Segment plain(ByteVector packet)
{
    return {{}, std::move(packet)};
}

ByteVector withLength(ByteVector packet, std::uint16_t length)
{
    writeBigEndian(packet, 2, length);
    return packet;
}

}  // namespace

Q_DECLARE_METATYPE(Segment)

class TestClientPath : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sendsItsOwnPacketsInOrder();
    void dropsWhatMustNotLeave_data();
    void dropsWhatMustNotLeave();
    void sendsSegmentsInTheFormThatThePeerTakes();
    void v1TakesOnlyIPv4AndKeepsWhatIsForItself();
    void deliversWhatIsForUs_data();
    void deliversWhatIsForUs();
    void dropsWhatMustNotReachTheTun_data();
    void dropsWhatMustNotReachTheTun();
    void dropsSegmentsThatTheTunDoesNotTake();
    void countsWhatTheTunRefuses();
    void tellsWhenTheTunIsGone();
    void itsProbeIsAnswered_data();
    void itsProbeIsAnswered();
    void otherEchoRepliesReachTheTun();
    void doesNotProbeWithoutAnAddressOfTheFamily();
    void aLinkWithoutRoomMakesPacketsWait();
    void aProbeOvertakesWhatWaits();
    void cutSegmentsSurviveALinkWithoutRoom();
    void aLinkThatReadsNothingCostsNoMoreThanTheQueue();
    void countsWhatThePoolHasNoRoomFor();
};

void TestClientPath::sendsItsOwnPacketsInOrder()
{
    Fixture fixture;
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < 200; ++i) {
        ByteVector packet = i % 2 == 0 ? udpPacket(Us, Lan, i) : udpPacket(Us6, Lan6, i);
        bytes += packet.size();
        fixture.device.inject(std::move(packet));
    }
    QVERIFY(fixture.path.tunReadable());
    QCOMPARE(fixture.sent().size(), std::size_t{200});
    // Two flows, each in its order.
    std::array<std::uint32_t, 2> next{0, 1};
    for (std::uint32_t i = 0; i < 200; ++i) {
        const std::uint32_t number = numberOf(fixture.sent()[i].bytes);
        QCOMPARE(number, next[number % 2]);
        next[number % 2] += 2;
    }
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{200});
    QCOMPARE(fixture.counters.bytesFromTun, bytes);
    QCOMPARE(fixture.counters.droppedInAll(), std::uint64_t{0});
}

void TestClientPath::dropsWhatMustNotLeave_data()
{
    QTest::addColumn<Segment>("packet");
    QTest::addColumn<int>("reason");
    const auto row = [](const char* name, const Segment& packet, DropReason reason) {
        QTest::newRow(name) << packet << static_cast<int>(reason);
    };
    row("a stranger's source", plain(udpPacket(Stranger, Lan)), DropReason::ForeignSource);
    row("a neighbour's source", plain(udpPacket(Neighbour, Lan)), DropReason::ForeignSource);
    row("a stranger's source in IPv6", plain(udpPacket(address("fe80::1"), address("ff02::2"))),
        DropReason::ForeignSource);
    row("no IP", plain(ByteVector(40, std::byte{0x10})), DropReason::NotIp);
    row("one byte", plain(ByteVector(1, std::byte{0x45})), DropReason::BadLength);
    row("a length beyond the packet", plain(withLength(udpPacket(Us, Lan), 1500)), DropReason::BadLength);
    row("a length inside the packet", plain(withLength(udpPacket(Us, Lan), 40)), DropReason::BadLength);
    Segment bad = tcpSegment(Us, Lan, 5000, 1400);
    bad.header.headerBytes = 44;
    row("a segment header that lies", bad, DropReason::BadSegment);
}

void TestClientPath::dropsWhatMustNotLeave()
{
    QFETCH(Segment, packet);
    QFETCH(int, reason);
    Fixture fixture;
    fixture.device.inject(udpPacket(Us, Lan, 1));
    fixture.device.inject(packet.bytes, packet.header);
    fixture.device.inject(udpPacket(Us, Lan, 2));
    QVERIFY(fixture.path.tunReadable());
    QCOMPARE(fixture.sent().size(), std::size_t{2});
    QCOMPARE(numberOf(fixture.sent()[1].bytes), 2U);
    QCOMPARE(fixture.counters.dropped(static_cast<DropReason>(reason)), std::uint64_t{1});
    QCOMPARE(fixture.counters.droppedInAll(), std::uint64_t{1});
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{2});
}

void TestClientPath::sendsSegmentsInTheFormThatThePeerTakes()
{
    const Segment segment = tcpSegment(Us, Lan, 30000, 1400);
    Fixture takesAll;
    takesAll.device.inject(segment.bytes, segment.header);
    QVERIFY(takesAll.path.tunReadable());
    QCOMPARE(takesAll.sent().size(), std::size_t{1});
    QVERIFY(takesAll.sent()[0].segment == segment.header);
    QVERIFY(takesAll.sent()[0].bytes == segment.bytes);

    Fixture takesNothing(net::SegmentSupport::all(), {});
    takesNothing.device.inject(segment.bytes, segment.header);
    QVERIFY(takesNothing.path.tunReadable());
    const auto cut = cutAll(segment.header, segment.bytes);
    QCOMPARE(takesNothing.sent().size(), cut.size());
    for (std::size_t i = 0; i < cut.size(); ++i)
        QVERIFY(takesNothing.sent()[i].segment.isPlain() && takesNothing.sent()[i].bytes == cut[i]);
}

void TestClientPath::v1TakesOnlyIPv4AndKeepsWhatIsForItself()
{
    ManualTime time;
    tunnel::LinkContext context(time);
    transport::MemoryLink line;
    struct Silent final : tunnel::PlainLink::Observer {
        void linkHandshake(ByteView /*bytes*/) override {}
        void linkFrame(const protocol::v1::Frame& /*frame*/) override {}
        void linkReceived(TimePoint /*now*/) override {}
        void linkRoom() override {}
        void linkClosed(const Error& /*error*/) override {}
    } silent;
    tunnel::PlainLink link(line.takeFirst(), protocol::v1::HandshakeReplyBytes, context, silent);
    link.start();
    const auto server = line.takeSecond();
    struct Collector final : transport::ByteStream::Observer {
        explicit Collector(transport::ByteStream& source)
            : stream(source)
        {
            stream.setObserver(this);
        }
        void streamReadable() override { sizeBytes += stream.read(ByteSpan(bytes).subspan(sizeBytes)).value_or(0); }
        void streamWritable() override {}
        void streamClosed(const Error& /*error*/) override {}
        transport::ByteStream& stream;
        ByteVector bytes = ByteVector(4096);
        std::size_t sizeBytes = 0;
    } received(*server);
    tun::FakeTun device("gvpn0", net::SegmentSupport::all());
    tunnel::Counters counters;
    tunnel::ClientPathConfig v1 = config({});
    v1.form.framing = tunnel::Framing::V1;
    ClientPath path(device, link, context, v1, counters);

    device.inject(udpPacket(address("fd00:86::2"), address("fd00:17::9"), 1));
    device.inject(udpPacket(Us, Us, 2));
    device.inject(udpPacket(Us, Lan, 3));
    QVERIFY(path.tunReadable());
    line.pump(time.now());
    const ByteVector expected = udpPacket(Us, Lan, 3);
    QCOMPARE(received.sizeBytes, expected.size() + protocol::v1::FrameHeaderBytes);
    QVERIFY(std::ranges::equal(ByteView(received.bytes).subspan(protocol::v1::FrameHeaderBytes, expected.size()),
                               expected));
    QCOMPARE(device.written().size(), std::size_t{1});
    QCOMPARE(numberOf(device.written()[0].bytes), 2U);
    QCOMPARE(counters.dropped(DropReason::NotIp), std::uint64_t{1});
}

void TestClientPath::deliversWhatIsForUs_data()
{
    QTest::addColumn<Segment>("packet");
    QTest::newRow("from an accepted route") << plain(udpPacket(Lan, Us));
    QTest::newRow("from the tunnel network") << plain(udpPacket(Neighbour, Us));
    QTest::newRow("from the gateway") << plain(udpPacket(Gateway, Us));
    QTest::newRow("from an accepted route in IPv6") << plain(udpPacket(Lan6, Us6));
    QTest::newRow("from the gateway in IPv6") << plain(udpPacket(Gateway6, Us6));
    QTest::newRow("a segment") << tcpSegment(Lan, Us, 50000, 1400);
    QTest::newRow("without its checksum") << unfinished(Lan, Us, net::IpProtocol::Udp, numberedPayload(1, 9));
}

void TestClientPath::deliversWhatIsForUs()
{
    QFETCH(Segment, packet);
    Fixture fixture;
    QVERIFY(fixture.receive(packet));
    QCOMPARE(fixture.device.written().size(), std::size_t{1});
    QVERIFY(fixture.device.written()[0].bytes == packet.bytes);
    QVERIFY(fixture.device.written()[0].segment == packet.header);
    QCOMPARE(fixture.counters.packetsToTun, std::uint64_t{1});
    QCOMPARE(fixture.counters.bytesToTun, std::uint64_t{packet.bytes.size()});
}

void TestClientPath::dropsWhatMustNotReachTheTun_data()
{
    QTest::addColumn<Segment>("packet");
    QTest::addColumn<int>("reason");
    const auto row = [](const char* name, const Segment& packet, DropReason reason) {
        QTest::newRow(name) << packet << static_cast<int>(reason);
    };
    row("for a neighbour", plain(udpPacket(Lan, Neighbour)), DropReason::ForeignDestination);
    row("for a stranger", plain(udpPacket(Lan, Stranger)), DropReason::ForeignDestination);
    row("for everybody", plain(udpPacket(Lan, address("255.255.255.255"))), DropReason::ForeignDestination);
    row("for our loopback", plain(udpPacket(Lan, address("127.0.0.1"))), DropReason::ForeignDestination);
    row("from a stranger", plain(udpPacket(Stranger, Us)), DropReason::ForeignSource);
    row("from loopback", plain(udpPacket(address("127.0.0.1"), Us)), DropReason::ForeignSource);
    row("from ourselves", plain(udpPacket(Us, Us)), DropReason::ForeignSource);
    row("from a stranger in IPv6", plain(udpPacket(address("fd00:99::1"), Us6)), DropReason::ForeignSource);
    row("no IP", plain(ByteVector(60, std::byte{0x00})), DropReason::NotIp);
    row("nothing", plain({}), DropReason::BadLength);
    row("a length beyond the packet", plain(withLength(udpPacket(Lan, Us), 61)), DropReason::BadLength);
    row("a length inside the packet", plain(withLength(udpPacket(Lan, Us), 59)), DropReason::BadLength);
    Segment tooSmall = tcpSegment(Lan, Us, 5000, 100);
    row("segments that are too small", tooSmall, DropReason::BadSegment);
    Segment wrongType = tcpSegment(Lan, Us, 5000, 1400);
    wrongType.header.type = net::SegmentType::Udp4;
    row("a segment of the wrong type", wrongType, DropReason::BadSegment);
    Segment place = unfinished(Lan, Us, net::IpProtocol::Udp, numberedPayload(1, 9));
    place.header.checksumOffset = 16;
    row("a checksum at the wrong place", place, DropReason::BadSegment);
}

void TestClientPath::dropsWhatMustNotReachTheTun()
{
    QFETCH(Segment, packet);
    QFETCH(int, reason);
    Fixture fixture;
    QVERIFY(fixture.receive(packet));
    QVERIFY(fixture.device.written().empty());
    QCOMPARE(fixture.counters.dropped(static_cast<DropReason>(reason)), std::uint64_t{1});
    QCOMPARE(fixture.counters.droppedInAll(), std::uint64_t{1});
    QCOMPARE(fixture.counters.packetsToTun, std::uint64_t{0});
}

void TestClientPath::dropsSegmentsThatTheTunDoesNotTake()
{
    Fixture fixture{net::SegmentSupport{.checksum = true}};
    QVERIFY(fixture.receive(tcpSegment(Lan, Us, 5000, 1400)));
    QCOMPARE(fixture.counters.dropped(DropReason::BadSegment), std::uint64_t{1});
    QVERIFY(fixture.receive(unfinished(Lan, Us, net::IpProtocol::Tcp, numberedPayload(1, 9))));
    QCOMPARE(fixture.device.written().size(), std::size_t{1});
}

void TestClientPath::countsWhatTheTunRefuses()
{
    Fixture fixture;
    fixture.device.failNextWrite();
    QVERIFY(fixture.receive(plain(udpPacket(Lan, Us, 1))));
    QVERIFY(fixture.receive(plain(udpPacket(Lan, Us, 2))));
    QCOMPARE(fixture.counters.dropped(DropReason::TunRefused), std::uint64_t{1});
    QCOMPARE(fixture.counters.packetsToTun, std::uint64_t{1});
    QCOMPARE(fixture.device.written().size(), std::size_t{1});
}

void TestClientPath::tellsWhenTheTunIsGone()
{
    Fixture fixture;
    fixture.device.breakDevice();
    const auto read = fixture.path.tunReadable();
    QVERIFY(!read);
    QVERIFY(read.error().code == ErrorCode::Closed);
    QVERIFY(!fixture.receive(plain(udpPacket(Lan, Us))));
    // What is dropped anyway doesn't find out.
    QVERIFY(fixture.receive(plain(udpPacket(Stranger, Us))));
}

void TestClientPath::itsProbeIsAnswered_data()
{
    QTest::addColumn<bool>("isIPv4");
    QTest::newRow("IPv4") << true;
    QTest::newRow("IPv6") << false;
}

void TestClientPath::itsProbeIsAnswered()
{
    QFETCH(bool, isIPv4);
    Fixture fixture;
    fixture.path.sendProbe(isIPv4 ? Gateway : Gateway6, {77, 1});
    QCOMPARE(fixture.sent().size(), std::size_t{1});
    const ByteVector request = fixture.sent()[0].bytes;
    QVERIFY(request == net::makeEchoRequest(isIPv4 ? Us : Us6, isIPv4 ? Gateway : Gateway6, {77, 1}));
    QVERIFY(!fixture.path.takeProbeAnswer());
    QVERIFY(fixture.receive(plain(echoReplyTo(request))));
    QVERIFY(fixture.device.written().empty());
    QVERIFY(fixture.path.takeProbeAnswer());
    QVERIFY(!fixture.path.takeProbeAnswer());
    // A second answer is no answer of ours any more.
    QVERIFY(fixture.receive(plain(echoReplyTo(request))));
    QVERIFY(!fixture.path.takeProbeAnswer());
    QCOMPARE(fixture.device.written().size(), std::size_t{1});
}

void TestClientPath::otherEchoRepliesReachTheTun()
{
    Fixture fixture;
    fixture.path.sendProbe(Gateway, {77, 1});
    QVERIFY(fixture.receive(plain(echoReplyTo(net::makeEchoRequest(Us, Gateway, {77, 2})))));
    QVERIFY(fixture.receive(plain(echoReplyTo(net::makeEchoRequest(Us, Gateway, {78, 1})))));
    ByteVector damaged = echoReplyTo(net::makeEchoRequest(Us, Gateway, {77, 1}));
    damaged.back() ^= std::byte{1};
    QVERIFY(fixture.receive(plain(damaged)));
    QVERIFY(!fixture.path.takeProbeAnswer());
    QCOMPARE(fixture.device.written().size(), std::size_t{3});
    QVERIFY(fixture.receive(plain(echoReplyTo(net::makeEchoRequest(Us, Gateway, {77, 1})))));
    QVERIFY(fixture.path.takeProbeAnswer());
}

void TestClientPath::doesNotProbeWithoutAnAddressOfTheFamily()
{
    LinkPair pair;
    tun::FakeTun device;
    tunnel::Counters counters;
    ClientPath path(device, *pair.client.link, pair.client.context, {{interfaceAddress("10.86.0.2/24")}, {}, {}},
                    counters);
    pair.establish();
    path.sendProbe(Gateway6, {1, 1});
    pair.pump();
    QVERIFY(pair.server.recorder.packets.empty());
}

void TestClientPath::aLinkWithoutRoomMakesPacketsWait()
{
    Fixture fixture(net::SegmentSupport::all(), net::SegmentSupport::all(), {.windowBytes = 32 * 1024});
    fixture.pair.line.pauseReadingOfSecond(true);
    for (std::uint32_t i = 0; i < 900; ++i)
        fixture.device.inject(udpPacket(Us, Lan, i, 1400));
    // The TUN is read all the same, so that flows are told apart.
    ByteVector buffer(net::MaxPacketBytes);
    fixture.readAll();
    QCOMPARE(fixture.device.read(buffer)->sizeBytes, std::size_t{0});
    const std::uint64_t taken = fixture.counters.packetsFromTun;
    QVERIFY(taken < 200);
    QVERIFY(fixture.path.tunReadable());
    QCOMPARE(fixture.counters.packetsFromTun, taken);
    fixture.pair.client.recorder.onRoom = [&fixture] { fixture.path.linkRoom(); };
    fixture.pair.line.pauseReadingOfSecond(false);
    QCOMPARE(fixture.sent().size(), std::size_t{900});
    for (std::uint32_t i = 0; i < 900; ++i)
        QCOMPARE(numberOf(fixture.sent()[i].bytes), i);
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{900});
    QCOMPARE(fixture.counters.droppedInAll(), std::uint64_t{0});
}

void TestClientPath::aProbeOvertakesWhatWaits()
{
    Fixture fixture(net::SegmentSupport::all(), net::SegmentSupport::all(), {.windowBytes = 32 * 1024});
    fixture.pair.line.pauseReadingOfSecond(true);
    for (std::uint32_t i = 0; i < 900; ++i)
        fixture.device.inject(udpPacket(Us, Lan, i, 1400));
    fixture.readAll();
    const std::uint64_t taken = fixture.counters.packetsFromTun;
    fixture.path.sendProbe(Gateway, {7, 1});
    fixture.pair.client.recorder.onRoom = [&fixture] { fixture.path.linkRoom(); };
    fixture.pair.line.pauseReadingOfSecond(false);
    QCOMPARE(fixture.sent().size(), std::size_t{901});
    const ByteVector probe = net::makeEchoRequest(Us, Gateway, {7, 1});
    const auto place = std::ranges::find(fixture.sent(), probe, &ReceivedPacket::bytes) - fixture.sent().begin();
    QVERIFY2(static_cast<std::uint64_t>(place) < taken + 20, qPrintable(QString::number(place)));
}

void TestClientPath::cutSegmentsSurviveALinkWithoutRoom()
{
    Fixture fixture(net::SegmentSupport::all(), {}, {.windowBytes = 16 * 1024});
    fixture.pair.line.pauseReadingOfSecond(true);
    std::vector<ByteVector> expected;
    for (std::uint32_t i = 0; i < 20; ++i) {
        const Segment segment = tcpSegment(Us, Lan, 65000, 1400, i);
        for (ByteVector& packet : cutAll(segment.header, segment.bytes))
            expected.push_back(std::move(packet));
        fixture.device.inject(segment.bytes, segment.header);
    }
    QVERIFY(expected.size() * 2048 < tunnel::QueueBytes);
    fixture.readAll();
    fixture.pair.client.recorder.onRoom = [&fixture] { fixture.path.linkRoom(); };
    fixture.pair.line.pauseReadingOfSecond(false);
    const auto& sent = fixture.sent();
    QCOMPARE(sent.size(), expected.size());
    for (std::size_t i = 0; i < sent.size(); ++i)
        QVERIFY(sent[i].bytes == expected[i]);
    QCOMPARE(fixture.counters.droppedInAll(), std::uint64_t{0});
}

void TestClientPath::aLinkThatReadsNothingCostsNoMoreThanTheQueue()
{
    Fixture fixture(net::SegmentSupport::all(), {}, {.windowBytes = 16 * 1024});
    fixture.pair.line.pauseReadingOfSecond(true);
    std::size_t packets = 0;
    for (std::uint32_t i = 0; i < 100; ++i) {
        const Segment segment = tcpSegment(Us, Lan, 65000, 1400, i);
        packets += cutAll(segment.header, segment.bytes).size();
        fixture.device.inject(segment.bytes, segment.header);
    }
    fixture.readAll();
    constexpr std::size_t SpaceBytes = protocol::PacketHeadroomBytes + net::MaxPacketBytes;
    QVERIFY(fixture.pair.client.context.pool.bytesInUse() <= tunnel::QueueBytes + SpaceBytes);
    QVERIFY(fixture.counters.dropped(DropReason::QueueFull) > 1000);
    fixture.pair.client.recorder.onRoom = [&fixture] { fixture.path.linkRoom(); };
    fixture.pair.line.pauseReadingOfSecond(false);
    QCOMPARE(fixture.sent().size() + fixture.counters.dropped(DropReason::QueueFull), packets);
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{fixture.sent().size()});
}

void TestClientPath::countsWhatThePoolHasNoRoomFor()
{
    Fixture fixture;
    std::vector<tunnel::PacketBlock> hoarded;
    while (true) {
        tunnel::PacketBlock block = fixture.pair.client.context.pool.make(net::MaxPacketBytes);
        if (!block)
            break;
        hoarded.push_back(std::move(block));
    }
    while (tunnel::PacketBlock block = fixture.pair.client.context.pool.make(100))
        hoarded.push_back(std::move(block));
    fixture.device.inject(udpPacket(Us, Lan, 1));
    fixture.device.inject(udpPacket(Us, Lan, 2));
    QVERIFY(fixture.path.tunReadable());
    QCOMPARE(fixture.counters.dropped(DropReason::QueueFull), std::uint64_t{2});
    hoarded.clear();
    fixture.device.inject(udpPacket(Us, Lan, 3));
    QVERIFY(fixture.path.tunReadable());
    QCOMPARE(fixture.sent().size(), std::size_t{1});
    QCOMPARE(numberOf(fixture.sent()[0].bytes), 3U);
}

QTEST_APPLESS_MAIN(TestClientPath)
#include "tst_client_path.moc"
