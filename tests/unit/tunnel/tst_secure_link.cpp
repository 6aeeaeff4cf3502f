#include "support/link_pair.h"
#include "support/packets.h"

#include <QtTest>

#include <random>

using namespace gvpn;
using namespace gvpn::test;
using namespace std::chrono_literals;

namespace {

const net::IpAddress Us = address("10.86.0.2");
const net::IpAddress Lan = address("172.17.0.9");

ByteVector body(std::uint64_t id)
{
    return protocol::encode(protocol::Ping{id});
}

std::uint64_t idOf(const ByteVector& control)
{
    const auto message = protocol::decode(control);
    const auto* ping = message ? std::get_if<protocol::Ping>(&*message) : nullptr;
    return ping != nullptr ? ping->id : 0;
}

void sendPacket(tunnel::SecureLink& link)
{
    FrameRun batch;
    batch.append(udpPacket(Us, Lan), {});
    QVERIFY(link.sendFrames(batch.frames()));
}

}  // namespace

class TestSecureLink : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void shakesHandsInRandomChunks();
    void knowsThePeersPinWhenItIsEstablished();
    void sendsNothingBeforeItIsEstablished();
    void carriesControlMessagesBothWaysInOrder();
    void aWrongPinEndsBothAndHidesTheClientsKey();
    void somethingElseThanTlsIsAViolation();
    void packetsBeforeTheyAreAllowedAreAViolation();
    void largeControlMessagesMustBeAllowed_data();
    void largeControlMessagesMustBeAllowed();
    void badFramesAreAViolation_data();
    void badFramesAreAViolation();
    void closeTellsThePeer();
    void closeSendsWhatWasWrittenBefore();
    void closeBeforeTheHandshakeTellsThePeer();
    void abortTellsThePeer();
    void aResetEndsBoth();
    void aPeerThatDoesNotReadControlMessagesIsClosed();
    void doesNothingAfterItsEnd();
    void canBeClosedFromInsideEachCallback_data();
    void canBeClosedFromInsideEachCallback();
    void canBeDestroyedWithoutAWord();
    void waitsForItsTurnUntilItIsSetUp();
    void whoEndsWhileItWaitsHasNoTurn();
};

void TestSecureLink::shakesHandsInRandomChunks()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    for (unsigned round = 0; round < 5; ++round) {
        LinkPair pair({.maxChunkBytes = round == 0 ? 1U : 200U, .windowBytes = 1 << 16U, .seed = seed + round});
        pair.establish();
        QVERIFY(pair.isEstablished());
        QVERIFY(pair.client.link->hasRoom() && pair.server.link->hasRoom());
        QVERIFY(pair.client.recorder.ends.empty() && pair.server.recorder.ends.empty());
    }
}

void TestSecureLink::knowsThePeersPinWhenItIsEstablished()
{
    std::optional<Pin> checked;
    LinkPair pair({}, [&checked](const Pin& pin) {
        checked = pin;
        return true;
    });
    QVERIFY(!pair.server.link->peerPin());
    pair.establish();
    QVERIFY(checked == pair.server.identity.pin());
    QVERIFY(pair.client.link->peerPin() == pair.server.identity.pin());
    QVERIFY(pair.server.link->peerPin() == pair.client.identity.pin());
    QCOMPARE(pair.server.link->peer().toString(), std::string("192.0.2.1:40000"));
}

void TestSecureLink::sendsNothingBeforeItIsEstablished()
{
    LinkPair pair;
    FrameRun batch;
    batch.append(udpPacket(Us, Lan), {});
    QVERIFY(!pair.client.link->isEstablished());
    QVERIFY(!pair.client.link->hasRoom());
    QVERIFY(!pair.client.link->sendFrames(batch.frames()));
    pair.client.link->sendControl(body(1));
    pair.establish();
    QVERIFY(pair.isEstablished());
    QVERIFY(pair.server.recorder.controls.empty());
    QVERIFY(pair.server.recorder.packets.empty());
}

void TestSecureLink::carriesControlMessagesBothWaysInOrder()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    LinkPair pair({.maxChunkBytes = 300, .windowBytes = 1 << 18U, .seed = seed});
    pair.establish();
    for (std::uint64_t i = 1; i <= 100; ++i) {
        pair.client.link->sendControl(body(i));
        pair.server.link->sendControl(body(1000 + i));
    }
    pair.pump();
    QCOMPARE(pair.server.recorder.controls.size(), std::size_t{100});
    QCOMPARE(pair.client.recorder.controls.size(), std::size_t{100});
    for (std::uint64_t i = 1; i <= 100; ++i) {
        QCOMPARE(idOf(pair.server.recorder.controls[i - 1]), i);
        QCOMPARE(idOf(pair.client.recorder.controls[i - 1]), 1000 + i);
    }
    QVERIFY(pair.server.recorder.wakeUps > 0);
}

void TestSecureLink::aWrongPinEndsBothAndHidesTheClientsKey()
{
    LinkPair pair({}, [](const Pin&) { return false; });
    pair.establish();
    QVERIFY(pair.client.recorder.hasEndedWith(ErrorCode::IdentityMismatch));
    QVERIFY(pair.server.recorder.hasEndedWith(ErrorCode::TlsFailure));
    QCOMPARE(pair.client.recorder.established + pair.server.recorder.established, 0);
    QVERIFY(!pair.server.link->peerPin());
    QVERIFY(pair.client.link->peerPin() == pair.server.identity.pin());
}

void TestSecureLink::somethingElseThanTlsIsAViolation()
{
    ManualTime time;
    transport::MemoryLink line;
    const auto stranger = line.takeFirst();
    LinkEnd server(tls::Role::Server, line.takeSecond(), time);
    server.link->start();
    QVERIFY(stranger->write(asBytes("GET / HTTP/1.1\r\n\r\n")));
    line.pump(time.now());
    QVERIFY(server.recorder.hasEndedWith(ErrorCode::ProtocolViolation));
    QCOMPARE(server.recorder.wakeUps, 0);
}

void TestSecureLink::packetsBeforeTheyAreAllowedAreAViolation()
{
    LinkPair pair;
    pair.server.link->start();
    pair.client.link->start();
    pair.pump();
    sendPacket(*pair.client.link);
    pair.pump();
    QVERIFY(pair.server.recorder.packets.empty());
    QVERIFY(pair.server.recorder.hasEndedWith(ErrorCode::ProtocolViolation));
    const auto goodbyes = pair.client.recorder.messages<protocol::Goodbye>();
    QCOMPARE(goodbyes.size(), std::size_t{1});
    QVERIFY(goodbyes.front().code == protocol::GoodbyeCode::ProtocolViolation);
    QVERIFY(goodbyes.front().text.find("packet before the address") != std::string::npos);
    QVERIFY(pair.client.recorder.hasEndedWith(ErrorCode::Closed));
}

void TestSecureLink::largeControlMessagesMustBeAllowed_data()
{
    QTest::addColumn<int>("bodyBytes");
    QTest::addColumn<bool>("isAllowed");
    QTest::addColumn<bool>("arrives");
    QTest::newRow("small") << 4096 << false << true;
    QTest::newRow("large") << 4097 << false << false;
    QTest::newRow("large and allowed") << 16384 << true << true;
}

void TestSecureLink::largeControlMessagesMustBeAllowed()
{
    QFETCH(int, bodyBytes);
    QFETCH(bool, isAllowed);
    QFETCH(bool, arrives);
    LinkPair pair;
    pair.server.link->start();
    pair.client.link->start();
    pair.pump();
    if (isAllowed)
        pair.client.link->allowLargeControl();
    pair.server.link->sendControl(ByteVector(static_cast<std::size_t>(bodyBytes), std::byte{1}));
    pair.pump();
    QCOMPARE(pair.client.recorder.controls.size(), std::size_t{arrives ? 1U : 0U});
    QCOMPARE(pair.client.recorder.hasEndedWith(ErrorCode::ProtocolViolation), !arrives);
}

void TestSecureLink::badFramesAreAViolation_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("unknown type") << QByteArray::fromHex("0000000209ff");
    QTest::newRow("length zero") << QByteArray::fromHex("0000000001");
    QTest::newRow("a control message of 4 GB") << QByteArray::fromHex("ffffffff01");
    QTest::newRow("a packet that is too long") << QByteArray::fromHex("0001000102");
    QTest::newRow("unknown segment type") << QByteArray::fromHex("0000000c0309000000000000000000ff");
}

void TestSecureLink::badFramesAreAViolation()
{
    QFETCH(QByteArray, bytes);
    LinkPair pair;
    pair.establish();
    sendPacket(*pair.client.link);
    QVERIFY(pair.client.link->sendFrames(
        std::as_bytes(std::span(bytes.constData(), static_cast<std::size_t>(bytes.size())))));
    pair.pump();
    QCOMPARE(pair.server.recorder.packets.size(), std::size_t{1});
    QVERIFY(pair.server.recorder.hasEndedWith(ErrorCode::ProtocolViolation));
    QCOMPARE(pair.client.recorder.messages<protocol::Goodbye>().size(), std::size_t{1});
}

void TestSecureLink::closeTellsThePeer()
{
    LinkPair pair;
    pair.establish();
    pair.client.link->close();
    pair.pump();
    QVERIFY(pair.client.recorder.ends.empty());
    QVERIFY(pair.server.recorder.hasEndedWith(ErrorCode::Closed));
}

void TestSecureLink::closeSendsWhatWasWrittenBefore()
{
    LinkPair pair;
    pair.establish();
    pair.server.link->sendControl(protocol::encode(protocol::Goodbye{protocol::GoodbyeCode::Kicked, "out"}));
    pair.server.link->close();
    pair.pump();
    QCOMPARE(pair.client.recorder.messages<protocol::Goodbye>().size(), std::size_t{1});
    QVERIFY(pair.client.recorder.hasEndedWith(ErrorCode::Closed));
}

void TestSecureLink::closeBeforeTheHandshakeTellsThePeer()
{
    LinkPair pair;
    pair.client.link->start();
    pair.server.link->start();
    pair.client.link->close();
    pair.pump();
    QVERIFY(pair.client.recorder.ends.empty());
    QVERIFY(pair.server.recorder.hasEndedWith(ErrorCode::Closed));
}

void TestSecureLink::abortTellsThePeer()
{
    LinkPair pair;
    pair.establish();
    pair.server.link->abort();
    pair.pump();
    QVERIFY(pair.server.recorder.ends.empty());
    QVERIFY(pair.client.recorder.hasEndedWith(ErrorCode::Closed));
}

void TestSecureLink::aResetEndsBoth()
{
    LinkPair pair;
    pair.establish();
    pair.line.reset();
    QVERIFY(pair.client.recorder.hasEndedWith(ErrorCode::Closed));
    QVERIFY(pair.server.recorder.hasEndedWith(ErrorCode::Closed));
    QVERIFY(!pair.client.link->hasRoom());
}

void TestSecureLink::aPeerThatDoesNotReadControlMessagesIsClosed()
{
    constexpr std::size_t WindowBytes = 64 * 1024;
    LinkPair pair({.windowBytes = WindowBytes});
    pair.establish();
    pair.line.pauseReadingOfSecond(true);
    const ByteVector large(4000, std::byte{1});
    std::size_t sentBytes = 0;
    while (pair.client.recorder.ends.empty()) {
        pair.client.link->sendControl(large);
        sentBytes += large.size();
        QVERIFY(sentBytes < WindowBytes + pair.client.context.pending.bufferBytes() + 2 * large.size());
    }
    QVERIFY(sentBytes > WindowBytes);
    QVERIFY(pair.client.recorder.hasEndedWith(ErrorCode::TimedOut));
    pair.client.link->sendControl(large);
    QCOMPARE(pair.client.recorder.ends.size(), std::size_t{1});
}

void TestSecureLink::doesNothingAfterItsEnd()
{
    LinkPair pair;
    pair.establish();
    pair.client.link->close();
    pair.pump();
    FrameRun batch;
    batch.append(udpPacket(Us, Lan), {});
    for (LinkEnd* end : {&pair.client, &pair.server}) {
        const std::size_t ends = end->recorder.ends.size();
        QVERIFY(!end->link->hasRoom());
        QVERIFY(!end->link->sendFrames(batch.frames()));
        end->link->sendControl(body(1));
        end->link->close();
        end->link->abort();
        pair.pump();
        QCOMPARE(end->recorder.ends.size(), ends);
    }
    QVERIFY(pair.client.recorder.controls.empty() && pair.server.recorder.controls.empty());
}

void TestSecureLink::canBeClosedFromInsideEachCallback_data()
{
    QTest::addColumn<int>("callback");
    QTest::addColumn<bool>("isAborted");
    const std::array names = {"established", "control", "packet", "received", "room"};
    for (int i = 0; i < static_cast<int>(names.size()); ++i) {
        QTest::addRow("close in %s", names[static_cast<std::size_t>(i)]) << i << false;
        QTest::addRow("abort in %s", names[static_cast<std::size_t>(i)]) << i << true;
    }
}

void TestSecureLink::canBeClosedFromInsideEachCallback()
{
    QFETCH(int, callback);
    QFETCH(bool, isAborted);
    LinkPair pair({.windowBytes = 64 * 1024});
    LinkRecorder& recorder = pair.server.recorder;
    int calls = 0;
    const auto leave = [&pair, &calls, isAborted] {
        ++calls;
        if (isAborted)
            pair.server.link->abort();
        else
            pair.server.link->close();
    };
    if (callback == 0)
        recorder.onEstablished = leave;
    pair.establish();
    if (callback == 1)
        recorder.onControl = leave;
    if (callback == 2)
        recorder.onPacket = [leave](const net::SegmentHeader&, ByteSpan) { leave(); };
    if (callback == 3)
        recorder.onReceived = leave;
    if (callback == 4)
        recorder.onRoom = leave;
    pair.line.pauseReadingOfFirst(true);
    FrameRun batch;
    while (!batch.isFull())
        batch.append(udpPacket(Us, Lan, 1, 1400), {});
    while (callback == 4 && pair.server.link->sendFrames(batch.frames())) {
    }
    pair.line.pauseReadingOfFirst(false);
    if (callback == 4)
        pair.pump();
    // Two of each in one chunk: what follows the end is not handed out.
    pair.client.link->sendControl(body(1));
    if (pair.client.link->hasRoom())
        static_cast<void>(pair.client.link->sendFrames(batch.frames()));
    pair.client.link->sendControl(body(2));
    pair.pump();
    QCOMPARE(calls, 1);
    QVERIFY(recorder.ends.empty());
    QVERIFY(recorder.controls.size() <= (callback == 3 ? 2U : 1U));
    QVERIFY(recorder.packets.size() <= (callback == 3 ? batch.packets() : 1U));
    QVERIFY(pair.client.recorder.hasEndedWith(ErrorCode::Closed));
}

void TestSecureLink::canBeDestroyedWithoutAWord()
{
    LinkPair pair;
    pair.establish();
    pair.server.link.reset();
    pair.pump();
    QVERIFY(pair.server.recorder.ends.empty());
    QVERIFY(pair.client.recorder.hasEndedWith(ErrorCode::Closed));
}

void TestSecureLink::waitsForItsTurnUntilItIsSetUp()
{
    LinkPair pair;
    tunnel::HandshakeQueue& queue = pair.server.context.handshakes;
    queue.pace({}, pair.time, [] {});
    const auto isWaiting = [&queue] { return queue.deadline() != Never; };
    // A flight may come in several pieces: a turn for each.
    const auto takeTurns = [&] {
        while (isWaiting()) {
            pair.time.advance(1ms);
            queue.run(pair.time.now());
            pair.pump();
        }
    };
    pair.server.link->start();
    pair.client.link->start();
    pair.pump();
    QVERIFY(isWaiting());
    QVERIFY(!pair.client.link->isEstablished());
    takeTurns();
    QVERIFY(pair.isEstablished());

    pair.client.link->sendControl(body(1));
    pair.pump();
    QVERIFY(isWaiting());
    QVERIFY(pair.server.recorder.controls.empty());
    takeTurns();
    QCOMPARE(pair.server.recorder.controls.size(), std::size_t{1});

    pair.server.link->allowPackets();
    pair.client.link->sendControl(body(2));
    pair.pump();
    QCOMPARE(pair.server.recorder.controls.size(), std::size_t{2});
    QVERIFY(!isWaiting());
}

void TestSecureLink::whoEndsWhileItWaitsHasNoTurn()
{
    for (const bool isDestroyed : {false, true}) {
        LinkPair pair;
        tunnel::HandshakeQueue& queue = pair.server.context.handshakes;
        queue.pace({}, pair.time, [] {});
        pair.server.link->start();
        pair.client.link->start();
        pair.pump();
        if (isDestroyed)
            pair.server.link.reset();
        else
            pair.server.link->close();
        QCOMPARE(queue.deadline() == Never, isDestroyed);
        queue.run(pair.time.now());
        pair.pump();
        QVERIFY(pair.client.recorder.hasEndedWith(ErrorCode::Closed));
        QVERIFY(pair.server.recorder.ends.empty());
    }
}

QTEST_APPLESS_MAIN(TestSecureLink)
#include "tst_secure_link.moc"
