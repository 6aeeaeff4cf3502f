// v1: handshake and registration in the clear, then packets until the end. No key, no keepalive: TCP notices a dead
// server. Made by Attempt. Engine thread.
#pragma once

#include "client/edges.h"
#include "client/server_link.h"
#include "protocol/v1_conversation.h"
#include "tunnel/plain_link.h"

namespace gvpn::client {

class V1ServerLink final : public ServerLink, private tunnel::PlainLink::Observer {
public:
    /// context and observer outlive the link.
    V1ServerLink(std::unique_ptr<transport::ByteStream> stream, const LinkEdges& edges, tunnel::LinkContext& context,
                 ServerLink::Observer& observer);
    void start() override;
    void begin(protocol::ClientOffer offer) override;
    void leave() override;
    [[nodiscard]] tunnel::PacketLink& packets() override { return m_link; }
    [[nodiscard]] std::optional<protocol::LoginMethod> sentLogin() const override { return std::nullopt; }
    [[nodiscard]] bool takesPasswords() const override { return false; }

private:
    void linkHandshake(ByteView bytes) override;
    void linkFrame(const protocol::v1::Frame& frame) override;
    void linkReceived(TimePoint now) override;
    void linkRoom() override;
    void linkClosed(const Error& error) override;

    void performAll(const protocol::v1::Actions& actions);
    void perform(const protocol::v1::Action& action);
    void scheduleTick();
    void end(const Error& error);

    LinkEdges m_edges;
    ServerLink::Observer& m_observer;
    std::optional<protocol::v1::ClientConversation> m_conversation;  // from begin() on
    tunnel::PlainLink m_link;
    std::unique_ptr<Timer> m_timer;  // the conversation's deadline
    bool m_isOver = false;
};

}  // namespace gvpn::client
