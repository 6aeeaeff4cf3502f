#include "server/hub.h"

#include "base/text.h"

#include <algorithm>

namespace gvpn::server {

namespace {

/// Packets of one wake-up, so that sockets get their turn between.
constexpr int PacketsPerWakeUp = 256;

PacketPolicyConfig policyOf(const HubConfig& config)
{
    PacketPolicyConfig policy;
    policy.lanNetworks = config.lanNetworks;
    policy.allowsClientToClient = config.allowsClientToClient;
    for (const net::Prefix& pool : config.pools)
        policy.gateways.push_back(AddressPool(pool).gateway());
    return policy;
}

struct Refusal {
    protocol::GoodbyeCode code;
    std::string text;
};

Refusal refusalOf(AddressFault fault, const net::IpAddress& address, const net::Prefix& network)
{
    using protocol::GoodbyeCode;
    const std::string name = address.toString();
    switch (fault) {
    case AddressFault::Outside:
        return {GoodbyeCode::AddressNotAllowed, name + " is outside the tunnel network " + network.toString()};
    case AddressFault::Network:
        return {GoodbyeCode::AddressNotAllowed, name + " is the network address of " + network.toString()};
    case AddressFault::Broadcast:
        return {GoodbyeCode::AddressNotAllowed, name + " is the broadcast address of " + network.toString()};
    case AddressFault::Gateway: return {GoodbyeCode::AddressNotAllowed, name + " is the server's own address"};
    case AddressFault::Taken: return {GoodbyeCode::AddressTaken, name + " belongs to another connected client"};
    case AddressFault::Exhausted: break;
    }
    return {GoodbyeCode::PoolExhausted, "every address of " + network.toString() + " is in use"};
}

protocol::GoodbyeCode codeOf(const Error& error)
{
    switch (error.code) {
    case ErrorCode::AlreadyExists: return protocol::GoodbyeCode::AddressTaken;
    case ErrorCode::LimitExceeded: return protocol::GoodbyeCode::PoolExhausted;
    default: return protocol::GoodbyeCode::AddressNotAllowed;
    }
}

Error toError(const Refusal& refusal)
{
    switch (refusal.code) {
    case protocol::GoodbyeCode::AddressTaken: return {ErrorCode::AlreadyExists, refusal.text};
    case protocol::GoodbyeCode::PoolExhausted: return {ErrorCode::LimitExceeded, refusal.text};
    default: return {ErrorCode::AddressRefused, refusal.text};
    }
}

}  // namespace

Hub::Hub(HubConfig config, tun::TunDevice& device, const tls::TlsContext& tlsContext, const TimeSource& time,
         Observer& observer)
    : m_config(std::move(config))
    , m_device(device)
    , m_tlsContext(tlsContext)
    , m_time(time)
    , m_observer(observer)
    , m_linkContext(time)
    , m_policy(policyOf(m_config))
{
    for (const net::Prefix& pool : m_config.pools)
        m_pools.emplace_back(pool);
}

Hub::~Hub() = default;

void Hub::accept(std::unique_ptr<transport::ByteStream> stream)
{
    if (m_isStopping || halfOpenCount() >= MaxHalfOpen) {
        m_observer.connectionRefused(stream->peer(),
                                     {ErrorCode::LimitExceeded, "too many connections are being set up"});
        stream->abort();
        return;
    }
    const std::uint64_t id = ++m_lastId;
    protocol::ServerOffer offer;
    offer.software = m_config.software;
    offer.takes = m_device.takes();
    offer.loginMethods = {protocol::LoginMethod::None};
    Entry& entry = m_sessions[id];
    Session::Host& host = *this;
    entry.session = std::make_unique<Session>(
        id, Session::Parts{std::move(stream), m_tlsContext, m_linkContext, std::move(offer)}, host);
    Session& session = *entry.session;
    sessionDeadlineChanged(session);
    session.start();
}

// From the LAN to the clients

void Hub::tunReadable()
{
    tunnel::PacketBatch& batch = m_fromTun.framer.batch();
    for (int i = 0; i < PacketsPerWakeUp; ++i) {
        const auto read = m_device.read(batch.packetSpace());
        if (!read) {
            if (read.error().code != ErrorCode::Malformed && read.error().code != ErrorCode::LimitExceeded) {
                m_observer.hubBroke(read.error());
                break;
            }
            m_counters.drop(tunnel::DropReason::BadSegment);
            continue;
        }
        if (read->sizeBytes == 0)
            break;
        routeFromTun(read->segment, read->sizeBytes);
    }
    flush(m_fromTun);
}

void Hub::routeFromTun(const net::SegmentHeader& segment, std::size_t sizeBytes)
{
    tunnel::PacketBatch& batch = m_fromTun.framer.batch();
    const auto ip = net::IpPacket::parse(batch.packetSpace().first(sizeBytes));
    if (!ip) {
        m_counters.drop(tunnel::DropReason::NotIp);
        return;
    }
    Session* target = find(ip->destination());
    if (target == nullptr) {
        m_counters.drop(m_policy.isInPool(ip->destination()) ? tunnel::DropReason::NoSuchClient
                                                             : tunnel::DropReason::ForeignDestination);
        return;
    }
    if (target != m_fromTun.target) {
        if (m_fromTun.target != nullptr && !batch.isEmpty())
            m_fromTun.target->sendFrames(batch.frames(), batch.packets());
        batch.clearKeeping(sizeBytes);
        m_fromTun.target = target;
    }
    m_fromTun.framer.commit(sizeBytes, segment, target->takes(), [this] { flush(m_fromTun); });
}

void Hub::flush(Outgoing& outgoing)
{
    tunnel::PacketBatch& batch = outgoing.framer.batch();
    if (outgoing.target != nullptr && !batch.isEmpty())
        outgoing.target->sendFrames(batch.frames(), batch.packets());
    batch.clear();
}

// From the clients to the LAN and to each other

void Hub::sessionPacket(Session& session, const net::SegmentHeader& segment, ByteSpan packet)
{
    tunnel::Counters& counters = session.counters();
    const auto ip = net::IpPacket::parse(packet);
    if (!ip) {
        counters.drop(ip.error() == net::PacketFault::NotIp ? tunnel::DropReason::NotIp
                                                            : tunnel::DropReason::BadLength);
        return;
    }
    if (!session.holdsAddress(ip->source())) {
        counters.drop(tunnel::DropReason::ForeignSource);
        return;
    }
    if (!m_device.takes().takes(segment) || !net::validate(segment, *ip, packet)) {
        counters.drop(tunnel::DropReason::BadSegment);
        return;
    }
    const auto target = m_policy.judge(*ip, packet);
    if (!target)
        counters.drop(target.error());
    else if (*target == PacketTarget::Tun)
        toTun(session, segment, packet);
    else
        toClient(session, ip->destination(), segment, packet);
}

void Hub::toTun(Session& session, const net::SegmentHeader& segment, ByteView packet)
{
    const auto written = m_device.write(segment, packet);
    if (!written) {
        m_observer.hubBroke(written.error());
        return;
    }
    if (!*written) {
        session.counters().drop(tunnel::DropReason::TunRefused);
        return;
    }
    ++session.counters().packetsToTun;
    session.counters().bytesToTun += packet.size();
}

void Hub::toClient(Session& from, const net::IpAddress& destination, const net::SegmentHeader& segment, ByteView packet)
{
    Session* target = find(destination);
    if (target == nullptr || target == &from) {
        from.counters().drop(tunnel::DropReason::NoSuchClient);
        return;
    }
    if (target != m_relayed.target) {
        flush(m_relayed);
        m_relayed.target = target;
    }
    m_relayed.framer.append(packet, segment, target->takes(), [this] { flush(m_relayed); });
}

void Hub::sessionReceived(Session& /*session*/)
{
    flush(m_relayed);
}

Session* Hub::find(const net::IpAddress& address) const
{
    const auto entry = m_byAddress.find(address);
    return entry == m_byAddress.end() ? nullptr : entry->second;
}

// Login and address

void Hub::sessionLoginRequested(Session& session, const protocol::Login& /*login*/)
{
    // --login none: whoever speaks the protocol and shows a key of its own is in.
    session.acceptLogin();
}

void Hub::replaceOlder(const Session& session)
{
    const auto older = m_byDevice.find(session.device());
    if (older == m_byDevice.end() || older->second == &session)
        return;
    const std::string text = "the same device has connected again from " + session.peer().address.toString();
    older->second->leave(protocol::GoodbyeCode::Replaced, text, {ErrorCode::Replaced, text});
}

void Hub::sessionAddressRequested(Session& session, const protocol::AddressRequest& request)
{
    replaceOlder(session);
    std::vector<net::InterfaceAddress> addresses;
    const auto giveBack = [&addresses, this] {
        for (std::size_t i = 0; i < addresses.size(); ++i)
            m_pools[i].release(addresses[i].address);
    };
    for (AddressPool& pool : m_pools) {
        const auto address = allot(pool, session, request);
        if (!address) {
            giveBack();
            session.refuseAddress(codeOf(address.error()), address.error().context);
            return;
        }
        addresses.push_back(*address);
    }
    for (const net::InterfaceAddress& wanted : request.wanted) {
        const bool hasPool = std::any_of(m_pools.begin(), m_pools.end(), [&wanted](const AddressPool& pool) {
            return pool.network().family() == wanted.address.family();
        });
        if (request.isRequired && !hasPool) {
            giveBack();
            session.refuseAddress(protocol::GoodbyeCode::AddressNotAllowed,
                                  wanted.toString() + " can't be had: the tunnel has no network of that family");
            return;
        }
    }
    for (const net::InterfaceAddress& address : addresses)
        m_byAddress[address.address] = &session;
    m_byDevice[session.device()] = &session;
    ++m_establishedCount;
    session.assign(settingsFor(std::move(addresses)));
    // Sending the answer may already have ended the session.
    if (session.isOver())
        return;
    m_sessions.at(session.id()).isAnnounced = true;
    m_observer.clientConnected(infoOf(session));
}

Result<net::InterfaceAddress> Hub::allot(AddressPool& pool, const Session& session,
                                         const protocol::AddressRequest& request)
{
    const net::Prefix& network = pool.network();
    const auto wanted = std::find_if(request.wanted.begin(), request.wanted.end(), [&network](const auto& candidate) {
        return candidate.address.family() == network.family();
    });
    if (wanted != request.wanted.end()) {
        const bool hasRightLength = wanted->length == network.length();
        if (!hasRightLength && request.isRequired && network.contains(wanted->address)) {
            return fail(ErrorCode::AddressRefused,
                        wanted->toString() + " has the wrong length: the tunnel network is " + network.toString());
        }
        // A hint doesn't take away what another device will come back to.
        const bool isTried = request.isRequired || !pool.isKeptForAnother(wanted->address, session.device());
        const auto taken = isTried ? pool.take(wanted->address, session.device()) : tl::unexpected(AddressFault::Taken);
        if (taken)
            return net::InterfaceAddress{wanted->address, network.length()};
        if (request.isRequired)
            return fail(toError(refusalOf(taken.error(), wanted->address, network)));
    }
    const auto any = pool.takeAny(session.device());
    if (!any)
        return fail(toError(refusalOf(any.error(), {}, network)));
    return net::InterfaceAddress{*any, network.length()};
}

net::TunnelSettings Hub::settingsFor(std::vector<net::InterfaceAddress> addresses) const
{
    net::TunnelSettings settings;
    settings.addresses = std::move(addresses);
    for (const AddressPool& pool : m_pools)
        settings.gateways.push_back(pool.gateway().address);
    for (const net::Prefix& route : m_config.lanNetworks) {
        const bool hasPool = std::any_of(m_pools.begin(), m_pools.end(), [&route](const AddressPool& pool) {
            return pool.network().family() == route.family();
        });
        if (hasPool)
            settings.routes.push_back(route);
    }
    settings.dnsServers = m_config.dnsServers;
    settings.dnsDomains = m_config.dnsDomains;
    settings.mtu = m_config.mtu;
    settings.keepalive = m_config.keepalive;
    return settings;
}

// Life and death of sessions

void Hub::sessionDeadlineChanged(Session& session)
{
    const auto found = m_sessions.find(session.id());
    if (found == m_sessions.end() || session.isOver())
        return;
    Entry& entry = found->second;
    const TimePoint deadline = session.deadline();
    // A deadline that moves away is looked at when the old one comes: packets move it many times a second.
    if (deadline >= entry.scheduled)
        return;
    m_deadlines.erase({entry.scheduled, session.id()});
    entry.scheduled = deadline;
    m_deadlines.insert({deadline, session.id()});
    if (m_deadlines.begin()->second == session.id())
        m_observer.hubDeadlineChanged();
}

TimePoint Hub::deadline() const
{
    return m_deadlines.empty() ? Never : m_deadlines.begin()->first;
}

void Hub::tick()
{
    const TimePoint now = m_time.now();
    while (!m_deadlines.empty() && m_deadlines.begin()->first <= now) {
        const std::uint64_t id = m_deadlines.begin()->second;
        m_deadlines.erase(m_deadlines.begin());
        Entry& entry = m_sessions.at(id);
        entry.scheduled = Never;
        if (entry.session->isOver())
            continue;
        if (entry.session->deadline() <= now)
            entry.session->tick();
        sessionDeadlineChanged(*entry.session);
    }
}

void Hub::sessionEnded(Session& session, const Error& reason)
{
    forgetTarget(m_fromTun, session);
    forgetTarget(m_relayed, session);
    // Its last packets to another client may have come in the chunk with its goodbye: no sessionReceived() follows.
    flush(m_relayed);
    m_ended.push_back(session.id());
    m_observer.hubWantsPurge();
    if (!session.addresses().empty())
        releaseAddresses(session);
    if (m_sessions.at(session.id()).isAnnounced)
        m_observer.clientDisconnected(infoOf(session), reason);
    else
        m_observer.connectionRefused(session.peer(), reason);
}

void Hub::releaseAddresses(const Session& session)
{
    --m_establishedCount;
    for (const net::InterfaceAddress& address : session.addresses()) {
        m_byAddress.erase(address.address);
        for (AddressPool& pool : m_pools) {
            if (pool.network().contains(address.address))
                pool.release(address.address);
        }
    }
    m_byDevice.erase(session.device());
}

void Hub::forgetTarget(Outgoing& outgoing, const Session& session)
{
    if (outgoing.target != &session)
        return;
    outgoing.target = nullptr;
}

void Hub::purge()
{
    for (const std::uint64_t id : std::exchange(m_ended, {})) {
        const auto entry = m_sessions.find(id);
        m_deadlines.erase({entry->second.scheduled, id});
        m_sessions.erase(entry);
    }
}

void Hub::stop()
{
    m_isStopping = true;
    std::vector<Session*> sessions;
    sessions.reserve(m_sessions.size());
    for (const auto& [id, entry] : m_sessions)
        sessions.push_back(entry.session.get());
    const std::string text = "the server is shutting down";
    for (Session* session : sessions)
        session->leave(protocol::GoodbyeCode::Stopping, text, {ErrorCode::PeerStopping, text});
}

ClientInfo Hub::infoOf(const Session& session)
{
    return {session.id(),   session.addresses(), session.device(), session.deviceName(), session.hello().software,
            session.peer(), session.counters()};
}

}  // namespace gvpn::server
