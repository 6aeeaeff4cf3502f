#include "counting_new.h"
#include "fixtures.h"

#include <QtTest>

#include <random>

using namespace gvpn;
using namespace gvpn::protocol;
using fixtures::allocatedBytes;
using fixtures::allocations;

namespace {

const net::SegmentHeader TcpSegment{.type = net::SegmentType::Tcp6,
                                    .needsChecksum = true,
                                    .isCongestionMarked = true,
                                    .headerBytes = 72,
                                    .segmentBytes = 1400,
                                    .checksumStart = 40,
                                    .checksumOffset = 16};

ByteVector packetFrame(std::size_t packetBytes, const net::SegmentHeader& segment = {})
{
    ByteVector buffer(PacketHeadroomBytes + packetBytes);
    for (std::size_t i = 0; i < packetBytes; ++i)
        buffer[PacketHeadroomBytes + i] = static_cast<std::byte>(i * 31);
    const std::size_t offset = writePacketHeader(buffer, packetBytes, segment);
    return {buffer.begin() + static_cast<std::ptrdiff_t>(offset), buffer.end()};
}

ByteVector header(std::uint32_t length, std::uint8_t type)
{
    ByteVector bytes(FrameHeaderBytes);
    writeBigEndian(bytes, 0, length);
    bytes[4] = static_cast<std::byte>(type);
    return bytes;
}

void append(ByteVector& target, const ByteVector& more)
{
    target.insert(target.end(), more.begin(), more.end());
}

struct OwnedFrame {
    FrameType type;
    ByteVector body;
    net::SegmentHeader segment;
    bool operator==(const OwnedFrame&) const = default;
};

/// Feeds a chunk and takes all its frames; false after an error.
bool drain(FrameDecoder& decoder, ByteVector chunk, std::vector<OwnedFrame>& frames)
{
    decoder.feed(chunk);
    while (true) {
        const auto frame = decoder.next();
        if (!frame)
            return false;
        if (!*frame)
            return true;
        frames.push_back({(*frame)->type, {(*frame)->body.begin(), (*frame)->body.end()}, (*frame)->segment});
    }
}

ByteVector exampleStream()
{
    ByteVector stream = makeControlFrame(encode(Ping{1}));
    append(stream, packetFrame(40));
    append(stream, packetFrame(0));
    append(stream, packetFrame(200, TcpSegment));
    append(stream, packetFrame(3, {.needsChecksum = true, .checksumStart = 20, .checksumOffset = 6}));
    append(stream, makeControlFrame(encode(Pong{2})));
    return stream;
}

}  // namespace

class TestFrame : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void writesWhatTheTableSays()
    {
        QCOMPARE(packetFrame(2), fixtures::fromHex("00000003 02 001f"));
        QCOMPARE(packetFrame(2, TcpSegment), fixtures::fromHex("0000000d 03 02 03 0048 0578 0028 0010 001f"));
        QCOMPARE(makeControlFrame(fixtures::fromHex("a10003")), fixtures::fromHex("00000004 01 a10003"));
    }

    void readsTheSameFramesWhereverTheStreamIsCut()
    {
        const ByteVector stream = exampleStream();
        std::vector<OwnedFrame> whole;
        FrameDecoder reference;
        reference.allowPackets();
        QVERIFY(drain(reference, stream, whole));
        QCOMPARE(whole.size(), std::size_t{6});
        QCOMPARE(whole[3].segment, TcpSegment);
        QCOMPARE(whole[3].body.size(), std::size_t{200});

        for (std::size_t first = 0; first <= stream.size(); ++first) {
            for (const std::size_t second : {first, first + 1, first + 7, stream.size()}) {
                const auto a = static_cast<std::ptrdiff_t>(first);
                const auto b = static_cast<std::ptrdiff_t>(std::min(second, stream.size()));
                FrameDecoder decoder;
                decoder.allowPackets();
                std::vector<OwnedFrame> frames;
                QVERIFY(drain(decoder, {stream.begin(), stream.begin() + a}, frames));
                QVERIFY(drain(decoder, {stream.begin() + a, stream.begin() + b}, frames));
                QVERIFY(drain(decoder, {stream.begin() + b, stream.end()}, frames));
                QCOMPARE(frames, whole);
                QCOMPARE(decoder.bufferedBytes(), std::size_t{0});
            }
        }
    }

    void readsAStreamByteByByteAndInRandomChunks()
    {
        const ByteVector stream = exampleStream();
        const unsigned seed = std::random_device()();
        qInfo("seed=%u", seed);
        std::mt19937 random(seed);
        for (unsigned round = 0; round < 50; ++round) {
            FrameDecoder decoder;
            decoder.allowPackets();
            std::vector<OwnedFrame> frames;
            for (std::size_t at = 0; at < stream.size();) {
                const std::size_t size = std::min<std::size_t>(round == 0 ? 1 : 1 + random() % 90, stream.size() - at);
                const auto begin = stream.begin() + static_cast<std::ptrdiff_t>(at);
                QVERIFY(drain(decoder, {begin, begin + static_cast<std::ptrdiff_t>(size)}, frames));
                at += size;
            }
            QCOMPARE(frames.size(), std::size_t{6});
        }
    }

    void handsOutWholeFramesInPlaceAndWithoutAllocating()
    {
        ByteVector stream = exampleStream();
        FrameDecoder decoder;
        decoder.allowPackets();
        const std::size_t before = allocations;
        decoder.feed(stream);
        for (int i = 0; i < 6; ++i) {
            const auto frame = decoder.next();
            QVERIFY(frame && *frame);
            QVERIFY((*frame)->body.data() >= stream.data());
            QVERIFY((*frame)->body.data() <= stream.data() + stream.size());
        }
        QVERIFY(!decoder.next()->has_value());
        QCOMPARE(allocations, before);
    }

    void refusesBadHeaders_data()
    {
        QTest::addColumn<quint32>("length");
        QTest::addColumn<int>("type");
        QTest::addColumn<bool>("isPacketAllowed");
        QTest::addColumn<bool>("isFine");
        const quint32 packet = 1 + 65535;
        const quint32 segment = packet + 10;
        QTest::newRow("nothing") << 0U << 1 << true << false;
        QTest::newRow("nothing of a packet") << 0U << 2 << true << false;
        QTest::newRow("sign bit") << 0x80000000U << 2 << true << false;
        QTest::newRow("all ones") << 0xFFFFFFFFU << 2 << true << false;
        QTest::newRow("largest early control") << 4097U << 1 << false << true;
        QTest::newRow("too large early control") << 4098U << 1 << false << false;
        QTest::newRow("largest control") << 16385U << 1 << true << true;
        QTest::newRow("too large control") << 16386U << 1 << true << false;
        QTest::newRow("largest packet") << packet << 2 << true << true;
        QTest::newRow("too large packet") << packet + 1 << 2 << true << false;
        QTest::newRow("largest segment") << segment << 3 << true << true;
        QTest::newRow("too large segment") << segment + 1 << 3 << true << false;
        QTest::newRow("segment without its header") << 10U << 3 << true << false;
        QTest::newRow("early packet") << 41U << 2 << false << false;
        QTest::newRow("early segment") << 41U << 3 << false << false;
        QTest::newRow("type 0") << 10U << 0 << true << false;
        QTest::newRow("type 4") << 10U << 4 << true << false;
        QTest::newRow("type 255") << 10U << 255 << true << false;
    }

    void refusesBadHeaders()
    {
        QFETCH(quint32, length);
        QFETCH(int, type);
        QFETCH(bool, isPacketAllowed);
        QFETCH(bool, isFine);
        for (const std::size_t cut : {0U, 1U, 4U}) {
            FrameDecoder decoder;
            if (isPacketAllowed)
                decoder.allowPackets();
            ByteVector first = header(length, static_cast<std::uint8_t>(type));
            ByteVector rest(first.begin() + static_cast<std::ptrdiff_t>(cut), first.end());
            first.resize(cut);
            decoder.feed(first);
            const auto early = decoder.next();
            QVERIFY(early && !*early);
            const std::size_t before = allocatedBytes;
            decoder.feed(rest);
            const auto frame = decoder.next();
            QVERIFY(decoder.bufferedBytes() <= FrameHeaderBytes);
            QCOMPARE(frame.has_value(), isFine);
            if (isFine) {
                QVERIFY(!*frame);
                QVERIFY(allocatedBytes - before <= FrameHeaderBytes - 1 + length);
            } else {
                QVERIFY(allocatedBytes - before < 200);  // the error's text
                QCOMPARE(frame.error().code, ErrorCode::ProtocolViolation);
                QVERIFY(!decoder.next());  // it stays broken
            }
        }
    }

    void refusesABadSegmentHeader_data()
    {
        QTest::addColumn<QByteArray>("frame");
        QTest::newRow("unknown type") << QByteArray("0000000c 03 05 00 0000 0000 0000 0000 45");
        QTest::newRow("type 255") << QByteArray("0000000c 03 ff 00 0000 0000 0000 0000 45");
        QTest::newRow("unknown flag") << QByteArray("0000000c 03 01 04 0000 0000 0000 0000 45");
        QTest::newRow("highest flag") << QByteArray("0000000c 03 01 80 0000 0000 0000 0000 45");
    }

    void refusesABadSegmentHeader()
    {
        QFETCH(QByteArray, frame);
        const ByteVector bytes = fixtures::fromHex(frame);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
            const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(cut);
            FrameDecoder decoder;
            decoder.allowPackets();
            std::vector<OwnedFrame> frames;
            QVERIFY(drain(decoder, {bytes.begin(), middle}, frames));
            QVERIFY(!drain(decoder, {middle, bytes.end()}, frames));
            QVERIFY(frames.empty());
            QVERIFY(!decoder.next());
        }
    }

    void allowsPacketsFromTheMiddleOfAChunkOn()
    {
        ByteVector stream = makeControlFrame(encode(LoginReply{}));
        append(stream, packetFrame(20));
        FrameDecoder decoder;
        decoder.feed(stream);
        QCOMPARE((*decoder.next())->type, FrameType::Control);
        decoder.allowPackets();
        QCOMPARE((*decoder.next())->type, FrameType::Packet);
    }

    void allowsLargeControlAfterTheLoginButNoPackets()
    {
        FrameDecoder decoder;
        decoder.allowLargeControl();
        std::vector<OwnedFrame> frames;
        QVERIFY(drain(decoder, makeControlFrame(ByteVector(MaxControlBytes)), frames));
        QVERIFY(!drain(decoder, packetFrame(20), frames));
        QCOMPARE(frames.size(), std::size_t{1});
    }

    void reservesTheFrameAndNoMore()
    {
        FrameDecoder decoder;
        decoder.allowPackets();
        std::vector<OwnedFrame> frames;
        const ByteVector frame = packetFrame(60000);
        const std::size_t before = allocatedBytes;
        ByteVector first(frame.begin(), frame.begin() + 1000);
        decoder.feed(first);
        QVERIFY(decoder.next().has_value());
        QCOMPARE(allocatedBytes - before, 1000 + frame.size());  // our copy and its buffer
        QCOMPARE(decoder.bufferedBytes(), std::size_t{1000});
    }

    void allocatesOnceForAStreamOfLargeFrames_data()
    {
        QTest::addColumn<int>("chunkBytes");
        QTest::newRow("frames end with chunks") << 60005 / 5;
        QTest::newRow("frames are cut anywhere") << 16384;
    }

    void allocatesOnceForAStreamOfLargeFrames()
    {
        QFETCH(int, chunkBytes);
        ByteVector stream;
        for (int i = 0; i < 20; ++i)
            append(stream, packetFrame(60000));
        FrameDecoder decoder;
        decoder.allowPackets();
        const std::size_t before = allocations;
        int frames = 0;
        for (ByteSpan rest = stream; !rest.empty();) {
            const ByteSpan chunk = rest.first(std::min(rest.size(), static_cast<std::size_t>(chunkBytes)));
            rest = rest.subspan(chunk.size());
            decoder.feed(chunk);
            while (decoder.next()->has_value())
                ++frames;
        }
        QCOMPARE(frames, 20);
        QVERIFY2(allocations - before <= 2, qPrintable(QString::number(allocations - before)));
    }

    void givesALargeBufferBackWhenItIsNotNeeded()
    {
        FrameDecoder decoder;
        decoder.allowPackets();
        std::vector<OwnedFrame> frames;
        const ByteVector frame = packetFrame(60000);
        const auto drainCut = [&] {
            const std::size_t before = allocatedBytes;
            decoder.feed(ByteSpan());
            QVERIFY(decoder.next().has_value());
            ByteVector first(frame.begin(), frame.begin() + 10);
            ByteVector second(frame.begin() + 10, frame.end());
            const std::size_t own = first.size() + second.size();
            decoder.feed(first);
            QVERIFY(!decoder.next()->has_value());
            decoder.feed(second);
            QVERIFY(decoder.next()->has_value());
            QVERIFY(!decoder.next()->has_value());
            m_lastBuffer = allocatedBytes - before - own;
        };
        drainCut();
        QCOMPARE(m_lastBuffer, frame.size());
        QVERIFY(drain(decoder, makeControlFrame(encode(Ping{1})), frames));
        drainCut();
        QCOMPARE(m_lastBuffer, frame.size());  // had to allocate again
    }

private:
    std::size_t m_lastBuffer = 0;
};

QTEST_APPLESS_MAIN(TestFrame)
#include "tst_frame.moc"
