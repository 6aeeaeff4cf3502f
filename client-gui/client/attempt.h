// One connection: from resolving the server's name to "an echo came back through the tunnel" (v1, which has no gateway:
// to the registration and the network being set), and then for as long as it lasts. Used once and only moves forward;
// trying again is a new attempt. Engine thread. After leave() it is given up with deleteLater(), because it may stand
// in a callback of its own parts.
#pragma once

#include "client/connection_options.h"
#include "client/connection_state.h"
#include "client/dns_policy.h"
#include "client/packet_pump.h"
#include "client/server_link.h"
#include "client/tunnel_network.h"
#include "tunnel/line_watch.h"
#include "tunnel/link_context.h"

#include <QObject>

namespace gvpn::client {

inline constexpr Duration ProbeInterval{1'000};
inline constexpr Duration ProbeDeadline{10'000};
inline constexpr unsigned MaxNotices = 4;  // of one connection; more would fill the person's screen

/// What became of the password in an attempt.
enum class PasswordFate {
    NotSent,     // or the server was too busy to look at it
    Answered,    // right or wrong
    Unanswered,  // the server may or may not have it
};

struct AttemptInputs {
    ConnectionOptions options;
    std::vector<net::InterfaceAddress> lastAddresses;  // asked for again, as a hint
};

class Attempt : public QObject, private ServerLink::Observer {
    Q_OBJECT
public:
    /// edges, context and network outlive it.
    Attempt(AttemptInputs inputs, const Edges& edges, tunnel::LinkContext& context, TunnelNetwork& network,
            tunnel::Counters& counters);
    ~Attempt() override;

    void start();
    /// Says goodbye where there is somebody, and rests. No signal follows.
    void leave();
    /// What was set up on this computer is gone: failed() follows.
    void loseNetwork(const Error& error);
    [[nodiscard]] PasswordFate passwordFate() const;
    /// Of the outer line, as it is now; 0: not connected, or not known.
    [[nodiscard]] std::chrono::microseconds roundTrip() const;
    /// The congestion control of the outer line; empty: not connected, or not known.
    [[nodiscard]] std::string congestion() const;

Q_SIGNALS:
    /// Each stage once, in order.
    void stageReached(gvpn::client::Stage stage);
    /// v2: the server has let us in. Before Stage::Address.
    void loggedIn(gvpn::protocol::LoginMethod method);
    /// The server's text, one sentence for the person; from outside: escape before showing.
    void noticeReceived(const std::string& text);
    /// Some routes were not taken.
    void routesSkipped(const std::vector<gvpn::client::SkippedRoute>& skipped);
    /// Some resolvers or domains of the server are not used.
    void dnsSkipped(const std::vector<gvpn::client::SkippedDns>& skipped);
    /// The connection has another congestion control now, or was refused one.
    void congestionChanged(const gvpn::tunnel::CongestionStatus& status);
    void succeeded(const gvpn::client::ConnectionInfo& info);
    /// Once, before or after succeeded(); nothing follows.
    void failed(const gvpn::client::Fault& fault);

private:
    void linkReady() override;
    void linkLoggedIn(std::optional<protocol::LoginMethod> method) override;
    void linkEstablished(const protocol::Established& established) override;
    void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) override;
    void linkRoom() override;
    void linkNotice(const std::string& text) override;
    void linkEnded(const LinkEnd& end) override;

    void connectToServer();
    void onConnected(std::unique_ptr<transport::ByteStream> stream);
    /// The only place that decides which protocol is spoken.
    [[nodiscard]] Result<std::unique_ptr<ServerLink>> makeLink(std::unique_ptr<transport::ByteStream> stream);
    [[nodiscard]] bool isV1() const { return m_inputs.options.wireProtocol == WireProtocol::V1; }
    void onTunOpen(const Result<tun::TunDevice*>& device);
    /// The server did not wait for the TUN.
    void connectAgain();
    /// The credentials go with it: nothing of them stays here.
    [[nodiscard]] protocol::ClientOffer takeOffer(const tun::TunDevice& device);
    [[nodiscard]] std::optional<protocol::LoginMethod> sentLogin() const
    {
        return m_link ? m_link->sentLogin() : std::nullopt;
    }
    /// Emits every stage up to this one that the protocol has.
    void reach(Stage stage);
    void setUpTunnel(const protocol::Established& established);
    [[nodiscard]] Result<std::vector<net::Prefix>> chooseRoutes(const net::TunnelSettings& settings,
                                                                const std::string& interfaceName);
    void onNetworkSet(const protocol::Established& established);
    void onDnsSet(const protocol::Established& established, const system::DnsConfig& config,
                  const std::vector<SkippedDns>& skipped);
    void startPump(const net::SegmentSupport& peerTakes);
    void startWatchingLine();
    void lookAtLine(TimePoint now);
    void probe();
    void succeed();
    void fail(const Error& error);
    void fail(Fault fault);

    AttemptInputs m_inputs;
    const Edges& m_edges;
    tunnel::LinkContext& m_context;
    TunnelNetwork& m_network;
    tunnel::Counters& m_counters;
    std::unique_ptr<Connector> m_connector;
    std::unique_ptr<ServerLink> m_link;
    std::unique_ptr<PacketPump> m_pump;
    std::unique_ptr<Timer> m_probeTimer;
    transport::Line* m_line = nullptr;  // of the stream, which goes over to the link
    std::optional<tunnel::LineWatch> m_lineWatch;
    net::IpAddress m_server;  // its outer address
    ConnectionInfo m_info;
    net::EchoId m_probeId;
    TimePoint m_probeEnd = Never;
    std::optional<Stage> m_stage;
    unsigned m_notices = 0;
    bool m_isOpeningTun = false;
    bool m_hasLostLink = false;  // meanwhile
    bool m_isLoginAnswered = false;
    bool m_isServerBusy = false;
    bool m_isUp = false;
    bool m_isOver = false;
};

}  // namespace gvpn::client
