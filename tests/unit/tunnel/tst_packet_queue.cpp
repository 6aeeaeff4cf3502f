#include "tunnel/packet_queue.h"

#include <QtTest>

#include <random>

using namespace gvpn;
using tunnel::PacketQueue;

namespace {

ByteVector run(std::size_t sizeBytes, unsigned value)
{
    return ByteVector(sizeBytes, static_cast<std::byte>(value & 0xFFU));
}

}  // namespace

class TestPacketQueue : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isEmptyAtFirst();
    void handsOutWholeRunsInOrder();
    void handsOutAFirstRunThatIsLargerThanAsked();
    void takesAllOrNothing();
    void hasRoomAgainAfterPop();
    void losesNothingInRandomUse();
};

void TestPacketQueue::isEmptyAtFirst()
{
    const PacketQueue queue;
    QVERIFY(queue.isEmpty());
    QCOMPARE(queue.sizeBytes(), std::size_t{0});
    QVERIFY(queue.front(1000).empty());
}

void TestPacketQueue::handsOutWholeRunsInOrder()
{
    PacketQueue queue;
    QVERIFY(queue.push(run(100, 1)));
    QVERIFY(queue.push(run(50, 2)));
    QVERIFY(queue.push(run(60, 3)));
    QCOMPARE(queue.sizeBytes(), std::size_t{210});
    QCOMPARE(queue.front(100).size(), std::size_t{100});
    QCOMPARE(queue.front(149).size(), std::size_t{100});
    QCOMPARE(queue.front(150).size(), std::size_t{150});
    QCOMPARE(queue.front(209).size(), std::size_t{150});
    QCOMPARE(queue.front(5000).size(), std::size_t{210});
    queue.pop(150);
    QVERIFY(!queue.isEmpty());
    const ByteView rest = queue.front(5000);
    QVERIFY(std::ranges::equal(rest, run(60, 3)));
    queue.pop(60);
    QVERIFY(queue.isEmpty());
    QCOMPARE(queue.sizeBytes(), std::size_t{0});
}

void TestPacketQueue::handsOutAFirstRunThatIsLargerThanAsked()
{
    PacketQueue queue;
    QVERIFY(queue.push(run(100, 1)));
    QVERIFY(queue.push(run(5, 2)));
    QCOMPARE(queue.front(10).size(), std::size_t{100});
}

void TestPacketQueue::takesAllOrNothing()
{
    PacketQueue queue(100);
    QVERIFY(queue.push(run(60, 1)));
    QVERIFY(!queue.push(run(41, 2)));
    QCOMPARE(queue.sizeBytes(), std::size_t{60});
    QVERIFY(queue.push(run(40, 3)));
    QVERIFY(!queue.push(run(1, 4)));
    const ByteView all = queue.front(100);
    QCOMPARE(all.size(), std::size_t{100});
    QCOMPARE(all[59], std::byte{1});
    QCOMPARE(all[60], std::byte{3});
}

void TestPacketQueue::hasRoomAgainAfterPop()
{
    PacketQueue queue(100);
    for (unsigned i = 0; i < 50; ++i) {
        QVERIFY(queue.push(run(70, i)));
        QVERIFY(!queue.push(run(70, i)));
        QVERIFY(std::ranges::equal(queue.front(70), run(70, i)));
        queue.pop(70);
    }
    QVERIFY(queue.isEmpty());
}

void TestPacketQueue::losesNothingInRandomUse()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    PacketQueue queue(4096);
    std::deque<ByteVector> model;
    for (unsigned i = 0; i < 5000; ++i) {
        std::size_t modelBytes = 0;
        for (const ByteVector& one : model)
            modelBytes += one.size();
        QCOMPARE(queue.sizeBytes(), modelBytes);
        if (random() % 2 == 0) {
            const ByteVector bytes = run(1 + random() % 700, i);
            const bool fits = modelBytes + bytes.size() <= 4096;
            QCOMPARE(queue.push(bytes), fits);
            if (fits)
                model.push_back(bytes);
            continue;
        }
        const ByteView front = queue.front(1 + random() % 2000);
        const std::size_t frontBytes = front.size();
        for (std::size_t at = 0; at < frontBytes;) {
            QVERIFY(!model.empty() && std::ranges::equal(front.subspan(at, model.front().size()), model.front()));
            at += model.front().size();
            model.pop_front();
        }
        queue.pop(frontBytes);
    }
}

QTEST_APPLESS_MAIN(TestPacketQueue)
#include "tst_packet_queue.moc"
