#include "office.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using namespace gvpn::server::test;
using namespace std::chrono_literals;
using gvpn::test::numberOf;
using gvpn::test::udpPacket;
using tunnel::DropReason;

namespace {

const net::IpAddress Lan = address("172.17.0.9");

/// Sealed and queued bytes of one client that does not read, with what the memory line itself holds.
constexpr std::size_t WindowBytes = 64 * 1024;
constexpr std::size_t BoundBytes = tunnel::QueueBytes + WindowBytes + tunnel::MaxBatchBytes;

}  // namespace

class TestHubClients : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anUnfinishedHandshakeIsClosedAfterTenSeconds();
    void aClientThatSaysNothingAfterTheHandshakeIsClosed();
    void somethingElseThanTlsIsClosed();
    void theOldestHalfOpenConnectionGivesWay();
    void oneSourceHasFewHalfOpenConnections();
    void establishedClientsDoNotCountAsHalfOpen();
    void aDeadClientIsClosedAndItsAddressIsFree();
    void aLivingClientStays();
    void keepalivesShareAWakeUp();
    void aClientThatDoesNotReadHasABoundedQueue();
    void aClientThatReadsAgainGoesOn();
    void aClientThatDoesNotReadDoesNotStopOthers();
    void aClientThatAsksWithoutReadingIsClosed();
    void aFloodOfPingsIsClosed();
    void badFramesOfOneLeaveOthersAlone();
    void aResetFreesTheAddress();
    void saysGoodbyeWhenItStops();
    void stopEndsHalfOpenConnections();
    void purgeFrees();
    void survivesManyComingAndGoing();
};

void TestHubClients::anUnfinishedHandshakeIsClosedAfterTenSeconds()
{
    Office office;
    Guest& stranger = office.connectStranger();
    QCOMPARE(office.hub.sessionCount(), std::size_t{1});
    office.pass(9s);
    QVERIFY(office.refused.empty());
    // A byte now and then doesn't help.
    QVERIFY(stranger.stranger->write(asBytes("\x16\x03\x01")));
    office.pass(1s);
    QCOMPARE(office.refused.size(), std::size_t{1});
    QVERIFY(office.refused[0].code == ErrorCode::TimedOut);
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    QVERIFY(office.hub.deadline() == Never);
}

void TestHubClients::aClientThatSaysNothingAfterTheHandshakeIsClosed()
{
    Office office;
    Wish silent;
    silent.saysHello = false;
    Guest& guest = office.connect(silent);
    QVERIFY(guest->link().isEstablished());
    office.pass(9s);
    QVERIFY(!guest->ended);
    office.pass(1s);
    QVERIFY(guest->ended);
    QCOMPARE(office.refused.size(), std::size_t{1});
    QVERIFY(office.refused[0].code == ErrorCode::TimedOut);
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
}

void TestHubClients::somethingElseThanTlsIsClosed()
{
    Office office;
    Guest& guest = office.connect();
    Guest& stranger = office.connectStranger();
    QVERIFY(stranger.stranger->write(asBytes("GET / HTTP/1.0\r\n\r\n")));
    office.pump();
    QCOMPARE(office.refused.size(), std::size_t{1});
    QVERIFY(office.refused[0].code == ErrorCode::ProtocolViolation);
    QCOMPARE(office.hub.sessionCount(), std::size_t{1});
    QVERIFY(!guest->ended);
}

void TestHubClients::theOldestHalfOpenConnectionGivesWay()
{
    Office office;
    for (std::size_t i = 0; i < DefaultMaxHalfOpen; ++i)
        office.connectStranger();
    office.pump();
    QVERIFY(office.refused.empty());
    QCOMPARE(office.hub.sessionCount(), DefaultMaxHalfOpen);
    // Strangers that are silent lock nobody out.
    QVERIFY(office.connect()->established);
    QCOMPARE(office.refused.size(), std::size_t{1});
    QVERIFY(office.refused[0].code == ErrorCode::LimitExceeded);
    QCOMPARE(office.hub.sessionCount(), DefaultMaxHalfOpen);
    office.pass(10s);
    QCOMPARE(office.hub.sessionCount(), std::size_t{1});
}

void TestHubClients::oneSourceHasFewHalfOpenConnections()
{
    HubConfig config = officeConfig();
    config.halfOpen.sharedSources.clear();
    Office office(config);
    for (std::size_t i = 0; i < MaxHalfOpenPerSource; ++i)
        office.connectStranger();
    office.pump();
    QVERIFY(office.refused.empty());
    Guest& tooMuch = office.connect();
    QVERIFY(tooMuch->ended && !tooMuch->established);
    QCOMPARE(office.refused.size(), std::size_t{1});
    QVERIFY(office.refused[0].code == ErrorCode::LimitExceeded);
    QCOMPARE(office.hub.sessionCount(), MaxHalfOpenPerSource);
    office.guests[7].stranger->close();
    office.pump();
    QVERIFY(office.connect()->established);
    // Who has an address doesn't count any more.
    office.connectStranger();
    QCOMPARE(office.hub.sessionCount(), MaxHalfOpenPerSource + 1);
}

void TestHubClients::establishedClientsDoNotCountAsHalfOpen()
{
    Office office;
    for (int i = 0; i < 3; ++i)
        QVERIFY(office.connect()->established);
    for (std::size_t i = 0; i < DefaultMaxHalfOpen; ++i)
        office.connectStranger();
    QVERIFY(office.refused.empty());
    // Those that have left don't either, even before they are destroyed.
    office.guests[0]->leave();
    office.guests[0].line.pump(office.time.now());
    QCOMPARE(office.hub.sessionCount(), DefaultMaxHalfOpen + 3);
    office.connectStranger();
    QCOMPARE(office.refused.size(), std::size_t{1});
    office.guests[5].stranger->close();
    office.guests[5].line.pump(office.time.now());
    QCOMPARE(office.refused.size(), std::size_t{2});
    office.connectStranger();
    QCOMPARE(office.refused.size(), std::size_t{2});
}

void TestHubClients::aDeadClientIsClosedAndItsAddressIsFree()
{
    Office office;
    Wish wish;
    wish.addresses = {interfaceAddress("10.86.0.77/24")};
    wish.isRequired = true;
    Guest& dead = office.connect(wish);
    Guest& living = office.connect();
    QVERIFY(dead->established && living->established);
    office.pass(15s);
    dead.line.cutSilently();
    QVERIFY(office.connect(wish)->hasEndedWith(ErrorCode::AddressRefused));
    office.pass(30s);
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QVERIFY(office.disconnected[0].reason.code == ErrorCode::TimedOut);
    QVERIFY(!living->ended);
    QVERIFY(office.connect(wish)->established);
}

void TestHubClients::aLivingClientStays()
{
    Office office;
    Guest& guest = office.connect();
    office.pass(600s);
    QVERIFY(!guest->ended);
    QVERIFY(office.disconnected.empty());
    QVERIFY(office.hub.deadline() != Never);
}

void TestHubClients::keepalivesShareAWakeUp()
{
    Office office;
    const TimePoint start = office.time.now();
    constexpr int Clients = 5;
    for (int i = 0; i < Clients; ++i) {
        office.time.advance(10ms);
        office.connect();
    }
    // Not before the time of any of them, and not much later.
    const TimePoint due = start + 10s + 100ms;
    QVERIFY(office.hub.deadline() == due);
    office.time.advance(std::chrono::duration_cast<Duration>(due - office.time.now()));
    office.hub.tick();
    office.pump();
    QVERIFY(office.hub.deadline() > due + 1s);
    for (Guest& guest : office.guests)
        QVERIFY(!guest->ended);
    QCOMPARE(office.hub.sessionCount(), std::size_t{Clients});
}

void TestHubClients::aClientThatDoesNotReadHasABoundedQueue()
{
    Office office;
    Guest& slow = office.connect({}, nullptr, {.windowBytes = WindowBytes});
    slow.line.pauseReadingOfFirst(true);
    constexpr std::uint32_t Count = 3000;
    for (std::uint32_t i = 0; i < Count; ++i)
        office.fromLan(udpPacket(Lan, slow->address(), i, 1372));
    QVERIFY(!slow->ended);
    slow.line.pauseReadingOfFirst(false);
    office.pump();
    const std::size_t received = slow->packets.size();
    QVERIFY(received > 100);
    QVERIFY(received * 1405 < BoundBytes);
    // What was on its way before it stopped, and the newest.
    for (std::size_t i = 1; i < received; ++i)
        QVERIFY(numberOf(slow->packets[i].bytes) > numberOf(slow->packets[i - 1].bytes));
    QCOMPARE(numberOf(slow->packets.front().bytes), 0U);
    QCOMPARE(numberOf(slow->packets.back().bytes), Count - 1);
    QCOMPARE(numberOf(slow->packets[received - 500].bytes), Count - 500);
    slow->leave();
    office.pump();
    const tunnel::Counters& counters = office.disconnected.at(0).client.counters;
    QCOMPARE(counters.packetsFromTun, std::uint64_t{received});
    QCOMPARE(counters.dropped(DropReason::QueueFull), std::uint64_t{Count - received});
}

void TestHubClients::aClientThatReadsAgainGoesOn()
{
    Office office;
    Guest& slow = office.connect({}, nullptr, {.windowBytes = 64 * 1024});
    for (int round = 0; round < 3; ++round) {
        slow.line.pauseReadingOfFirst(true);
        for (std::uint32_t i = 0; i < 1000; ++i)
            office.fromLan(udpPacket(Lan, slow->address(), i, 1372));
        slow.line.pauseReadingOfFirst(false);
        office.pump();
        const std::size_t before = slow->packets.size();
        for (std::uint32_t i = 0; i < 50; ++i)
            office.fromLan(udpPacket(Lan, slow->address(), 10'000 + i, 1372));
        QCOMPARE(slow->packets.size(), before + 50);
        QCOMPARE(numberOf(slow->packets.back().bytes), 10'049U);
    }
}

void TestHubClients::aClientThatDoesNotReadDoesNotStopOthers()
{
    HubConfig config = officeConfig();
    config.allowsClientToClient = true;
    Office office(config);
    Guest& slow = office.connect({}, nullptr, {.windowBytes = 16 * 1024});
    Guest& quick = office.connect();
    slow.line.pauseReadingOfFirst(true);
    for (std::uint32_t i = 0; i < 500; ++i) {
        office.device.inject(udpPacket(Lan, slow->address(), i, 1372));
        office.device.inject(udpPacket(Lan, quick->address(), i, 1372));
        quick->send(udpPacket(quick->address(), slow->address(), i, 1372));
        quick->send(udpPacket(quick->address(), Lan, i));
        office.hub.tunReadable();
        office.pump();
    }
    QCOMPARE(quick->packets.size(), std::size_t{500});
    for (std::uint32_t i = 0; i < 500; ++i)
        QCOMPARE(numberOf(quick->packets[i].bytes), i);
    QCOMPARE(office.device.written().size(), std::size_t{500});
}

void TestHubClients::aClientThatAsksWithoutReadingIsClosed()
{
    Office office;
    Guest& greedy = office.connect({}, nullptr, {.windowBytes = 16 * 1024});
    greedy.line.pauseReadingOfFirst(true);
    for (std::uint64_t i = 0; i < 40'000 && office.disconnected.empty(); ++i) {
        greedy->link().sendControl(protocol::encode(protocol::Ping{i}));
        // As fast as is not yet a flood.
        if (i % protocol::MaxControlPerSecond == 0) {
            office.pump();
            office.time.advance(std::chrono::seconds(1));
        }
    }
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QVERIFY(office.disconnected[0].reason.code == ErrorCode::TimedOut);
    office.pump();
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
}

void TestHubClients::aFloodOfPingsIsClosed()
{
    Office office;
    Guest& other = office.connect();
    Guest& flooding = office.connect();
    for (std::uint64_t i = 0; i <= protocol::MaxControlPerSecond; ++i)
        flooding->link().sendControl(protocol::encode(protocol::Ping{i}));
    office.pump();
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QVERIFY(office.disconnected[0].reason.code == ErrorCode::ProtocolViolation);
    QVERIFY(flooding->ended && !other->ended);
}

void TestHubClients::badFramesOfOneLeaveOthersAlone()
{
    Office office;
    Guest& bad = office.connect();
    Guest& good = office.connect();
    QVERIFY(bad->established && good->established);
    QVERIFY(bad->link().sendFrames(asBytes(std::string_view("\x00\x00\x00\x02\x09\xff", 6))));
    good->send(udpPacket(good->address(), Lan, 4));
    office.pump();
    QVERIFY(bad->hasEndedWith(ErrorCode::ProtocolViolation));
    QVERIFY(!good->ended);
    QCOMPARE(office.device.written().size(), std::size_t{1});
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QVERIFY(office.disconnected[0].reason.code == ErrorCode::ProtocolViolation);
    QCOMPARE(office.hub.sessionCount(), std::size_t{1});
    office.fromLan(udpPacket(Lan, good->address(), 5));
    QCOMPARE(good->packets.size(), std::size_t{1});
}

void TestHubClients::aResetFreesTheAddress()
{
    Office office;
    Wish wish;
    wish.addresses = {interfaceAddress("10.86.0.77/24")};
    wish.isRequired = true;
    Guest& guest = office.connect(wish);
    guest.line.reset();
    office.pump();
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QVERIFY(office.connect(wish)->established);
}

void TestHubClients::saysGoodbyeWhenItStops()
{
    Office office;
    Guest& first = office.connect();
    Guest& second = office.connect();
    office.hub.stop();
    office.pump();
    for (Guest* guest : {&first, &second}) {
        QVERIFY((*guest)->hasEndedWith(ErrorCode::PeerStopping));
        QCOMPARE((*guest)->ended->context, std::string("the server is shutting down"));
    }
    QCOMPARE(office.disconnected.size(), std::size_t{2});
    QVERIFY(office.disconnected[0].reason.code == ErrorCode::PeerStopping);
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    Guest& late = office.connect();
    QVERIFY(late->hasEndedWith(ErrorCode::Closed));
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    QVERIFY(office.hub.deadline() == Never);
}

void TestHubClients::stopEndsHalfOpenConnections()
{
    Office office;
    office.connectStranger();
    Wish silent;
    silent.saysHello = false;
    Guest& guest = office.connect(silent);
    office.hub.stop();
    office.hub.stop();
    office.pump();
    QVERIFY(guest->ended);
    QCOMPARE(office.refused.size(), std::size_t{2});
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
}

void TestHubClients::purgeFrees()
{
    Office office;
    Guest& guest = office.connect();
    guest->leave();
    guest.line.pump(office.time.now());
    QVERIFY(office.wantsPurge);
    QCOMPARE(office.hub.sessionCount(), std::size_t{1});
    office.hub.purge();
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    office.hub.purge();
    office.hub.tick();
    QVERIFY(office.hub.deadline() == Never);
}

void TestHubClients::survivesManyComingAndGoing()
{
    HubConfig config = officeConfig();
    config.pools = {network("10.86.0.0/28")};
    Office office(config);
    const auto key = gvpn::test::newIdentity();
    for (int i = 0; i < 40; ++i) {
        Guest& guest = office.connect({}, i % 4 == 0 ? &key : nullptr);
        QVERIFY(guest->established);
        office.device.inject(udpPacket(Lan, guest->address()));
        if (i % 3 == 0)
            guest.line.reset();
        else if (i % 3 == 1)
            guest->leave();
        else
            guest.line.cutSilently();
        office.hub.tunReadable();
        office.pass(i % 5 == 0 ? 26s : 1s);
    }
    office.pass(30s);
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    QCOMPARE(office.connected.size(), std::size_t{40});
    QCOMPARE(office.disconnected.size(), std::size_t{40});
    QVERIFY(office.hub.deadline() == Never);
}

QTEST_APPLESS_MAIN(TestHubClients)
#include "tst_hub_clients.moc"
