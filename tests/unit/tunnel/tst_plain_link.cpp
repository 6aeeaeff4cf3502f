#include "protocol/v1_conversation.h"
#include "support/frame_run.h"
#include "support/packets.h"
#include "transport/memory_stream.h"
#include "tunnel/plain_link.h"

#include <QtTest>

#include <functional>
#include <random>

using namespace gvpn;
using namespace gvpn::test;
using tunnel::PlainLink;
namespace v1 = protocol::v1;

namespace {

const net::IpAddress Us = address("10.86.0.2");
const net::IpAddress Lan = address("172.17.0.9");

struct Recorder final : public PlainLink::Observer {
    std::vector<ByteVector> handshakes;
    std::vector<std::int32_t> commands;
    std::vector<ByteVector> data;
    std::vector<Error> ends;
    int wakeUps = 0;
    int rooms = 0;
    std::function<void()> onHandshake;
    std::function<void()> onFrame;
    std::function<void()> onReceived;

    void linkHandshake(ByteView bytes) override
    {
        handshakes.emplace_back(bytes.begin(), bytes.end());
        call(onHandshake);
    }
    void linkFrame(const v1::Frame& frame) override
    {
        commands.push_back(frame.command);
        data.emplace_back(frame.data.begin(), frame.data.end());
        call(onFrame);
    }
    void linkReceived(TimePoint /*now*/) override
    {
        ++wakeUps;
        call(onReceived);
    }
    void linkRoom() override { ++rooms; }
    void linkClosed(const Error& error) override { ends.push_back(error); }

private:
    static void call(const std::function<void()>& hook)
    {
        if (hook)
            hook();
    }
};

struct End {
    End(std::unique_ptr<transport::ByteStream> stream, std::size_t handshakeBytes, tunnel::LinkContext& context)
        : link(std::make_unique<PlainLink>(std::move(stream), handshakeBytes, context, recorder))
    {
        link->start();
    }
    Recorder recorder;
    std::unique_ptr<PlainLink> link;
};

struct Pair {
    explicit Pair(const transport::MemoryLinkOptions& options = {})
        : line(options)
        , context(time)
        , client(line.takeFirst(), v1::HandshakeReplyBytes, context)
        , server(line.takeSecond(), v1::HandshakeBytes, context)
    {}
    void shakeHands()
    {
        client.link->send(v1::makeHandshake(v1::Version));
        server.link->send(ByteVector{std::byte{1}});
        pump();
        client.link->allowPackets();
        server.link->allowPackets();
    }
    void pump() { line.pump(time.now()); }

    ManualTime time;
    transport::MemoryLink line;
    tunnel::LinkContext context;
    End client;
    End server;
};

ByteVector registration()
{
    return v1::makeFrame(v1::Command::Register, 7, ByteVector(4));
}

void appendPacket(FrameRun& batch, std::uint32_t number, std::size_t payloadBytes = 100)
{
    batch.append(udpPacket(Us, Lan, number, payloadBytes), {}, tunnel::Framing::V1);
}

}  // namespace

class TestPlainLink : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void asksTheStreamToWatchForADeadPeer();
    void handsOutHandshakeAndFramesInRandomChunks();
    void carriesPacketsBothWays();
    void packetsTooEarlyOrTooLargeEndIt();
    void badLengthsEndIt();
    void keepsWhatTheSocketDoesNotTake();
    void aPeerThatDoesNotReadAnswersIsClosed();
    void partsArriveInOrderUnderBackPressure();
    void closeSendsWhatWasWrittenBefore();
    void aResetEndsBoth();
    void doesNothingAfterItsEnd();
    void canBeClosedFromInsideEachCallback_data();
    void canBeClosedFromInsideEachCallback();
};

void TestPlainLink::asksTheStreamToWatchForADeadPeer()
{
    const Pair pair;
    QVERIFY(pair.line.deadPeerAfterOfFirst() == v1::DeadPeerAfter);
    QVERIFY(pair.line.deadPeerAfterOfSecond() == v1::DeadPeerAfter);
}

void TestPlainLink::handsOutHandshakeAndFramesInRandomChunks()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    for (unsigned round = 0; round < 5; ++round) {
        Pair pair({.maxChunkBytes = round == 0 ? 1U : 20U, .seed = seed + round});
        pair.client.link->send(v1::makeHandshake(v1::Version));
        for (int i = 0; i < 10; ++i)
            pair.client.link->send(registration());
        pair.pump();
        QCOMPARE(pair.server.recorder.handshakes.size(), std::size_t{1});
        QVERIFY(pair.server.recorder.handshakes[0] == v1::makeHandshake(v1::Version));
        QVERIFY(pair.server.recorder.commands == std::vector<std::int32_t>(10, 1));
        QVERIFY(pair.server.recorder.ends.empty());
        QVERIFY(pair.server.recorder.wakeUps > 0);
    }
}

void TestPlainLink::carriesPacketsBothWays()
{
    Pair pair({.maxChunkBytes = 700});
    pair.shakeHands();
    for (End* end : {&pair.client, &pair.server}) {
        FrameRun batch;
        for (std::uint32_t i = 0; i < 50; ++i)
            appendPacket(batch, i, 1200);
        QVERIFY(end->link->sendFrames(batch.frames()));
    }
    pair.pump();
    for (const End* end : {&pair.client, &pair.server}) {
        QVERIFY(end->recorder.commands == std::vector<std::int32_t>(50, 2));
        for (std::uint32_t i = 0; i < 50; ++i)
            QVERIFY(end->recorder.data[i] == udpPacket(Us, Lan, i, 1200));
    }
}

void TestPlainLink::packetsTooEarlyOrTooLargeEndIt()
{
    for (const bool isAllowed : {false, true}) {
        Pair pair;
        if (isAllowed)
            pair.shakeHands();
        else
            pair.client.link->send(v1::makeHandshake(v1::Version));
        // 5000 bytes are a packet, but no control frame; 65536 are neither.
        ByteVector header(12);
        writeBigEndian<std::uint32_t>(ByteSpan(header), 0, isAllowed ? 8 + 65'536 : 8 + 5'000);
        pair.client.link->send(header);
        pair.pump();
        QCOMPARE(pair.server.recorder.ends.size(), std::size_t{1});
        QVERIFY(pair.server.recorder.ends[0].code == ErrorCode::ProtocolViolation);
        QCOMPARE(pair.client.recorder.ends.size(), std::size_t{1});
    }
}

void TestPlainLink::badLengthsEndIt()
{
    for (const unsigned first : {0x80U, 0xFFU, 0x7FU}) {
        Pair pair;
        pair.shakeHands();
        ByteVector bytes(12, std::byte{0xFF});
        bytes[0] = static_cast<std::byte>(first);
        pair.client.link->send(bytes);
        pair.pump();
        QCOMPARE(pair.server.recorder.ends.size(), std::size_t{1});
        QVERIFY(pair.server.recorder.ends[0].code == ErrorCode::ProtocolViolation);
        QVERIFY(pair.server.recorder.commands.empty());
    }
}

void TestPlainLink::keepsWhatTheSocketDoesNotTake()
{
    Pair pair({.windowBytes = 20'000});
    pair.shakeHands();
    FrameRun batch;
    for (std::uint32_t i = 0; i < 40; ++i)
        appendPacket(batch, i, 1200);
    pair.line.pauseReadingOfSecond(true);
    QVERIFY(pair.client.link->sendFrames(batch.frames()));
    QVERIFY(!pair.client.link->hasRoom());
    QVERIFY(!pair.client.link->sendFrames(batch.frames()));
    pair.pump();
    QCOMPARE(pair.client.recorder.rooms, 0);
    pair.line.pauseReadingOfSecond(false);
    pair.pump();
    QCOMPARE(pair.client.recorder.rooms, 1);
    QVERIFY(pair.client.link->hasRoom());
    QCOMPARE(pair.server.recorder.data.size(), std::size_t{40});
    QVERIFY(pair.server.recorder.data[39] == udpPacket(Us, Lan, 39, 1200));
}

void TestPlainLink::aPeerThatDoesNotReadAnswersIsClosed()
{
    Pair pair({.windowBytes = 1000});
    pair.shakeHands();
    pair.line.pauseReadingOfFirst(true);
    const ByteVector answer = v1::makeFrame(v1::Command::Callback, 1, ByteVector(v1::MaxControlDataBytes));
    const std::size_t pendingBytes = pair.context.pending.bufferBytes();
    std::size_t sentBytes = 0;
    while (pair.server.recorder.ends.empty() && sentBytes < 10 * pendingBytes) {
        pair.server.link->send(answer);
        sentBytes += answer.size();
    }
    QCOMPARE(pair.server.recorder.ends.size(), std::size_t{1});
    QVERIFY(pair.server.recorder.ends[0].code == ErrorCode::TimedOut);
    QVERIFY(sentBytes < 2 * pendingBytes);
}

void TestPlainLink::partsArriveInOrderUnderBackPressure()
{
    Pair pair({.windowBytes = 1000});
    pair.shakeHands();
    std::vector<FrameRun> runs(10);
    std::vector<ByteView> parts;
    for (std::uint32_t i = 0; i < 10; ++i) {
        runs[i].append(udpPacket(Us, Lan, i, 700 + 100 * i), {}, tunnel::Framing::V1);
        parts.push_back(runs[i].frames());
    }
    QVERIFY(pair.client.link->sendFrames(parts));
    QVERIFY(!pair.client.link->hasRoom());
    pair.pump();
    QCOMPARE(pair.server.recorder.data.size(), std::size_t{10});
    for (std::uint32_t i = 0; i < 10; ++i)
        QVERIFY(pair.server.recorder.data[i] == udpPacket(Us, Lan, i, 700 + 100 * i));
}

void TestPlainLink::closeSendsWhatWasWrittenBefore()
{
    Pair pair;
    pair.shakeHands();
    pair.server.link->send(v1::makeFrame(v1::Command::Callback, 1, ByteVector(20)));
    pair.server.link->close();
    pair.pump();
    QVERIFY(pair.client.recorder.commands == std::vector<std::int32_t>{-1});
    QCOMPARE(pair.client.recorder.ends.size(), std::size_t{1});
    QVERIFY(pair.client.recorder.ends[0].code == ErrorCode::Closed);
    QVERIFY(pair.server.recorder.ends.empty());
}

void TestPlainLink::aResetEndsBoth()
{
    Pair pair;
    pair.shakeHands();
    pair.line.reset();
    QCOMPARE(pair.client.recorder.ends.size(), std::size_t{1});
    QCOMPARE(pair.server.recorder.ends.size(), std::size_t{1});
}

void TestPlainLink::doesNothingAfterItsEnd()
{
    Pair pair;
    pair.shakeHands();
    pair.client.link->abort();
    pair.client.link->send(registration());
    FrameRun batch;
    appendPacket(batch, 1);
    QVERIFY(!pair.client.link->sendFrames(batch.frames()));
    QVERIFY(!pair.client.link->hasRoom());
    pair.client.link->close();
    pair.pump();
    QVERIFY(pair.client.recorder.ends.empty());
    QCOMPARE(pair.server.recorder.ends.size(), std::size_t{1});
    QVERIFY(pair.server.recorder.commands.empty());
}

void TestPlainLink::canBeClosedFromInsideEachCallback_data()
{
    QTest::addColumn<int>("callback");
    QTest::newRow("handshake") << 0;
    QTest::newRow("frame") << 1;
    QTest::newRow("received") << 2;
}

void TestPlainLink::canBeClosedFromInsideEachCallback()
{
    QFETCH(int, callback);
    Pair pair;
    Recorder& recorder = pair.server.recorder;
    const auto close = [&pair] { pair.server.link->close(); };
    if (callback == 0)
        recorder.onHandshake = close;
    else if (callback == 1)
        recorder.onFrame = close;
    else
        recorder.onReceived = close;
    pair.client.link->send(v1::makeHandshake(v1::Version));
    pair.client.link->send(registration());
    pair.client.link->send(registration());
    pair.pump();
    QVERIFY(recorder.ends.empty());
    QCOMPARE(pair.client.recorder.ends.size(), std::size_t{1});
    QCOMPARE(recorder.handshakes.size(), std::size_t{1});
    QVERIFY(recorder.commands.size() == (callback == 0 ? 0U : callback == 1 ? 1U : recorder.commands.size()));
}

QTEST_APPLESS_MAIN(TestPlainLink)
#include "tst_plain_link.moc"
