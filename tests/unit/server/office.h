// For the tests of the hub: a server with a fake TUN and a clock that the test moves, and guests that connect to it
// with the client's own link and conversation over memory lines.
#pragma once

#include "protocol/client_conversation.h"
#include "server/hub.h"
#include "support/link_pair.h"
#include "support/packets.h"
#include "transport/fake_line.h"
#include "tun/fake_tun.h"

#include <deque>

namespace gvpn::server::test {

using gvpn::test::address;
using gvpn::test::FrameRun;
using gvpn::test::interfaceAddress;
using gvpn::test::network;
using gvpn::test::ReceivedPacket;
using gvpn::test::Segment;

struct Wish {
    std::vector<net::InterfaceAddress> addresses = {};
    bool isRequired = false;
    net::SegmentSupport takes = net::SegmentSupport::all();
    std::string deviceName = "laptop";
    std::optional<SharedSecret> invite = {};
    std::optional<protocol::PasswordLogin> password = {};
    bool saysHello = true;  // false: after the TLS handshake it is silent
    protocol::InstanceId instance = {};
};

class TestClient final : private tunnel::SecureLink::Observer {
public:
    TestClient(std::unique_ptr<transport::ByteStream> stream, const tls::Identity& identity,
               tunnel::LinkContext& context, const Wish& wish)
        : m_tlsContext(gvpn::test::newTlsContext(tls::Role::Client, identity))
        , m_time(context.time)
        , m_conversation(offer(wish))
        , m_saysHello(wish.saysHello)
        , m_link(
              std::move(stream), m_tlsContext, [](const Pin&) { return true; }, context, *this)
    {
        m_link.start();
    }

    std::optional<protocol::Established> established;
    std::optional<Error> ended;
    std::vector<std::string> notices;
    std::vector<ReceivedPacket> packets;

    [[nodiscard]] net::IpAddress address(std::size_t index = 0) const
    {
        return established ? established->settings.addresses.at(index).address : net::IpAddress();
    }
    [[nodiscard]] bool hasEndedWith(ErrorCode code) const { return ended && ended->code == code; }
    [[nodiscard]] tunnel::SecureLink& link() { return m_link; }

    void send(ByteView packet, const net::SegmentHeader& segment = {})
    {
        FrameRun batch;
        batch.append(packet, segment);
        m_isTaken = m_link.sendFrames(batch.frames());
    }
    void send(const Segment& segment) { send(segment.bytes, segment.header); }
    void leave() { perform(m_conversation.leave(protocol::GoodbyeCode::Leaving, {})); }
    void tick()
    {
        if (!ended && m_conversation.deadline() <= m_time.now())
            perform(m_conversation.tick(m_time.now()));
    }

private:
    static protocol::ClientOffer offer(const Wish& wish)
    {
        protocol::ClientOffer made;
        made.software = "test 1";
        made.takes = wish.takes;
        made.instance = wish.instance;
        made.credentials = {wish.deviceName, wish.invite, wish.password};
        made.address = {wish.addresses, wish.isRequired};
        return made;
    }

    void linkEstablished() override
    {
        if (m_saysHello)
            perform(m_conversation.start(m_time.now()));
    }
    void linkControl(ByteView body) override { perform(m_conversation.receive(body, m_time.now())); }
    void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) override
    {
        packets.push_back({segment, ByteVector(packet.begin(), packet.end())});
    }
    void linkReceived(TimePoint now) override { m_conversation.noteReceived(now); }
    void linkRoom() override {}
    void linkClosed(const Error& error) override { end(error); }

    void perform(const protocol::Actions& actions)
    {
        for (const protocol::Action& action : actions) {
            if (const auto* message = std::get_if<protocol::SendControl>(&action))
                m_link.sendControl(message->body);
            else if (std::holds_alternative<protocol::LoggedIn>(action))
                m_link.allowPackets();
            else if (const auto* made = std::get_if<protocol::Established>(&action))
                established = *made;
            else if (const auto* notice = std::get_if<protocol::NoticeReceived>(&action))
                notices.push_back(notice->text);
            else if (const auto* close = std::get_if<protocol::CloseConversation>(&action)) {
                m_link.close();
                end(close->error);
            }
        }
    }
    void end(const Error& error)
    {
        if (!ended)
            ended = error;
    }

    tls::TlsContext m_tlsContext;
    const TimeSource& m_time;
    protocol::ClientConversation m_conversation;
    bool m_saysHello;
    bool m_isTaken = false;
    tunnel::SecureLink m_link;
};

/// A line to the server with a client at its other end, or with bytes that the test writes itself.
struct Guest {
    explicit Guest(const transport::MemoryLinkOptions& options)
        : line(options)
    {
        line.setLineOfSecond(&outer);
    }

    transport::FakeLine outer;  // of the server's end
    transport::MemoryLink line;
    std::unique_ptr<transport::ByteStream> stranger;
    std::unique_ptr<TestClient> client;

    [[nodiscard]] TestClient* operator->() const { return client.get(); }
};

inline HubConfig officeConfig()
{
    HubConfig config;
    config.pools = {network("10.86.0.0/24")};
    config.lanNetworks = {network("172.17.0.0/16")};
    // All guests of a test come from one address.
    config.halfOpen.sharedSources = {network("192.0.2.0/24")};
    config.software = "gvpn test";
    return config;
}

/// Keeps the questions until the test answers them.
class FakeGate final : public LoginGate {
public:
    struct Asked {
        std::uint64_t session = 0;
        accounts::LoginQuestion question;
    };
    std::vector<Asked> asked;

private:
    void ask(std::uint64_t session, accounts::LoginQuestion question) override
    {
        asked.push_back({session, std::move(question)});
    }
};

class Office final : private Hub::Observer {
public:
    explicit Office(HubConfig config = officeConfig(), const net::SegmentSupport& tunTakes = net::SegmentSupport::all())
        : identity(gvpn::test::newIdentity())
        , tlsContext(gvpn::test::newTlsContext(tls::Role::Server, identity))
        , device("gvpn0", tunTakes)
        , clientContext(time)
        , hub(std::move(config), device, tlsContext, time, gate, *this)
    {}

    struct Departure {
        ClientInfo client;
        Error reason;
    };

    /// A client with a key of its own, or with the one that is named.
    Guest& connect(const Wish& wish = {}, const tls::Identity* key = nullptr,
                   const transport::MemoryLinkOptions& options = {})
    {
        Guest& guest = guests.emplace_back(options);
        if (key == nullptr)
            key = &m_keys.emplace_back(gvpn::test::newIdentity());
        hub.accept(guest.line.takeSecond());
        guest.client = std::make_unique<TestClient>(guest.line.takeFirst(), *key, clientContext, wish);
        pump();
        return guest;
    }
    /// Somebody who has only opened a TCP connection.
    Guest& connectStranger()
    {
        Guest& guest = guests.emplace_back(transport::MemoryLinkOptions{.windowBytes = 65536});
        guest.stranger = guest.line.takeFirst();
        hub.accept(guest.line.takeSecond());
        return guest;
    }

    void pump()
    {
        for (bool isMoving = true; isMoving;) {
            isMoving = false;
            for (Guest& guest : guests)
                isMoving = guest.line.pump(time.now()) || isMoving;
        }
        if (wantsPurge) {
            wantsPurge = false;
            hub.purge();
        }
    }
    void fromLan(const ByteVector& packet, const net::SegmentHeader& segment = {})
    {
        device.inject(packet, segment);
        hub.tunReadable();
        pump();
    }
    /// Time passes, and whoever has a deadline on the way is told.
    void pass(std::chrono::seconds seconds)
    {
        for (std::chrono::seconds::rep i = 0; i < seconds.count(); ++i) {
            time.advance(std::chrono::seconds(1));
            if (hub.deadline() <= time.now())
                hub.tick();
            for (Guest& guest : guests) {
                if (guest.client)
                    guest.client->tick();
            }
            pump();
        }
    }

    ManualTime time;
    tls::Identity identity;
    tls::TlsContext tlsContext;
    tun::FakeTun device;
    tunnel::LinkContext clientContext;
    std::vector<ClientInfo> connected;
    std::vector<Departure> disconnected;
    std::vector<ClientInfo> congestionChanged;
    std::vector<Error> refused;
    std::vector<Error> broken;
    bool wantsPurge = false;
    int deadlineChanges = 0;
    FakeGate gate;
    Hub hub;
    std::deque<Guest> guests;

private:
    void clientConnected(const ClientInfo& client) override { connected.push_back(client); }
    void clientDisconnected(const ClientInfo& client, const Error& reason) override
    {
        disconnected.push_back({client, reason});
    }
    void clientCongestionChanged(const ClientInfo& client) override { congestionChanged.push_back(client); }
    void connectionRefused(const net::Endpoint& /*peer*/, const Error& reason, bool /*isNews*/) override
    {
        refused.push_back(reason);
    }
    void hubWantsPurge() override { wantsPurge = true; }
    void hubDeadlineChanged() override { ++deadlineChanges; }
    void hubBroke(const Error& error) override { broken.push_back(error); }

    std::deque<tls::Identity> m_keys;
};

}  // namespace gvpn::server::test
