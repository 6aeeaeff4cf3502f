#include "tunnel/client_path.h"

#include <algorithm>

namespace gvpn::tunnel {

namespace {

/// Packets of one wake-up: the link's other direction gets its turn between.
constexpr int PacketsPerWakeUp = 256;

}  // namespace

ClientPath::ClientPath(tun::TunDevice& device, PacketLink& link, const ClientPathConfig& config, Counters& counters)
    : m_device(device)
    , m_link(link)
    , m_form(config.form)
    , m_counters(counters)
{
    for (const net::InterfaceAddress& address : config.addresses) {
        m_addresses.push_back(address.address);
        m_sources.insert(address.prefix(), true);
    }
    for (const net::Prefix& route : config.acceptedRoutes)
        m_sources.insert(route, true);
}

Result<bool> ClientPath::tunReadable()
{
    PacketBatch& batch = m_framer.batch();
    for (int i = 0; i < PacketsPerWakeUp; ++i) {
        if (!m_link.hasRoom())
            return false;
        const auto read = m_device.read(batch.packetSpace());
        if (!read) {
            if (read.error().code != ErrorCode::Malformed && read.error().code != ErrorCode::LimitExceeded)
                return fail(read.error());
            m_counters.drop(DropReason::BadSegment);
            continue;
        }
        if (read->sizeBytes == 0)
            break;
        if (const auto reason = judgeOutgoing(read->segment, batch.packetSpace().first(read->sizeBytes))) {
            m_counters.drop(*reason);
            continue;
        }
        if (m_form.framing == Framing::V1 && isForOurselves(batch.packetSpace().first(read->sizeBytes))) {
            if (const auto written = toTun(read->segment, batch.packetSpace().first(read->sizeBytes)); !written)
                return fail(written.error());
            continue;
        }
        ++m_counters.packetsFromTun;
        m_counters.bytesFromTun += read->sizeBytes;
        m_framer.commit(read->sizeBytes, read->segment, m_form, [this] { flush(); });
    }
    flush();
    return m_link.hasRoom();
}

void ClientPath::flush()
{
    PacketBatch& batch = m_framer.batch();
    if (!batch.isEmpty() && !m_link.sendFrames(batch.frames()))
        m_counters.drop(DropReason::QueueFull, batch.packets());
    batch.clear();
}

std::optional<DropReason> ClientPath::judgeOutgoing(const net::SegmentHeader& segment, ByteView packet) const
{
    const auto ip = net::IpPacket::parse(packet);
    if (!ip)
        return ip.error() == net::PacketFault::NotIp ? DropReason::NotIp : DropReason::BadLength;
    if (m_form.framing == Framing::V1 && !ip->source().isIPv4())
        return DropReason::NotIp;
    if (!isOurs(ip->source()))
        return DropReason::ForeignSource;
    if (!net::validate(segment, *ip, packet))
        return DropReason::BadSegment;
    return std::nullopt;
}

bool ClientPath::isForOurselves(ByteView packet) const
{
    const auto ip = net::IpPacket::parse(packet);
    return ip && isOurs(ip->destination());
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
    m_framer.batch().append(net::makeEchoRequest(*source, gateway, id), {}, m_form.framing);
    flush();
}

bool ClientPath::takeProbeAnswer()
{
    return std::exchange(m_isProbeAnswered, false);
}

}  // namespace gvpn::tunnel
