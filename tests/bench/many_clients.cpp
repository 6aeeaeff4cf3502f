// gvpn_many_clients: a load generator. One process keeps many v2 clients, each with a device key of its own, connected
// to a server with --login none. There is no TUN: keepalives are answered, packets thrown away. One thread.
#include "protocol/client_conversation.h"
#include "transport/epoll_loop.h"
#include "transport/epoll_stream.h"
#include "tunnel/secure_link.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <set>

#include <getopt.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

using namespace gvpn;

namespace {

constexpr int UsageStatus = 2;
/// Connections that are being set up at once, well below the number at which a server sends the oldest away. Those
/// of a storm all come at once.
constexpr std::size_t MostAtOnce = 64;
/// What a program of a person would wait, about.
constexpr Duration RetryAfter{1000};
constexpr Duration RateStep{10};
constexpr std::chrono::seconds ReportEvery{1};

struct Options {
    net::Endpoint server;
    std::size_t count = 1;
    unsigned perSecond = 0;  // new connections; 0: as fast as it goes
    bool isStorm = false;
};

class LoadClient final : private transport::EpollLoop::Watcher, private tunnel::SecureLink::Observer {
public:
    class Host {
    public:
        virtual void clientEstablished(LoadClient& client) = 0;
        /// Once after start(). start() may be called again, but not from inside of this call.
        virtual void clientEnded(LoadClient& client, const Error& error) = 0;

    protected:
        ~Host() = default;
    };

    LoadClient(transport::EpollLoop& loop, tunnel::LinkContext& context, tls::TlsContext tlsContext, std::size_t number,
               Host& host)
        : m_loop(loop)
        , m_context(context)
        , m_tlsContext(std::move(tlsContext))
        , m_number(number)
        , m_host(host)
    {}
    ~LoadClient() { stopWatching(); }
    LoadClient(const LoadClient&) = delete;
    LoadClient& operator=(const LoadClient&) = delete;

    void start(const net::Endpoint& server);
    void leave() { perform(m_conversation->leave(protocol::GoodbyeCode::Leaving, {})); }
    [[nodiscard]] bool isOver() const { return m_isOver; }
    /// Since the last start().
    [[nodiscard]] bool hasBeenEstablished() const { return m_hasBeenEstablished; }

private:
    void descriptorReady(std::uint32_t events) override;
    void linkEstablished() override { perform(m_conversation->start(m_loop.now())); }
    void linkControl(ByteView body) override { perform(m_conversation->receive(body, m_loop.now())); }
    void linkPacket(const net::SegmentHeader& /*segment*/, ByteSpan /*packet*/) override {}
    void linkReceived(TimePoint now) override { m_conversation->noteReceived(now); }
    void linkRoom() override {}
    void linkClosed(const Error& error) override { end(error); }

    void perform(const protocol::Actions& actions);
    void performOne(const protocol::Action& action);
    void rearm();
    void stopWatching();
    void end(const Error& error);

    transport::EpollLoop& m_loop;
    tunnel::LinkContext& m_context;
    tls::TlsContext m_tlsContext;
    std::size_t m_number;
    Host& m_host;
    UniqueFd m_connecting;
    std::optional<protocol::ClientConversation> m_conversation;
    std::optional<tunnel::SecureLink> m_link;
    transport::EpollLoop::TimerId m_timer = 0;
    TimePoint m_armed = Never;
    bool m_isOver = true;
    bool m_hasBeenEstablished = false;
};

Result<UniqueFd> startConnecting(const net::Endpoint& server)
{
    sockaddr_storage storage{};
    socklen_t length = 0;
    const ByteView bytes = server.address.bytes();
    if (server.address.isIPv4()) {
        auto* address = reinterpret_cast<sockaddr_in*>(&storage);
        address->sin_family = AF_INET;
        address->sin_port = htons(server.port);
        std::memcpy(&address->sin_addr, bytes.data(), bytes.size());
        length = sizeof(*address);
    } else {
        auto* address = reinterpret_cast<sockaddr_in6*>(&storage);
        address->sin6_family = AF_INET6;
        address->sin6_port = htons(server.port);
        std::memcpy(&address->sin6_addr, bytes.data(), bytes.size());
        length = sizeof(*address);
    }
    UniqueFd socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.isValid())
        return fail(errnoError("socket", errno));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0 && errno != EINPROGRESS)
        return fail(errnoError("connect", errno));
    return socket;
}

void LoadClient::start(const net::Endpoint& server)
{
    m_link.reset();
    m_isOver = false;
    m_hasBeenEstablished = false;
    protocol::ClientOffer offer;
    offer.software = "gvpn_many_clients";
    writeBigEndian(offer.instance, 0, std::uint64_t{m_number});
    offer.credentials.deviceName = "client " + std::to_string(m_number);
    m_conversation.emplace(std::move(offer));
    auto socket = startConnecting(server);
    if (!socket) {
        end(socket.error());
        return;
    }
    m_connecting = std::move(*socket);
    if (const auto watched = m_loop.watch(m_connecting.get(), EPOLLOUT, *this); !watched)
        end(watched.error());
}

void LoadClient::descriptorReady(std::uint32_t /*events*/)
{
    int failure = 0;
    socklen_t length = sizeof(failure);
    ::getsockopt(m_connecting.get(), SOL_SOCKET, SO_ERROR, &failure, &length);
    if (failure != 0) {
        end(errnoError("connect", failure));
        return;
    }
    m_loop.forget(m_connecting.get());
    auto stream = transport::EpollStream::create(m_loop, std::move(m_connecting));
    if (!stream) {
        end(stream.error());
        return;
    }
    tunnel::SecureLink::Observer& observer = *this;
    // Whoever the server is: nothing of value is said to it.
    m_link.emplace(
        std::move(*stream), m_tlsContext, [](const Pin&) { return true; }, m_context, observer);
    m_link->start();
}

void LoadClient::perform(const protocol::Actions& actions)
{
    for (const protocol::Action& action : actions) {
        if (m_isOver)
            return;
        performOne(action);
    }
    if (!m_isOver)
        rearm();
}

void LoadClient::performOne(const protocol::Action& action)
{
    if (const auto* message = std::get_if<protocol::SendControl>(&action)) {
        m_link->sendControl(message->body);
    } else if (const auto* close = std::get_if<protocol::CloseConversation>(&action)) {
        m_link->close();
        end(close->error);
    } else if (std::holds_alternative<protocol::LoggedIn>(action)) {
        m_link->allowLargeControl();
    } else if (std::holds_alternative<protocol::Established>(action)) {
        m_link->allowPackets();
        m_hasBeenEstablished = true;
        m_host.clientEstablished(*this);
    }
}

/// A deadline that has moved away is looked at when the old one comes.
void LoadClient::rearm()
{
    const TimePoint deadline = m_conversation->deadline();
    if (deadline >= m_armed)
        return;
    m_loop.cancel(m_timer);
    m_armed = deadline;
    m_timer = m_loop.schedule(deadline, [this] {
        m_armed = Never;
        if (m_conversation->deadline() <= m_loop.now())
            perform(m_conversation->tick(m_loop.now()));
        else
            rearm();
    });
}

void LoadClient::stopWatching()
{
    m_loop.cancel(m_timer);
    m_armed = Never;
    if (m_connecting.isValid())
        m_loop.forget(m_connecting.get());
    m_connecting.reset();
}

void LoadClient::end(const Error& error)
{
    if (std::exchange(m_isOver, true))
        return;
    stopWatching();
    m_host.clientEnded(*this, error);
}

class Crowd final : private LoadClient::Host, private transport::EpollLoop::Watcher {
public:
    Crowd(transport::EpollLoop& loop, const Options& options)
        : m_loop(loop)
        , m_options(options)
        , m_time(loop)
        , m_context(m_time)
        , m_mostAtOnce(options.isStorm ? options.count : MostAtOnce)
    {}

    [[nodiscard]] Result<void> create();
    /// Until SIGINT or SIGTERM.
    [[nodiscard]] Result<void> run();

private:
    class LoopTime final : public TimeSource {
    public:
        explicit LoopTime(const transport::EpollLoop& loop)
            : m_loop(loop)
        {}
        [[nodiscard]] TimePoint now() const override { return m_loop.now(); }

    private:
        const transport::EpollLoop& m_loop;
    };

    void descriptorReady(std::uint32_t /*events*/) override { m_loop.stop(); }
    void clientEstablished(LoadClient& client) override;
    void clientEnded(LoadClient& client, const Error& error) override;
    void queue(LoadClient& client);
    void startSome();
    void refillRate();
    void report();

    transport::EpollLoop& m_loop;
    Options m_options;
    LoopTime m_time;
    tunnel::LinkContext m_context;
    std::vector<std::unique_ptr<LoadClient>> m_clients;
    std::deque<LoadClient*> m_waiting;  // to be started
    std::size_t m_mostAtOnce;
    std::size_t m_underWay = 0;
    std::size_t m_established = 0;
    double m_allowed = 0;  // by --rate
    bool m_hasReported = false;
    std::uint64_t m_reconnects = 0;  // since the last report
    std::set<std::string> m_said;
};

Result<void> Crowd::create()
{
    LoadClient::Host& host = *this;
    for (std::size_t number = 0; number < m_options.count; ++number) {
        const auto identity = tls::Identity::generate();
        if (!identity)
            return fail(identity.error());
        auto tlsContext = tls::TlsContext::create(tls::Role::Client, *identity);
        if (!tlsContext)
            return fail(tlsContext.error());
        m_clients.push_back(std::make_unique<LoadClient>(m_loop, m_context, std::move(*tlsContext), number, host));
        m_waiting.push_back(m_clients.back().get());
    }
    return {};
}

Result<void> Crowd::run()
{
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    const UniqueFd signalled(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (const auto watched = m_loop.watch(signalled.get(), EPOLLIN, *this); !watched)
        return watched;
    m_loop.post([this] {
        refillRate();
        startSome();
        if (m_options.isStorm)
            m_loop.schedule(m_loop.now() + ReportEvery, [this] { report(); });
    });
    m_loop.run();
    m_clients.clear();
    m_loop.forget(signalled.get());
    return {};
}

void Crowd::clientEstablished(LoadClient& client)
{
    --m_underWay;
    ++m_established;
    if (m_established == m_options.count && !std::exchange(m_hasReported, true)) {
        std::printf("{\"event\":\"connected\",\"count\":%zu}\n", m_options.count);
        std::fflush(stdout);
    }
    if (m_options.isStorm)
        m_loop.schedule(m_loop.now(), [&client] {
            if (!client.isOver())
                client.leave();
        });
    startSome();
}

void Crowd::clientEnded(LoadClient& client, const Error& error)
{
    const bool wasEstablished = client.hasBeenEstablished();
    if (wasEstablished)
        --m_established;
    else
        --m_underWay;
    if (wasEstablished && m_options.isStorm) {
        ++m_reconnects;
        m_loop.schedule(m_loop.now(), [this, &client] { queue(client); });
        return;
    }
    if (m_said.insert(error.context).second)
        std::fprintf(stderr, "%s; trying again (said once)\n", error.context.c_str());
    m_loop.schedule(m_loop.now() + RetryAfter, [this, &client] { queue(client); });
}

void Crowd::queue(LoadClient& client)
{
    m_waiting.push_back(&client);
    startSome();
}

void Crowd::startSome()
{
    while (!m_waiting.empty() && m_underWay < m_mostAtOnce && (m_options.perSecond == 0 || m_allowed >= 1)) {
        LoadClient& client = *m_waiting.front();
        m_waiting.pop_front();
        m_allowed -= 1;
        ++m_underWay;
        client.start(m_options.server);
    }
}

void Crowd::refillRate()
{
    if (m_options.perSecond == 0)
        return;
    const double step = m_options.perSecond * std::chrono::duration<double>(RateStep).count();
    m_allowed = std::min(m_allowed + step, std::max(step, 1.0));
    startSome();
    m_loop.schedule(m_loop.now() + RateStep, [this] { refillRate(); });
}

void Crowd::report()
{
    std::printf("{\"event\":\"reconnects\",\"per_second\":%llu}\n",
                static_cast<unsigned long long>(std::exchange(m_reconnects, 0)));
    std::fflush(stdout);
    m_loop.schedule(m_loop.now() + ReportEvery, [this] { report(); });
}

template <typename T>
bool parseNumber(std::string_view text, T& number)
{
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && number > 0;
}

Result<Options> parseOptions(int argc, char** argv)
{
    constexpr std::array<option, 5> Known = {{{"server", required_argument, nullptr, 's'},
                                              {"count", required_argument, nullptr, 'n'},
                                              {"rate", required_argument, nullptr, 'r'},
                                              {"reconnect", no_argument, nullptr, 'R'},
                                              {nullptr, 0, nullptr, 0}}};
    Options options;
    bool isGood = true;
    bool hasServer = false;
    for (int name = 0; (name = ::getopt_long(argc, argv, "", Known.data(), nullptr)) != -1;) {
        if (name == 's') {
            const auto server = net::HostPort::parse(optarg);
            const auto address = server ? net::IpAddress::parse(server->host) : fail(server.error());
            if (!address)
                return fail(ErrorCode::InvalidArgument, "--server wants an address: " + address.error().context);
            options.server = {*address, server->port};
            hasServer = true;
        } else if (name == 'n') {
            isGood &= parseNumber(optarg, options.count);
        } else if (name == 'r') {
            isGood &= parseNumber(optarg, options.perSecond);
        } else {
            options.isStorm = name == 'R';
            isGood &= options.isStorm;
        }
    }
    if (!isGood || !hasServer || optind != argc)
        return fail(ErrorCode::InvalidArgument,
                    "usage: gvpn_many_clients --server ADDRESS:PORT --count N [--rate PER_SECOND] [--reconnect]");
    return options;
}

void raiseDescriptorLimit()
{
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

int main(int argc, char** argv)
{
    const auto options = parseOptions(argc, argv);
    if (!options) {
        std::fprintf(stderr, "%s\n", options.error().context.c_str());
        return UsageStatus;
    }
    raiseDescriptorLimit();
    const auto loop = transport::EpollLoop::create();
    if (!loop) {
        std::fprintf(stderr, "%s\n", loop.error().context.c_str());
        return EXIT_FAILURE;
    }
    Crowd crowd(**loop, *options);
    auto done = crowd.create();
    if (done)
        done = crowd.run();
    if (!done)
        std::fprintf(stderr, "%s\n", done.error().context.c_str());
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
