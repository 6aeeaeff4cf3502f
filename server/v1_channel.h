// A client of the reference protocol v1: nothing is encrypted, nobody is authenticated, the client names its address.
// Data thread.
#pragma once

#include "protocol/v1_conversation.h"
#include "server/channel.h"
#include "tunnel/plain_link.h"

#include <memory>

namespace gvpn::server {

class V1Channel final : public Channel, private tunnel::PlainLink::Observer {
public:
    struct Parts {
        std::unique_ptr<transport::ByteStream> stream;
        tunnel::LinkContext& linkContext;
        TimePoint acceptedAt;  // from where the deadline up to the address runs
        net::Prefix bypass;    // IPv4
    };

    V1Channel(Parts parts, Channel::Observer& observer);

    void start() override { m_link.start(); }
    /// v1 has no login: never called.
    void acceptLogin() override {}
    void refuseLogin(protocol::GoodbyeCode code, const std::string& reason) override;
    /// The client has its address already: it is told the bypass only.
    void assign(const net::TunnelSettings& settings) override;
    void refuseAddress(protocol::GoodbyeCode code, const std::string& reason) override;
    /// v1 has no word for it.
    void notify(const std::string& /*text*/) override {}
    /// v1 has no goodbye: the connection just ends.
    void leave(protocol::GoodbyeCode code, const std::string& text) override;
    void drop() override;
    void tick() override;
    [[nodiscard]] TimePoint deadline() const override { return m_conversation.deadline(); }
    [[nodiscard]] tunnel::PacketLink& packets() override { return m_link; }
    [[nodiscard]] const ClientClaims& claims() const override { return m_claims; }

private:
    void linkHandshake(ByteView bytes) override;
    void linkFrame(const protocol::v1::Frame& frame) override;
    void linkReceived(TimePoint now) override;
    void linkRoom() override;
    void linkClosed(const Error& error) override;

    void perform(const protocol::v1::Actions& actions);
    void performOne(const protocol::v1::SendBytes& action);
    void performOne(const protocol::CloseConversation& action);
    void performOne(const protocol::v1::RegistrationRequested& action);
    void performOne(const protocol::Established& action);
    void finish(const Error& reason);
    [[nodiscard]] TimePoint now() const { return m_context.time.now(); }

    Channel::Observer& m_observer;
    tunnel::LinkContext& m_context;
    net::Prefix m_bypass;
    protocol::v1::ServerConversation m_conversation;
    tunnel::PlainLink m_link;
    ClientClaims m_claims;  // none: v1 clients say nothing about themselves
    bool m_isOver = false;
};

}  // namespace gvpn::server
