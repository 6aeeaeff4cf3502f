#include "net/checksum.h"
#include "packets.h"

#include <QTest>

using namespace gvpn;
using namespace gvpn::net;

class TestChecksum : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sumsTheExampleOfTheRfc();
    void oddLastByteIsAHighHalf();
    void agreesWithTheSlowSumForEverySizeAndAlignment();
    void goesOnFromAnEarlierSum();
    void allOnesDoNotOverflow();
    void pseudoHeaderIsWhatTheRfcsSay();
};

void TestChecksum::sumsTheExampleOfTheRfc()
{
    const std::array bytes{std::byte{0x00}, std::byte{0x01}, std::byte{0xF2}, std::byte{0x03},
                           std::byte{0xF4}, std::byte{0xF5}, std::byte{0xF6}, std::byte{0xF7}};
    QCOMPARE(checksumAdd(bytes), std::uint16_t{0xDDF2});  // RFC 1071 section 3
    QCOMPARE(checksumAdd({}), std::uint16_t{0});
    QCOMPARE(checksumAdd({}, 0x1234), std::uint16_t{0x1234});
}

void TestChecksum::oddLastByteIsAHighHalf()
{
    const std::array bytes{std::byte{0x01}, std::byte{0x02}, std::byte{0x03}};
    QCOMPARE(checksumAdd(bytes), std::uint16_t{0x0402});
}

void TestChecksum::agreesWithTheSlowSumForEverySizeAndAlignment()
{
    const auto seed = std::random_device()();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    const ByteVector bytes = test::randomBytes(random, 300);
    for (std::size_t begin = 0; begin < 9; ++begin) {
        for (std::size_t size = 0; size < 200; ++size) {
            const ByteView part = ByteView(bytes).subspan(begin, size);
            const auto slow = static_cast<std::uint16_t>(~test::slowChecksum({part.begin(), part.end()}));
            QCOMPARE(checksumAdd(part), slow);
        }
    }
}

void TestChecksum::goesOnFromAnEarlierSum()
{
    std::mt19937 random(7);
    const ByteVector bytes = test::randomBytes(random, 1000);
    const ByteView all(bytes);
    for (std::size_t cut = 0; cut <= bytes.size(); cut += 2)
        QCOMPARE(checksumAdd(all.subspan(cut), checksumAdd(all.first(cut))), checksumAdd(all));
}

void TestChecksum::allOnesDoNotOverflow()
{
    const ByteVector bytes(65535, std::byte{0xFF});
    const auto slow = static_cast<std::uint16_t>(~test::slowChecksum(bytes));
    QCOMPARE(checksumAdd(bytes), slow);
    QCOMPARE(checksumAdd(ByteView(bytes).first(65534), 0xFFFF), std::uint16_t{0xFFFF});
}

void TestChecksum::pseudoHeaderIsWhatTheRfcsSay()
{
    for (const bool isIPv4 : {true, false}) {
        for (const bool isTcp : {true, false}) {
            const test::PacketSpec spec{.isIPv4 = isIPv4, .isTcp = isTcp};
            const ByteVector packet = test::packetWithoutChecksum(spec, ByteVector(40000));
            const auto ip = IpPacket::parse(packet);
            QVERIFY(ip);
            const auto length = static_cast<std::uint32_t>(packet.size() - spec.ipBytes());
            const auto slow = static_cast<std::uint16_t>(~test::slowChecksum(test::pseudoHeader(spec, packet)));
            QCOMPARE(pseudoHeaderSum(ip->source(), ip->destination(), ip->protocol(), length), slow);
        }
    }
}

QTEST_APPLESS_MAIN(TestChecksum)
#include "tst_checksum.moc"
