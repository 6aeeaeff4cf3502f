#include "blocks.h"
#include "frames.h"
#include "tunnel/packet_sender.h"

#include <QtTest>

#include <functional>
#include <random>

using namespace gvpn;
using namespace gvpn::test;
using namespace gvpn::tunnel;
using namespace gvpn::tunnel::test;
using namespace std::chrono_literals;

namespace {

/// Keeps what it is given, for as many batches as the test allows.
class FakeLink final : public PacketLink {
public:
    int room = 1'000'000;  // batches that it takes before it is full
    bool refuses = false;  // although it has room
    std::function<void()> onRefusal;
    std::vector<ByteVector> batches;
    std::size_t mostParts = 0;

    using PacketLink::sendFrames;
    [[nodiscard]] bool sendFrames(std::span<const ByteView> parts) override
    {
        if (refuses) {
            if (onRefusal)
                onRefusal();
            return false;
        }
        mostParts = std::max(mostParts, parts.size());
        ByteVector& batch = batches.emplace_back();
        for (const ByteView part : parts)
            batch.insert(batch.end(), part.begin(), part.end());
        --room;
        return true;
    }
    [[nodiscard]] bool hasRoom() const override { return room > 0; }

    [[nodiscard]] std::vector<PacketFrame> frames() const
    {
        std::vector<PacketFrame> all;
        for (const ByteVector& batch : batches) {
            const auto frames = decodeFrames(batch);
            if (!frames)
                qFatal("a batch does not consist of whole frames");
            all.insert(all.end(), frames->begin(), frames->end());
        }
        return all;
    }
};

struct Fixture {
    ManualTime time;
    LinkContext context{time};
    FakeLink link;
    Counters counters;
    PacketSender sender{link, context, counters};

    void push(std::uint32_t number, std::size_t packetBytes, std::uint64_t flow = 1, Ecn ecn = Ecn::NotCapable)
    {
        sender.push(blockOf(context.pool, number, packetBytes, ecn), flow);
    }
};

}  // namespace

class TestPacketSender : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sendsWhatWaitsInOneBatch();
    void keepsPacketsWhileTheLinkHasNoRoom();
    void stopsWhenTheLinkIsFull();
    void sendsNothingWhenNothingWaits();
    void batchesHaveALimit();
    void isReadyWhenABatchWaitsAndTheLinkHasRoom();
    void countsWhatALinkRefuses();
    void countsABlockThatThePoolHadNoRoomFor();
    void countsWhatTheQueueDrops();
    void countsWhatTheQueueMarks();
    void countsEachDropOnce();
    void packetsOfAnotherSenderNeverLeaveByItsLink();
    void givesItsBlocksBack();
    void shrinksAndGoesOn();
};

void TestPacketSender::sendsWhatWaitsInOneBatch()
{
    Fixture fixture;
    for (std::uint32_t i = 0; i < 10; ++i)
        fixture.push(i, 100 + i);
    QVERIFY(!fixture.sender.isEmpty());
    QVERIFY(fixture.link.batches.empty());
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{0});
    fixture.sender.pump();
    QVERIFY(fixture.sender.isEmpty());
    QCOMPARE(fixture.link.batches.size(), std::size_t{1});
    const auto frames = fixture.link.frames();
    QCOMPARE(frames.size(), std::size_t{10});
    for (std::uint32_t i = 0; i < 10; ++i)
        QVERIFY(frames[i].bytes == numberedPacket(i, 100 + i));
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{10});
    QCOMPARE(fixture.counters.bytesFromTun, std::uint64_t{1045});
    QCOMPARE(fixture.counters.droppedInAll(), std::uint64_t{0});
}

void TestPacketSender::keepsPacketsWhileTheLinkHasNoRoom()
{
    Fixture fixture;
    fixture.link.room = 0;
    for (std::uint32_t i = 0; i < 300; ++i) {
        fixture.push(i, 1400);
        fixture.sender.pump();
    }
    QVERIFY(fixture.link.batches.empty());
    QVERIFY(!fixture.sender.isEmpty());
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{0});
    fixture.link.room = 100;
    fixture.sender.pump();
    const auto frames = fixture.link.frames();
    QCOMPARE(frames.size(), std::size_t{300});
    for (std::uint32_t i = 0; i < 300; ++i)
        QCOMPARE(numberOf(frames[i].bytes), i);
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{300});
}

void TestPacketSender::stopsWhenTheLinkIsFull()
{
    Fixture fixture;
    fixture.link.room = 2;
    for (std::uint32_t i = 0; i < 300; ++i)
        fixture.push(i, 1400);
    fixture.sender.pump();
    QCOMPARE(fixture.link.batches.size(), std::size_t{2});
    const std::size_t sent = fixture.link.frames().size();
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{sent});
    QVERIFY(sent < 100);
    fixture.link.room = 1000;
    fixture.sender.pump();
    QCOMPARE(fixture.link.frames().size(), std::size_t{300});
    QCOMPARE(fixture.counters.droppedInAll(), std::uint64_t{0});
}

void TestPacketSender::sendsNothingWhenNothingWaits()
{
    Fixture fixture;
    fixture.sender.pump();
    fixture.push(1, 100);
    fixture.sender.pump();
    fixture.sender.pump();
    QCOMPARE(fixture.link.batches.size(), std::size_t{1});
}

void TestPacketSender::batchesHaveALimit()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    Fixture fixture;
    for (int round = 0; round < 20; ++round) {
        for (std::size_t bytes = 0; bytes < QueueBytes / 4;) {
            const std::size_t sizeBytes = 100 + random() % (random() % 2 == 0 ? 65'435 : 9000);
            fixture.push(1, sizeBytes, random());
            bytes += sizeBytes;
        }
        fixture.sender.pump();
    }
    for (std::size_t i = 0; i < fixture.link.batches.size(); ++i)
        QVERIFY(fixture.link.batches[i].size() <= MaxBatchBytes);
    QVERIFY(fixture.link.mostParts <= MaxBatchParts);
    QCOMPARE(fixture.link.frames().size(), std::size_t{fixture.counters.packetsFromTun});
    QCOMPARE(fixture.counters.droppedInAll(), std::uint64_t{0});
}

void TestPacketSender::isReadyWhenABatchWaitsAndTheLinkHasRoom()
{
    Fixture fixture;
    QVERIFY(!fixture.sender.isBatchReady());
    fixture.push(1, BatchTargetBytes - protocol::FrameHeaderBytes - 100);
    QVERIFY(!fixture.sender.isBatchReady());
    fixture.push(2, 100);
    QVERIFY(fixture.sender.isBatchReady());
    fixture.link.room = 0;
    QVERIFY(!fixture.sender.isBatchReady());
    fixture.link.room = 1;
    fixture.sender.pump();
    QVERIFY(!fixture.sender.isBatchReady());
}

void TestPacketSender::countsWhatALinkRefuses()
{
    Fixture fixture;
    for (std::uint32_t i = 0; i < 5; ++i)
        fixture.push(i, 1000);
    fixture.link.refuses = true;
    fixture.link.onRefusal = [&fixture] { fixture.link.room = 0; };
    fixture.sender.pump();
    QCOMPARE(fixture.counters.dropped(DropReason::QueueFull), std::uint64_t{5});
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{0});
    QCOMPARE(fixture.counters.bytesFromTun, std::uint64_t{0});
    // What was lost does not turn up later.
    fixture.link.refuses = false;
    fixture.link.room = 1;
    fixture.push(99, 1000);
    fixture.sender.pump();
    QCOMPARE(fixture.link.frames().size(), std::size_t{1});
    QCOMPARE(numberOf(fixture.link.frames()[0].bytes), 99U);
}

void TestPacketSender::countsABlockThatThePoolHadNoRoomFor()
{
    Fixture fixture;
    fixture.sender.push(PacketBlock(), 1);
    fixture.sender.pump();
    QCOMPARE(fixture.counters.dropped(DropReason::QueueFull), std::uint64_t{1});
    QCOMPARE(fixture.counters.droppedInAll(), std::uint64_t{1});
    QVERIFY(fixture.link.batches.empty());
}

void TestPacketSender::countsWhatTheQueueDrops()
{
    Fixture fixture;
    fixture.link.room = 0;
    for (std::uint32_t i = 0; i < 5000; ++i)
        fixture.push(i, 1400);
    fixture.sender.pump();
    const std::uint64_t dropped = fixture.counters.dropped(DropReason::QueueFull);
    QVERIFY(dropped > 3000);
    fixture.link.room = 1000;
    fixture.sender.pump();
    QCOMPARE(fixture.counters.packetsFromTun + dropped, std::uint64_t{5000});
    // The oldest went.
    QCOMPARE(numberOf(fixture.link.frames().front().bytes), static_cast<std::uint32_t>(dropped));
    QCOMPARE(fixture.counters.droppedInAll(), dropped);
}

void TestPacketSender::countsWhatTheQueueMarks()
{
    for (const Ecn ecn : {Ecn::NotCapable, Ecn::Capable0}) {
        Fixture fixture;
        std::uint32_t number = 0;
        for (int i = 0; i < 100; ++i)
            fixture.push(number++, 60'000 / 2, 1, ecn);
        // Each batch takes three of them, and three come: the queue stands, and its wait is above the target.
        for (int i = 0; i < 300; ++i) {
            fixture.time.advance(2ms);
            fixture.link.room = 1;
            fixture.sender.pump();
            for (int j = 0; j < 3; ++j)
                fixture.push(number++, 60'000 / 2, 1, ecn);
        }
        const auto frames = fixture.link.frames();
        const auto marked = std::ranges::count_if(
            frames, [](const PacketFrame& frame) { return ecnOf(frame.bytes) == Ecn::Experienced; });
        QCOMPARE(fixture.counters.congestionMarks, static_cast<std::uint64_t>(marked));
        QCOMPARE(marked > 0, ecn == Ecn::Capable0);
        QCOMPARE(fixture.counters.dropped(DropReason::TooLate) > 0, ecn == Ecn::NotCapable);
        fixture.link.room = 1000;
        fixture.sender.pump();
        QCOMPARE(fixture.counters.packetsFromTun + fixture.counters.droppedInAll(), std::uint64_t{number});
    }
}

void TestPacketSender::countsEachDropOnce()
{
    Fixture fixture;
    fixture.link.room = 0;
    for (std::uint32_t i = 0; i < 2000; ++i)
        fixture.push(i, 1400);
    fixture.sender.pump();
    const std::uint64_t dropped = fixture.counters.droppedInAll();
    QVERIFY(dropped > 0);
    fixture.sender.pump();
    fixture.sender.pump();
    QCOMPARE(fixture.counters.droppedInAll(), dropped);
}

void TestPacketSender::packetsOfAnotherSenderNeverLeaveByItsLink()
{
    // A link that ends under the first sender: the end of a session makes the server pump the others, from inside.
    Fixture fixture;
    FakeLink otherLink;
    Counters otherCounters;
    PacketSender other(otherLink, fixture.context, otherCounters);
    for (std::uint32_t i = 0; i < 3; ++i) {
        fixture.push(i, 1000);
        fixture.push(i, 30'000, 2);
        other.push(blockOf(fixture.context.pool, 100 + i, 1000), 1);
    }
    fixture.link.refuses = true;
    fixture.link.onRefusal = [&] {
        fixture.link.room = 0;
        other.pump();
    };
    fixture.sender.pump();
    const auto frames = otherLink.frames();
    QCOMPARE(frames.size(), std::size_t{3});
    for (std::uint32_t i = 0; i < 3; ++i)
        QCOMPARE(numberOf(frames[i].bytes), 100 + i);
    QCOMPARE(otherCounters.packetsFromTun, std::uint64_t{3});
    QCOMPARE(otherCounters.droppedInAll(), std::uint64_t{0});
    QVERIFY(fixture.counters.dropped(DropReason::QueueFull) > 0);
    QCOMPARE(fixture.counters.packetsFromTun, std::uint64_t{0});
}

void TestPacketSender::givesItsBlocksBack()
{
    Fixture fixture;
    fixture.push(1, 100);
    fixture.push(2, 50'000);
    fixture.sender.pump();
    QCOMPARE(fixture.context.pool.bytesInUse(), std::size_t{0});
    fixture.link.refuses = true;
    fixture.push(2, 50'000);
    fixture.sender.pump();
    QCOMPARE(fixture.context.pool.bytesInUse(), std::size_t{0});
    // And so does one that goes while something waits.
    {
        PacketSender other(fixture.link, fixture.context, fixture.counters);
        other.push(blockOf(fixture.context.pool, 1, 1000), 1);
        QVERIFY(fixture.context.pool.bytesInUse() > 0);
    }
    QCOMPARE(fixture.context.pool.bytesInUse(), std::size_t{0});
}

void TestPacketSender::shrinksAndGoesOn()
{
    Fixture fixture;
    fixture.sender.shrink();
    fixture.push(1, 1000);
    fixture.sender.shrink();
    fixture.sender.pump();
    fixture.sender.shrink();
    fixture.push(2, 1000);
    fixture.sender.pump();
    QCOMPARE(fixture.link.frames().size(), std::size_t{2});
}

QTEST_APPLESS_MAIN(TestPacketSender)
#include "tst_packet_sender.moc"
