// An attempt's link to the server once a byte stream stands: TLS with the pin, then the conversation, then packets and
// keepalive until the end. One use. Engine thread.
#pragma once

#include "client/edges.h"
#include "protocol/client_conversation.h"
#include "tunnel/secure_link.h"

#include <optional>

namespace gvpn::client {

inline constexpr Duration TlsDeadline{10'000};

struct LinkEnd {
    Error error;
    std::optional<Pin> presentedPin;  // IdentityMismatch, IdentityUnknown
};

class ServerLink final : private tunnel::SecureLink::Observer {
public:
    /// From inside a callback the link may be left, but not destroyed.
    class Observer {
    public:
        /// TLS stands. What the conversation begins with; none: left in the callback.
        [[nodiscard]] virtual std::optional<protocol::ClientOffer> linkSecured() = 0;
        virtual void linkLoggedIn() = 0;
        virtual void linkEstablished(const protocol::Established& established) = 0;
        virtual void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) = 0;
        virtual void linkRoom() = 0;
        /// Once; nothing follows. Not called after leave().
        virtual void linkEnded(const LinkEnd& end) = 0;

    protected:
        ~Observer() = default;
    };

    /// pin: whom we talk to; none: the handshake only learns it and ends with IdentityUnknown. edges, context and
    /// observer outlive the link. Errors: the device key can't be read or made.
    [[nodiscard]] static Result<std::unique_ptr<ServerLink>> create(std::unique_ptr<transport::ByteStream> stream,
                                                                    const std::optional<Pin>& pin, const Edges& edges,
                                                                    tunnel::LinkContext& context, Observer& observer);
    void start();
    /// A goodbye if the server has heard from us, then the end.
    void leave();
    [[nodiscard]] tunnel::SecureLink& packets() { return m_link; }

private:
    ServerLink(std::unique_ptr<transport::ByteStream> stream, const std::optional<Pin>& pin, tls::TlsContext tlsContext,
               const Edges& edges, tunnel::LinkContext& context, Observer& observer);

    void linkEstablished() override;
    void linkControl(ByteView body) override;
    void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) override;
    void linkReceived(TimePoint now) override;
    void linkRoom() override;
    void linkClosed(const Error& error) override;

    [[nodiscard]] bool isExpected(const Pin& presented) const { return m_pin == presented; }
    void performAll(const protocol::Actions& actions);
    void perform(const protocol::Action& action);
    void scheduleTick();
    void end(const Error& error);

    const Edges& m_edges;
    Observer& m_observer;
    std::optional<Pin> m_pin;
    std::optional<protocol::ClientConversation> m_conversation;  // from the end of the handshake on
    tls::TlsContext m_tlsContext;
    tunnel::SecureLink m_link;
    std::unique_ptr<Timer> m_timer;  // the TLS deadline, then the conversation's
    TimePoint m_timerDue = Never;
    bool m_isOver = false;
};

}  // namespace gvpn::client
