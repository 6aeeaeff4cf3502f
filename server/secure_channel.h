// A v2 client: TLS with its device key, then the v2 conversation. Data thread.
#pragma once

#include "protocol/server_conversation.h"
#include "server/channel.h"
#include "tunnel/secure_link.h"

#include <memory>

namespace gvpn::server {

class SecureChannel final : public Channel, private tunnel::SecureLink::Observer {
public:
    struct Parts {
        std::unique_ptr<transport::ByteStream> stream;
        const tls::TlsContext& tlsContext;
        tunnel::LinkContext& linkContext;
        protocol::ServerOffer offer;
        TimePoint acceptedAt;  // from where the deadline up to the address runs
    };

    SecureChannel(Parts parts, Channel::Observer& observer);

    void start() override { m_link.start(); }
    void acceptLogin() override;
    void refuseLogin(protocol::GoodbyeCode code, const std::string& reason) override;
    void assign(const net::TunnelSettings& settings) override;
    void refuseAddress(protocol::GoodbyeCode code, const std::string& reason) override;
    void notify(const std::string& text) override;
    void leave(protocol::GoodbyeCode code, const std::string& text) override;
    void drop() override;
    void tick() override;
    [[nodiscard]] TimePoint deadline() const override { return m_conversation.deadline(); }
    [[nodiscard]] tunnel::PacketLink& packets() override { return m_link; }
    [[nodiscard]] const ClientClaims& claims() const override { return m_claims; }

private:
    void linkEstablished() override;
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
    void performOne(const protocol::NoticeReceived& action);
    void finish(const Error& reason);
    [[nodiscard]] TimePoint now() const { return m_context.time.now(); }

    Channel::Observer& m_observer;
    tunnel::LinkContext& m_context;
    protocol::ServerConversation m_conversation;
    tunnel::SecureLink m_link;
    ClientClaims m_claims;
    bool m_isOver = false;
};

}  // namespace gvpn::server
