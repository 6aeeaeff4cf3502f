// The world of a connection in memory, for the tests of attempts and connections: a manual clock and its timers, a TUN,
// a recording configurator, and a server that speaks the real protocol (or v1) over the other end of a MemoryLink.
#pragma once

#include "client/connection_options.h"
#include "client/edges.h"
#include "net/icmp_echo.h"
#include "protocol/server_conversation.h"
#include "support/frame_run.h"
#include "system/recording_configurator.h"
#include "system/recording_dns.h"
#include "transport/epoll_host.h"
#include "transport/fake_line.h"
#include "transport/memory_stream.h"
#include "tun/fake_tun.h"
#include "tunnel/secure_link.h"
#include "v1_server_end.h"

#include <QCoreApplication>

#include <algorithm>
#include <map>

namespace gvpn::test {

inline net::Prefix prefix(const char* text)
{
    return net::Prefix::parse(text).value();
}

inline net::InterfaceAddress interfaceAddress(const char* text)
{
    return net::InterfaceAddress::parse(text).value();
}

inline net::IpAddress address(const char* text)
{
    return net::IpAddress::parse(text).value();
}

inline tls::Identity newIdentity()
{
    return std::move(tls::Identity::generate().value());
}

/// Timers that expire when the test moves the clock.
class ManualTimers {
public:
    explicit ManualTimers(ManualTime& time)
        : m_time(time)
    {}

    std::unique_ptr<client::Timer> make() { return std::make_unique<ManualTimer>(*this); }

    /// Moves the clock, stopping at each timer on the way; `settle` lets the rest of the world react.
    template <typename Settle>
    void advance(Duration by, const Settle& settle)
    {
        const TimePoint end = m_time.now() + by;
        while (true) {
            const auto next = std::ranges::min_element(m_due, {}, [](const auto& entry) { return entry.second.when; });
            if (next == m_due.end() || next->second.when > end)
                break;
            const auto expired = std::move(next->second.expired);
            m_time.advance(std::chrono::duration_cast<Duration>(
                std::max(next->second.when - m_time.now(), TimePoint::duration(0))));
            m_due.erase(next);
            expired();
            settle();
        }
        m_time.advance(std::chrono::duration_cast<Duration>(end - m_time.now()));
        settle();
    }

    [[nodiscard]] std::size_t running() const { return m_due.size(); }

private:
    struct Due {
        TimePoint when;
        std::function<void()> expired;
    };
    class ManualTimer final : public client::Timer {
    public:
        explicit ManualTimer(ManualTimers& timers)
            : m_timers(timers)
        {}
        ~ManualTimer() override { m_timers.m_due.erase(this); }
        void start(Duration delay, std::function<void()> expired) override
        {
            m_timers.m_due[this] = {m_timers.m_time.now() + delay, std::move(expired)};
        }
        void stop() override { m_timers.m_due.erase(this); }

    private:
        ManualTimers& m_timers;
    };

    ManualTime& m_time;
    std::map<const client::Timer*, Due> m_due;
};

enum class LoginAnswer { Accept, Refuse, Busy, Silence };

/// What the server does with its clients.
struct ServerScript {
    net::TunnelSettings settings{.addresses = {interfaceAddress("10.86.0.2/24")},
                                 .gateways = {address("10.86.0.1")},
                                 .routes = {prefix("172.17.0.0/16")},
                                 .dnsServers = {},
                                 .dnsDomains = {}};
    std::vector<protocol::LoginMethod> loginMethods{protocol::LoginMethod::None};
    LoginAnswer loginAnswer = LoginAnswer::Accept;
    std::optional<protocol::GoodbyeCode> refusesAddress;
    bool answersProbes = true;
    bool speaksTls = true;  // false: accepts the connection and stays silent
};

/// One client's connection as the server sees it.
class ServerEnd final : private tunnel::SecureLink::Observer {
public:
    ServerEnd(std::unique_ptr<transport::ByteStream> stream, const tls::TlsContext& tlsContext,
              tunnel::LinkContext& context, const ServerScript& script)
        : m_context(context)
        , m_script(script)
        , m_conversation(protocol::ServerOffer{.software = "test",
                                               .takes = net::SegmentSupport::all(),
                                               .loginMethods = script.loginMethods},
                         context.time.now())
        , m_link(
              std::move(stream), tlsContext,
              [this](const Pin& pin) {
                  clientPin = pin;
                  return true;
              },
              context, *this)
    {
        if (script.speaksTls)
            m_link.start();
    }

    void goodbye(protocol::GoodbyeCode code) { perform(m_conversation.leave(code, {})); }
    void notify(const std::string& text) { perform(m_conversation.notify(text)); }
    void sendPacket(ByteView packet)
    {
        FrameRun batch;
        batch.append(packet, {});
        static_cast<void>(m_link.sendFrames(batch.frames()));
    }

    std::optional<Pin> clientPin;  // known when the client's certificate has come
    std::optional<protocol::Login> login;
    std::optional<protocol::AddressRequest> asked;
    std::optional<Error> ended;
    std::vector<ByteVector> packets;  // without the probes
    int probes = 0;

private:
    void linkEstablished() override {}
    void linkControl(ByteView body) override { perform(m_conversation.receive(body, m_context.time.now())); }
    void linkReceived(TimePoint now) override { m_conversation.noteReceived(now); }
    void linkRoom() override {}
    void linkClosed(const Error& error) override { ended = ended.value_or(error); }

    void linkPacket(const net::SegmentHeader& /*segment*/, ByteSpan packet) override
    {
        const auto ip = net::IpPacket::parse(packet);
        if (!ip || !net::isEchoRequest(*ip, packet)) {
            packets.emplace_back(packet.begin(), packet.end());
            return;
        }
        ++probes;
        if (m_script.answersProbes)
            sendPacket(echoReply(*ip, packet));
    }

    /// The request with its addresses swapped and its type changed; the checksum grows by what the type lost.
    static ByteVector echoReply(const net::IpPacket& ip, ByteSpan packet)
    {
        ByteVector reply(packet.begin(), packet.end());
        std::swap_ranges(reply.begin() + 12, reply.begin() + 16, reply.begin() + 16);
        const std::size_t icmp = ip.headerBytes();
        reply[icmp] = std::byte{0};
        const unsigned sum = readBigEndian<std::uint16_t>(reply, icmp + 2) + 0x0800U;
        writeBigEndian(ByteSpan(reply), icmp + 2, static_cast<std::uint16_t>((sum & 0xFFFFU) + (sum >> 16U)));
        return reply;
    }

    void answerLogin()
    {
        switch (m_script.loginAnswer) {
        case LoginAnswer::Accept: perform(m_conversation.acceptLogin(m_context.time.now())); break;
        case LoginAnswer::Refuse:
            perform(m_conversation.refuseLogin(protocol::GoodbyeCode::LoginRefused, "not today"));
            break;
        case LoginAnswer::Busy: perform(m_conversation.refuseLogin(protocol::GoodbyeCode::ServerBusy, {})); break;
        case LoginAnswer::Silence: break;
        }
    }

    void perform(const protocol::Actions& actions)
    {
        for (const protocol::Action& action : actions) {
            if (const auto* message = std::get_if<protocol::SendControl>(&action)) {
                m_link.sendControl(message->body);
            } else if (const auto* close = std::get_if<protocol::CloseConversation>(&action)) {
                ended = close->error;
                m_link.close();
            } else if (const auto* requested = std::get_if<protocol::LoginRequested>(&action)) {
                login = requested->login;
                answerLogin();
            } else if (const auto* request = std::get_if<protocol::AddressRequested>(&action)) {
                asked = request->request;
                m_link.allowPackets();
                perform(m_script.refusesAddress ? m_conversation.refuseAddress(*m_script.refusesAddress, "not this one")
                                                : m_conversation.assign(m_script.settings, m_context.time.now()));
            }
        }
    }

    tunnel::LinkContext& m_context;
    const ServerScript& m_script;
    protocol::ServerConversation m_conversation;
    tunnel::SecureLink m_link;
};

class Scene {
public:
    Scene()
        : m_serverIdentity(newIdentity())
        , m_serverTls(std::move(tls::TlsContext::create(tls::Role::Server, m_serverIdentity).value()))
        , m_serverContext(time)
        , serverPin(m_serverIdentity.pin())
    {}

    /// Lets everything happen that needs no time.
    void settle()
    {
        for (bool hasMoved = true; hasMoved;) {
            hasMoved = false;
            QCoreApplication::sendPostedEvents();
            QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
            QCoreApplication::processEvents();
            for (const auto& link : m_links)
                hasMoved = link->pump(time.now()) || hasMoved;
        }
    }
    void advance(Duration by)
    {
        settle();
        m_timers.advance(by, [this] { settle(); });
    }

    [[nodiscard]] client::ConnectionOptions options() const
    {
        client::ConnectionOptions options;
        options.server = {"office.example", 51005};
        options.pin = serverPin;
        options.software = "test";
        return options;
    }
    /// The script has the server speak v1.
    [[nodiscard]] client::ConnectionOptions v1Options() const
    {
        client::ConnectionOptions options;
        options.server = {"office.example", 51005};
        options.wireProtocol = client::WireProtocol::V1;
        options.wanted = {interfaceAddress("10.86.0.101/24")};
        return options;
    }
    [[nodiscard]] ServerEnd& server() { return *m_servers.back(); }
    /// Of each connection that came so far.
    [[nodiscard]] std::vector<protocol::LoginMethod> loginMethods() const
    {
        std::vector<protocol::LoginMethod> methods;
        for (const auto& server : m_servers) {
            if (server->login)
                methods.push_back(server->login->method);
        }
        return methods;
    }
    [[nodiscard]] V1ServerEnd& v1Server() { return *m_v1Servers.back(); }
    [[nodiscard]] std::size_t connections() const { return m_links.size(); }
    [[nodiscard]] transport::MemoryLink& link() { return *m_links.back(); }
    [[nodiscard]] std::size_t runningTimers() const { return m_timers.running(); }

    void answerTun() { std::exchange(m_heldTun, {})(); }

    // Order matters: what is borrowed comes first.
    ManualTime time;

private:
    std::function<void()> m_heldTun;
    ManualTimers m_timers{time};
    std::unique_ptr<transport::EpollLoop> m_loop{std::move(transport::EpollLoop::create(&time).value())};
    transport::EpollHost m_loopHost{*m_loop};
    tls::Identity m_serverIdentity;
    tls::TlsContext m_serverTls;
    tunnel::LinkContext m_serverContext;
    std::vector<std::unique_ptr<transport::MemoryLink>> m_links;
    std::vector<std::unique_ptr<ServerEnd>> m_servers;
    std::vector<std::unique_ptr<V1ServerEnd>> m_v1Servers;

    class FakeConnector final : public client::Connector {
    public:
        explicit FakeConnector(Scene& scene)
            : m_scene(scene)
        {}
        void start(Callbacks callbacks) override
        {
            m_timer = m_scene.m_timers.make();
            m_timer->start(Duration(0), [this, callbacks = std::move(callbacks)] { m_scene.answer(callbacks); });
        }

    private:
        Scene& m_scene;
        std::unique_ptr<client::Timer> m_timer;
    };

    void answer(const client::Connector::Callbacks& callbacks)
    {
        if (connectError) {
            callbacks.failed(*connectError);
            return;
        }
        callbacks.resolved();
        m_links.push_back(std::make_unique<transport::MemoryLink>(linkOptions));
        m_links.back()->setLineOfFirst(&line);
        if (v1)
            m_v1Servers.push_back(std::make_unique<V1ServerEnd>(m_links.back()->takeSecond(), *v1));
        else
            m_servers.push_back(
                std::make_unique<ServerEnd>(m_links.back()->takeSecond(), m_serverTls, m_serverContext, script));
        callbacks.connected(m_links.back()->takeFirst());
    }

    void openTun(const std::string& name, const client::TunOpened& opened)
    {
        ++tunsAskedFor;
        const auto answer = [this, name, opened] {
            if (tunError) {
                opened(fail(*tunError));
                return;
            }
            auto device = std::make_unique<tun::FakeTun>(name.empty() ? "gvpn0" : name);
            ++tunsOpened;
            tunDevice = device.get();
            opened(std::move(device));
        };
        if (holdsTun)
            m_heldTun = answer;
        else
            answer();
    }

public:
    const Pin serverPin;
    ServerScript script;
    std::optional<V1Script> v1;  // the server speaks v1 instead
    transport::MemoryLinkOptions linkOptions;
    std::optional<Error> connectError;
    std::optional<Error> tunError;
    bool holdsTun = false;  // opening one waits for answerTun()
    int tunsAskedFor = 0;
    int tunsOpened = 0;
    tun::FakeTun* tunDevice = nullptr;  // the one that was opened last; dangles when it is closed
    system::RecordingConfigurator configurator;
    system::RecordingDns dns;
    tunnel::DirectCongestionSetter congestionSetter;
    transport::FakeLine line;  // of all connections
    system::NetworkSnapshot snapshot;
    std::vector<Pin> identitiesAskedFor;
    client::Edges edges{
        .makeConnector = [this](const net::HostPort&) { return std::make_unique<FakeConnector>(*this); },
        .openTun = [this](const std::string& name, const client::TunOpened& opened) { openTun(name, opened); },
        .configurator = configurator,
        .dns = dns,
        .readSnapshot = [this]() -> Result<system::NetworkSnapshot> { return snapshot; },
        .identityFor =
            [this](const Pin& server) {
                identitiesAskedFor.push_back(server);
                return tls::Identity::generate();
            },
        .loop = *m_loop,
        .congestionSetter = congestionSetter,
        .time = time,
        .makeTimer = [this] { return m_timers.make(); },
        .roll = [] { return 0.5; }};
};

}  // namespace gvpn::test
