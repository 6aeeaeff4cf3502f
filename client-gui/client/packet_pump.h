// Moves packets of one established connection: wakes the path when the TUN is readable or the link has room again.
// Engine thread.
#pragma once

#include "tunnel/client_path.h"

#include "transport/epoll_loop.h"

#include <functional>

namespace gvpn::client {

struct PumpParts {
    transport::EpollLoop& loop;
    tun::TunDevice& device;
    tunnel::PacketLink& link;
    tunnel::LinkContext& context;
    tunnel::Counters& counters;
};

class PacketPump final : private transport::EpollLoop::Watcher {
public:
    struct Callbacks {
        std::function<void(TimePoint now)> sending;  // packets are about to leave; once a wake-up
        std::function<void(const Error&)> broken;    // the device is gone; called once, the pump rests
    };

    /// All parts outlive the pump.
    PacketPump(const PumpParts& parts, const tunnel::ClientPathConfig& config, Callbacks callbacks);
    ~PacketPump();
    PacketPump(const PacketPump&) = delete;
    PacketPump& operator=(const PacketPump&) = delete;

    /// Packets flow from now on. An error: the loop can't watch the device.
    [[nodiscard]] Result<void> start();

    void linkPacket(const net::SegmentHeader& segment, ByteSpan packet);
    void linkRoom();
    /// Nothing is read from the TUN or written to it any more.
    void stop();
    [[nodiscard]] tunnel::ClientPath& path() { return m_path; }

private:
    void descriptorReady(std::uint32_t events) override;
    void fail(const Error& error);

    transport::EpollLoop& m_loop;
    int m_descriptor;  // of the device
    tunnel::ClientPath m_path;
    Callbacks m_callbacks;
    bool m_isStopped = true;
};

}  // namespace gvpn::client
