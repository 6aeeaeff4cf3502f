#include "net/icmp_echo.h"
#include "packets.h"

#include <QTest>

using namespace gvpn;
using namespace gvpn::net;

class TestIcmpEcho : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void requestIsAWholeIPv4Packet();
    void requestIsAWholeIPv6Packet();
    void replyIsReadBack_data();
    void replyIsReadBack();
    void refusesWhatIsNoReply_data();
    void refusesWhatIsNoReply();
    void knowsRequests_data();
    void knowsRequests();
};

namespace {

constexpr EchoId Id{0xBEEF, 0x0102};

ByteVector request(bool isIPv4)
{
    if (isIPv4)
        return makeEchoRequest(*IpAddress::parse("10.86.0.2"), *IpAddress::parse("10.86.0.1"), Id);
    return makeEchoRequest(*IpAddress::parse("fd00:86::2"), *IpAddress::parse("fd00:86::1"), Id);
}

/// The reply that a kernel makes: the type differs and with it the checksum (a change of one byte by `step`).
ByteVector reply(bool isIPv4)
{
    ByteVector packet = request(isIPv4);
    const std::size_t at = isIPv4 ? 20 : 40;
    packet[at] = isIPv4 ? std::byte{0} : std::byte{129};
    const std::uint32_t sum = readBigEndian<std::uint16_t>(packet, at + 2) + (isIPv4 ? 0x0800U : 0xFFFFU - 0x0100U);
    test::put16(packet, at + 2, (sum & 0xFFFFU) + (sum >> 16));
    return packet;
}

}  // namespace

void TestIcmpEcho::requestIsAWholeIPv4Packet()
{
    const ByteVector packet = request(true);
    const auto ip = IpPacket::parse(packet);
    QVERIFY(ip);
    QCOMPARE(packet.size(), 20U + 8U + 16U);
    QCOMPARE(ip->source().toString(), std::string("10.86.0.2"));
    QCOMPARE(ip->destination().toString(), std::string("10.86.0.1"));
    QCOMPARE(ip->protocol(), std::uint8_t{1});
    QCOMPARE(packet[8], std::byte{64});
    QCOMPARE(test::slowChecksum({packet.begin(), packet.begin() + 20}), std::uint16_t{0});
    QCOMPARE(test::slowChecksum({packet.begin() + 20, packet.end()}), std::uint16_t{0});
    QCOMPARE(packet[20], std::byte{8});
    QCOMPARE(readBigEndian<std::uint16_t>(packet, 24), Id.identifier);
    QCOMPARE(readBigEndian<std::uint16_t>(packet, 26), Id.sequence);
}

void TestIcmpEcho::requestIsAWholeIPv6Packet()
{
    const ByteVector packet = request(false);
    const auto ip = IpPacket::parse(packet);
    QVERIFY(ip);
    QCOMPARE(packet.size(), 40U + 8U + 16U);
    QCOMPARE(ip->protocol(), std::uint8_t{58});
    QCOMPARE(packet[7], std::byte{64});
    QCOMPARE(packet[40], std::byte{128});
    ByteVector covered(packet.begin() + 8, packet.begin() + 40);
    covered.resize(36);
    test::put16(covered, 32, 58);
    covered.resize(38);
    test::put16(covered, 36, packet.size() - 40);
    covered.insert(covered.end(), packet.begin() + 40, packet.end());
    QCOMPARE(test::slowChecksum(covered), std::uint16_t{0});
}

void TestIcmpEcho::replyIsReadBack_data()
{
    QTest::addColumn<bool>("isIPv4");
    QTest::newRow("v4") << true;
    QTest::newRow("v6") << false;
}

void TestIcmpEcho::replyIsReadBack()
{
    QFETCH(bool, isIPv4);
    const ByteVector packet = reply(isIPv4);
    const auto id = parseEchoReply(*IpPacket::parse(packet), packet);
    QVERIFY(id);
    QVERIFY(*id == Id);
}

void TestIcmpEcho::refusesWhatIsNoReply_data()
{
    QTest::addColumn<ByteVector>("packet");
    const auto row = [](const char* name, bool isIPv4, auto change) {
        ByteVector packet = reply(isIPv4);
        change(packet);
        QTest::newRow(name) << packet;
    };
    QTest::newRow("our own request") << request(true);
    QTest::newRow("our own v6 request") << request(false);
    row("wrong checksum", true, [](auto& p) { p[22] ^= std::byte{1}; });
    row("changed payload", true, [](auto& p) { p.back() ^= std::byte{1}; });
    row("v6 wrong checksum", false, [](auto& p) { p[42] ^= std::byte{1}; });
    row("v6 for another address", false, [](auto& p) { p[39] ^= std::byte{1}; });
    row("code 1", true, [](auto& p) {
        p[21] = std::byte{1};
        test::put16(p, 22, readBigEndian<std::uint16_t>(p, 22) - 1U);
    });
    row("UDP", true, [](auto& p) { p[9] = std::byte{17}; });
    row("ICMPv6 in IPv4", true, [](auto& p) { p[9] = std::byte{58}; });
    row("ICMP in IPv6", false, [](auto& p) { p[6] = std::byte{1}; });
    row("first fragment", true, [](auto& p) { test::put16(p, 6, 0x2000); });
    row("later fragment", true, [](auto& p) { test::put16(p, 6, 0x0010); });
    row("no ICMP header", true, [](auto& p) {
        p.resize(20);
        test::put16(p, 2, p.size());
    });
    row("half an ICMP header", true, [](auto& p) {
        p.resize(24);
        test::put16(p, 2, p.size());
        test::put16(p, 20, 0);
        test::put16(p, 22, 0xFFFF);
    });
}

void TestIcmpEcho::refusesWhatIsNoReply()
{
    QFETCH(ByteVector, packet);
    const auto ip = IpPacket::parse(packet);
    QVERIFY(ip);
    QVERIFY(!parseEchoReply(*ip, packet));
}

void TestIcmpEcho::knowsRequests_data()
{
    QTest::addColumn<ByteVector>("packet");
    QTest::addColumn<bool>("isRequest");
    const auto row = [](const char* name, bool isIPv4, bool isRequest, auto change) {
        ByteVector packet = request(isIPv4);
        change(packet);
        QTest::newRow(name) << packet << isRequest;
    };
    // IPv6: a fragment header in front of the message, with a next header and an offset field.
    const auto fragment6 = [](std::uint8_t next, std::uint16_t offset) {
        return [next, offset](ByteVector& p) {
            ByteVector header(8);
            header[0] = std::byte{next};
            test::put16(header, 2, offset);
            p.insert(p.begin() + 40, header.begin(), header.end());
            p[6] = std::byte{44};
            test::put16(p, 4, p.size() - 40);
        };
    };
    row("v4", true, true, [](auto&) {});
    row("v6", false, true, [](auto&) {});
    QTest::newRow("reply") << reply(true) << false;
    QTest::newRow("v6 reply") << reply(false) << false;
    row("UDP", true, false, [](auto& p) { p[9] = std::byte{17}; });
    row("redirect", true, false, [](auto& p) { p[20] = std::byte{5}; });
    row("v6 router advertisement", false, false, [](auto& p) { p[40] = std::byte{134}; });
    row("code 1", true, false, [](auto& p) { p[21] = std::byte{1}; });
    row("too short", true, false, [](auto& p) {
        p.resize(27);
        test::put16(p, 2, p.size());
    });
    row("first fragment of a request", true, true, [](auto& p) { test::put16(p, 6, 0x2000); });
    row("first fragment of a redirect", true, false, [](auto& p) {
        test::put16(p, 6, 0x2000);
        p[20] = std::byte{5};
    });
    row("later fragment, whatever is in it", true, true, [](auto& p) {
        test::put16(p, 6, 0x0010);
        p[20] = std::byte{5};
    });
    row("later fragment of UDP", true, false, [](auto& p) {
        test::put16(p, 6, 0x0010);
        p[9] = std::byte{17};
    });
    row("v6 first fragment of a request", false, true, fragment6(58, 0x0001));
    row("v6 later fragment", false, true, fragment6(58, 0x0100));
    row("v6 later fragment of UDP", false, false, fragment6(17, 0x0100));
    row("v6 fragment of a fragment", false, false, fragment6(44, 0x0100));
    row("v6 half a fragment header", false, false, [](auto& p) {
        p.resize(44);
        p[6] = std::byte{44};
        p[40] = std::byte{58};
        test::put16(p, 4, p.size() - 40);
    });
}

void TestIcmpEcho::knowsRequests()
{
    QFETCH(ByteVector, packet);
    QFETCH(bool, isRequest);
    const auto ip = IpPacket::parse(packet);
    QVERIFY(ip);
    QCOMPARE(isEchoRequest(*ip, packet), isRequest);
}

QTEST_APPLESS_MAIN(TestIcmpEcho)
#include "tst_icmp_echo.moc"
