// One client's connection on the server: waits for its first byte, which says what it speaks, and then holds channel,
// addresses, queue and counters. Lives in the data thread; its host (the hub) owns it and decides.
#pragma once

#include "accounts/account.h"
#include "protocol/server_conversation.h"
#include "server/channel.h"
#include "tls/tls_engine.h"
#include "transport/byte_stream.h"
#include "tunnel/counters.h"
#include "tunnel/line_watch.h"
#include "tunnel/link_context.h"
#include "tunnel/packet_sender.h"

#include <memory>
#include <optional>

namespace gvpn::server {

class Session final : private Channel::Observer, private transport::ByteStream::Observer {
public:
    class Host {
    public:
        /// Decide and call acceptLogin() or refuseLogin(), now or later.
        virtual void sessionLoginRequested(Session& session, const protocol::Login& login) = 0;
        /// Decide and call assign() or refuseAddress(). In v1 the address comes with the length of its family.
        virtual void sessionAddressRequested(Session& session, const protocol::AddressRequest& request) = 0;
        virtual void sessionPacket(Session& session, const net::SegmentHeader& segment, ByteSpan packet) = 0;
        /// The packets of a wake-up have been handed over.
        virtual void sessionReceived(Session& session) = 0;
        /// deadline() may be earlier than it was.
        virtual void sessionDeadlineChanged(Session& session) = 0;
        /// congestion() has changed.
        virtual void sessionCongestionChanged(Session& session) = 0;
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
        std::optional<net::Prefix> v1Bypass;  // none: v1 is not spoken
        tunnel::CongestionMode congestion;
        tunnel::CongestionSetter& congestionSetter;
    };

    Session(std::uint64_t id, Parts parts, Host& host);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void start();
    // Decisions that come too late mean nothing.
    void acceptLogin();
    void acceptLogin(accounts::Account account);
    void setAccount(accounts::Account account) { m_account = std::move(account); }
    void refuseLogin(protocol::GoodbyeCode code, const std::string& reason);
    void assign(const net::TunnelSettings& settings);
    void refuseAddress(protocol::GoodbyeCode code, const std::string& reason);
    /// A sentence for the person at the other end, where the protocol has a word for it.
    void notify(const std::string& text);
    /// Says goodbye and ends; sessionEnded() follows with this reason.
    void leave(protocol::GoodbyeCode code, const std::string& text, const Error& reason);
    /// Ends without a word; sessionEnded() follows with this reason.
    void drop(const Error& reason);
    void tick();
    /// Gives back what an idle session doesn't need.
    void shrink()
    {
        if (m_sender)
            m_sender->shrink();
    }
    [[nodiscard]] TimePoint deadline() const;

    /// A framed packet for the client; leaves with the next pump(). flow: net::flowHash().
    void push(tunnel::PacketBlock block, std::uint64_t flow);
    /// Sends what the connection takes now.
    void pump();
    /// Enough waits for a pump() before the wake-up is over.
    [[nodiscard]] bool isBatchReady() const { return m_sender && m_sender->isBatchReady(); }
    /// It is established and the others know of it: from now on its line is watched.
    void startWatchingLine();
    [[nodiscard]] tunnel::CongestionStatus congestion() const
    {
        return m_lineWatch ? m_lineWatch->status() : tunnel::CongestionStatus{};
    }

    [[nodiscard]] std::uint64_t id() const { return m_id; }
    [[nodiscard]] bool isV1() const { return m_form.framing == tunnel::Framing::V1; }
    [[nodiscard]] bool isOver() const { return m_isOver; }
    /// Precondition: a login or an address was requested.
    [[nodiscard]] const ClientClaims& claims() const { return m_channel->claims(); }
    /// Whose it is, once the accounts have let it in; none with --login none.
    [[nodiscard]] const std::optional<accounts::Account>& account() const { return m_account; }
    /// When packets began to flow.
    [[nodiscard]] TimePoint establishedAt() const { return m_establishedAt; }
    [[nodiscard]] const std::vector<net::InterfaceAddress>& addresses() const { return m_addresses; }
    [[nodiscard]] bool holdsAddress(const net::IpAddress& address) const;
    [[nodiscard]] const tunnel::PacketForm& form() const { return m_form; }
    [[nodiscard]] const net::Endpoint& peer() const { return m_peer; }
    [[nodiscard]] tunnel::Counters& counters() { return m_counters; }
    [[nodiscard]] const tunnel::Counters& counters() const { return m_counters; }

private:
    void streamReadable() override;
    void streamWritable() override {}
    void streamClosed(const Error& error) override;

    void channelLoginRequested(const protocol::Login& login) override;
    void channelAddressRequested(const protocol::AddressRequest& request) override;
    void channelEstablished(const tunnel::PacketForm& form) override;
    void channelPacket(const net::SegmentHeader& segment, ByteSpan packet) override;
    void channelReceived() override;
    void channelRoom() override;
    void channelDeadlineChanged() override;
    void channelClosed(const Error& reason) override;

    void speakTls();
    void speakV1();
    void finish(const Error& reason);

    std::uint64_t m_id;
    Host& m_host;
    net::Endpoint m_peer;
    TimePoint m_acceptedAt;
    Parts m_parts;                       // until the first byte
    std::unique_ptr<Channel> m_channel;  // from the first byte on
    transport::Line* m_line;             // of the stream, which goes over to the channel
    std::optional<tunnel::LineWatch> m_lineWatch;
    tunnel::Counters m_counters;
    std::optional<tunnel::PacketSender> m_sender;  // once packets may flow
    std::optional<accounts::Account> m_account;
    TimePoint m_establishedAt{};
    std::vector<net::InterfaceAddress> m_addresses;
    tunnel::PacketForm m_form;
    std::optional<Error> m_leaveReason;
    bool m_isOver = false;
};

}  // namespace gvpn::server
