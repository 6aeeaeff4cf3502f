#include "client/packet_pump.h"

#include <sys/epoll.h>

#include <utility>

namespace gvpn::client {

PacketPump::PacketPump(const PumpParts& parts, const tunnel::ClientPathConfig& config, Callbacks callbacks)
    : m_loop(parts.loop)
    , m_descriptor(parts.device.descriptor())
    , m_path(parts.device, parts.link, parts.context, config, parts.counters)
    , m_callbacks(std::move(callbacks))
{}

PacketPump::~PacketPump()
{
    stop();
}

Result<void> PacketPump::start()
{
    if (const auto watched = m_loop.watch(m_descriptor, EPOLLIN, *this); !watched)
        return gvpn::fail(watched.error());
    m_isStopped = false;
    return {};
}

void PacketPump::descriptorReady(std::uint32_t /*events*/)
{
    m_callbacks.sending(m_loop.now());
    if (const auto read = m_path.tunReadable(); !read)
        fail(read.error());
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
    m_callbacks.sending(m_loop.now());
    m_path.linkRoom();
}

void PacketPump::stop()
{
    if (!std::exchange(m_isStopped, true))
        m_loop.forget(m_descriptor);
}

void PacketPump::fail(const Error& error)
{
    if (m_isStopped)
        return;
    stop();
    m_callbacks.broken(error);
}

}  // namespace gvpn::client
