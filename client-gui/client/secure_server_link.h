// v2: TLS with the pin, then the conversation, then packets and keepalive until the end. Made by Attempt. Engine
// thread.
#pragma once

#include "client/edges.h"
#include "client/server_link.h"
#include "tunnel/secure_link.h"

namespace gvpn::client {

inline constexpr Duration TlsDeadline{10'000};

class SecureServerLink final : public ServerLink, private tunnel::SecureLink::Observer {
public:
    /// pin: whom we talk to; none: the handshake only learns it and ends with IdentityUnknown. context and observer
    /// outlive the link. Errors: the device key can't be read or made.
    [[nodiscard]] static Result<std::unique_ptr<ServerLink>>
    create(std::unique_ptr<transport::ByteStream> stream, const std::optional<Pin>& pin, const LinkEdges& edges,
           tunnel::LinkContext& context, ServerLink::Observer& observer);
    void start() override;
    void begin(protocol::ClientOffer offer) override;
    void leave() override;
    [[nodiscard]] tunnel::PacketLink& packets() override { return m_link; }
    [[nodiscard]] std::optional<protocol::LoginMethod> sentLogin() const override
    {
        return m_conversation ? m_conversation->sentLogin() : std::nullopt;
    }
    [[nodiscard]] bool takesPasswords() const override { return m_conversation && m_conversation->takesPasswords(); }

private:
    SecureServerLink(std::unique_ptr<transport::ByteStream> stream, const std::optional<Pin>& pin,
                     tls::TlsContext tlsContext, const LinkEdges& edges, tunnel::LinkContext& context,
                     ServerLink::Observer& observer);

    void linkEstablished() override;
    void linkControl(ByteView body) override;
    void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) override;
    void linkReceived(TimePoint now) override;
    void linkRoom() override;
    void linkClosed(const Error& error) override;

    [[nodiscard]] bool isExpected(const Pin& presented) const { return m_pin == presented; }
    void performAll(protocol::Actions actions);
    void perform(const protocol::Action& action);
    void scheduleTick();
    void end(const Error& error);

    LinkEdges m_edges;
    ServerLink::Observer& m_observer;
    std::optional<Pin> m_pin;
    std::optional<protocol::ClientConversation> m_conversation;  // from begin() on
    tls::TlsContext m_tlsContext;
    tunnel::SecureLink m_link;
    std::unique_ptr<Timer> m_timer;  // the TLS deadline, then the conversation's
    TimePoint m_timerDue = Never;
    bool m_isLoggedIn = false;
    bool m_isServerBusy = false;
    bool m_isOver = false;
};

}  // namespace gvpn::client
