// Moves packets of one established connection: wakes the path when the TUN is readable and rests while the link has no
// room. Engine thread.
#pragma once

#include "tunnel/client_path.h"

#include <QSocketNotifier>

#include <functional>

namespace gvpn::client {

class PacketPump {
public:
    /// device, link and counters outlive the pump. broken: the device is gone; called once, the pump rests.
    PacketPump(tun::TunDevice& device, tunnel::PacketLink& link, const tunnel::ClientPathConfig& config,
               tunnel::Counters& counters, std::function<void(const Error&)> broken);

    void linkPacket(const net::SegmentHeader& segment, ByteSpan packet);
    void linkRoom();
    /// Nothing is read from the TUN or written to it any more.
    void stop();
    [[nodiscard]] tunnel::ClientPath& path() { return m_path; }

private:
    void onTunReadable();
    void fail(const Error& error);

    tunnel::ClientPath m_path;
    QSocketNotifier m_notifier;
    std::function<void(const Error&)> m_broken;
    bool m_isStopped = false;
};

}  // namespace gvpn::client
