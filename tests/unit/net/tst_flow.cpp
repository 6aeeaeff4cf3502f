#include "net/flow.h"
#include "packets.h"

#include <QTest>

#include <set>

using namespace gvpn;
using namespace gvpn::net;

namespace {

constexpr std::uint64_t Seed = 4711;
constexpr std::size_t Places = 128;  // as many as a queue has

std::uint64_t hashOf(const ByteVector& packet, std::uint64_t seed = Seed)
{
    const auto ip = IpPacket::parse(packet);
    if (!ip)
        qFatal("not an IP packet");
    return flowHash(*ip, packet, seed);
}

ByteVector packetOf(bool isIPv4, bool isTcp, std::size_t optionBytes = 0, std::size_t payloadBytes = 20)
{
    return test::finishedPacket({.isIPv4 = isIPv4, .isTcp = isTcp, .ipOptionBytes = optionBytes},
                                ByteVector(payloadBytes, std::byte{7}));
}

ByteVector flipped(ByteVector packet, std::size_t at, unsigned bit)
{
    packet[at] ^= static_cast<std::byte>(1U << bit);
    return packet;
}

/// An IPv4 header with random fields and a checksum that is right.
ByteVector randomIPv4(std::mt19937& random, std::size_t optionBytes)
{
    ByteVector packet = test::randomBytes(random, 20 + optionBytes + 30);
    packet[0] = static_cast<std::byte>(0x45 + optionBytes / 4);
    test::put16(packet, 2, packet.size());
    test::put16(packet, 10, 0);
    const auto headerEnd = packet.begin() + static_cast<std::ptrdiff_t>(20 + optionBytes);
    test::put16(packet, 10, test::slowChecksum({packet.begin(), headerEnd}));
    return packet;
}

}  // namespace

class TestFlow : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsNoPartOfTheFlowChangesNothing_data();
    void whatIsNoPartOfTheFlowChangesNothing();
    void eachBitOfTheFlowMatters_data();
    void eachBitOfTheFlowMatters();
    void bothDirectionsAreTwoFlows();
    void theProtocolMatters();
    void fragmentsHaveNoPorts_data();
    void fragmentsHaveNoPorts();
    void otherProtocolsHaveNoPorts();
    void aPacketThatEndsBeforeItsPortsHasNone_data();
    void aPacketThatEndsBeforeItsPortsHasNone();
    void anotherSeedPutsOtherFlowsTogether();
    void neighbouringFlowsSpread_data();
    void neighbouringFlowsSpread();
    void marksIPv4AndMendsTheChecksum_data();
    void marksIPv4AndMendsTheChecksum();
    void marksIPv6_data();
    void marksIPv6();
};

void TestFlow::whatIsNoPartOfTheFlowChangesNothing_data()
{
    QTest::addColumn<bool>("isIPv4");
    QTest::addColumn<bool>("isTcp");
    QTest::addColumn<ByteVector>("other");
    for (const bool isTcp : {true, false}) {
        const char* name = isTcp ? "TCP" : "UDP";
        const auto row = [isTcp, name](const char* what, bool isIPv4, const ByteVector& other) {
            QTest::addRow("%s over IPv%d, %s", name, isIPv4 ? 4 : 6, what) << isIPv4 << isTcp << other;
        };
        const ByteVector v4 = packetOf(true, isTcp);
        row("type of service", true, flipped(v4, 1, 0));
        row("identification", true, flipped(v4, 5, 3));
        row("don't fragment", true, flipped(v4, 6, 6));
        row("time to live", true, flipped(v4, 8, 2));
        row("header checksum", true, flipped(v4, 10, 2));
        row("options", true, packetOf(true, isTcp, 8));
        row("payload", true, flipped(v4, v4.size() - 1, 2));
        row("length", true, packetOf(true, isTcp, 0, 1400));
        const ByteVector v6 = packetOf(false, isTcp);
        row("traffic class", false, flipped(v6, 1, 5));
        row("flow label", false, flipped(v6, 3, 0));
        row("hop limit", false, flipped(v6, 7, 0));
        row("length", false, packetOf(false, isTcp, 0, 1400));
        row("behind the ports", false, flipped(v6, 44, 1));
    }
}

void TestFlow::whatIsNoPartOfTheFlowChangesNothing()
{
    QFETCH(bool, isIPv4);
    QFETCH(bool, isTcp);
    QFETCH(ByteVector, other);
    const ByteVector packet = packetOf(isIPv4, isTcp);
    QVERIFY(packet != other);
    QCOMPARE(hashOf(other), hashOf(packet));
}

void TestFlow::eachBitOfTheFlowMatters_data()
{
    QTest::addColumn<bool>("isIPv4");
    QTest::addColumn<std::size_t>("optionBytes");
    QTest::newRow("IPv4") << true << std::size_t{0};
    QTest::newRow("IPv4 with options") << true << std::size_t{12};
    QTest::newRow("IPv6") << false << std::size_t{0};
}

void TestFlow::eachBitOfTheFlowMatters()
{
    QFETCH(bool, isIPv4);
    QFETCH(std::size_t, optionBytes);
    const std::size_t firstAddress = isIPv4 ? 12 : 8;
    const std::size_t addressBytes = isIPv4 ? 8 : 32;
    const std::size_t headerBytes = isIPv4 ? 20 + optionBytes : 40;
    for (const bool isTcp : {true, false}) {
        const ByteVector packet = packetOf(isIPv4, isTcp, optionBytes);
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < addressBytes; ++i)
            places.push_back(firstAddress + i);
        for (std::size_t i = 0; i < 4; ++i)
            places.push_back(headerBytes + i);
        std::set<std::uint64_t> hashes{hashOf(packet)};
        for (const std::size_t at : places) {
            for (unsigned bit = 0; bit < 8; ++bit)
                QVERIFY2(hashes.insert(hashOf(flipped(packet, at, bit))).second, qPrintable(QString::number(at)));
        }
        QCOMPARE(hashes.size(), 1 + 8 * places.size());
    }
}

void TestFlow::bothDirectionsAreTwoFlows()
{
    ByteVector packet = packetOf(true, true);
    const std::uint64_t there = hashOf(packet);
    std::swap_ranges(packet.begin() + 12, packet.begin() + 16, packet.begin() + 16);
    std::swap_ranges(packet.begin() + 20, packet.begin() + 22, packet.begin() + 22);
    QVERIFY(hashOf(packet) != there);
}

void TestFlow::theProtocolMatters()
{
    for (const bool isIPv4 : {true, false}) {
        ByteVector packet = packetOf(isIPv4, true);
        std::set<std::uint64_t> hashes;
        for (unsigned protocol = 0; protocol < 256; ++protocol) {
            packet[isIPv4 ? 9 : 6] = static_cast<std::byte>(protocol);
            hashes.insert(hashOf(packet));
        }
        QCOMPARE(hashes.size(), std::size_t{256});
    }
}

void TestFlow::fragmentsHaveNoPorts_data()
{
    QTest::addColumn<bool>("isTcp");
    QTest::addColumn<int>("flagsAndOffset");
    QTest::newRow("first of TCP") << true << 0x2000;
    QTest::newRow("later of TCP") << true << 0x2010;
    QTest::newRow("last of TCP") << true << 0x0010;
    QTest::newRow("first of UDP") << false << 0x2000;
    QTest::newRow("last of UDP") << false << 0x1FFF;
}

void TestFlow::fragmentsHaveNoPorts()
{
    QFETCH(bool, isTcp);
    QFETCH(int, flagsAndOffset);
    ByteVector first = packetOf(true, isTcp);
    test::put16(first, 6, 0x2000);
    ByteVector fragment = packetOf(true, isTcp);
    test::put16(fragment, 6, static_cast<std::size_t>(flagsAndOffset));
    // What stands where the ports would be is data.
    test::put16(fragment, 20, 0xBEEF);
    test::put16(fragment, 22, 0xF00D);
    QCOMPARE(hashOf(fragment), hashOf(first));
    QVERIFY(hashOf(flipped(fragment, 15, 0)) != hashOf(first));
}

void TestFlow::otherProtocolsHaveNoPorts()
{
    // IPv6: also what a fragment header (44) hides.
    for (const auto& [isIPv4, protocol] : {std::pair{true, 1}, {true, 47}, {false, 58}, {false, 44}}) {
        ByteVector packet = packetOf(isIPv4, true);
        packet[isIPv4 ? 9 : 6] = static_cast<std::byte>(protocol);
        QCOMPARE(hashOf(flipped(packet, isIPv4 ? 20 : 40, 4)), hashOf(packet));
    }
}

void TestFlow::aPacketThatEndsBeforeItsPortsHasNone_data()
{
    QTest::addColumn<bool>("isIPv4");
    QTest::addColumn<std::size_t>("transportBytes");
    for (const bool isIPv4 : {true, false}) {
        for (std::size_t bytes = 0; bytes < 4; ++bytes)
            QTest::addRow("IPv%d, %zu bytes", isIPv4 ? 4 : 6, bytes) << isIPv4 << bytes;
    }
}

void TestFlow::aPacketThatEndsBeforeItsPortsHasNone()
{
    QFETCH(bool, isIPv4);
    QFETCH(std::size_t, transportBytes);
    const std::size_t headerBytes = isIPv4 ? 20 : 40;
    ByteVector packet = packetOf(isIPv4, false);
    packet.resize(headerBytes + transportBytes);
    packet.shrink_to_fit();  // a read beyond its end is to be seen
    test::put16(packet, isIPv4 ? 2 : 4, isIPv4 ? packet.size() : transportBytes);
    const std::uint64_t hash = hashOf(packet);
    for (std::size_t i = 0; i < transportBytes; ++i)
        QCOMPARE(hashOf(flipped(packet, headerBytes + i, 3)), hash);
    QVERIFY(hashOf(flipped(packet, headerBytes - 1, 3)) != hash);
}

void TestFlow::anotherSeedPutsOtherFlowsTogether()
{
    const ByteVector first = packetOf(true, true);
    for (const std::size_t at : {23U, 21U, 19U, 15U}) {
        const ByteVector second = flipped(first, at, 0);
        int together = 0;
        for (std::uint64_t seed = 0; seed < 12'800; ++seed)
            together += hashOf(first, seed) % Places == hashOf(second, seed) % Places ? 1 : 0;
        // 100 are expected.
        QVERIFY2(together > 50 && together < 170, qPrintable(QString::number(together)));
    }
}

void TestFlow::neighbouringFlowsSpread_data()
{
    QTest::addColumn<std::size_t>("at");
    QTest::newRow("source port") << std::size_t{20};
    QTest::newRow("destination port") << std::size_t{22};
    QTest::newRow("source address") << std::size_t{14};
    QTest::newRow("destination address") << std::size_t{18};
}

void TestFlow::neighbouringFlowsSpread()
{
    QFETCH(std::size_t, at);
    ByteVector packet = packetOf(true, true);
    std::array<int, Places> counts{};
    for (std::size_t i = 0; i < 16 * Places; ++i) {
        test::put16(packet, at, 1024 + i);
        ++counts[hashOf(packet) % Places];
    }
    QVERIFY(std::ranges::min(counts) >= 1);
    QVERIFY(std::ranges::max(counts) <= 48);
}

void TestFlow::marksIPv4AndMendsTheChecksum_data()
{
    QTest::addColumn<int>("ecn");
    QTest::addColumn<bool>("isMarked");
    QTest::newRow("Not-ECT") << 0 << false;
    QTest::newRow("ECT(1)") << 1 << true;
    QTest::newRow("ECT(0)") << 2 << true;
    QTest::newRow("CE") << 3 << true;
}

void TestFlow::marksIPv4AndMendsTheChecksum()
{
    QFETCH(int, ecn);
    QFETCH(bool, isMarked);
    const auto seed = std::random_device()();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    for (unsigned i = 0; i < 20'000; ++i) {
        const std::size_t optionBytes = i % 11 * 4;
        ByteVector packet = randomIPv4(random, optionBytes);
        // The service class is part of what the checksum covers.
        packet[1] = static_cast<std::byte>((random() & 0xFCU) | static_cast<unsigned>(ecn));
        test::put16(packet, 10, 0);
        const auto headerEnd = static_cast<std::ptrdiff_t>(20 + optionBytes);
        test::put16(packet, 10, test::slowChecksum({packet.begin(), packet.begin() + headerEnd}));
        ByteVector expected = packet;
        if (isMarked) {
            expected[1] |= std::byte{3};
            test::put16(expected, 10, 0);
            test::put16(expected, 10, test::slowChecksum({expected.begin(), expected.begin() + headerEnd}));
        }
        QCOMPARE(markCongestion(packet), isMarked);
        QVERIFY(packet == expected);
    }
}

void TestFlow::marksIPv6_data()
{
    marksIPv4AndMendsTheChecksum_data();
}

void TestFlow::marksIPv6()
{
    QFETCH(int, ecn);
    QFETCH(bool, isMarked);
    // The rest of the traffic class and the flow label stand around the two bits.
    for (unsigned around = 0; around < 256; ++around) {
        ByteVector packet = packetOf(false, true);
        packet[0] = static_cast<std::byte>(0x60 | (around & 0x0FU));
        packet[1] = static_cast<std::byte>((around & 0xC0U) | static_cast<unsigned>(ecn) << 4 | (around >> 2 & 0x0FU));
        ByteVector expected = packet;
        if (isMarked)
            expected[1] |= std::byte{0x30};
        QCOMPARE(markCongestion(packet), isMarked);
        QVERIFY(packet == expected);
    }
}

QTEST_APPLESS_MAIN(TestFlow)
#include "tst_flow.moc"
