#include "office.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using namespace gvpn::server::test;
using gvpn::test::cutAll;
using gvpn::test::echoReplyTo;
using gvpn::test::numberedPayload;
using gvpn::test::numberOf;
using gvpn::test::tcpPacket;
using gvpn::test::tcpSegment;
using gvpn::test::udpPacket;
using gvpn::test::unfinished;
using tunnel::DropReason;

namespace {

const net::IpAddress Lan = address("172.17.0.9");
const net::IpAddress Gateway = address("10.86.0.1");

HubConfig withClientToClient()
{
    HubConfig config = officeConfig();
    config.allowsClientToClient = true;
    return config;
}

Wish wishFor(std::string_view text, const net::SegmentSupport& takes = net::SegmentSupport::all())
{
    Wish wish;
    wish.addresses = {interfaceAddress(text)};
    wish.isRequired = true;
    wish.takes = takes;
    return wish;
}

/// What the server counted for the first client, which leaves for it.
tunnel::Counters countersOf(Office& office, Guest& guest)
{
    guest->leave();
    office.pump();
    return office.disconnected.empty() ? tunnel::Counters() : office.disconnected.back().client.counters;
}

}  // namespace

Q_DECLARE_METATYPE(Segment)

class TestHubPackets : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void packetsReachTheLan();
    void packetsReachTheClient();
    void dropsWhatAClientMustNotSend_data();
    void dropsWhatAClientMustNotSend();
    void theGatewayTakesEchoOnly();
    void eachClientGetsItsOwnPacketsOnly();
    void packetsFromTheTunStayInOrder();
    void packetsForNobodyAreCounted();
    void segmentsAreCutForAClientThatTakesNone();
    void countsWhatLeavesForAClient();
    void aPacketThatWaitsIsNotCountedYet();
    void clientsDoNotReachEachOtherUnlessAllowed();
    void clientsReachEachOtherIfAllowed();
    void segmentsBetweenClientsAreCutForTheOneThatTakesNone();
    void aClientCannotReachItselfThroughTheServer();
    void packetsBeforeAGoodbyeStillReachTheOtherClient();
    void packetsInBothFamilies();
    void countsWhatTheTunRefuses();
    void tellsWhenTheTunIsGone();
    void noPacketGoesToAClientThatLeft();
    void packetsBeforeTheAddressEndTheSession();
};

void TestHubPackets::packetsReachTheLan()
{
    Office office;
    Guest& guest = office.connect();
    const Segment segment = tcpSegment(guest->address(), Lan, 50000, 1400);
    const Segment partial = unfinished(guest->address(), Lan, net::IpProtocol::Udp, numberedPayload(1, 100));
    guest->send(udpPacket(guest->address(), Lan, 7));
    guest->send(segment);
    guest->send(partial);
    office.pump();
    const auto& written = office.device.written();
    QCOMPARE(written.size(), std::size_t{3});
    QCOMPARE(numberOf(written[0].bytes), 7U);
    QVERIFY(written[1].segment == segment.header && written[1].bytes == segment.bytes);
    QVERIFY(written[2].segment == partial.header && written[2].bytes == partial.bytes);
    const tunnel::Counters counters = countersOf(office, guest);
    QCOMPARE(counters.packetsToTun, std::uint64_t{3});
    QCOMPARE(counters.bytesToTun, std::uint64_t{60 + segment.bytes.size() + partial.bytes.size()});
    QCOMPARE(counters.droppedInAll(), std::uint64_t{0});
}

void TestHubPackets::packetsReachTheClient()
{
    Office office;
    Guest& guest = office.connect();
    const Segment segment = tcpSegment(Lan, guest->address(), 50000, 1400);
    office.fromLan(udpPacket(Lan, guest->address(), 7));
    office.fromLan(segment.bytes, segment.header);
    QCOMPARE(guest->packets.size(), std::size_t{2});
    QCOMPARE(numberOf(guest->packets[0].bytes), 7U);
    QVERIFY(guest->packets[1].segment == segment.header && guest->packets[1].bytes == segment.bytes);
    QCOMPARE(countersOf(office, guest).packetsFromTun, std::uint64_t{2});
}

void TestHubPackets::dropsWhatAClientMustNotSend_data()
{
    QTest::addColumn<Segment>("packet");
    QTest::addColumn<int>("reason");
    const auto row = [](const char* name, const Segment& packet, DropReason reason) {
        QTest::newRow(name) << packet << static_cast<int>(reason);
    };
    const auto plain = [](ByteVector packet) { return Segment{{}, std::move(packet)}; };
    const net::IpAddress us = address("10.86.0.77");
    row("a LAN host's source", plain(udpPacket(address("172.17.0.8"), Lan)), DropReason::ForeignSource);
    row("the other client's source", plain(udpPacket(address("10.86.0.78"), Lan)), DropReason::ForeignSource);
    row("the gateway's source", plain(udpPacket(Gateway, Lan)), DropReason::ForeignSource);
    row("an unspecified source", plain(udpPacket(address("0.0.0.0"), Lan)), DropReason::ForeignSource);
    row("an IPv6 source", plain(udpPacket(address("fd00:86::2"), address("fd00:17::9"))), DropReason::ForeignSource);
    row("to the Internet", plain(udpPacket(us, address("1.1.1.1"))), DropReason::ForeignDestination);
    row("beside the LAN", plain(udpPacket(us, address("172.18.0.1"))), DropReason::ForeignDestination);
    row("to the other client", plain(udpPacket(us, address("10.86.0.78"))), DropReason::ForeignDestination);
    row("multicast", plain(udpPacket(us, address("224.0.0.251"))), DropReason::ForeignDestination);
    row("broadcast", plain(udpPacket(us, address("255.255.255.255"))), DropReason::ForeignDestination);
    row("no IP", plain(ByteVector(40, std::byte{0x20})), DropReason::NotIp);
    row("too short", plain(ByteVector(19, std::byte{0x45})), DropReason::BadLength);
    ByteVector lying = udpPacket(us, Lan);
    writeBigEndian(lying, 2, std::uint16_t{61});
    row("a length that lies", plain(lying), DropReason::BadLength);
    row("segments that are too small", tcpSegment(us, Lan, 5000, 215), DropReason::BadSegment);
    row("too many segments", tcpSegment(us, Lan, 60000, 216), DropReason::BadSegment);
    Segment wrongHeader = tcpSegment(us, Lan, 5000, 1400);
    wrongHeader.header.headerBytes = 60;
    row("a header size that lies", wrongHeader, DropReason::BadSegment);
    Segment wrongPlace = unfinished(us, Lan, net::IpProtocol::Udp, numberedPayload(1, 50));
    wrongPlace.header.checksumStart = 40;
    row("a checksum at the wrong place", wrongPlace, DropReason::BadSegment);
}

void TestHubPackets::dropsWhatAClientMustNotSend()
{
    QFETCH(Segment, packet);
    QFETCH(int, reason);
    Office office;
    Guest& guest = office.connect(wishFor("10.86.0.77/24"));
    Guest& other = office.connect(wishFor("10.86.0.78/24"));
    guest->send(packet);
    guest->send(udpPacket(guest->address(), Lan, 5));
    office.pump();
    QCOMPARE(office.device.written().size(), std::size_t{1});
    QCOMPARE(numberOf(office.device.written()[0].bytes), 5U);
    QVERIFY(other->packets.empty());
    QVERIFY(!guest->ended);
    const tunnel::Counters counters = countersOf(office, guest);
    QCOMPARE(counters.dropped(static_cast<DropReason>(reason)), std::uint64_t{1});
    QCOMPARE(counters.droppedInAll(), std::uint64_t{1});
}

void TestHubPackets::theGatewayTakesEchoOnly()
{
    Office office;
    Guest& guest = office.connect();
    const ByteVector request = net::makeEchoRequest(guest->address(), Gateway, {1, 2});
    guest->send(request);
    guest->send(tcpPacket(guest->address(), Gateway));
    guest->send(udpPacket(guest->address(), Gateway));
    office.pump();
    QCOMPARE(office.device.written().size(), std::size_t{1});
    QVERIFY(office.device.written()[0].bytes == request);
    // The kernel answers.
    office.fromLan(echoReplyTo(request));
    QCOMPARE(guest->packets.size(), std::size_t{1});
    QCOMPARE(countersOf(office, guest).dropped(DropReason::ForeignDestination), std::uint64_t{2});
}

void TestHubPackets::eachClientGetsItsOwnPacketsOnly()
{
    Office office;
    for (int i = 0; i < 5; ++i)
        QVERIFY(office.connect()->established);
    for (std::uint32_t i = 0; i < 500; ++i)
        office.device.inject(udpPacket(Lan, office.guests[i * 7 % 5]->address(), i));
    while (!office.device.written().empty() || office.guests[0]->packets.size() < 100) {
        office.hub.tunReadable();
        office.pump();
    }
    for (Guest& guest : office.guests) {
        QCOMPARE(guest->packets.size(), std::size_t{100});
        std::uint32_t last = 0;
        for (const ReceivedPacket& packet : guest->packets) {
            QVERIFY(net::IpPacket::parse(packet.bytes)->destination() == guest->address());
            QVERIFY(numberOf(packet.bytes) >= last);
            last = numberOf(packet.bytes);
        }
    }
}

void TestHubPackets::packetsFromTheTunStayInOrder()
{
    Office office;
    Guest& takesAll = office.connect();
    Wish wish;
    wish.takes = {};
    Guest& takesNothing = office.connect(wish);
    std::array<std::vector<ByteVector>, 2> expected;
    for (std::uint32_t i = 0; i < 40; ++i) {
        const bool isFirst = (i / 3) % 2 == 0;
        const net::IpAddress to = isFirst ? takesAll->address() : takesNothing->address();
        const Segment segment = tcpSegment(Lan, to, 1 + i * 1500, 1400, i);
        if (isFirst)
            expected[0].push_back(segment.bytes);
        else
            for (ByteVector& packet : cutAll(segment.header, segment.bytes))
                expected[1].push_back(std::move(packet));
        office.device.inject(segment.bytes, segment.header);
    }
    // A wake-up reads a part of what the TUN has.
    for (int i = 0; i < 10; ++i)
        office.hub.tunReadable();
    office.pump();
    for (const auto& [guest, wanted] : {std::pair{&takesAll, &expected[0]}, std::pair{&takesNothing, &expected[1]}}) {
        QCOMPARE((*guest)->packets.size(), wanted->size());
        for (std::size_t i = 0; i < wanted->size(); ++i)
            QVERIFY((*guest)->packets[i].bytes == (*wanted)[i]);
    }
}

void TestHubPackets::packetsForNobodyAreCounted()
{
    Office office;
    Guest& guest = office.connect(wishFor("10.86.0.77/24"));
    office.fromLan(udpPacket(Lan, address("10.86.0.78")));
    office.fromLan(udpPacket(Lan, address("10.86.0.255")));
    office.fromLan(udpPacket(Lan, address("192.168.3.4")));
    office.fromLan(ByteVector(40, std::byte{0x30}));
    office.fromLan(udpPacket(Lan, guest->address()));
    QCOMPARE(guest->packets.size(), std::size_t{1});
    QCOMPARE(office.hub.counters().dropped(DropReason::NoSuchClient), std::uint64_t{2});
    QCOMPARE(office.hub.counters().dropped(DropReason::ForeignDestination), std::uint64_t{1});
    QCOMPARE(office.hub.counters().dropped(DropReason::NotIp), std::uint64_t{1});
    QCOMPARE(office.hub.counters().droppedInAll(), std::uint64_t{4});
}

void TestHubPackets::segmentsAreCutForAClientThatTakesNone()
{
    Office office;
    Wish wish;
    wish.takes = {.checksum = true};
    Guest& guest = office.connect(wish);
    const Segment segment = tcpSegment(Lan, guest->address(), 64000, 1400);
    const Segment partial = unfinished(Lan, guest->address(), net::IpProtocol::Udp, numberedPayload(1, 100));
    office.fromLan(segment.bytes, segment.header);
    office.fromLan(partial.bytes, partial.header);
    const auto cut = cutAll(segment.header, segment.bytes);
    QCOMPARE(guest->packets.size(), cut.size() + 1);
    for (std::size_t i = 0; i < cut.size(); ++i)
        QVERIFY(guest->packets[i].segment.isPlain() && guest->packets[i].bytes == cut[i]);
    QVERIFY(guest->packets.back().segment == partial.header);
}

void TestHubPackets::countsWhatLeavesForAClient()
{
    // As many as it gets, in its form, without what is put around them.
    for (const bool takesAll : {true, false}) {
        Office office;
        Guest& guest =
            office.connect(wishFor("10.86.0.77/24", takesAll ? net::SegmentSupport::all() : net::SegmentSupport()));
        const Segment segment = tcpSegment(Lan, guest->address(), 64000, 1400);
        const ByteVector plain = udpPacket(Lan, guest->address(), 1);
        office.fromLan(segment.bytes, segment.header);
        office.fromLan(plain);
        std::size_t bytes = 0;
        for (const ReceivedPacket& packet : guest->packets)
            bytes += packet.bytes.size();
        const std::size_t packets = guest->packets.size();
        QCOMPARE(packets, takesAll ? std::size_t{2} : cutAll(segment.header, segment.bytes).size() + 1);
        const tunnel::Counters counters = countersOf(office, guest);
        QCOMPARE(counters.packetsFromTun, std::uint64_t{packets});
        QCOMPARE(counters.bytesFromTun, std::uint64_t{bytes});
        QCOMPARE(counters.droppedInAll(), std::uint64_t{0});
    }
}

void TestHubPackets::aPacketThatWaitsIsNotCountedYet()
{
    Office office;
    Guest& guest = office.connect({}, nullptr, {.windowBytes = 32 * 1024});
    guest.line.pauseReadingOfFirst(true);
    for (std::uint32_t i = 0; i < 800; ++i)
        office.fromLan(udpPacket(Lan, guest->address(), i, 1372));
    const std::uint64_t left = office.hub.clients().at(0).counters.packetsFromTun;
    QVERIFY(left > 0 && left < 200);
    guest.line.pauseReadingOfFirst(false);
    office.pump();
    QCOMPARE(office.hub.clients().at(0).counters.packetsFromTun, std::uint64_t{800});
    QCOMPARE(office.hub.clients().at(0).counters.bytesFromTun, std::uint64_t{800 * 1400});
    QCOMPARE(guest->packets.size(), std::size_t{800});
}

void TestHubPackets::clientsDoNotReachEachOtherUnlessAllowed()
{
    Office office;
    Guest& first = office.connect();
    Guest& second = office.connect();
    first->send(udpPacket(first->address(), second->address()));
    office.pump();
    QVERIFY(second->packets.empty());
    QVERIFY(office.device.written().empty());
}

void TestHubPackets::clientsReachEachOtherIfAllowed()
{
    Office office(withClientToClient());
    Guest& first = office.connect();
    Guest& second = office.connect();
    Guest& third = office.connect();
    for (std::uint32_t i = 0; i < 30; ++i)
        first->send(udpPacket(first->address(), i % 3 == 0 ? third->address() : second->address(), i));
    second->send(udpPacket(second->address(), first->address(), 99));
    first->send(udpPacket(second->address(), third->address(), 500));
    first->send(udpPacket(first->address(), Lan, 600));
    office.pump();
    QCOMPARE(second->packets.size(), std::size_t{20});
    QCOMPARE(third->packets.size(), std::size_t{10});
    QCOMPARE(first->packets.size(), std::size_t{1});
    for (std::uint32_t i = 0; i < 10; ++i)
        QCOMPARE(numberOf(third->packets[i].bytes), i * 3);
    QCOMPARE(office.device.written().size(), std::size_t{1});
    QCOMPARE(countersOf(office, first).dropped(DropReason::ForeignSource), std::uint64_t{1});
}

void TestHubPackets::segmentsBetweenClientsAreCutForTheOneThatTakesNone()
{
    Office office(withClientToClient());
    Guest& first = office.connect(wishFor("10.86.0.77/24"));
    Guest& second = office.connect(wishFor("10.86.0.78/24", {}));
    const Segment there = tcpSegment(first->address(), second->address(), 60000, 1400);
    first->send(there);
    office.pump();
    const auto cut = cutAll(there.header, there.bytes);
    QCOMPARE(second->packets.size(), cut.size());
    for (std::size_t i = 0; i < cut.size(); ++i)
        QVERIFY(second->packets[i].segment.isPlain() && second->packets[i].bytes == cut[i]);
    const Segment back = tcpSegment(second->address(), first->address(), 60000, 1400);
    second->send(back);
    office.pump();
    QCOMPARE(first->packets.size(), std::size_t{1});
    QVERIFY(first->packets[0].segment == back.header);
}

void TestHubPackets::aClientCannotReachItselfThroughTheServer()
{
    Office office(withClientToClient());
    Guest& guest = office.connect();
    guest->send(udpPacket(guest->address(), guest->address()));
    guest->send(udpPacket(guest->address(), address("10.86.0.255")));
    office.pump();
    QVERIFY(guest->packets.empty());
    QCOMPARE(countersOf(office, guest).dropped(DropReason::NoSuchClient), std::uint64_t{2});
}

void TestHubPackets::packetsBeforeAGoodbyeStillReachTheOtherClient()
{
    Office office(withClientToClient());
    Guest& first = office.connect();
    Guest& second = office.connect();
    // All in one chunk: the session is over before its wake-up is.
    first->send(udpPacket(first->address(), second->address(), 1));
    first->leave();
    office.pump();
    QCOMPARE(second->packets.size(), std::size_t{1});
}

void TestHubPackets::packetsInBothFamilies()
{
    HubConfig config = officeConfig();
    config.pools.push_back(network("fd00:86::/64"));
    config.lanNetworks.push_back(network("fd00:17::/64"));
    Office office(config);
    Guest& guest = office.connect();
    const net::IpAddress us6 = guest->address(1);
    const net::IpAddress lan6 = address("fd00:17::9");
    guest->send(udpPacket(us6, lan6, 1));
    guest->send(tcpSegment(us6, lan6, 20000, 1400));
    guest->send(net::makeEchoRequest(us6, address("fd00:86::1"), {1, 1}));
    guest->send(tcpPacket(us6, address("fd00:86::1")));
    guest->send(udpPacket(address("fd00:86::1234"), lan6));
    guest->send(udpPacket(address("fe80::1"), address("ff02::1")));
    office.pump();
    QCOMPARE(office.device.written().size(), std::size_t{3});
    office.fromLan(udpPacket(lan6, us6, 2));
    QCOMPARE(guest->packets.size(), std::size_t{1});
    QCOMPARE(countersOf(office, guest).droppedInAll(), std::uint64_t{3});
}

void TestHubPackets::countsWhatTheTunRefuses()
{
    Office office;
    Guest& guest = office.connect();
    office.device.failNextWrite();
    guest->send(udpPacket(guest->address(), Lan, 1));
    guest->send(udpPacket(guest->address(), Lan, 2));
    office.pump();
    QCOMPARE(office.device.written().size(), std::size_t{1});
    const tunnel::Counters counters = countersOf(office, guest);
    QCOMPARE(counters.dropped(DropReason::TunRefused), std::uint64_t{1});
    QCOMPARE(counters.packetsToTun, std::uint64_t{1});
}

void TestHubPackets::tellsWhenTheTunIsGone()
{
    Office office;
    Guest& guest = office.connect();
    office.device.breakDevice();
    office.hub.tunReadable();
    QCOMPARE(office.broken.size(), std::size_t{1});
    QVERIFY(office.broken[0].code == ErrorCode::Closed);
    guest->send(udpPacket(guest->address(), Lan));
    office.pump();
    QCOMPARE(office.broken.size(), std::size_t{2});
    QVERIFY(!guest->ended);
}

void TestHubPackets::noPacketGoesToAClientThatLeft()
{
    Office office;
    Guest& first = office.connect(wishFor("10.86.0.77/24"));
    office.fromLan(udpPacket(Lan, first->address(), 1));
    first->leave();
    office.pump();
    office.fromLan(udpPacket(Lan, address("10.86.0.77"), 2));
    Guest& second = office.connect(wishFor("10.86.0.77/24"));
    office.fromLan(udpPacket(Lan, address("10.86.0.77"), 3));
    QCOMPARE(first->packets.size(), std::size_t{1});
    QCOMPARE(second->packets.size(), std::size_t{1});
    QCOMPARE(numberOf(second->packets[0].bytes), 3U);
    QCOMPARE(office.hub.counters().dropped(DropReason::NoSuchClient), std::uint64_t{1});
}

void TestHubPackets::packetsBeforeTheAddressEndTheSession()
{
    Office office;
    Wish silent;
    silent.saysHello = false;
    Guest& guest = office.connect(silent);
    guest->send(udpPacket(address("10.86.0.2"), Lan));
    office.pump();
    QVERIFY(office.device.written().empty());
    QCOMPARE(office.refused.size(), std::size_t{1});
    QVERIFY(office.refused[0].code == ErrorCode::ProtocolViolation);
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
}

QTEST_APPLESS_MAIN(TestHubPackets)
#include "tst_hub_packets.moc"
