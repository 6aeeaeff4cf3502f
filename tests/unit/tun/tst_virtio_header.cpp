#include "tun/virtio_header.h"

#include "net/checksum.h"

#include <QtTest>

using namespace gvpn;
using net::SegmentHeader;
using net::SegmentType;
using tun::VirtioHeader;

namespace {

constexpr std::uint8_t Tcp = 6;
constexpr std::uint8_t Udp = 17;

/// An IPv4 (20 bytes of header) or IPv6 packet with this many bytes behind the IP header.
ByteVector ipPacket(int version, std::uint8_t protocol, std::size_t transportBytes)
{
    const std::size_t headerBytes = version == 4 ? 20 : 40;
    ByteVector packet(headerBytes + transportBytes);
    packet[0] = version == 4 ? std::byte{0x45} : std::byte{0x60};
    if (version == 4) {
        writeBigEndian(packet, 2, static_cast<std::uint16_t>(packet.size()));
        packet[9] = std::byte{protocol};
    } else {
        writeBigEndian(packet, 4, static_cast<std::uint16_t>(transportBytes));
        packet[6] = std::byte{protocol};
    }
    if (protocol == Tcp && transportBytes > 12)
        packet[headerBytes + 12] = std::byte{0x50};
    if (protocol == Udp && transportBytes >= 8)
        writeBigEndian(packet, headerBytes + 4, static_cast<std::uint16_t>(transportBytes));
    return packet;
}

VirtioHeader raw(std::uint8_t flags, std::uint8_t gsoType, std::uint16_t headerBytes, std::uint16_t gsoSize,
                 std::uint16_t start, std::uint16_t offset)
{
    const std::array<std::uint16_t, 4> numbers{headerBytes, gsoSize, start, offset};
    VirtioHeader header{};
    header[0] = std::byte{flags};
    header[1] = std::byte{gsoType};
    std::memcpy(header.data() + 2, numbers.data(), sizeof(numbers));
    return header;
}

SegmentHeader segment(SegmentType type, std::uint16_t headerBytes, std::uint16_t start, std::uint16_t offset,
                      bool isMarked = false)
{
    return {type, true, isMarked, headerBytes, 1000, start, offset};
}

}  // namespace

Q_DECLARE_METATYPE(gvpn::net::SegmentHeader)

class TestVirtioHeader : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void writesTheKernelsForm();
    void goesThereAndBack_data();
    void goesThereAndBack();
    void computesTheHeaderSizeItself();
    void givesSmallAndManySegmentsAsTheyAre_data();
    void givesSmallAndManySegmentsAsTheyAre();
    void findsTheTransportBehindIPv6Options();
    void ignoresTheChecksumPlaceWithoutTheFlag();
    void whatNeedsNoCuttingIsWhole_data();
    void whatNeedsNoCuttingIsWhole();
    void refusesWhatDoesNotFit_data();
    void refusesWhatDoesNotFit();
    void completesAChecksumAnywhere();
    void aChecksumOutsideThePacketIsRefused_data();
    void aChecksumOutsideThePacketIsRefused();
};

void TestVirtioHeader::writesTheKernelsForm()
{
    QVERIFY(tun::toVirtio({}) == VirtioHeader{});
    QVERIFY(tun::toVirtio({SegmentType::Tcp4, true, true, 40, 1448, 20, 16}) == raw(1, 0x81, 40, 1448, 20, 16));
    QVERIFY(tun::toVirtio({SegmentType::Udp6, true, false, 48, 1200, 40, 6}) == raw(1, 5, 48, 1200, 40, 6));
    QVERIFY(tun::toVirtio({SegmentType::Whole, true, false, 0, 0, 20, 6}) == raw(1, 0, 0, 0, 20, 6));
}

void TestVirtioHeader::goesThereAndBack_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::addColumn<SegmentHeader>("header");
    const auto row = [](const char* name, const ByteVector& packet, const SegmentHeader& header) {
        QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(packet.data()),
                                          static_cast<qsizetype>(packet.size()))
                            << header;
    };
    row("plain", ipPacket(4, 1, 8), {});
    row("checksum", ipPacket(4, Udp, 100), {SegmentType::Whole, true, false, 0, 0, 20, 6});
    row("tcp4", ipPacket(4, Tcp, 5000), segment(SegmentType::Tcp4, 40, 20, 16));
    row("tcp4 marked", ipPacket(4, Tcp, 5000), segment(SegmentType::Tcp4, 40, 20, 16, true));
    row("tcp6", ipPacket(6, Tcp, 5000), segment(SegmentType::Tcp6, 60, 40, 16));
    row("udp4", ipPacket(4, Udp, 5000), segment(SegmentType::Udp4, 28, 20, 6));
    row("udp6", ipPacket(6, Udp, 5000), segment(SegmentType::Udp6, 48, 40, 6));
}

void TestVirtioHeader::goesThereAndBack()
{
    QFETCH(QByteArray, packet);
    QFETCH(SegmentHeader, header);
    const std::string text = packet.toStdString();
    const auto again = tun::fromVirtio(tun::toVirtio(header), asBytes(text));
    QVERIFY(again);
    QVERIFY(*again == header);
    const auto ip = net::IpPacket::parse(asBytes(text));
    QVERIFY(ip);
    QVERIFY(net::validate(*again, *ip, asBytes(text)));
}

void TestVirtioHeader::computesTheHeaderSizeItself()
{
    ByteVector packet = ipPacket(4, Tcp, 5000);
    packet[20 + 12] = std::byte{0x80};  // 12 bytes of options
    for (const std::uint16_t hint : {std::uint16_t{0}, std::uint16_t{40}, std::uint16_t{128}, std::uint16_t{65535}}) {
        const auto header = tun::fromVirtio(raw(1, 1, hint, 1000, 20, 16), packet);
        QVERIFY(header);
        QCOMPARE(header->headerBytes, std::uint16_t{52});
    }
}

void TestVirtioHeader::givesSmallAndManySegmentsAsTheyAre_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<quint16>("segmentBytes");
    for (const int version : {4, 6}) {
        QTest::addRow("IPv%d, one byte each", version) << version << quint16{1};
        QTest::addRow("IPv%d, smallest of Linux", version) << version << quint16{48};
        QTest::addRow("IPv%d, too many", version) << version << quint16{300};
    }
}

void TestVirtioHeader::givesSmallAndManySegmentsAsTheyAre()
{
    QFETCH(int, version);
    QFETCH(quint16, segmentBytes);
    const bool isIPv4 = version == 4;
    const ByteVector packet = ipPacket(version, Tcp, 60020);
    const std::uint16_t start = isIPv4 ? 20 : 40;
    const auto header = tun::fromVirtio(raw(1, isIPv4 ? 1 : 4, 0, segmentBytes, start, 16), packet);
    QVERIFY(header);
    QCOMPARE(header->segmentBytes, segmentBytes);
    QVERIFY(net::validateLocal(*header, net::IpPacket::parse(packet).value(), packet));
    QVERIFY(!net::mayTravel(*header, packet.size()));
}

void TestVirtioHeader::findsTheTransportBehindIPv6Options()
{
    ByteVector packet = ipPacket(6, 0, 16 + 5000);
    packet[40] = std::byte{60};
    packet[48] = std::byte{Tcp};
    packet[56 + 12] = std::byte{0x50};
    const auto header = tun::fromVirtio(raw(1, 4, 60, 1000, 56, 16), packet);
    QVERIFY(header);
    QVERIFY(*header == segment(SegmentType::Tcp6, 76, 56, 16));
    QVERIFY(net::validateLocal(*header, net::IpPacket::parse(packet).value(), packet));
}

void TestVirtioHeader::ignoresTheChecksumPlaceWithoutTheFlag()
{
    // Flag 2 says that the checksum is known to be right.
    const auto header = tun::fromVirtio(raw(2, 0, 40, 1000, 20, 16), ipPacket(4, Tcp, 100));
    QVERIFY(header);
    QVERIFY(*header == SegmentHeader{});
}

void TestVirtioHeader::whatNeedsNoCuttingIsWhole_data()
{
    QTest::addColumn<int>("payload");
    QTest::addColumn<bool>("isWhole");
    QTest::newRow("nothing") << 0 << true;
    QTest::newRow("less") << 999 << true;
    QTest::newRow("just one") << 1000 << true;
    QTest::newRow("one more") << 1001 << false;
}

void TestVirtioHeader::whatNeedsNoCuttingIsWhole()
{
    QFETCH(int, payload);
    QFETCH(bool, isWhole);
    const ByteVector packet = ipPacket(6, Tcp, 20 + static_cast<std::size_t>(payload));
    const auto header = tun::fromVirtio(raw(1, 0x84, 60, 1000, 40, 16), packet);
    QVERIFY(header);
    QVERIFY(*header
            == (isWhole ? SegmentHeader{SegmentType::Whole, true, false, 0, 0, 40, 16}
                        : segment(SegmentType::Tcp6, 60, 40, 16, true)));
    const auto ip = net::IpPacket::parse(packet);
    QVERIFY(ip);
    QVERIFY(net::validate(*header, *ip, packet));
}

void TestVirtioHeader::refusesWhatDoesNotFit_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::addColumn<int>("gsoType");
    const auto row = [](const char* name, const ByteVector& packet, int gsoType) {
        QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(packet.data()),
                                          static_cast<qsizetype>(packet.size()))
                            << gsoType;
    };
    row("UFO", ipPacket(4, Udp, 5000), 3);
    row("unknown", ipPacket(4, Tcp, 5000), 2);
    row("mark alone", ipPacket(4, Tcp, 5000), 0x80);
    row("marked UDP", ipPacket(4, Udp, 5000), 0x85);
    row("no packet", {}, 1);
    row("tcp4 in IPv6", ipPacket(6, Tcp, 5000), 1);
    row("tcp6 in IPv4", ipPacket(4, Tcp, 5000), 4);
    row("tcp4 with UDP", ipPacket(4, Udp, 5000), 1);
    row("udp with TCP", ipPacket(4, Tcp, 5000), 5);
    row("tcp behind routing", ipPacket(6, 43, 5000), 4);
    ByteVector behind = ipPacket(6, 60, 5000);
    row("nothing behind options", behind, 4);
    behind[40] = std::byte{Udp};
    row("udp behind options for tcp6", behind, 4);
    behind[40] = std::byte{Tcp};
    row("tcp behind options, short header", behind, 4);
    behind = ipPacket(6, 0, 16);
    behind[40] = std::byte{Udp};
    behind[41] = std::byte{3};
    row("options beyond the packet", behind, 5);
    row("cut tcp", ipPacket(4, Tcp, 19), 1);
    row("cut udp", ipPacket(6, Udp, 7), 5);
    ByteVector packet = ipPacket(4, Tcp, 5000);
    packet[32] = std::byte{0x40};
    row("short tcp header", packet, 1);
    packet = ipPacket(4, Tcp, 30);
    packet[32] = std::byte{0x80};
    row("tcp options beyond the packet", packet, 1);
    packet = ipPacket(4, Tcp, 5000);
    packet.pop_back();
    row("wrong length", packet, 1);
}

void TestVirtioHeader::refusesWhatDoesNotFit()
{
    QFETCH(QByteArray, packet);
    QFETCH(int, gsoType);
    const std::string text = packet.toStdString();
    QVERIFY(!tun::fromVirtio(raw(1, static_cast<std::uint8_t>(gsoType), 40, 1000, 20, 16), asBytes(text)));
}

void TestVirtioHeader::completesAChecksumAnywhere()
{
    // What a card does is what net does for UDP, so that the two must agree where both know the place.
    ByteVector packet = ipPacket(4, Udp, 101);
    for (std::size_t i = 28; i < packet.size(); ++i)
        packet[i] = static_cast<std::byte>(i * 7);
    const SegmentHeader header{SegmentType::Whole, true, false, 0, 0, 20, 6};
    writeBigEndian<std::uint16_t>(packet, 26, 0x1234);
    ByteVector expected = packet;
    net::completeChecksum(header, expected);
    QVERIFY(tun::completeForeignChecksum(header, packet));
    QVERIFY(packet == expected);

    // 0 becomes 0xFFFF: words 0xFFFF and the field 0.
    ByteVector zero(4, std::byte{0});
    writeBigEndian<std::uint16_t>(zero, 0, 0xFFFF);
    QVERIFY(tun::completeForeignChecksum({SegmentType::Whole, true, false, 0, 0, 0, 2}, zero));
    QCOMPARE(readBigEndian<std::uint16_t>(zero, 2), std::uint16_t{0xFFFF});
}

void TestVirtioHeader::aChecksumOutsideThePacketIsRefused_data()
{
    QTest::addColumn<quint16>("start");
    QTest::addColumn<quint16>("offset");
    QTest::addColumn<bool>("isInside");
    QTest::newRow("last place") << quint16{20} << quint16{78} << true;
    QTest::newRow("half outside") << quint16{20} << quint16{79} << false;
    QTest::newRow("behind the end") << quint16{100} << quint16{0} << false;
    QTest::newRow("far") << quint16{65535} << quint16{65535} << false;
}

void TestVirtioHeader::aChecksumOutsideThePacketIsRefused()
{
    QFETCH(quint16, start);
    QFETCH(quint16, offset);
    QFETCH(bool, isInside);
    ByteVector packet(100, std::byte{1});
    const ByteVector before = packet;
    QCOMPARE(tun::completeForeignChecksum({SegmentType::Whole, true, false, 0, 0, start, offset}, packet), isInside);
    QCOMPARE(packet == before, !isInside);
}

QTEST_APPLESS_MAIN(TestVirtioHeader)
#include "tst_virtio_header.moc"
