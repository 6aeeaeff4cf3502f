#include "server/hub.h"

#include "net/flow.h"

#include <algorithm>

namespace gvpn::server {

namespace {

/// Sessions' deadlines are met up to so much later: keepalives of many idle clients share a wake-up.
constexpr Duration DeadlineGrain{100};

TimePoint roundedUp(TimePoint deadline)
{
    if (deadline == Never)
        return Never;
    constexpr Clock::duration Grain = DeadlineGrain;
    const auto grains = (deadline.time_since_epoch() + Grain - Clock::duration(1)) / Grain;
    return TimePoint(grains * Grain);
}

PacketPolicyConfig policyOf(const HubConfig& config)
{
    PacketPolicyConfig policy;
    policy.lanNetworks = config.lanNetworks;
    policy.allowsClientToClient = config.allowsClientToClient;
    policy.v1Bypass = config.v1Bypass;
    for (const net::Prefix& pool : config.pools)
        policy.gateways.push_back(AddressPool(pool).gateway());
    return policy;
}

}  // namespace

Hub::Hub(HubConfig config, tun::TunDevice& device, const tls::TlsContext& tlsContext, const TimeSource& time,
         LoginGate& gate, Observer& observer)
    : m_config(std::move(config))
    , m_device(device)
    , m_tlsContext(tlsContext)
    , m_time(time)
    , m_gate(gate)
    , m_observer(observer)
    , m_linkContext(time)
    , m_framer(m_linkContext.pool)
    , m_policy(policyOf(m_config))
    , m_desk(m_config.pools)
    , m_halfOpen(m_config.halfOpen)
{
    for (const Lease& lease : std::exchange(m_config.leases, {}))
        m_desk.remember(lease.device, lease.address);
}

Hub::~Hub() = default;

void Hub::paceHandshakes(const tunnel::HandshakePace& pace, const TimeSource& stopwatch)
{
    m_linkContext.handshakes.pace(pace, stopwatch, [this] { m_observer.hubDeadlineChanged(); });
}

void Hub::accept(std::unique_ptr<transport::ByteStream> stream)
{
    // Those that gave way are freed at once, however many come in one turn.
    purge();
    const net::Endpoint peer = stream->peer();
    if (m_isStopping || !makeRoomFor(peer.address)) {
        m_observer.connectionRefused(
            peer,
            m_isStopping ? Error{ErrorCode::PeerStopping, "the server is shutting down"}
                         : Error{ErrorCode::LimitExceeded, "too many connections from this address are being set up"},
            true);
        stream->abort();
        return;
    }
    const std::uint64_t id = ++m_lastId;
    protocol::ServerOffer offer;
    offer.software = m_config.software;
    offer.takes = m_device.takes();
    offer.loginMethods = m_config.loginMethods;
    Entry& entry = m_sessions[id];
    Session::Host& host = *this;
    entry.session =
        std::make_unique<Session>(id,
                                  Session::Parts{std::move(stream), m_tlsContext, m_linkContext, std::move(offer),
                                                 m_config.v1Bypass, m_config.congestion, m_congestionSetter},
                                  host);
    Session& session = *entry.session;
    m_halfOpen.enter(id, peer.address);
    sessionDeadlineChanged(session);
    session.start();
}

/// False: this source has as many connections without an address as it may. When there are too many in all, the oldest
/// one gives way, so that strangers who open connections and stay silent can't lock everybody else out.
bool Hub::makeRoomFor(const net::IpAddress& source)
{
    if (!m_halfOpen.hasRoomFor(source))
        return false;
    if (const auto oldest = m_halfOpen.whoGivesWay())
        m_sessions.at(*oldest).session->drop({ErrorCode::LimitExceeded, "too many connections are being set up"});
    return true;
}

// From the LAN to the clients

void Hub::tunReadable()
{
    m_linkContext.handshakes.notePackets(m_time.now());
    std::size_t sizeBytes = 0;
    for (int i = 0; i < tunnel::TunPacketsPerWakeUp && sizeBytes < tunnel::TunBytesPerWakeUp; ++i) {
        const ByteSpan space = m_linkContext.pool.space();
        const auto read = m_device.read(space);
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
        sizeBytes += read->sizeBytes;
        routeFromTun(read->segment, space.first(read->sizeBytes));
    }
    pumpTouched();
}

void Hub::routeFromTun(const net::SegmentHeader& segment, ByteView packet)
{
    const auto ip = net::IpPacket::parse(packet);
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
    toClient(*target, *ip, segment, packet, true);
}

void Hub::toClient(Session& target, const net::IpPacket& ip, const net::SegmentHeader& segment, ByteView packet,
                   bool isInSpace)
{
    const std::uint64_t flow = net::flowHash(ip, packet, m_linkContext.flowSeed);
    const auto push = [&target, flow](tunnel::PacketBlock block) { target.push(std::move(block), flow); };
    if (isInSpace)
        m_framer.commit(packet.size(), segment, target.form(), push);
    else
        m_framer.append(packet, segment, target.form(), push);
    if (m_touched.empty() || m_touched.back() != &target)
        m_touched.push_back(&target);
    if (target.isBatchReady())
        target.pump();
}

void Hub::pumpTouched()
{
    // Sending may end a session, which takes it from the list.
    while (!m_touched.empty()) {
        Session* session = m_touched.back();
        m_touched.pop_back();
        session->pump();
    }
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
    const auto target = session.isV1() ? m_policy.judgeV1(*ip) : m_policy.judge(*ip, packet);
    if (!target)
        counters.drop(target.error());
    else if (*target == PacketTarget::Tun)
        toTun(session, segment, packet);
    else
        relay(session, *ip, segment, packet);
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

void Hub::relay(Session& from, const net::IpPacket& ip, const net::SegmentHeader& segment, ByteView packet)
{
    Session* target = find(ip.destination());
    // What a v1 client could answer would not come back: it reaches the bypass only.
    if (target == nullptr || target == &from || target->isV1())
        from.counters().drop(tunnel::DropReason::NoSuchClient);
    else
        toClient(*target, ip, segment, packet, false);
}

void Hub::sessionReceived(Session& /*session*/)
{
    pumpTouched();
}

Session* Hub::find(const net::IpAddress& address) const
{
    const auto entry = m_byAddress.find(address);
    return entry == m_byAddress.end() ? nullptr : entry->second;
}

// Login and address

void Hub::sessionLoginRequested(Session& session, const protocol::Login& login)
{
    // It has made a handshake and waits for us: silent connections give way before it.
    m_halfOpen.settle(session.id());
    // --login none: whoever speaks the protocol and shows a key of its own is in.
    if (login.method == protocol::LoginMethod::None)
        session.acceptLogin();
    else
        m_gate.ask(session.id(),
                   {*session.claims().device, session.peer(), m_halfOpen.isShared(session.peer().address), login});
}

void Hub::decideLogin(std::uint64_t session, const accounts::LoginVerdict& verdict)
{
    const auto found = m_sessions.find(session);
    if (found == m_sessions.end())
        return;
    Entry& entry = found->second;
    if (!verdict) {
        entry.isNews = verdict.error().isNews;
        entry.session->refuseLogin(verdict.error().code, verdict.error().text);
        return;
    }
    if (entry.session->isOver())
        return;
    // The device may have gone over to another user with this login: what its older session is ended by must be that
    // one.
    const auto older = m_byDevice.find(*entry.session->claims().device);
    if (older != m_byDevice.end())
        older->second->setAccount(*verdict);
    entry.session->acceptLogin(*verdict);
}

/// A device has one session. The same run of its program has lost the older connection, which just hasn't been noticed
/// here; another run (a copy of the key, a second start) is told, so that it doesn't come back to fight.
bool Hub::replaceOlder(const Session& session)
{
    const auto found = m_byDevice.find(*session.claims().device);
    if (found == m_byDevice.end() || found->second == &session)
        return false;
    Session& older = *found->second;
    if (older.claims().instance == session.claims().instance) {
        older.drop({ErrorCode::Replaced, "the client has connected anew"});
        return false;
    }
    const std::string text = "the same device has connected again from " + session.peer().address.toString();
    older.leave(protocol::GoodbyeCode::Replaced, text, {ErrorCode::Replaced, text});
    return true;
}

void Hub::sessionAddressRequested(Session& session, const protocol::AddressRequest& request)
{
    const bool hasReplaced = !session.isV1() && replaceOlder(session);
    auto addresses = session.isV1() ? m_desk.allotV1(request.wanted.front().address)
                                    : m_desk.allot(request, *session.claims().device);
    if (!addresses) {
        session.refuseAddress(addresses.error().code, addresses.error().text);
        return;
    }
    for (const net::InterfaceAddress& address : *addresses)
        m_byAddress[address.address] = &session;
    if (!session.isV1())
        m_byDevice[*session.claims().device] = &session;
    m_halfOpen.leave(session.id());
    session.assign(settingsFor(std::move(*addresses)));
    // Sending the answer may already have ended the session.
    if (session.isOver())
        return;
    m_sessions.at(session.id()).isAnnounced = true;
    m_observer.clientConnected(infoOf(session));
    session.startWatchingLine();
    if (hasReplaced)
        session.notify("another program was connected with this device's key and has been disconnected; if it was not "
                       "one of yours, tell the server's administrator: somebody may have copied the key");
}

net::TunnelSettings Hub::settingsFor(std::vector<net::InterfaceAddress> addresses) const
{
    net::TunnelSettings settings;
    settings.addresses = std::move(addresses);
    settings.gateways = m_desk.gatewaysFor(settings.addresses);
    for (const net::Prefix& route : m_config.lanNetworks) {
        if (m_desk.hasFamily(route.family()))
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
    const TimePoint deadline = roundedUp(session.deadline());
    // A deadline that moves away is looked at when the old one comes: packets move it many times a second.
    if (deadline >= entry.scheduled)
        return;
    m_deadlines.erase({entry.scheduled, session.id()});
    entry.scheduled = deadline;
    m_deadlines.insert({deadline, session.id()});
    if (m_deadlines.begin()->second == session.id())
        m_observer.hubDeadlineChanged();
}

void Hub::sessionCongestionChanged(Session& session)
{
    m_observer.clientCongestionChanged(infoOf(session));
}

TimePoint Hub::deadline() const
{
    const TimePoint first = m_deadlines.empty() ? Never : m_deadlines.begin()->first;
    return std::min(first, m_linkContext.handshakes.deadline());
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
        entry.session->shrink();
        if (entry.session->deadline() <= now)
            entry.session->tick();
        sessionDeadlineChanged(*entry.session);
    }
    m_linkContext.handshakes.run(now);
}

void Hub::sessionEnded(Session& session, const Error& reason)
{
    std::erase(m_touched, &session);
    // Its last packets to another client may have come in the chunk with its goodbye: no sessionReceived() follows.
    pumpTouched();
    m_halfOpen.leave(session.id());
    m_ended.push_back(session.id());
    m_observer.hubWantsPurge();
    if (!session.addresses().empty())
        releaseAddresses(session);
    const Entry& entry = m_sessions.at(session.id());
    if (entry.isAnnounced)
        m_observer.clientDisconnected(infoOf(session), reason);
    else
        m_observer.connectionRefused(session.peer(), reason, entry.isNews);
}

void Hub::releaseAddresses(const Session& session)
{
    for (const net::InterfaceAddress& address : session.addresses())
        m_byAddress.erase(address.address);
    m_desk.release(session.addresses());
    if (!session.isV1())
        m_byDevice.erase(*session.claims().device);
}

void Hub::purge()
{
    for (const std::uint64_t id : std::exchange(m_ended, {})) {
        const auto entry = m_sessions.find(id);
        m_deadlines.erase({entry->second.scheduled, id});
        m_sessions.erase(entry);
    }
}

std::size_t Hub::end(const SessionMatch& match, const std::string& text)
{
    std::vector<Session*> ended;
    for (const auto& [id, entry] : m_sessions) {
        if (!entry.session->isOver() && matches(match, *entry.session))
            ended.push_back(entry.session.get());
    }
    for (Session* session : ended)
        session->leave(protocol::GoodbyeCode::Kicked, text, {ErrorCode::Kicked, text});
    return ended.size();
}

bool Hub::matches(const SessionMatch& match, const Session& session)
{
    const auto& account = session.account();
    if (match.user && (!account || account->userId != *match.user))
        return false;
    if (match.device && (!account || account->deviceId != *match.device))
        return false;
    if (match.address && !session.holdsAddress(*match.address))
        return false;
    if (!match.name.empty()) {
        // Without an address it has not said its name, or it is nobody's business yet.
        if (!account && session.addresses().empty())
            return false;
        const std::string& name = account ? account->userName : session.claims().deviceName;
        if (!accounts::isSameName(name, match.name))
            return false;
    }
    return match.user || match.device || match.address || !match.name.empty();
}

std::vector<ClientInfo> Hub::clients() const
{
    std::vector<ClientInfo> clients;
    for (const auto& [id, entry] : m_sessions) {
        if (entry.isAnnounced && !entry.session->isOver())
            clients.push_back(infoOf(*entry.session));
    }
    std::ranges::sort(clients, {}, &ClientInfo::id);
    return clients;
}

void Hub::tune(const HubTuning& tuning)
{
    m_halfOpen.setConfig(tuning.halfOpen);
    m_config.loginMethods = tuning.loginMethods;
    m_config.dnsServers = tuning.dnsServers;
    m_config.dnsDomains = tuning.dnsDomains;
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
    return {session.id(),   session.addresses(),     session.claims(),   session.isV1(),      session.account(),
            session.peer(), session.establishedAt(), session.counters(), session.congestion()};
}

}  // namespace gvpn::server
