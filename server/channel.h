// What is spoken with one client: a link with its conversation. Implementations: SecureChannel (v2 in TLS), V1Channel.
// Data thread; owned by its session.
#pragma once

#include "base/pin.h"
#include "protocol/conversation.h"
#include "tunnel/packet_form.h"
#include "tunnel/packet_link.h"

#include <optional>
#include <string>

namespace gvpn::server {

/// What a client says about itself; texts are from outside.
struct ClientClaims {
    std::optional<Pin> device;                     // proven, not only claimed; v1 has none
    std::optional<protocol::InstanceId> instance;  // one run of a client program; v1 has none
    std::string deviceName;
    std::string software;
};

class Channel {
public:
    /// From inside a callback the channel may be left or dropped, but not destroyed.
    class Observer {
    public:
        /// Decide and call acceptLogin() or refuseLogin(), now or later. v1 has no login.
        virtual void channelLoginRequested(const protocol::Login& login) = 0;
        /// Decide and call assign() or refuseAddress().
        virtual void channelAddressRequested(const protocol::AddressRequest& request) = 0;
        /// Packets may flow, in this form to the client.
        virtual void channelEstablished(const tunnel::PacketForm& form) = 0;
        virtual void channelPacket(const net::SegmentHeader& segment, ByteSpan packet) = 0;
        /// The packets of a wake-up have been handed over.
        virtual void channelReceived() = 0;
        /// packets() has room again.
        virtual void channelRoom() = 0;
        /// deadline() may be earlier than it was.
        virtual void channelDeadlineChanged() = 0;
        /// Once; nothing follows. Not called after drop().
        virtual void channelClosed(const Error& reason) = 0;

    protected:
        ~Observer() = default;
    };

    virtual ~Channel() = default;
    virtual void start() = 0;
    virtual void acceptLogin() = 0;
    virtual void refuseLogin(protocol::GoodbyeCode code, const std::string& reason) = 0;
    virtual void assign(const net::TunnelSettings& settings) = 0;
    virtual void refuseAddress(protocol::GoodbyeCode code, const std::string& reason) = 0;
    /// Something that the person at the other end should know; lost where the protocol has no word for it.
    virtual void notify(const std::string& text) = 0;
    /// Says goodbye where the protocol has one, and closes; channelClosed() follows.
    virtual void leave(protocol::GoodbyeCode code, const std::string& text) = 0;
    /// The connection ends at once, without a word.
    virtual void drop() = 0;
    virtual void tick() = 0;
    [[nodiscard]] virtual TimePoint deadline() const = 0;
    /// Takes frames in the form of channelEstablished(), from then on.
    [[nodiscard]] virtual tunnel::PacketLink& packets() = 0;
    [[nodiscard]] virtual const ClientClaims& claims() const = 0;
};

}  // namespace gvpn::server
