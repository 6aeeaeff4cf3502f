#include "office.h"
#include "server/data_thread.h"
#include "transport/epoll_stream.h"
#include "unit/transport/loopback_pair.h"

#include <QtTest>

#include <mutex>

using namespace gvpn;
using namespace gvpn::server;
using namespace gvpn::server::test;
using namespace std::chrono_literals;
using gvpn::test::udpPacket;
using transport::EpollLoop;
using transport::EpollStream;

namespace {

const net::IpAddress Lan = address("172.17.0.9");

/// The test's own thread: a loop with the clients, and what the data thread has told.
class Outside {
public:
    Outside()
        : m_loop(std::move(EpollLoop::create().value()))
        , m_time(*m_loop)
        , m_context(m_time)
        , m_serverKey(gvpn::test::newIdentity())
    {
        auto made = DataThread::create(
            officeConfig(), std::make_unique<tun::FakeTun>("gvpn0"),
            gvpn::test::newTlsContext(tls::Role::Server, m_serverKey),
            [this](DataEvent event) {
                const std::lock_guard lock(m_mutex);
                m_events.push_back(std::move(event));
            },
            [](accounts::LoginQuestion, DataThread::Answer) {});
        if (!made)
            qFatal("%s", made.error().context.c_str());
        server = std::move(*made);
        server->start();
    }

    TestClient& connect()
    {
        auto pair = transport::makeLoopbackPair();
        auto stream = EpollStream::create(*m_loop, std::move(pair.second));
        if (!stream)
            qFatal("%s", stream.error().context.c_str());
        server->accept(std::move(pair.first));
        m_keys.push_back(gvpn::test::newIdentity());
        return m_clients.emplace_back(std::move(*stream), m_keys.back(), m_context, Wish{});
    }
    [[nodiscard]] bool runUntil(const std::function<bool()>& isDone)
    {
        const TimePoint limit = Clock::now() + 10s;
        std::function<void()> look = [&] {
            if (isDone() || m_loop->now() > limit)
                m_loop->stop();
            m_timer = m_loop->schedule(m_loop->now() + 1ms, look);
        };
        look();
        m_loop->run();
        m_loop->cancel(m_timer);
        return isDone();
    }
    template <typename Event>
    [[nodiscard]] std::vector<Event> told()
    {
        const std::lock_guard lock(m_mutex);
        std::vector<Event> found;
        for (const DataEvent& event : m_events) {
            if (const auto* one = std::get_if<Event>(&event))
                found.push_back(*one);
        }
        return found;
    }

private:
    class LoopTime final : public TimeSource {
    public:
        explicit LoopTime(const EpollLoop& loop)
            : m_loop(loop)
        {}
        [[nodiscard]] TimePoint now() const override { return m_loop.now(); }

    private:
        const EpollLoop& m_loop;
    };

    std::unique_ptr<EpollLoop> m_loop;
    LoopTime m_time;
    tunnel::LinkContext m_context;
    tls::Identity m_serverKey;
    EpollLoop::TimerId m_timer = 0;
    std::mutex m_mutex;  // guards m_events
    std::vector<DataEvent> m_events;
    std::deque<tls::Identity> m_keys;
    std::deque<TestClient> m_clients;

public:
    std::unique_ptr<DataThread> server;  // the first to go: it tells m_events
};

}  // namespace

/// Two threads for real; also run with ThreadSanitizer.
class TestDataThread : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void servesClientsFromAnotherThread();
    void saysGoodbyeAndStops();
    void stopsWhileConnectionsComeIn();
    void isStoppedByItsDestructor();
};

void TestDataThread::servesClientsFromAnotherThread()
{
    Outside outside;
    std::vector<TestClient*> clients;
    for (int i = 0; i < 4; ++i)
        clients.push_back(&outside.connect());
    QVERIFY(outside.runUntil([&] {
        return std::ranges::all_of(clients, [](const TestClient* client) { return client->established.has_value(); });
    }));
    for (std::uint32_t i = 0; i < 100; ++i) {
        for (TestClient* client : clients)
            client->send(udpPacket(client->address(), Lan, i));
    }
    for (TestClient* client : clients)
        client->leave();
    QVERIFY(outside.runUntil([&] { return outside.told<ClientDisconnected>().size() == 4; }));
    QCOMPARE(outside.told<ClientConnected>().size(), std::size_t{4});
    for (const ClientDisconnected& gone : outside.told<ClientDisconnected>())
        QCOMPARE(gone.client.counters.packetsToTun, std::uint64_t{100});
}

void TestDataThread::saysGoodbyeAndStops()
{
    Outside outside;
    TestClient& client = outside.connect();
    QVERIFY(outside.runUntil([&] { return client.established.has_value(); }));
    outside.server->stop();
    QVERIFY(outside.runUntil([&] { return client.ended.has_value() && !outside.told<DataPathStopped>().empty(); }));
    QVERIFY(client.ended->code == ErrorCode::PeerStopping);
    QCOMPARE(outside.told<ClientDisconnected>().size(), std::size_t{1});
}

void TestDataThread::stopsWhileConnectionsComeIn()
{
    Outside outside;
    for (int i = 0; i < 20; ++i) {
        outside.connect();
        if (i == 10)
            outside.server->stop();
    }
    QVERIFY(outside.runUntil([&] { return !outside.told<DataPathStopped>().empty(); }));
}

void TestDataThread::isStoppedByItsDestructor()
{
    Outside outside;
    outside.connect();
    outside.server.reset();
    QVERIFY(outside.told<DataPathStopped>().empty());
}

QTEST_APPLESS_MAIN(TestDataThread)
#include "tst_data_thread.moc"
