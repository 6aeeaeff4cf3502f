// Two secure links over a memory line, with recorders that keep everything that they were told and call the test's
// hooks.
#pragma once

#include "protocol/messages.h"
#include "support/frame_run.h"
#include "support/tls_parts.h"
#include "transport/memory_stream.h"
#include "tunnel/secure_link.h"

#include <functional>
#include <memory>
#include <vector>

namespace gvpn::test {

struct ReceivedPacket {
    net::SegmentHeader segment;
    ByteVector bytes;
};

class LinkRecorder final : public tunnel::SecureLink::Observer {
public:
    int established = 0;
    int rooms = 0;
    int wakeUps = 0;
    std::vector<ByteVector> controls;
    std::vector<ReceivedPacket> packets;
    std::vector<Error> ends;
    std::function<void()> onEstablished;
    std::function<void()> onControl;
    std::function<void(const net::SegmentHeader&, ByteSpan)> onPacket;
    std::function<void()> onReceived;
    std::function<void()> onRoom;

    void linkEstablished() override
    {
        ++established;
        call(onEstablished);
    }
    void linkControl(ByteView body) override
    {
        controls.emplace_back(body.begin(), body.end());
        call(onControl);
    }
    void linkPacket(const net::SegmentHeader& segment, ByteSpan packet) override
    {
        packets.push_back({segment, ByteVector(packet.begin(), packet.end())});
        if (onPacket)
            onPacket(segment, packet);
    }
    void linkReceived(TimePoint /*now*/) override
    {
        ++wakeUps;
        call(onReceived);
    }
    void linkRoom() override
    {
        ++rooms;
        call(onRoom);
    }
    void linkClosed(const Error& error) override { ends.push_back(error); }

    [[nodiscard]] bool hasEndedWith(ErrorCode code) const { return ends.size() == 1 && ends.front().code == code; }
    /// The messages that came, of one type.
    template <typename T>
    [[nodiscard]] std::vector<T> messages() const
    {
        std::vector<T> found;
        for (const ByteVector& body : controls) {
            const auto message = protocol::decode(body);
            if (message && std::holds_alternative<T>(*message))
                found.push_back(std::get<T>(*message));
        }
        return found;
    }

private:
    static void call(const std::function<void()>& hook)
    {
        if (hook)
            hook();
    }
};

/// One end: its key, its link and what the link said.
struct LinkEnd {
    LinkEnd(
        tls::Role role, std::unique_ptr<transport::ByteStream> stream, const TimeSource& time,
        tls::PeerCheck check = [](const Pin&) { return true; })
        : identity(newIdentity())
        , tlsContext(newTlsContext(role, identity))
        , context(time)
        , link(std::in_place, std::move(stream), tlsContext, std::move(check), context, recorder)
    {}

    tls::Identity identity;
    tls::TlsContext tlsContext;
    tunnel::LinkContext context;
    LinkRecorder recorder;
    std::optional<tunnel::SecureLink> link;
};

/// A client (the first end of the line) and a server.
struct LinkPair {
    explicit LinkPair(
        const transport::MemoryLinkOptions& options = {}, tls::PeerCheck clientCheck = [](const Pin&) { return true; })
        : line(options)
        , client(tls::Role::Client, line.takeFirst(), time, std::move(clientCheck))
        , server(tls::Role::Server, line.takeSecond(), time)
    {}

    void pump()
    {
        while (line.pump(time.now())) {
        }
    }
    /// Shakes hands. Packets are welcome at both ends.
    void establish()
    {
        server.link->start();
        client.link->start();
        pump();
        client.link->allowPackets();
        server.link->allowPackets();
    }
    [[nodiscard]] bool isEstablished() const
    {
        return client.recorder.established == 1 && server.recorder.established == 1;
    }

    ManualTime time;
    transport::MemoryLink line;
    LinkEnd client;
    LinkEnd server;
};

}  // namespace gvpn::test
