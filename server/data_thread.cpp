#include "server/data_thread.h"

#include "transport/epoll_stream.h"

#include <sys/epoll.h>

#include <utility>

namespace gvpn::server {

namespace {

/// How often it is looked whether all clients have got their goodbye.
constexpr Duration GoodbyeStep{20};
/// New connections a turn, so that a crowd that comes at once doesn't keep packets waiting.
constexpr std::size_t ArrivalsPerTurn = 8;
/// Strangers who come faster than that must not take all descriptors: the oldest gives way.
constexpr std::size_t MostArrivals = 1024;

}  // namespace

Result<std::unique_ptr<DataThread>> DataThread::create(HubConfig config, std::unique_ptr<tun::TunDevice> device,
                                                       tls::TlsContext tlsContext, Notify notify, Ask ask)
{
    auto loop = transport::EpollLoop::create();
    if (!loop)
        return fail(loop.error());
    std::unique_ptr<DataThread> thread(new DataThread(std::move(*loop), std::move(config), std::move(device),
                                                      std::move(tlsContext), std::move(notify), std::move(ask)));
    if (const auto watched = thread->m_loop->watch(thread->m_device->descriptor(), EPOLLIN, *thread); !watched)
        return fail(watched.error());
    return thread;
}

DataThread::DataThread(std::shared_ptr<transport::EpollLoop> loop, HubConfig config,
                       std::unique_ptr<tun::TunDevice> device, tls::TlsContext tlsContext, Notify notify, Ask ask)
    : m_loop(std::move(loop))
    , m_device(std::move(device))
    , m_tlsContext(std::move(tlsContext))
    , m_notify(std::move(notify))
    , m_ask(std::move(ask))
    , m_hub(std::move(config), *m_device, m_tlsContext, *m_loop, *this, *this)
{
    m_hub.paceHandshakes({}, m_stopwatch);
}

DataThread::~DataThread()
{
    if (m_thread.joinable()) {
        m_loop->stop();
        m_thread.join();
    }
}

void DataThread::start()
{
    m_thread = std::thread([this] { m_loop->run(); });
}

void DataThread::accept(UniqueFd socket)
{
    // std::function wants something that can be copied.
    auto shared = std::make_shared<UniqueFd>(std::move(socket));
    m_loop->post([this, shared] {
        const bool isFirst = m_arrivals.empty();
        if (m_arrivals.size() == MostArrivals)
            m_arrivals.pop_front();
        m_arrivals.push_back(std::move(*shared));
        if (isFirst)
            m_loop->post([this] { adoptSome(); });
    });
}

void DataThread::adoptSome()
{
    for (std::size_t i = 0; i < ArrivalsPerTurn && !m_arrivals.empty(); ++i) {
        adopt(std::move(m_arrivals.front()));
        m_arrivals.pop_front();
    }
    if (!m_arrivals.empty())
        m_loop->post([this] { adoptSome(); });
}

void DataThread::adopt(UniqueFd socket)
{
    auto stream = transport::EpollStream::create(*m_loop, std::move(socket));
    if (!stream)
        m_notify(ConnectionRefused{{}, stream.error()});
    else
        m_hub.accept(std::move(*stream));
}

void DataThread::ask(std::uint64_t session, accounts::LoginQuestion question)
{
    m_ask(std::move(question), [this, session, weak = std::weak_ptr(m_loop)](const accounts::LoginVerdict& verdict) {
        // What is posted to a loop that has stopped is never run: `this` is there whenever it is.
        if (const auto loop = weak.lock())
            loop->post([this, session, verdict] { m_hub.decideLogin(session, verdict); });
    });
}

void DataThread::end(SessionMatch match, std::string text, std::function<void(std::size_t)> done)
{
    m_loop->post([this, match = std::move(match), text = std::move(text), done = std::move(done)] {
        done(m_hub.end(match, text));
    });
}

void DataThread::listClients(std::function<void(std::vector<ClientInfo>)> done)
{
    m_loop->post([this, done = std::move(done)] { done(m_hub.clients()); });
}

void DataThread::tune(HubTuning tuning)
{
    m_loop->post([this, tuning = std::move(tuning)] { m_hub.tune(tuning); });
}

void DataThread::ping(std::function<void()> done)
{
    m_loop->post(std::move(done));
}

void DataThread::stop()
{
    m_loop->post([this] {
        m_hub.stop();
        m_goodbyeEnd = m_loop->now() + transport::LingerTime;
        awaitGoodbyes();
    });
}

void DataThread::awaitGoodbyes()
{
    m_loop->schedule(m_loop->now() + GoodbyeStep, [this] {
        // Closed connections stay in the loop until their peers have closed, too.
        const std::size_t ownWatchers = m_isBroken ? 0 : 1;
        if (m_loop->watcherCount() > ownWatchers && m_loop->now() < m_goodbyeEnd) {
            awaitGoodbyes();
            return;
        }
        m_notify(DataPathStopped{m_hub.counters()});
        m_loop->stop();
    });
}

void DataThread::descriptorReady(std::uint32_t /*events*/)
{
    if (!m_isBroken)
        m_hub.tunReadable();
}

void DataThread::clientConnected(const ClientInfo& client)
{
    m_notify(ClientConnected{client});
}

void DataThread::clientDisconnected(const ClientInfo& client, const Error& reason)
{
    m_notify(ClientDisconnected{client, reason});
}

void DataThread::clientCongestionChanged(const ClientInfo& client)
{
    m_notify(CongestionChanged{client});
}

void DataThread::connectionRefused(const net::Endpoint& peer, const Error& reason, bool isNews)
{
    m_notify(ConnectionRefused{peer, reason, isNews});
}

void DataThread::hubWantsPurge()
{
    if (std::exchange(m_isPurgePosted, true))
        return;
    m_loop->post([this] {
        m_isPurgePosted = false;
        m_hub.purge();
    });
}

void DataThread::hubDeadlineChanged()
{
    rearm();
}

void DataThread::rearm()
{
    const TimePoint deadline = m_hub.deadline();
    if (deadline == m_armed)
        return;
    if (m_armed != Never)
        m_loop->cancel(m_timer);
    m_armed = deadline;
    if (deadline != Never)
        m_timer = m_loop->schedule(deadline, [this] { tick(); });
}

void DataThread::tick()
{
    m_armed = Never;
    m_hub.tick();
    rearm();
}

void DataThread::hubBroke(const Error& error)
{
    if (std::exchange(m_isBroken, true))
        return;
    m_loop->forget(m_device->descriptor());
    m_notify(DataPathBroke{error});
}

}  // namespace gvpn::server
