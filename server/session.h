// One client's connection on the server: link, conversation, addresses, queue. Lives in the data thread; its host (the
// hub) owns it and decides.
#pragma once

#include "protocol/server_conversation.h"
#include "tunnel/counters.h"
#include "tunnel/packet_queue.h"
#include "tunnel/secure_link.h"

#include <functional>
#include <memory>
#include <optional>

namespace gvpn::server {

class Session final : private tunnel::SecureLink::Observer {
public:
    class Host {
    public:
        /// Decide and call acceptLogin() or refuseLogin(), now or later.
        virtual void sessionLoginRequested(Session& session, const protocol::Login& login) = 0;
        /// Decide and call assign() or refuseAddress().
        virtual void sessionAddressRequested(Session& session, const protocol::AddressRequest& request) = 0;
        virtual void sessionPacket(Session& session, const net::SegmentHeader& segment, ByteSpan packet) = 0;
        /// The packets of a wake-up have been handed over.
        virtual void sessionReceived(Session& session) = 0;
        /// deadline() may be earlier than it was.
        virtual void sessionDeadlineChanged(Session& session) = 0;
        /// Once. The session is to be destroyed, but not from inside this call.
        virtual void sessionEnded(Session& session, const Error& reason) = 0;

    protected:
        ~Host() = default;
    };

    struct Parts {
        std::unique_ptr<transport::ByteStream> stream;
        const tls::TlsContext& tlsContext;
        tunnel::LinkContext& linkContext;
        protocol::ServerOffer offer;
    };

    Session(std::uint64_t id, Parts parts, Host& host);

    void start() { m_link.start(); }
    void acceptLogin();
    void refuseLogin(const std::string& reason);
    void assign(const net::TunnelSettings& settings);
    void refuseAddress(protocol::GoodbyeCode code, const std::string& reason);
    /// Says goodbye and ends; sessionEnded() follows with this reason.
    void leave(protocol::GoodbyeCode code, const std::string& text, const Error& reason);
    void tick();
    [[nodiscard]] TimePoint deadline() const { return m_conversation.deadline(); }

    /// Packet frames for the client: sent, queued, or dropped and counted.
    void sendFrames(ByteView frames, std::size_t packets);

    [[nodiscard]] std::uint64_t id() const { return m_id; }
    /// Precondition: the link is established (a login was requested).
    [[nodiscard]] const Pin& device() const { return *m_link.peerPin(); }
    [[nodiscard]] bool isEstablished() const { return m_conversation.isEstablished(); }
    [[nodiscard]] bool isLoggedIn() const { return m_conversation.isLoggedIn(); }
    [[nodiscard]] bool isOver() const { return m_isOver; }
    [[nodiscard]] const std::vector<net::InterfaceAddress>& addresses() const { return m_addresses; }
    [[nodiscard]] bool holdsAddress(const net::IpAddress& address) const;
    [[nodiscard]] const net::SegmentSupport& takes() const { return m_takes; }
    [[nodiscard]] const protocol::Hello& hello() const { return m_conversation.hello(); }
    [[nodiscard]] const std::string& deviceName() const { return m_deviceName; }
    [[nodiscard]] net::Endpoint peer() const { return m_link.peer(); }
    [[nodiscard]] tunnel::Counters& counters() { return m_counters; }
    [[nodiscard]] const tunnel::Counters& counters() const { return m_counters; }

private:
    void linkEstablished() override {}
    void linkControl(ByteView body) override;
    void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) override;
    void linkReceived(TimePoint now) override;
    void linkRoom() override;
    void linkClosed(const Error& error) override;

    void perform(const protocol::Actions& actions);
    void performOne(const protocol::SendControl& action);
    void performOne(const protocol::CloseConversation& action);
    void performOne(const protocol::LoggedIn& action);
    void performOne(const protocol::LoginRequested& action);
    void performOne(const protocol::AddressRequested& action);
    void performOne(const protocol::Established& action);
    void performOne(const protocol::RoundTripMeasured& action);
    void finish(const Error& reason);
    [[nodiscard]] TimePoint now() const { return m_context.time.now(); }

    std::uint64_t m_id;
    Host& m_host;
    tunnel::LinkContext& m_context;
    protocol::ServerConversation m_conversation;
    tunnel::SecureLink m_link;
    tunnel::PacketQueue m_queue;
    tunnel::Counters m_counters;
    std::vector<net::InterfaceAddress> m_addresses;
    net::SegmentSupport m_takes;
    std::string m_deviceName;
    std::optional<Error> m_leaveReason;
    bool m_isOver = false;
};

}  // namespace gvpn::server
