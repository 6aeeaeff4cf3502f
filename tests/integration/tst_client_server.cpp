// The client's core and the server's hub as they ship, with only the edges faked: a memory line between them, a TUN at
// each end, a recording configurator and a clock that the test moves. Behind the server's TUN a host answers pings.
#include "unit/client/scene.h"

#include "client/connection.h"
#include "server/hub.h"
#include "support/packets.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;
using namespace std::chrono_literals;

namespace {

const net::IpAddress Lan = address("172.17.0.9");

server::HubConfig officeConfig()
{
    server::HubConfig config;
    config.pools = {network("10.86.0.0/24")};
    config.lanNetworks = {network("172.17.0.0/16")};
    config.software = "test server";
    return config;
}

class Office final : private server::Hub::Observer, private server::LoginGate {
public:
    explicit Office(const net::SegmentSupport& serverTakes = net::SegmentSupport::all())
        : m_identity(newIdentity())
        , m_tls(std::move(tls::TlsContext::create(tls::Role::Server, m_identity).value()))
        , m_deviceKey(newIdentity().toPem().value())
        , tun("gvpn0", serverTakes)
        , hub(officeConfig(), tun, m_tls, time, *this, *this)
    {}

    /// Lets everything happen that needs no time.
    void settle()
    {
        for (bool hasMoved = true; hasMoved;) {
            QCoreApplication::sendPostedEvents();
            QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
            QCoreApplication::processEvents();
            if (hub.deadline() <= time.now())
                hub.tick();
            hasMoved = false;
            for (const auto& line : m_lines)
                hasMoved = line->pump(time.now()) || hasMoved;
            hasMoved = answerPings() || hasMoved;
            hub.purge();
        }
    }
    void advance(Duration by)
    {
        for (; by > Duration(0); by -= 500ms)
            m_timers.advance(std::min<Duration>(by, 500ms), [this] { settle(); });
    }
    void fromLan(const ByteVector& packet, const net::SegmentHeader& segment = {})
    {
        tun.inject(packet, segment);
        hub.tunReadable();
        settle();
    }
    void fromClientsComputer(const ByteVector& packet, const net::SegmentHeader& segment = {})
    {
        clientTun->inject(packet, segment);
        settle();
    }

    [[nodiscard]] ConnectionOptions options() const
    {
        ConnectionOptions options;
        options.server = {"office.example", 51005};
        options.pin = m_identity.pin();
        options.software = "test client";
        options.credentials.deviceName = "laptop";
        return options;
    }
    [[nodiscard]] transport::MemoryLink& line() { return *m_lines.back(); }
    [[nodiscard]] std::size_t connections() const { return m_lines.size(); }

    // Order matters: what is borrowed comes first.
    ManualTime time;

private:
    class FakeConnector final : public Connector {
    public:
        explicit FakeConnector(Office& office)
            : m_office(office)
            , m_timer(office.m_timers.make())
        {}
        void start(Callbacks callbacks) override
        {
            m_timer->start(Duration(0), [this, callbacks = std::move(callbacks)] {
                callbacks.resolved();
                auto& line = *m_office.m_lines.emplace_back(std::make_unique<transport::MemoryLink>());
                m_office.hub.accept(line.takeSecond());
                callbacks.connected(line.takeFirst());
            });
        }

    private:
        Office& m_office;
        std::unique_ptr<Timer> m_timer;
    };

    void ask(std::uint64_t /*session*/, accounts::LoginQuestion /*question*/) override {}
    void clientConnected(const server::ClientInfo& info) override { connected.push_back(info); }
    void clientDisconnected(const server::ClientInfo& /*info*/, const Error& reason) override
    {
        disconnected.push_back(reason);
    }
    void connectionRefused(const net::Endpoint& /*peer*/, const Error& reason, bool /*isNews*/) override
    {
        refused.push_back(reason);
    }
    void hubWantsPurge() override {}
    void hubDeadlineChanged() override {}
    void clientCongestionChanged(const server::ClientInfo& /*client*/) override {}
    void hubBroke(const Error& /*error*/) override { isBroken = true; }

    /// The server's kernel answers at the gateway, and a host of the LAN at its own address.
    bool answerPings()
    {
        bool hasAnswered = false;
        for (const tun::FakeTun::Packet& packet : std::exchange(tun.written(), {})) {
            const auto ip = net::IpPacket::parse(packet.bytes);
            const bool isPing = ip && net::isEchoRequest(*ip, packet.bytes);
            if (isPing)
                tun.inject(echoReplyTo(packet.bytes));
            else
                lanPackets.push_back(packet);
            hasAnswered = hasAnswered || isPing;
        }
        if (hasAnswered)
            hub.tunReadable();
        return hasAnswered;
    }

    ManualTimers m_timers{time};
    std::unique_ptr<transport::EpollLoop> m_loop{std::move(transport::EpollLoop::create(&time).value())};
    transport::EpollHost m_loopHost{*m_loop};
    tls::Identity m_identity;
    tls::TlsContext m_tls;
    SecretBytes m_deviceKey;
    std::vector<std::unique_ptr<transport::MemoryLink>> m_lines;

public:
    tun::FakeTun tun;
    server::Hub hub;
    std::vector<server::ClientInfo> connected;
    std::vector<Error> disconnected;
    std::vector<Error> refused;
    std::vector<tun::FakeTun::Packet> lanPackets;
    bool isBroken = false;
    int tunsOpened = 0;
    tun::FakeTun* clientTun = nullptr;
    system::RecordingConfigurator configurator;
    system::RecordingDns dns;
    tunnel::DirectCongestionSetter congestionSetter;
    Edges edges{.makeConnector = [this](const net::HostPort&) { return std::make_unique<FakeConnector>(*this); },
                .openTun =
                    [this](const std::string&, const TunOpened& opened) {
                        auto device = std::make_unique<tun::FakeTun>("gvpn1", net::SegmentSupport::all());
                        ++tunsOpened;
                        clientTun = device.get();
                        opened(std::move(device));
                    },
                .configurator = configurator,
                .dns = dns,
                .readSnapshot = [] { return Result<system::NetworkSnapshot>(system::NetworkSnapshot()); },
                .identityFor = [this](const Pin&) { return tls::Identity::fromPem(m_deviceKey.view()); },
                .loop = *m_loop,
                .congestionSetter = congestionSetter,
                .time = time,
                .makeTimer = [this] { return m_timers.make(); },
                .roll = [] { return 0.5; }};
};

/// A client of the office that has been told to connect.
struct Client {
    explicit Client(Office& office)
        : Client(office, office.options())
    {}
    Client(Office& office, const ConnectionOptions& options)
        : connection(options, office.edges)
    {
        connection.connectToServer({});
        office.advance(500ms);
    }

    template <typename S>
    [[nodiscard]] const S* stateAs() const
    {
        return std::get_if<S>(&connection.state());
    }
    [[nodiscard]] net::IpAddress address() const
    {
        const auto* connected = stateAs<Connected>();
        return connected != nullptr ? connected->info.addresses.at(0).address : net::IpAddress();
    }

    Connection connection;
};

}  // namespace

class TestClientServer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void connects();
    void aPingReachesTheLanAndComesBack();
    void segmentsCrossWhole();
    void segmentsAreCutForAServerThatTakesNone();
    void theEndOfACutSegmentDoesNotWaitForTheNextPacket();
    void manyPacketsKeepTheirOrder();
    void aForeignSourceDoesNotLeaveTheClient();
    void aResetKeepsTheTunAndTheAddress();
    void aCutLineIsNoticedAndReplaced();
    void disconnectsAndLeavesNothing();
    void aRefusedAddressEndsTheConnection();
    void anotherConnectionOfTheSameDeviceTakesOver();
    void aStoppingServerIsTriedAgain();
    void livesOnWhenNothingHappens();
};

void TestClientServer::connects()
{
    Office office;
    const Client client(office);
    const auto* connected = client.stateAs<Connected>();
    QVERIFY(connected);
    QVERIFY(network("10.86.0.0/24").contains(client.address()));
    QVERIFY(connected->info.gateways == std::vector{address("10.86.0.1")});
    QVERIFY(connected->info.routes == std::vector{network("172.17.0.0/16")});
    QCOMPARE(connected->info.interfaceName, std::string("gvpn1"));
    QVERIFY(office.configurator.current());
    QVERIFY(office.configurator.current()->routes == connected->info.routes);
    QVERIFY(office.configurator.current()->addresses == connected->info.addresses);
    QCOMPARE(office.connected.size(), std::size_t{1});
    QCOMPARE(office.connected[0].claims.deviceName, std::string("laptop"));
    QCOMPARE(office.connected[0].claims.software, std::string("test client"));
    QVERIFY(office.clientTun->gives() == net::SegmentSupport::all());
    // The probe's answer is the client's own business.
    QVERIFY(office.clientTun->written().empty());
}

void TestClientServer::aPingReachesTheLanAndComesBack()
{
    Office office;
    const Client client(office);
    const ByteVector ping = net::makeEchoRequest(client.address(), Lan, {7, 1});
    office.fromClientsComputer(ping);
    QCOMPARE(office.clientTun->written().size(), std::size_t{1});
    QVERIFY(office.clientTun->written()[0].bytes == echoReplyTo(ping));
    // To the gateway as well, but nothing else goes there.
    office.fromClientsComputer(net::makeEchoRequest(client.address(), address("10.86.0.1"), {7, 2}));
    QCOMPARE(office.clientTun->written().size(), std::size_t{2});
    office.fromClientsComputer(tcpPacket(client.address(), address("10.86.0.1")));
    QVERIFY(office.lanPackets.empty());
}

void TestClientServer::segmentsCrossWhole()
{
    Office office;
    const Client client(office);
    const Segment there = tcpSegment(client.address(), Lan, 60000, 1400);
    office.fromClientsComputer(there.bytes, there.header);
    QCOMPARE(office.lanPackets.size(), std::size_t{1});
    QVERIFY(office.lanPackets[0].segment == there.header && office.lanPackets[0].bytes == there.bytes);
    const Segment back = tcpSegment(Lan, client.address(), 60000, 1400);
    office.fromLan(back.bytes, back.header);
    QCOMPARE(office.clientTun->written().size(), std::size_t{1});
    QVERIFY(office.clientTun->written()[0].segment == back.header);
    QVERIFY(office.clientTun->written()[0].bytes == back.bytes);
}

void TestClientServer::segmentsAreCutForAServerThatTakesNone()
{
    Office office{net::SegmentSupport{}};
    const Client client(office);
    QVERIFY(client.stateAs<Connected>());
    QVERIFY(office.clientTun->gives() == net::SegmentSupport());
    // What the kernel had cut already before it was told otherwise.
    const Segment there = tcpSegment(client.address(), Lan, 60000, 1400);
    office.fromClientsComputer(there.bytes, there.header);
    const auto cut = cutAll(there.header, there.bytes);
    QCOMPARE(office.lanPackets.size(), cut.size());
    for (std::size_t i = 0; i < cut.size(); ++i)
        QVERIFY(office.lanPackets[i].bytes == cut[i]);
}

void TestClientServer::theEndOfACutSegmentDoesNotWaitForTheNextPacket()
{
    Office office{net::SegmentSupport{}};
    const Client client(office);
    const Segment segment = tcpSegment(client.address(), Lan, 65000, 1400);
    const std::size_t packetsOfOne = cutAll(segment.header, segment.bytes).size();
    // More than the line takes and less than the queue holds beside it; the TUN has nothing more to wake anybody up.
    constexpr std::size_t Count = 30;
    const std::uint64_t before = client.connection.counters().packetsFromTun;
    office.line().pauseReadingOfSecond(true);
    for (std::size_t i = 0; i < Count; ++i)
        office.clientTun->inject(segment.bytes, segment.header);
    office.settle();
    const std::uint64_t left = client.connection.counters().packetsFromTun - before;
    QVERIFY(left > 0 && left < packetsOfOne * Count);
    office.line().pauseReadingOfSecond(false);
    office.settle();
    QCOMPARE(office.lanPackets.size(), packetsOfOne * Count);
    QCOMPARE(client.connection.counters().packetsFromTun, before + packetsOfOne * Count);
}

void TestClientServer::manyPacketsKeepTheirOrder()
{
    Office office;
    const Client client(office);
    for (std::uint32_t i = 0; i < 2000; ++i) {
        office.clientTun->inject(udpPacket(client.address(), Lan, i, 1200));
        office.tun.inject(udpPacket(Lan, client.address(), i, 1200));
        // As many at once as line and queue hold.
        if (i % 1000 == 999) {
            for (int wakeUp = 0; wakeUp < 10; ++wakeUp) {
                office.hub.tunReadable();
                office.settle();
            }
        }
    }
    QCOMPARE(office.lanPackets.size(), std::size_t{2000});
    QCOMPARE(office.clientTun->written().size(), std::size_t{2000});
    for (std::uint32_t i = 0; i < 2000; ++i) {
        QCOMPARE(numberOf(office.lanPackets[i].bytes), i);
        QCOMPARE(numberOf(office.clientTun->written()[i].bytes), i);
    }
}

void TestClientServer::aForeignSourceDoesNotLeaveTheClient()
{
    Office office;
    const Client client(office);
    office.fromClientsComputer(udpPacket(address("192.168.7.7"), Lan));
    QVERIFY(office.lanPackets.empty());
    QCOMPARE(client.connection.counters().dropped(tunnel::DropReason::ForeignSource), std::uint64_t{1});
}

void TestClientServer::aResetKeepsTheTunAndTheAddress()
{
    Office office;
    const Client client(office);
    const net::IpAddress before = client.address();
    const tun::FakeTun* device = office.clientTun;
    office.line().reset();
    office.settle();
    QVERIFY(client.stateAs<Waiting>());
    QVERIFY(office.configurator.current());
    QCOMPARE(office.configurator.clearCount(), std::size_t{0});
    // What the computer sends meanwhile waits in the TUN.
    office.fromClientsComputer(udpPacket(before, Lan, 42));
    QVERIFY(office.lanPackets.empty());
    office.advance(5s);
    QVERIFY(client.stateAs<Connected>());
    QCOMPARE(office.connections(), std::size_t{2});
    QCOMPARE(client.address().toString(), before.toString());
    QCOMPARE(office.tunsOpened, 1);
    QVERIFY(office.clientTun == device);
    QCOMPARE(office.lanPackets.size(), std::size_t{1});
    QCOMPARE(numberOf(office.lanPackets[0].bytes), 42U);
    office.fromLan(udpPacket(Lan, before, 43));
    QCOMPARE(office.clientTun->written().size(), std::size_t{1});
    QCOMPARE(office.hub.sessionCount(), std::size_t{1});
}

void TestClientServer::aCutLineIsNoticedAndReplaced()
{
    Office office;
    const Client client(office);
    const net::IpAddress before = client.address();
    office.advance(3s);
    office.line().cutSilently();
    office.advance(40s);
    QVERIFY(client.stateAs<Connected>());
    QCOMPARE(office.connections(), std::size_t{2});
    QCOMPARE(client.address().toString(), before.toString());
    QCOMPARE(office.hub.sessionCount(), std::size_t{1});
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    office.fromLan(udpPacket(Lan, before, 1));
    QCOMPARE(office.clientTun->written().size(), std::size_t{1});
}

void TestClientServer::disconnectsAndLeavesNothing()
{
    Office office;
    Client client(office);
    client.connection.disconnectFromServer();
    office.settle();
    const auto* disconnected = client.stateAs<Disconnected>();
    QVERIFY(disconnected);
    QVERIFY(!disconnected->fault);
    QVERIFY(!office.configurator.current());
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QVERIFY(office.disconnected[0].code == ErrorCode::Closed);
    office.advance(60s);
    QCOMPARE(office.connections(), std::size_t{1});
    // And again, with the same address.
    const net::IpAddress before = office.connected[0].addresses.at(0).address;
    client.connection.connectToServer({});
    office.advance(500ms);
    QCOMPARE(client.address().toString(), before.toString());
    QCOMPARE(office.tunsOpened, 2);
}

void TestClientServer::aRefusedAddressEndsTheConnection()
{
    Office office;
    ConnectionOptions options = office.options();
    options.wanted = {interfaceAddress("10.86.0.1/24")};
    const Client client(office, options);
    const auto* waiting = client.stateAs<Waiting>();
    const auto* disconnected = client.stateAs<Disconnected>();
    QVERIFY(waiting || disconnected);
    const Fault& fault = waiting != nullptr ? waiting->reason : *disconnected->fault;
    QVERIFY(fault.error.code == ErrorCode::AddressRefused);
    QCOMPARE(fault.error.context, std::string("10.86.0.1 is the server's own address"));
    QVERIFY(fault.stage == Stage::Address);
    QVERIFY(!office.configurator.current());
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
}

void TestClientServer::anotherConnectionOfTheSameDeviceTakesOver()
{
    Office office;
    const Client first(office);
    const net::IpAddress before = first.address();
    ConnectionOptions another = office.options();
    another.instance.fill(std::byte{7});
    const Client second(office, another);
    QVERIFY(second.stateAs<Connected>());
    QCOMPARE(second.address().toString(), before.toString());
    const auto* disconnected = first.stateAs<Disconnected>();
    QVERIFY(disconnected && disconnected->fault);
    QVERIFY(disconnected->fault->error.code == ErrorCode::Replaced);
    office.advance(60s);
    QVERIFY(second.stateAs<Connected>());
    QCOMPARE(office.connections(), std::size_t{2});
}

void TestClientServer::aStoppingServerIsTriedAgain()
{
    Office office;
    const Client client(office);
    office.hub.stop();
    office.settle();
    const auto* waiting = client.stateAs<Waiting>();
    QVERIFY(waiting);
    QVERIFY(waiting->reason.error.code == ErrorCode::PeerStopping);
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    office.advance(30s);
    QVERIFY(office.connections() > 2);
    QVERIFY(!client.stateAs<Connected>() && !client.stateAs<Disconnected>());
}

void TestClientServer::livesOnWhenNothingHappens()
{
    Office office;
    const Client client(office);
    office.advance(300s);
    QVERIFY(client.stateAs<Connected>());
    QCOMPARE(office.connections(), std::size_t{1});
    QVERIFY(office.disconnected.empty());
}

QTEST_GUILESS_MAIN(TestClientServer)
#include "tst_client_server.moc"
