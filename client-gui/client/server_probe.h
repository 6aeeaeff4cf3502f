// Walks the way to a server once, as far as it goes, and writes down each step's outcome: name, all addresses' ports,
// TLS with the pin, a login whose address is given back at once. Sets nothing up on this computer. Qt event loop; one
// use; done comes once, within the limits below.
#pragma once

#include "client/doctor_facts.h"
#include "client/edges.h"
#include "client/server_link.h"
#include "transport/name_lookup.h"
#include "transport/pending_connect.h"
#include "tunnel/link_context.h"

#include <QObject>

#include <functional>
#include <memory>

namespace gvpn::client {

/// Together with what comes before and after, less than a person's patience. The port's has room for two repeated SYNs.
inline constexpr Duration LookupLimit{4'000};
inline constexpr Duration PortLimit{3'500};
inline constexpr Duration OtherPortsLimit{1'500};  // when one has answered
inline constexpr Duration ConversationLimit{4'000};

class ServerProbe : public QObject, private ServerLink::Observer {
    Q_OBJECT
public:
    struct Plan {
        net::HostPort server;
        WireProtocol wireProtocol = WireProtocol::V2;
        std::optional<Pin> pin;
        /// Asked when the addresses are known; what it says is why nobody logs in then.
        std::function<std::optional<NoLogin>(const std::vector<net::IpAddress>& addresses)> mayLogIn;
        protocol::ClientOffer offer;  // of the login
    };
    struct Parts {
        LinkEdges edges;
        std::function<Result<std::unique_ptr<transport::ByteStream>>(UniqueFd socket)> makeStream;
    };
    using Done = std::function<void(const ServerFacts& facts, std::optional<NoLogin> noLogin)>;

    ServerProbe(Plan plan, Parts parts, Done done);
    ~ServerProbe() override;
    void start();

private:
    struct Try {
        PortFact fact;
        std::unique_ptr<transport::PendingConnect> connect{};
        TimePoint begun{};
    };

    void linkReady() override;
    void linkLoggedIn(std::optional<protocol::LoginMethod> method) override;
    void linkEstablished(const protocol::Established& established) override;
    void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) override;
    void linkRoom() override {}
    void linkNotice(const std::string& text) override;
    void linkEnded(const LinkEnd& end) override;

    void onLookedUp(const transport::NameLookup::Answer& answer);
    void tryPorts(const QList<QHostAddress>& addresses);
    void onTried(std::size_t index);
    void onPortsTried();
    void converse(UniqueFd socket);
    [[nodiscard]] Result<std::unique_ptr<ServerLink>> makeLink(std::unique_ptr<transport::ByteStream> stream);
    void fail(Stage stage, const Error& error);
    void finish();

    Plan m_plan;
    Parts m_parts;
    Done m_done;
    tunnel::LinkContext m_context;
    ServerFacts m_facts;
    std::optional<NoLogin> m_noLogin;
    std::unique_ptr<Timer> m_timer;
    TimePoint m_begun{};
    std::unique_ptr<transport::NameLookup> m_lookup;
    std::vector<Try> m_tries;
    UniqueFd m_socket;  // the first that stands
    std::unique_ptr<ServerLink> m_link;
    Stage m_stage = Stage::Resolve;
    bool m_isOver = false;
};

}  // namespace gvpn::client
