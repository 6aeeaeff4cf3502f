// An attempt's link to the server once a byte stream stands: from the first byte to the last, whatever is spoken on it.
// Implementations: SecureServerLink (v2 in TLS), V1ServerLink. One use. Engine thread.
#pragma once

#include "base/pin.h"
#include "protocol/client_conversation.h"
#include "tunnel/packet_link.h"

#include <optional>

namespace gvpn::client {

struct LinkEnd {
    Error error;
    std::optional<Pin> presentedPin{};  // IdentityMismatch, IdentityUnknown
    bool isServerBusy = false;          // the server said so instead of looking at the login
};

class ServerLink {
public:
    /// From inside a callback the link may be left, but not destroyed.
    class Observer {
    public:
        /// The conversation can begin: TLS stands, or (v1) the stream. It waits for begin().
        virtual void linkReady() = 0;
        /// The server has let us in (the method, as it was sent), or (v1, none) taken our version. The address is
        /// asked for.
        virtual void linkLoggedIn(std::optional<protocol::LoginMethod> method) = 0;
        virtual void linkEstablished(const protocol::Established& established) = 0;
        virtual void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) = 0;
        virtual void linkRoom() = 0;
        /// The server has something to say to the person: one sentence.
        virtual void linkNotice(const std::string& text) = 0;
        /// Once; nothing follows. Not called after leave().
        virtual void linkEnded(const LinkEnd& end) = 0;

    protected:
        ~Observer() = default;
    };

    virtual ~ServerLink() = default;
    virtual void start() = 0;
    /// Once, inside of linkReady() or later. Of the offer v1 uses the one address that is wanted. After the end:
    /// nothing.
    virtual void begin(protocol::ClientOffer offer) = 0;
    /// A goodbye, if the protocol has one and the server has heard from us, then the end.
    virtual void leave() = 0;
    [[nodiscard]] virtual tunnel::PacketLink& packets() = 0;
    /// How the login was tried: from then on, and after the end, a secret may have reached the server.
    [[nodiscard]] virtual std::optional<protocol::LoginMethod> sentLogin() const = 0;
    /// The server has named the password as a way to log in.
    [[nodiscard]] virtual bool takesPasswords() const = 0;
};

}  // namespace gvpn::client
