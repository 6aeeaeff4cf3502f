#include "client/packet_pump.h"

#include <utility>

namespace gvpn::client {

PacketPump::PacketPump(tun::TunDevice& device, tunnel::PacketLink& link, const tunnel::ClientPathConfig& config,
                       tunnel::Counters& counters, std::function<void(const Error&)> broken)
    : m_path(device, link, config, counters)
    , m_notifier(device.descriptor(), QSocketNotifier::Read)
    , m_broken(std::move(broken))
{
    QObject::connect(&m_notifier, &QSocketNotifier::activated, &m_notifier, [this] { onTunReadable(); });
}

void PacketPump::onTunReadable()
{
    if (m_isStopped)
        return;
    const auto hasRoom = m_path.tunReadable();
    if (!hasRoom)
        fail(hasRoom.error());
    else if (!*hasRoom)
        m_notifier.setEnabled(false);
}

void PacketPump::linkPacket(const net::SegmentHeader& segment, ByteSpan packet)
{
    if (m_isStopped)
        return;
    if (const auto written = m_path.linkPacket(segment, packet); !written)
        fail(written.error());
}

void PacketPump::linkRoom()
{
    if (m_isStopped)
        return;
    m_notifier.setEnabled(true);
    // The rest of a segment that was being cut stands in the path, and the TUN may have nothing more to wake us with.
    onTunReadable();
}

void PacketPump::stop()
{
    m_isStopped = true;
    m_notifier.setEnabled(false);
}

void PacketPump::fail(const Error& error)
{
    if (m_isStopped)
        return;
    stop();
    m_broken(error);
}

}  // namespace gvpn::client
