// All sessions of a server and the TUN between them and the LAN: admits, gives addresses, finds a packet's session at
// the same cost among ten thousand as among one. Knows no event loop: its driver calls it, in the data thread.
#pragma once

#include "server/address_desk.h"
#include "server/half_open_limits.h"
#include "server/login_gate.h"
#include "server/packet_policy.h"
#include "server/session.h"
#include "tun/tun_device.h"
#include "tunnel/packet_framer.h"

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace gvpn::server {

struct HubConfig {
    std::vector<net::Prefix> pools;  // at most one a family
    std::vector<net::Prefix> lanNetworks;
    std::vector<net::IpAddress> dnsServers;
    std::vector<std::string> dnsDomains;
    unsigned mtu = net::DefaultMtu;
    std::chrono::seconds keepalive{10};
    bool allowsClientToClient = false;
    /// --allow-v1: the one network that clients of the reference protocol reach. Needs an IPv4 pool.
    std::optional<net::Prefix> v1Bypass;
    HalfOpenConfig halfOpen;
    /// What a client may log in with. None alone: everybody is let in; else the gate decides.
    std::vector<protocol::LoginMethod> loginMethods = {protocol::LoginMethod::None};
    tunnel::CongestionMode congestion;
    /// Which devices come back to which addresses, least recently used first.
    std::vector<Lease> leases;
    std::string software;
};

/// What may change while sessions are up.
struct HubTuning {
    HalfOpenConfig halfOpen;
    std::vector<protocol::LoginMethod> loginMethods;
    std::vector<net::IpAddress> dnsServers{};  // for those who connect from now on
    std::vector<std::string> dnsDomains{};
};

/// Whose sessions: those that match everything that is set. Nothing set: nobody's.
struct SessionMatch {
    std::optional<accounts::UserId> user{};
    std::optional<accounts::DeviceId> device{};
    std::optional<net::IpAddress> address{};  // of the tunnel
    std::string name{};                       // the user's, or the device's where there are no users
};

/// What the rest of the program is told about a client; a copy, so that it can leave the thread.
struct ClientInfo {
    std::uint64_t id = 0;
    std::vector<net::InterfaceAddress> addresses;
    ClientClaims claims;
    bool isV1 = false;
    std::optional<accounts::Account> account;
    net::Endpoint peer;
    TimePoint connectedAt{};
    tunnel::Counters counters;
    tunnel::CongestionStatus congestion;
};

class Hub final : private Session::Host {
public:
    class Observer {
    public:
        virtual void clientConnected(const ClientInfo& client) = 0;
        virtual void clientDisconnected(const ClientInfo& client, const Error& reason) = 0;
        /// Its connection has another congestion control now, or was refused one.
        virtual void clientCongestionChanged(const ClientInfo& client) = 0;
        /// A connection ended before it had an address.
        /// isNews: false for one that goes on after it was told so.
        virtual void connectionRefused(const net::Endpoint& peer, const Error& reason, bool isNews) = 0;
        /// Call purge() when nothing of the hub is on the stack.
        virtual void hubWantsPurge() = 0;
        /// deadline() may be earlier than it was.
        virtual void hubDeadlineChanged() = 0;
        /// The TUN is gone.
        virtual void hubBroke(const Error& error) = 0;

    protected:
        ~Observer() = default;
    };

    /// Everything outlives the hub.
    Hub(HubConfig config, tun::TunDevice& device, const tls::TlsContext& tlsContext, const TimeSource& time,
        LoginGate& gate, Observer& observer);
    ~Hub();

    /// From now on connections that are being set up take turns. Only for a driver that calls tick() in time.
    void paceHandshakes(const tunnel::HandshakePace& pace, const TimeSource& stopwatch);
    /// When nothing of the hub is on the stack.
    void accept(std::unique_ptr<transport::ByteStream> stream);
    void tunReadable();
    void tick();
    [[nodiscard]] TimePoint deadline() const;
    void purge();
    /// The gate's answer. Too late for a session that has ended.
    void decideLogin(std::uint64_t session, const accounts::LoginVerdict& verdict);
    /// Ends sessions, also those that have no address yet, and tells the clients why. How many.
    std::size_t end(const SessionMatch& match, const std::string& text);
    /// Those that have an address.
    [[nodiscard]] std::vector<ClientInfo> clients() const;
    void tune(const HubTuning& tuning);
    /// Says goodbye to all. Nobody is accepted any more.
    void stop();

    [[nodiscard]] std::size_t sessionCount() const { return m_sessions.size(); }
    /// Packets from the TUN that had no session to go to.
    [[nodiscard]] const tunnel::Counters& counters() const { return m_counters; }

private:
    struct Entry {
        std::unique_ptr<Session> session;
        TimePoint scheduled = Never;
        bool isAnnounced = false;  // clientConnected() was called
        bool isNews = true;        // how it ends
    };

    void sessionLoginRequested(Session& session, const protocol::Login& login) override;
    void sessionAddressRequested(Session& session, const protocol::AddressRequest& request) override;
    void sessionPacket(Session& session, const net::SegmentHeader& segment, ByteSpan packet) override;
    void sessionReceived(Session& session) override;
    void sessionDeadlineChanged(Session& session) override;
    void sessionCongestionChanged(Session& session) override;
    void sessionEnded(Session& session, const Error& reason) override;

    void routeFromTun(const net::SegmentHeader& segment, ByteView packet);
    void toTun(Session& session, const net::SegmentHeader& segment, ByteView packet);
    void relay(Session& from, const net::IpPacket& ip, const net::SegmentHeader& segment, ByteView packet);
    [[nodiscard]] bool makeRoomFor(const net::IpAddress& source);
    /// Frames a packet for a client. isInSpace: it stands in the pool's space().
    void toClient(Session& target, const net::IpPacket& ip, const net::SegmentHeader& segment, ByteView packet,
                  bool isInSpace);
    /// Sends what was pushed since the last time.
    void pumpTouched();
    [[nodiscard]] Session* find(const net::IpAddress& address) const;
    /// True: another run of a program was told that it has lost its session.
    [[nodiscard]] bool replaceOlder(const Session& session);
    [[nodiscard]] static bool matches(const SessionMatch& match, const Session& session);
    void releaseAddresses(const Session& session);
    [[nodiscard]] net::TunnelSettings settingsFor(std::vector<net::InterfaceAddress> addresses) const;
    [[nodiscard]] static ClientInfo infoOf(const Session& session);

    HubConfig m_config;
    tun::TunDevice& m_device;
    const tls::TlsContext& m_tlsContext;
    const TimeSource& m_time;
    LoginGate& m_gate;
    Observer& m_observer;
    tunnel::LinkContext m_linkContext;
    tunnel::PacketFramer m_framer;
    tunnel::DirectCongestionSetter m_congestionSetter;
    PacketPolicy m_policy;
    AddressDesk m_desk;
    HalfOpenLimits m_halfOpen;
    std::unordered_map<std::uint64_t, Entry> m_sessions;
    std::unordered_map<net::IpAddress, Session*> m_byAddress;
    std::unordered_map<Pin, Session*, PinHash> m_byDevice;  // established sessions
    std::set<std::pair<TimePoint, std::uint64_t>> m_deadlines;
    std::vector<std::uint64_t> m_ended;
    std::vector<Session*> m_touched;  // have packets that are to leave at the end of the wake-up
    tunnel::Counters m_counters;
    std::uint64_t m_lastId = 0;
    bool m_isStopping = false;
};

}  // namespace gvpn::server
