#include "net/ip_packet.h"
#include "packets.h"

#include <QTest>

#include <set>

using namespace gvpn;
using namespace gvpn::net;

class TestIpPacket : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsAnIPv4Header();
    void readsAnIPv6Header();
    void acceptsBareHeaders();
    void knowsFragments_data();
    void knowsFragments();
    void findsWhatIsCarried_data();
    void findsWhatIsCarried();
    void refusesBadPackets_data();
    void refusesBadPackets();
    void refusesEveryCutOffPacket();
    void everyFaultHasItsOwnName();
};

namespace {

ByteVector goodPacket(bool isIPv4)
{
    return test::finishedPacket({.isIPv4 = isIPv4}, ByteVector(100));
}

}  // namespace

void TestIpPacket::readsAnIPv4Header()
{
    const ByteVector packet = test::finishedPacket({.isTcp = false, .ipOptionBytes = 8}, ByteVector(3));
    const auto ip = IpPacket::parse(packet);
    QVERIFY(ip);
    QVERIFY(ip->isIPv4());
    QCOMPARE(ip->source().toString(), std::string("10.86.0.2"));
    QCOMPARE(ip->destination().toString(), std::string("172.17.255.254"));
    QCOMPARE(ip->protocol(), std::uint8_t{17});
    QCOMPARE(ip->headerBytes(), 28U);
    QVERIFY(!ip->isFragment());
}

void TestIpPacket::readsAnIPv6Header()
{
    ByteVector packet = test::finishedPacket({.isIPv4 = false}, ByteVector(3));
    std::ranges::copy(IpAddress::parse("fd00:86::2")->bytes(), packet.begin() + 8);
    std::ranges::copy(IpAddress::parse("2001:db8::1")->bytes(), packet.begin() + 24);
    const auto ip = IpPacket::parse(packet);
    QVERIFY(ip);
    QVERIFY(!ip->isIPv4());
    QCOMPARE(ip->source().toString(), std::string("fd00:86::2"));
    QCOMPARE(ip->destination().toString(), std::string("2001:db8::1"));
    QCOMPARE(ip->protocol(), std::uint8_t{6});
    QCOMPARE(ip->headerBytes(), 40U);
    QVERIFY(!ip->isFragment());
}

void TestIpPacket::acceptsBareHeaders()
{
    ByteVector v4(20);
    v4[0] = std::byte{0x45};
    test::put16(v4, 2, 20);
    QVERIFY(IpPacket::parse(v4));
    ByteVector v6(40);
    v6[0] = std::byte{0x60};
    QVERIFY(IpPacket::parse(v6));
}

void TestIpPacket::knowsFragments_data()
{
    QTest::addColumn<bool>("isIPv4");
    QTest::addColumn<int>("field");  // IPv4: flags and offset; IPv6: next header
    QTest::addColumn<bool>("isFragment");
    QTest::newRow("plain") << true << 0x0000 << false;
    QTest::newRow("don't fragment") << true << 0x4000 << false;
    QTest::newRow("reserved bit") << true << 0x8000 << false;
    QTest::newRow("more fragments") << true << 0x2000 << true;
    QTest::newRow("smallest offset") << true << 0x0001 << true;
    QTest::newRow("largest offset") << true << 0x1000 << true;
    QTest::newRow("v6 TCP") << false << 6 << false;
    QTest::newRow("v6 fragment header") << false << 44 << true;
    QTest::newRow("v6 hop-by-hop options") << false << 0 << false;
}

void TestIpPacket::knowsFragments()
{
    QFETCH(bool, isIPv4);
    QFETCH(int, field);
    QFETCH(bool, isFragment);
    ByteVector packet = goodPacket(isIPv4);
    if (isIPv4)
        test::put16(packet, 6, static_cast<std::size_t>(field));
    else
        packet[6] = static_cast<std::byte>(field);
    const auto ip = IpPacket::parse(packet);
    QVERIFY(ip);
    QCOMPARE(ip->isFragment(), isFragment);
}

void TestIpPacket::findsWhatIsCarried_data()
{
    QTest::addColumn<ByteVector>("packet");
    QTest::addColumn<int>("protocol");  // -1: nothing
    QTest::addColumn<int>("offset");
    const auto changed = [](const test::PacketSpec& spec, std::size_t at, int value) {
        ByteVector packet = test::finishedPacket(spec, ByteVector(100));
        packet[at] = static_cast<std::byte>(value);
        return packet;
    };
    const test::PacketSpec options{.isIPv4 = false, .ipv6Options = {16, 8}};
    QTest::newRow("IPv4 with options") << test::finishedPacket({.ipOptionBytes = 8}, {}) << 6 << 28;
    QTest::newRow("IPv4 that names options of IPv6") << changed({}, 9, 60) << 60 << 20;
    QTest::newRow("IPv6") << test::finishedPacket({.isIPv4 = false, .isTcp = false}, {}) << 17 << 40;
    QTest::newRow("IPv6 with options twice") << test::finishedPacket(options, {}) << 6 << 64;
    QTest::newRow("hop-by-hop options") << changed(options, 6, 0) << 6 << 64;
    QTest::newRow("routing behind options") << changed(options, 40, 43) << 43 << 56;
    QTest::newRow("options up to the end") << changed(options, 57, (64 - 56 + 20 + 100) / 8 - 1) << 6 << 56 + 128;
    QTest::newRow("options beyond the end") << changed(options, 57, 255) << -1 << 0;
}

void TestIpPacket::findsWhatIsCarried()
{
    QFETCH(ByteVector, packet);
    QFETCH(int, protocol);
    QFETCH(int, offset);
    const auto ip = IpPacket::parse(packet);
    QVERIFY(ip);
    const auto upper = upperLayerOf(*ip, packet);
    QCOMPARE(upper.has_value(), protocol >= 0);
    if (upper) {
        QCOMPARE(int{upper->protocol}, protocol);
        QCOMPARE(static_cast<int>(upper->offset), offset);
    }
}

void TestIpPacket::refusesBadPackets_data()
{
    QTest::addColumn<ByteVector>("packet");
    QTest::addColumn<PacketFault>("fault");
    const auto row = [](const char* name, PacketFault fault, bool isIPv4, auto change) {
        ByteVector packet = goodPacket(isIPv4);
        change(packet);
        QTest::newRow(name) << packet << fault;
    };
    using enum PacketFault;
    row("empty", TooShort, true, [](auto& p) { p.clear(); });
    row("one byte", TooShort, true, [](auto& p) { p.resize(1); });
    row("19 bytes", TooShort, true, [](auto& p) { p.resize(19); });
    row("v6 of 39 bytes", TooShort, false, [](auto& p) { p.resize(39); });
    row("version 0", NotIp, true, [](auto& p) { p[0] = std::byte{0x05}; });
    row("version 5", NotIp, true, [](auto& p) { p[0] = std::byte{0x55}; });
    row("version 15", NotIp, true, [](auto& p) { p[0] = std::byte{0xF5}; });
    row("ethernet frame", NotIp, true, [](auto& p) { p.insert(p.begin(), 14, std::byte{0x02}); });
    row("IHL 0", BadHeader, true, [](auto& p) { p[0] = std::byte{0x40}; });
    row("IHL 4", BadHeader, true, [](auto& p) { p[0] = std::byte{0x44}; });
    row("IHL beyond the packet", BadHeader, true, [](auto& p) {
        p.resize(56);
        p[0] = std::byte{0x4F};
        test::put16(p, 2, 56);
    });
    row("length one too small", LengthMismatch, true, [](auto& p) { test::put16(p, 2, p.size() - 1); });
    row("length one too large", LengthMismatch, true, [](auto& p) { test::put16(p, 2, p.size() + 1); });
    row("length 0", LengthMismatch, true, [](auto& p) { test::put16(p, 2, 0); });
    row("length below the header", LengthMismatch, true, [](auto& p) { test::put16(p, 2, 19); });
    row("bytes behind the packet", LengthMismatch, true, [](auto& p) { p.push_back(std::byte{0}); });
    row("v6 length one too small", LengthMismatch, false, [](auto& p) { test::put16(p, 4, p.size() - 41); });
    row("v6 length one too large", LengthMismatch, false, [](auto& p) { test::put16(p, 4, p.size() - 39); });
    row("v6 length counts the header", LengthMismatch, false, [](auto& p) { test::put16(p, 4, p.size()); });
    row("v6 jumbogram", LengthMismatch, false, [](auto& p) { test::put16(p, 4, 0); });
    row("65536 bytes that say 0", LengthMismatch, true, [](auto& p) {
        p.resize(65536);
        test::put16(p, 2, 0);
    });
}

void TestIpPacket::refusesBadPackets()
{
    QFETCH(ByteVector, packet);
    QFETCH(PacketFault, fault);
    const auto ip = IpPacket::parse(packet);
    QVERIFY(!ip);
    QCOMPARE(ip.error(), fault);
}

void TestIpPacket::refusesEveryCutOffPacket()
{
    for (const bool isIPv4 : {true, false}) {
        const ByteVector packet = goodPacket(isIPv4);
        QVERIFY(IpPacket::parse(packet));
        for (std::size_t size = 0; size < packet.size(); ++size) {
            const ByteVector part(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
            QVERIFY(!IpPacket::parse(part));
        }
    }
}

void TestIpPacket::everyFaultHasItsOwnName()
{
    std::set<std::string_view> names;
    for (int fault = 0; fault <= static_cast<int>(PacketFault::LengthMismatch); ++fault)
        names.insert(packetFaultName(static_cast<PacketFault>(fault)));
    QCOMPARE(names.size(), 4U);
    QVERIFY(!names.contains("unknown"));
}

QTEST_APPLESS_MAIN(TestIpPacket)
#include "tst_ip_packet.moc"
