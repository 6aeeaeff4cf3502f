#include "tunnel/client_path.h"

#include "net/flow.h"

#include <algorithm>

namespace gvpn::tunnel {

ClientPath::ClientPath(tun::TunDevice& device, PacketLink& link, LinkContext& context, const ClientPathConfig& config,
                       Counters& counters)
    : m_device(device)
    , m_context(context)
    , m_form(config.form)
    , m_counters(counters)
    , m_framer(context.pool)
    , m_sender(link, context, counters)
{
    for (const net::InterfaceAddress& address : config.addresses) {
        m_addresses.push_back(address.address);
        m_sources.insert(address.prefix(), true);
    }
    for (const net::Prefix& route : config.acceptedRoutes)
        m_sources.insert(route, true);
}

Result<void> ClientPath::tunReadable()
{
    std::size_t sizeBytes = 0;
    for (int i = 0; i < TunPacketsPerWakeUp && sizeBytes < TunBytesPerWakeUp; ++i) {
        const ByteSpan space = m_context.pool.space();
        const auto read = m_device.read(space);
        if (!read) {
            if (read.error().code != ErrorCode::Malformed && read.error().code != ErrorCode::LimitExceeded)
                return fail(read.error());
            m_counters.drop(DropReason::BadSegment);
            continue;
        }
        if (read->sizeBytes == 0)
            break;
        sizeBytes += read->sizeBytes;
        if (const auto handled = handleOutgoing(*read, space.first(read->sizeBytes)); !handled)
            return handled;
        if (m_sender.isBatchReady())
            m_sender.pump();
    }
    m_sender.pump();
    return {};
}

/// packet stands in the pool's space.
Result<void> ClientPath::handleOutgoing(const tun::TunRead& read, ByteView packet)
{
    const auto ip = net::IpPacket::parse(packet);
    if (!ip) {
        m_counters.drop(ip.error() == net::PacketFault::NotIp ? DropReason::NotIp : DropReason::BadLength);
        return {};
    }
    if (const auto reason = judgeOutgoing(*ip, read.segment, packet)) {
        m_counters.drop(*reason);
        return {};
    }
    if (m_form.framing == Framing::V1 && isOurs(ip->destination()))
        return toTun(read.segment, packet);
    const std::uint64_t flow = net::flowHash(*ip, packet, m_context.flowSeed);
    m_framer.commit(read.sizeBytes, read.segment, m_form,
                    [this, flow](PacketBlock block) { m_sender.push(std::move(block), flow); });
    return {};
}

std::optional<DropReason> ClientPath::judgeOutgoing(const net::IpPacket& ip, const net::SegmentHeader& segment,
                                                    ByteView packet) const
{
    if (m_form.framing == Framing::V1 && !ip.source().isIPv4())
        return DropReason::NotIp;
    if (!isOurs(ip.source()))
        return DropReason::ForeignSource;
    if (!net::validateLocal(segment, ip, packet))
        return DropReason::BadSegment;
    return std::nullopt;
}

bool ClientPath::isOurs(const net::IpAddress& address) const
{
    return std::find(m_addresses.begin(), m_addresses.end(), address) != m_addresses.end();
}

Result<void> ClientPath::linkPacket(const net::SegmentHeader& segment, ByteSpan packet)
{
    const auto ip = net::IpPacket::parse(packet);
    if (!ip) {
        m_counters.drop(ip.error() == net::PacketFault::NotIp ? DropReason::NotIp : DropReason::BadLength);
        return {};
    }
    if (!isOurs(ip->destination())) {
        m_counters.drop(DropReason::ForeignDestination);
        return {};
    }
    if (m_sources.find(ip->source()) == nullptr || isOurs(ip->source())) {
        m_counters.drop(DropReason::ForeignSource);
        return {};
    }
    if (!m_device.takes().takes(segment) || !net::validate(segment, *ip, packet)) {
        m_counters.drop(DropReason::BadSegment);
        return {};
    }
    if (m_openProbe && isProbeAnswer(*ip, packet))
        return {};
    return toTun(segment, packet);
}

Result<void> ClientPath::toTun(const net::SegmentHeader& segment, ByteView packet)
{
    const auto written = m_device.write(segment, packet);
    if (!written)
        return fail(written.error());
    if (!*written) {
        m_counters.drop(DropReason::TunRefused);
        return {};
    }
    ++m_counters.packetsToTun;
    m_counters.bytesToTun += packet.size();
    return {};
}

bool ClientPath::isProbeAnswer(const net::IpPacket& ip, ByteView packet)
{
    if (ip.source() != m_probedGateway || net::parseEchoReply(ip, packet) != m_openProbe)
        return false;
    m_openProbe.reset();
    m_isProbeAnswered = true;
    return true;
}

void ClientPath::sendProbe(const net::IpAddress& gateway, net::EchoId id)
{
    const auto source = std::find_if(m_addresses.begin(), m_addresses.end(), [&gateway](const net::IpAddress& address) {
        return address.family() == gateway.family();
    });
    if (source == m_addresses.end())
        return;
    m_openProbe = id;
    m_probedGateway = gateway;
    m_framer.append(net::makeEchoRequest(*source, gateway, id), {}, m_form,
                    [this](PacketBlock block) { m_sender.push(std::move(block), 0); });
    m_sender.pump();
}

bool ClientPath::takeProbeAnswer()
{
    return std::exchange(m_isProbeAnswered, false);
}

}  // namespace gvpn::tunnel
