// The server's data thread: an epoll loop with the hub, the sessions' sockets and the TUN. The rest of the program
// talks to it by accept() and stop(), and hears of it by events, which are called in the data thread and hand
// themselves on.
#pragma once

#include "server/hub.h"
#include "server/login_gate.h"
#include "transport/epoll_loop.h"

#include <deque>
#include <functional>
#include <thread>
#include <variant>

namespace gvpn::server {

struct ClientConnected {
    ClientInfo client;
};
struct ClientDisconnected {
    ClientInfo client;
    Error reason;
};
struct CongestionChanged {
    ClientInfo client;
};
struct ConnectionRefused {
    net::Endpoint peer;
    Error reason;
    bool isNews = true;
};
/// The TUN is gone; nothing works any more.
struct DataPathBroke {
    Error error;
};
/// All sessions have ended; the thread is about to. With what went through without a session.
struct DataPathStopped {
    tunnel::Counters counters;
};
using DataEvent = std::variant<ClientConnected, ClientDisconnected, CongestionChanged, ConnectionRefused, DataPathBroke,
                               DataPathStopped>;

class DataThread final : private Hub::Observer, private LoginGate, private transport::EpollLoop::Watcher {
public:
    /// Called in the data thread.
    using Notify = std::function<void(DataEvent event)>;
    /// Called in the data thread; answers from any thread, also when this object is gone.
    using Answer = std::function<void(const accounts::LoginVerdict& verdict)>;
    using Ask = std::function<void(accounts::LoginQuestion question, Answer answer)>;

    [[nodiscard]] static Result<std::unique_ptr<DataThread>> create(HubConfig config,
                                                                    std::unique_ptr<tun::TunDevice> device,
                                                                    tls::TlsContext tlsContext, Notify notify, Ask ask);
    ~DataThread() override;

    void start();
    /// A connected socket, from the main thread.
    void accept(UniqueFd socket);
    /// As Hub::end(). done is called in the data thread.
    void end(SessionMatch match, std::string text, std::function<void(std::size_t)> done);
    /// done is called in the data thread.
    void listClients(std::function<void(std::vector<ClientInfo>)> done);
    void tune(HubTuning tuning);
    /// done is called in the data thread, when it has time for it; never when it hangs.
    void ping(std::function<void()> done);
    /// Says goodbye to all, lets that be sent, reports DataPathStopped and ends the thread.
    void stop();

private:
    DataThread(std::shared_ptr<transport::EpollLoop> loop, HubConfig config, std::unique_ptr<tun::TunDevice> device,
               tls::TlsContext tlsContext, Notify notify, Ask ask);

    void ask(std::uint64_t session, accounts::LoginQuestion question) override;
    void descriptorReady(std::uint32_t events) override;
    void clientConnected(const ClientInfo& client) override;
    void clientDisconnected(const ClientInfo& client, const Error& reason) override;
    void clientCongestionChanged(const ClientInfo& client) override;
    void connectionRefused(const net::Endpoint& peer, const Error& reason, bool isNews) override;
    void hubWantsPurge() override;
    void hubDeadlineChanged() override;
    void hubBroke(const Error& error) override;
    void adoptSome();
    void adopt(UniqueFd socket);
    void awaitGoodbyes();
    void tick();
    void rearm();

    std::shared_ptr<transport::EpollLoop> m_loop;  // answers that come too late hold it weakly
    SteadyTime m_stopwatch;
    std::unique_ptr<tun::TunDevice> m_device;
    tls::TlsContext m_tlsContext;
    Notify m_notify;
    Ask m_ask;
    Hub m_hub;
    std::deque<UniqueFd> m_arrivals;
    transport::EpollLoop::TimerId m_timer = 0;
    TimePoint m_armed = Never;
    TimePoint m_goodbyeEnd = Never;
    bool m_isPurgePosted = false;
    bool m_isBroken = false;
    std::thread m_thread;
};

}  // namespace gvpn::server
