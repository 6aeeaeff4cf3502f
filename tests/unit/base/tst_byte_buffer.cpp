#include "base/byte_buffer.h"

#include <QTest>

#include <algorithm>
#include <random>

using gvpn::asBytes;
using gvpn::asText;
using gvpn::ByteBuffer;

class TestByteBuffer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void startsEmptyWithAllOfItsCapacity();
    void appendsAllOrNothing();
    void givesBytesBackInOrder();
    void makesRoomByMovingWhatIsLeft();
    void commitsWhatWasWrittenToTheFreeSpace();
    void shrinksOnlyWhileEmpty();
    void agreesWithAPlainQueue();
    void readsAndWritesBigEndian();
};

void TestByteBuffer::startsEmptyWithAllOfItsCapacity()
{
    ByteBuffer buffer(16);
    QVERIFY(buffer.isEmpty());
    QCOMPARE(buffer.data().size(), 0U);
    QCOMPARE(buffer.capacity(), 16U);
    QCOMPARE(buffer.freeBytes(), 16U);
    QCOMPARE(buffer.freeSpace().size(), 16U);
}

void TestByteBuffer::appendsAllOrNothing()
{
    ByteBuffer buffer(4);
    QVERIFY(buffer.append(asBytes("abc")));
    QVERIFY(!buffer.append(asBytes("de")));
    QVERIFY(asText(buffer.data()) == "abc");
    QVERIFY(buffer.append(asBytes("d")));
    QVERIFY(buffer.append({}));
    QVERIFY(!buffer.append(asBytes("e")));
    QVERIFY(asText(buffer.data()) == "abcd");
}

void TestByteBuffer::givesBytesBackInOrder()
{
    ByteBuffer buffer(8);
    QVERIFY(buffer.append(asBytes("abcdef")));
    buffer.consume(2);
    QVERIFY(asText(buffer.data()) == "cdef");
    QCOMPARE(buffer.size(), 4U);
    buffer.consume(4);
    QVERIFY(buffer.isEmpty());
    QVERIFY(buffer.append(asBytes("x")));
    buffer.clear();
    QVERIFY(buffer.isEmpty());
    QCOMPARE(buffer.freeBytes(), 8U);
}

void TestByteBuffer::makesRoomByMovingWhatIsLeft()
{
    ByteBuffer buffer(8);
    QVERIFY(buffer.append(asBytes("abcdefgh")));
    buffer.consume(6);
    QCOMPARE(buffer.freeBytes(), 6U);
    QVERIFY(buffer.append(asBytes("ijklmn")));
    QVERIFY(asText(buffer.data()) == "ghijklmn");
    buffer.consume(3);
    QCOMPARE(buffer.freeSpace().size(), 3U);
    QVERIFY(asText(buffer.data()) == "jklmn");
}

void TestByteBuffer::commitsWhatWasWrittenToTheFreeSpace()
{
    ByteBuffer buffer(8);
    QVERIFY(buffer.append(asBytes("ab")));
    std::ranges::copy(asBytes("cdef"), buffer.freeSpace().begin());
    buffer.commit(3);
    QVERIFY(asText(buffer.data()) == "abcde");
}

void TestByteBuffer::shrinksOnlyWhileEmpty()
{
    ByteBuffer buffer(8);
    QVERIFY(buffer.append(asBytes("ab")));
    buffer.shrink();
    QVERIFY(asText(buffer.data()) == "ab");
    buffer.consume(2);
    buffer.shrink();
    QVERIFY(buffer.data().data() == nullptr);
    QVERIFY(buffer.append(asBytes("cd")));
    QVERIFY(asText(buffer.data()) == "cd");
}

void TestByteBuffer::agreesWithAPlainQueue()
{
    const auto seed = std::random_device()();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    ByteBuffer buffer(64);
    std::string expected;
    for (int turn = 0; turn < 20000; ++turn) {
        const std::string piece(random() % 40, static_cast<char>('a' + turn % 26));
        const bool fits = expected.size() + piece.size() <= 64;
        if (fits)
            expected += piece;
        QCOMPARE(buffer.append(asBytes(piece)), fits);
        const std::size_t taken = random() % (expected.size() + 1);
        buffer.consume(taken);
        expected.erase(0, taken);
        QVERIFY(asText(buffer.data()) == expected);
    }
}

void TestByteBuffer::readsAndWritesBigEndian()
{
    std::array<std::byte, 9> bytes{};
    gvpn::writeBigEndian(bytes, 1, std::uint64_t{0x0102030405060708});
    QCOMPARE(bytes[0], std::byte{0});
    QCOMPARE(bytes[1], std::byte{1});
    QCOMPARE(bytes[8], std::byte{8});
    QCOMPARE(gvpn::readBigEndian<std::uint64_t>(bytes, 1), std::uint64_t{0x0102030405060708});
    QCOMPARE(gvpn::readBigEndian<std::uint32_t>(bytes, 5), std::uint32_t{0x05060708});
    QCOMPARE(gvpn::readBigEndian<std::uint16_t>(bytes, 0), std::uint16_t{0x0001});
    QCOMPARE(gvpn::readBigEndian<std::uint8_t>(bytes, 3), std::uint8_t{3});
}

QTEST_APPLESS_MAIN(TestByteBuffer)
#include "tst_byte_buffer.moc"
