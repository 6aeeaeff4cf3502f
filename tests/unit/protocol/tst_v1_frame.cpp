#include "counting_new.h"
#include "v1_fixtures.h"

#include <QtTest>

#include <cmath>
#include <random>

using namespace gvpn;
using namespace gvpn::protocol::v1;
using gvpn::protocol::PacketHeadroomBytes;
using gvpn::protocol::fixtures::allocatedBytes;
using gvpn::protocol::fixtures::allocations;

namespace {

// A client's stream: handshake, registration, a packet of 3 bytes, an empty one, an unknown command with data.
const char* const ClientStream = "3ff0000000000000"
                                 "00000018 00000001 12345678 00000000000000000000 ffff 0a560065"
                                 "0000000b 00000002 00000000 45aabb"
                                 "00000008 00000002 00000000"
                                 "00000009 7fffffff 80000000 ee";

/// An item that owns its bytes. The handshake: command 0 and isHandshake.
struct OwnedItem {
    bool isHandshake = false;
    std::int32_t command = 0;
    std::int32_t transaction = 0;
    ByteVector data;
    bool operator==(const OwnedItem&) const = default;
};

OwnedItem owned(const Item& item)
{
    if (const auto* handshake = std::get_if<Handshake>(&item))
        return {true, 0, 0, {handshake->bytes.begin(), handshake->bytes.end()}};
    const auto& frame = std::get<Frame>(item);
    return {false, frame.command, frame.transaction, {frame.data.begin(), frame.data.end()}};
}

/// Feeds a chunk and takes all its items; false after an error.
bool drain(Decoder& decoder, ByteVector chunk, std::vector<OwnedItem>& items)
{
    decoder.feed(chunk);
    while (true) {
        const auto item = decoder.next();
        if (!item)
            return false;
        if (!*item)
            return true;
        items.push_back(owned(**item));
    }
}

ByteVector part(const ByteVector& bytes, std::size_t begin, std::size_t end)
{
    return {bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.begin() + static_cast<std::ptrdiff_t>(end)};
}

/// Behind a handshake.
Decoder decoderWith(bool arePacketsAllowed)
{
    Decoder decoder(HandshakeReplyBytes);
    std::vector<OwnedItem> items;
    drain(decoder, ByteVector(1), items);
    if (arePacketsAllowed)
        decoder.allowPackets();
    return decoder;
}

}  // namespace

class TestV1Frame : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void writesHandshakesAsDoubles_data()
    {
        QTest::addColumn<double>("version");
        QTest::addColumn<QByteArray>("hex");
        QTest::newRow("1") << 1.0 << QByteArray("3ff0000000000000");
        QTest::newRow("1.1") << 1.1 << QByteArray("3ff199999999999a");
        QTest::newRow("-2") << -2.0 << QByteArray("c000000000000000");
        QTest::newRow("infinite") << HUGE_VAL << QByteArray("7ff0000000000000");
    }

    void writesHandshakesAsDoubles()
    {
        QFETCH(double, version);
        QFETCH(QByteArray, hex);
        QCOMPARE(fixtures::toHex(makeHandshake(version)), hex);
    }

    void writesFramesAsTheTableSays()
    {
        QCOMPARE(makeFrame(Command::Register, 0x12345678, fixtures::fromHex("0a560065")),
                 fixtures::fromHex("0000000c 00000001 12345678 0a560065"));
        QCOMPARE(makeFrame(Command::Callback, -2, {}), fixtures::fromHex("00000008 ffffffff fffffffe"));
        QCOMPARE(makeFrame(Command::Callback, 1, ByteVector(MaxControlDataBytes)).size(), std::size_t{12 + 4096});
    }

    void writesAPacketHeaderRightBeforeThePacket()
    {
        ByteVector buffer(PacketHeadroomBytes + 3, std::byte{0xAA});
        const std::size_t offset = writePacketHeader(buffer, 2);
        QCOMPARE(offset, std::size_t{3});
        QCOMPARE(fixtures::toHex(buffer), QByteArray("aaaaaa"
                                                     "0000000a0000000200000000"
                                                     "aaaaaa"));
        ByteVector large(PacketHeadroomBytes + net::MaxPacketBytes);
        static_cast<void>(writePacketHeader(large, net::MaxPacketBytes));
        QCOMPARE(fixtures::toHex(ByteView(large).subspan(3, 12)), QByteArray("000100070000000200000000"));
    }

    void readsTheSameItemsWhereverTheStreamIsCut()
    {
        const ByteVector stream = fixtures::fromHex(ClientStream);
        const std::vector<OwnedItem> expected = {
            {true, 0, 0, fixtures::fromHex("3ff0000000000000")},
            {false, 1, 0x12345678, fixtures::fromHex("00000000000000000000ffff0a560065")},
            {false, 2, 0, fixtures::fromHex("45aabb")},
            {false, 2, 0, {}},
            {false, 0x7fffffff, std::numeric_limits<std::int32_t>::min(), fixtures::fromHex("ee")},
        };
        for (std::size_t first = 0; first <= stream.size(); ++first) {
            for (const std::size_t second : {first, first + 1, first + 7, stream.size()}) {
                const std::size_t middle = std::min(second, stream.size());
                Decoder decoder(HandshakeBytes);
                std::vector<OwnedItem> items;
                QVERIFY(drain(decoder, part(stream, 0, first), items));
                QVERIFY(drain(decoder, part(stream, first, middle), items));
                QVERIFY(drain(decoder, part(stream, middle, stream.size()), items));
                QVERIFY(items == expected);
                QCOMPARE(decoder.bufferedBytes(), std::size_t{0});
            }
        }
    }

    void readsAStreamByteByByteAndInRandomChunks()
    {
        const ByteVector stream = fixtures::fromHex(ClientStream);
        std::vector<OwnedItem> whole;
        Decoder reference(HandshakeBytes);
        QVERIFY(drain(reference, stream, whole));
        const unsigned seed = std::random_device()();
        qInfo("seed=%u", seed);
        std::mt19937 random(seed);
        for (unsigned round = 0; round < 50; ++round) {
            Decoder decoder(HandshakeBytes);
            std::vector<OwnedItem> items;
            for (std::size_t at = 0; at < stream.size();) {
                const std::size_t size = std::min<std::size_t>(round == 0 ? 1 : 1 + random() % 30, stream.size() - at);
                QVERIFY(drain(decoder, part(stream, at, at + size), items));
                QVERIFY(decoder.bufferedBytes() < 28);  // less than the registration
                at += size;
            }
            QVERIFY(items == whole);
        }
    }

    void aServersHandshakeIsOneByte()
    {
        const ByteVector stream = fixtures::fromHex("15 00000008 ffffffff 00000001");
        Decoder decoder(HandshakeReplyBytes);
        std::vector<OwnedItem> items;
        QVERIFY(drain(decoder, stream, items));
        QVERIFY((items == std::vector<OwnedItem>{{true, 0, 0, fixtures::fromHex("15")}, {false, -1, 1, {}}}));
    }

    void anUnfinishedHandshakeIsKeptAndNoMore()
    {
        Decoder decoder(HandshakeBytes);
        std::vector<OwnedItem> items;
        QVERIFY(drain(decoder, ByteVector(7), items));
        QVERIFY(items.empty());
        QCOMPARE(decoder.bufferedBytes(), std::size_t{7});
    }

    void handsOutWholeFramesInPlaceAndWithoutAllocating()
    {
        ByteVector stream = fixtures::fromHex(ClientStream);
        Decoder decoder(HandshakeBytes);
        const std::size_t before = allocations;
        decoder.feed(stream);
        QVERIFY(std::get<Handshake>(**decoder.next()).bytes.data() == stream.data());
        QVERIFY(std::get<Frame>(**decoder.next()).data.data() == stream.data() + 8 + 12);
        QVERIFY(std::get<Frame>(**decoder.next()).data.data() == stream.data() + 8 + 28 + 12);
        QVERIFY(decoder.next()->has_value());
        QVERIFY(decoder.next()->has_value());
        QVERIFY(!decoder.next()->has_value());
        QCOMPARE(allocations, before);
    }

    void judgesALengthBeforeAnythingIsAllocated_data()
    {
        QTest::addColumn<quint32>("length");
        QTest::addColumn<bool>("isFineBefore");  // the registration
        QTest::addColumn<bool>("isFineAfter");
        QTest::newRow("0") << 0x00000000U << false << false;
        QTest::newRow("1") << 0x00000001U << false << false;
        QTest::newRow("7") << 0x00000007U << false << false;
        QTest::newRow("8") << 0x00000008U << true << true;
        QTest::newRow("limit before") << 0x00001008U << true << true;
        QTest::newRow("limit before + 1") << 0x00001009U << false << true;
        QTest::newRow("limit after") << 0x00010007U << false << true;
        QTest::newRow("limit after + 1") << 0x00010008U << false << false;
        QTest::newRow("largest") << 0x7fffffffU << false << false;
        QTest::newRow("lowest") << 0x80000000U << false << false;
        QTest::newRow("-8") << 0xfffffff8U << false << false;
        QTest::newRow("-1") << 0xffffffffU << false << false;
        // What an HTTP server's answer looks like from here.
        QTest::newRow("TP/1") << 0x54502f31U << false << false;
    }

    void judgesALengthBeforeAnythingIsAllocated()
    {
        QFETCH(quint32, length);
        QFETCH(bool, isFineBefore);
        QFETCH(bool, isFineAfter);
        ByteVector header(4);
        writeBigEndian(ByteSpan(header), 0, length);
        for (const bool arePacketsAllowed : {false, true}) {
            for (std::size_t cut = 0; cut < 4; ++cut) {
                const bool isFine = arePacketsAllowed ? isFineAfter : isFineBefore;
                Decoder decoder = decoderWith(arePacketsAllowed);
                ByteVector first = part(header, 0, cut);
                ByteVector rest = part(header, cut, 4);
                decoder.feed(first);
                const auto early = decoder.next();
                QVERIFY(early && !*early);
                const std::size_t before = allocatedBytes;
                decoder.feed(rest);
                const auto item = decoder.next();
                QVERIFY(decoder.bufferedBytes() <= 4);
                QCOMPARE(item.has_value(), isFine);
                if (isFine) {
                    QVERIFY(!*item);
                    QVERIFY(allocatedBytes - before <= 4 + std::size_t{length});
                } else {
                    QVERIFY(allocatedBytes - before < 200);  // the error's text
                    QCOMPARE(item.error(),
                             (Error{ErrorCode::ProtocolViolation,
                                    "frame: body length " + std::to_string(static_cast<std::int32_t>(length))}));
                    QVERIFY(!decoder.next());  // it stays broken
                    QCOMPARE(decoder.bufferedBytes(), std::size_t{0});
                }
            }
        }
    }

    void aBadFrameTakesNothingAwayFromThoseBefore()
    {
        Decoder decoder = decoderWith(false);
        std::vector<OwnedItem> items;
        QVERIFY(!drain(decoder, fixtures::fromHex("00000008 00000001 00000005 00000007 00000001"), items));
        QCOMPARE(items.size(), std::size_t{1});
        QCOMPARE(items[0].transaction, 5);
    }

    void allowsPacketsFromTheMiddleOfAChunkOn()
    {
        ByteVector stream(1);
        const ByteVector registration = fixtures::fromHex(fixtures::Registration);
        stream.insert(stream.end(), registration.begin(), registration.end());
        ByteVector packet(PacketHeadroomBytes + 9000);
        const std::size_t offset = writePacketHeader(packet, 9000);
        stream.insert(stream.end(), packet.begin() + static_cast<std::ptrdiff_t>(offset), packet.end());
        Decoder decoder(HandshakeReplyBytes);
        decoder.feed(stream);
        QVERIFY(decoder.next()->has_value());
        QVERIFY(decoder.next()->has_value());
        decoder.allowPackets();
        QCOMPARE(std::get<Frame>(**decoder.next()).data.size(), std::size_t{9000});
    }

    void readsTheLargestFrameFromTwoChunks()
    {
        ByteVector frame(PacketHeadroomBytes + net::MaxPacketBytes, std::byte{0x45});
        frame = part(frame, writePacketHeader(frame, net::MaxPacketBytes), frame.size());
        Decoder decoder = decoderWith(true);
        std::vector<OwnedItem> items;
        const std::size_t before = allocatedBytes;
        QVERIFY(drain(decoder, part(frame, 0, 5), items));
        QVERIFY(allocatedBytes - before < frame.size() + 100);
        QVERIFY(drain(decoder, part(frame, 5, frame.size()), items));
        QCOMPARE(items.size(), std::size_t{1});
        QCOMPARE(items[0].data.size(), net::MaxPacketBytes);
        QVERIFY(std::ranges::all_of(items[0].data, [](std::byte byte) { return byte == std::byte{0x45}; }));
        QCOMPARE(decoder.bufferedBytes(), std::size_t{0});
    }
};

QTEST_APPLESS_MAIN(TestV1Frame)
#include "tst_v1_frame.moc"
