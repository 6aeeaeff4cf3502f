// Two senders, one a direction, over one line with random sizes, flows, pauses and windows: whatever was pushed either
// arrives once, unchanged and in the order of its flow, or is counted as dropped.
#include "blocks.h"
#include "net/flow.h"
#include "support/link_pair.h"
#include "tunnel/packet_sender.h"

#include <QtTest>

#include <map>
#include <random>

using namespace gvpn;
using namespace gvpn::test;
using namespace gvpn::tunnel;
using namespace gvpn::tunnel::test;

namespace {

constexpr std::uint32_t FlowCount = 12;

/// One direction: what was sent at one end and has come to the other.
class Direction {
public:
    Direction(LinkEnd& from, LinkEnd& to, unsigned seed)
        : m_from(from)
        , m_random(seed)
        , m_sender(*from.link, from.context, m_counters)
    {
        from.recorder.onRoom = [this] { m_sender.pump(); };
        to.recorder.onPacket = [this](const net::SegmentHeader& segment, ByteSpan packet) { arrived(segment, packet); };
    }

    void push(std::size_t largestBytes)
    {
        const auto flow = static_cast<std::uint32_t>(m_random() % FlowCount);
        const std::size_t sizeBytes = 40 + m_random() % (largestBytes - 39);
        const std::uint32_t number = m_pushed++;
        // Every third flow understands marks.
        ByteVector packet = numberedPacket(number, sizeBytes, flow % 3 == 0 ? Ecn::Capable0 : Ecn::NotCapable);
        m_sender.push(blockOf(m_from.context.pool, packet), flow);
        m_open.emplace(number, Sent{flow, std::move(packet)});
        if (m_sender.isBatchReady())
            m_sender.pump();
    }
    void pump() { m_sender.pump(); }
    [[nodiscard]] bool isEmpty() const { return m_sender.isEmpty(); }
    [[nodiscard]] const Counters& counters() const { return m_counters; }

    void checkSum() const
    {
        QCOMPARE(m_fault, QString());
        QCOMPARE(m_counters.packetsFromTun, std::uint64_t{m_arrived});
        QCOMPARE(m_counters.congestionMarks, std::uint64_t{m_marks});
        QCOMPARE(m_counters.droppedInAll(),
                 m_counters.dropped(DropReason::QueueFull) + m_counters.dropped(DropReason::TooLate));
        QCOMPARE(m_arrived + m_counters.droppedInAll(), std::uint64_t{m_pushed});
        QCOMPARE(std::uint64_t{m_open.size()}, m_counters.droppedInAll());
    }

private:
    struct Sent {
        std::uint32_t flow;
        ByteVector packet;
    };

    void arrived(const net::SegmentHeader& segment, ByteView packet)
    {
        ++m_arrived;
        const std::uint32_t number = numberOf(packet);
        const auto sent = m_open.find(number);
        if (sent == m_open.end()) {
            m_fault = QStringLiteral("packet %1 came twice or was never sent").arg(number);
            return;
        }
        ByteVector expected = std::move(sent->second.packet);
        const std::uint32_t flow = sent->second.flow;
        m_open.erase(sent);
        if (ecnOf(packet) == Ecn::Experienced) {
            ++m_marks;
            static_cast<void>(net::markCongestion(expected));
        }
        if (!segment.isPlain() || !std::ranges::equal(packet, expected))
            m_fault = QStringLiteral("packet %1 has changed").arg(number);
        if (m_lastOf[flow] > number)
            m_fault = QStringLiteral("packet %1 has overtaken one of its flow").arg(m_lastOf[flow]);
        m_lastOf[flow] = number;
    }

    LinkEnd& m_from;
    std::mt19937 m_random;
    Counters m_counters;
    PacketSender m_sender;
    std::uint32_t m_pushed = 0;
    std::map<std::uint32_t, Sent> m_open;  // by number: has not come
    std::uint32_t m_arrived = 0;
    std::uint32_t m_marks = 0;
    std::array<std::uint32_t, FlowCount> m_lastOf{};
    QString m_fault;
};

}  // namespace

class TestSenderSoak : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyPacketArrivesOrIsCounted_data();
    void everyPacketArrivesOrIsCounted();
};

void TestSenderSoak::everyPacketArrivesOrIsCounted_data()
{
    QTest::addColumn<int>("chunkBytes");
    QTest::addColumn<int>("windowBytes");
    QTest::addColumn<int>("largestBytes");
    QTest::addColumn<int>("rounds");
    QTest::addColumn<int>("packetsARound");  // at most
    QTest::addColumn<bool>("isTight");       // more comes than leaves
    QTest::newRow("ordinary packets") << (1 << 16) << (1 << 18) << 1500 << 300 << 30 << false;
    QTest::newRow("all sizes") << (1 << 16) << (1 << 18) << 65'535 << 30 << 30 << false;
    QTest::newRow("small chunks") << 3000 << 100'000 << 1500 << 200 << 30 << false;
    QTest::newRow("overload") << (1 << 16) << 60'000 << 65'535 << 40 << 25 << true;
    QTest::newRow("overload with ordinary packets") << (1 << 15) << 20'000 << 1500 << 200 << 60 << true;
}

void TestSenderSoak::everyPacketArrivesOrIsCounted()
{
    QFETCH(int, chunkBytes);
    QFETCH(int, windowBytes);
    QFETCH(int, largestBytes);
    QFETCH(int, rounds);
    QFETCH(int, packetsARound);
    QFETCH(bool, isTight);
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    LinkPair pair({.maxChunkBytes = static_cast<std::size_t>(chunkBytes),
                   .windowBytes = static_cast<std::size_t>(windowBytes),
                   .seed = seed});
    pair.establish();
    QVERIFY(pair.isEstablished());
    Direction up(pair.client, pair.server, seed + 1);
    Direction down(pair.server, pair.client, seed + 2);
    bool isOver = false;
    if (isTight) {
        // One wake-up a round, whatever waits.
        pair.client.recorder.onReceived = [&] { pair.line.pauseReadingOfFirst(!isOver); };
        pair.server.recorder.onReceived = [&] { pair.line.pauseReadingOfSecond(!isOver); };
    }
    for (int round = 0; round < rounds; ++round) {
        for (Direction* direction : {&up, &down}) {
            for (auto i = random() % static_cast<unsigned>(packetsARound); i > 0; --i)
                direction->push(static_cast<std::size_t>(largestBytes));
            if (random() % 4 != 0)
                direction->pump();
        }
        pair.line.pauseReadingOfFirst(random() % 4 == 0);
        pair.line.pauseReadingOfSecond(random() % 4 == 0);
        if (random() % 3 != 0)
            pair.pump();
        pair.time.advance(Duration(random() % 12));
    }
    isOver = true;
    pair.line.pauseReadingOfFirst(false);
    pair.line.pauseReadingOfSecond(false);
    for (int i = 0; i < 10 || !up.isEmpty() || !down.isEmpty(); ++i) {
        QVERIFY(i < 10'000);
        up.pump();
        down.pump();
        pair.pump();
    }
    up.checkSum();
    down.checkSum();
    if (isTight)
        QVERIFY(up.counters().droppedInAll() > 0 && down.counters().droppedInAll() > 0);
    QVERIFY(pair.client.recorder.ends.empty() && pair.server.recorder.ends.empty());
    // Nothing is left behind.
    QCOMPARE(pair.client.context.pool.bytesInUse(), std::size_t{0});
    QCOMPARE(pair.server.context.pool.bytesInUse(), std::size_t{0});
}

QTEST_APPLESS_MAIN(TestSenderSoak)
#include "tst_sender_soak.moc"
