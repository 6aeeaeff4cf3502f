#include "client/attempt.h"

#include "client/secure_server_link.h"
#include "client/v1_server_link.h"

#include <QPointer>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace gvpn::client {

Attempt::Attempt(AttemptInputs inputs, const Edges& edges, tunnel::LinkContext& context, TunnelNetwork& network,
                 tunnel::Counters& counters)
    : m_inputs(std::move(inputs))
    , m_edges(edges)
    , m_context(context)
    , m_network(network)
    , m_counters(counters)
    , m_connector(edges.makeConnector(m_inputs.options.server))
    , m_probeTimer(edges.makeTimer())
{
    m_probeId.identifier = static_cast<std::uint16_t>(edges.roll() * 65536.0);
}

Attempt::~Attempt() = default;

void Attempt::start()
{
    reach(Stage::Resolve);
    m_network.freeName(m_inputs.options.server.host, [guard = QPointer(this)] {
        if (guard && !guard->m_isOver)
            guard->connectToServer();
    });
}

void Attempt::connectToServer()
{
    m_connector->start(
        {.resolved = [this] { reach(Stage::Tcp); },
         .connected = [this](std::unique_ptr<transport::ByteStream> stream) { onConnected(std::move(stream)); },
         .failed = [this](const Error& error) { fail(error); }});
}

void Attempt::leave()
{
    if (std::exchange(m_isOver, true))
        return;
    m_probeTimer->stop();
    if (m_pump)
        m_pump->stop();
    if (m_link)
        m_link->leave();
}

void Attempt::loseNetwork(const Error& error)
{
    fail(Fault{.stage = Stage::Tun, .error = error});
}

void Attempt::onConnected(std::unique_ptr<transport::ByteStream> stream)
{
    if (m_isOver)
        return;
    m_server = stream->peer().address;
    m_line = stream->line();
    reach(isV1() ? Stage::Login : Stage::Tls);
    auto link = makeLink(std::move(stream));
    if (!link) {
        fail(link.error());
        return;
    }
    m_link = std::move(*link);
    m_link->start();
}

Result<std::unique_ptr<ServerLink>> Attempt::makeLink(std::unique_ptr<transport::ByteStream> stream)
{
    ServerLink::Observer& observer = *this;
    if (isV1())
        return std::make_unique<V1ServerLink>(std::move(stream), m_edges.forLink(), m_context, observer);
    return SecureServerLink::create(std::move(stream), m_inputs.options.pin, m_edges.forLink(), m_context, observer);
}

void Attempt::reach(Stage stage)
{
    for (int i = m_stage ? int(*m_stage) + 1 : 0; i <= int(stage) && !m_isOver; ++i) {
        if (isV1() && Stage(i) == Stage::Tls)
            continue;
        m_stage = Stage(i);
        Q_EMIT stageReached(*m_stage);
    }
}

/// The TUN is opened already here, because the hello says which segments it takes.
void Attempt::linkReady()
{
    reach(Stage::Login);
    m_isOpeningTun = true;
    m_network.open(m_inputs.options.tunName, [guard = QPointer(this)](const Result<tun::TunDevice*>& device) {
        if (guard && !guard->m_isOver)
            guard->onTunOpen(device);
    });
}

void Attempt::onTunOpen(const Result<tun::TunDevice*>& device)
{
    m_isOpeningTun = false;
    if (!device)
        fail(Fault{.stage = Stage::Tun, .error = device.error()});
    else if (m_hasLostLink)
        connectAgain();
    else
        m_link->begin(takeOffer(**device));
}

/// A person was asked whether the TUN may be opened, and a server gives 10 s only. Nothing has been sent yet.
void Attempt::connectAgain()
{
    m_hasLostLink = false;
    m_link.reset();
    m_line = nullptr;
    m_connector = m_edges.makeConnector(m_inputs.options.server);
    connectToServer();
}

protocol::ClientOffer Attempt::takeOffer(const tun::TunDevice& device)
{
    ConnectionOptions& options = m_inputs.options;
    const bool isRequired = !options.wanted.empty();
    return {.software = options.software,
            .instance = options.instance,
            .takes = device.takes(),
            .credentials = std::exchange(options.credentials, {}),
            .address = {.wanted = isRequired ? options.wanted : m_inputs.lastAddresses, .isRequired = isRequired},
            // The route policy leaves them out.
            .limits = {.allowsReservedRoutes = true}};
}

void Attempt::linkLoggedIn(std::optional<protocol::LoginMethod> method)
{
    m_isLoginAnswered = true;
    if (method)
        Q_EMIT loggedIn(*method);
    reach(Stage::Address);
}

void Attempt::linkEstablished(const protocol::Established& established)
{
    reach(Stage::Tun);
    const net::TunnelSettings& settings = established.settings;
    tun::TunDevice& device = *m_network.device();
    // A kernel that can't be told cuts nothing for us; the path does it then.
    static_cast<void>(device.setGives(established.peerTakes));
    reach(Stage::Routes);
    const auto routes = chooseRoutes(settings, device.name());
    if (!routes) {
        fail(routes.error());
        return;
    }
    m_info = {settings.addresses, settings.gateways, *routes, device.name()};
    m_network.apply(settings, *routes, [guard = QPointer(this), established](const Result<void>& result) {
        if (!guard || guard->m_isOver)
            return;
        if (result)
            guard->onNetworkSet(established);
        else
            guard->fail(result.error());
    });
}

Result<std::vector<net::Prefix>> Attempt::chooseRoutes(const net::TunnelSettings& settings,
                                                       const std::string& interfaceName)
{
    auto network = m_edges.readSnapshot();
    if (!network)
        return gvpn::fail(network.error());
    // Of an earlier connection, and reached by the very routes that are looked at: not this computer's own.
    const auto& ours = m_network.dns().servers;
    std::erase_if(network->resolvers,
                  [&ours](const net::IpAddress& one) { return std::ranges::find(ours, one) != ours.end(); });
    const RouteSurroundings surroundings{*network, m_server, interfaceName};
    const ConnectionOptions& options = m_inputs.options;
    if (const auto possible = checkTunnelNetworks(settings, options.acceptRoutes, options.wanted, surroundings);
        !possible)
        return gvpn::fail(possible.error());
    RouteDecision decision = decideRoutes(settings, options.acceptRoutes, surroundings);
    if (!decision.skipped.empty())
        Q_EMIT routesSkipped(decision.skipped);
    return std::move(decision.accepted);
}

void Attempt::onNetworkSet(const protocol::Established& established)
{
    reach(Stage::Dns);
    const ConnectionOptions& options = m_inputs.options;
    DnsDecision decision;
    if (options.usesDns)
        decision = decideDns(established.settings, m_info.routes, options.acceptDomains);
    m_network.setDns(decision.config,
                     [guard = QPointer(this), established, decision](const Result<system::DnsOutcome>& outcome) {
                         if (!guard || guard->m_isOver)
                             return;
                         std::vector<SkippedDns> skipped = decision.skipped;
                         std::ranges::move(skippedBy(decision.config, outcome), std::back_inserter(skipped));
                         guard->onDnsSet(established, guard->m_network.dns(), skipped);
                     });
}

/// Names that are not resolved at the office are no reason to be without the office.
void Attempt::onDnsSet(const protocol::Established& established, const system::DnsConfig& config,
                       const std::vector<SkippedDns>& skipped)
{
    m_info.dns = config;
    if (!skipped.empty())
        Q_EMIT dnsSkipped(skipped);
    startPump(established.peerTakes);
    if (m_isOver)
        return;
    startWatchingLine();
    // Only v1 has none: the conversation of v2 insists on them.
    if (m_info.gateways.empty()) {
        succeed();
        return;
    }
    reach(Stage::Probe);
    m_probeEnd = m_edges.time.now() + ProbeDeadline;
    probe();
}

void Attempt::startPump(const net::SegmentSupport& peerTakes)
{
    const tunnel::PacketForm form{peerTakes, isV1() ? tunnel::Framing::V1 : tunnel::Framing::V2};
    m_pump = std::make_unique<PacketPump>(
        PumpParts{m_edges.loop, *m_network.device(), m_link->packets(), m_context, m_counters},
        tunnel::ClientPathConfig{m_info.addresses, m_info.routes, form},
        PacketPump::Callbacks{
            .sending = [this](TimePoint now) { lookAtLine(now); },
            .broken =
                [this](const Error& error) {
                    fail(Fault{.stage = Stage::Tun,
                               .error = {ErrorCode::NotFound, m_info.interfaceName + " is gone: " + error.context}});
                }});
    if (const auto started = m_pump->start(); !started)
        fail(Fault{.stage = Stage::Tun, .error = started.error()});
}

void Attempt::startWatchingLine()
{
    m_lineWatch.emplace(tunnel::LineWatch::Parts{m_line, m_inputs.options.congestion, m_edges.congestionSetter,
                                                 [this] { Q_EMIT congestionChanged(m_lineWatch->status()); }});
    m_lineWatch->start(m_edges.time.now());
    m_pump->path().tune(m_lineWatch->tuning());
}

/// Before packets leave, once a wake-up.
void Attempt::lookAtLine(TimePoint now)
{
    if (m_lineWatch && m_lineWatch->look(now))
        m_pump->path().tune(m_lineWatch->tuning());
}

/// "Connected" is said only when a packet has gone there and back: everything before can stand while nothing flows.
void Attempt::probe()
{
    if (m_edges.time.now() >= m_probeEnd) {
        fail({ErrorCode::TimedOut, "no echo came back from " + m_info.gateways.front().toString()});
        return;
    }
    ++m_probeId.sequence;
    m_pump->path().sendProbe(m_info.gateways.front(), m_probeId);
    if (!m_isOver)
        m_probeTimer->start(ProbeInterval, [this] { probe(); });
}

void Attempt::linkPacket(const net::SegmentHeader& segment, ByteSpan packet)
{
    if (!m_pump) {
        m_counters.drop(tunnel::DropReason::NotReady);
        return;
    }
    m_pump->linkPacket(segment, packet);
    if (m_isUp || m_isOver || !m_pump->path().takeProbeAnswer())
        return;
    m_probeTimer->stop();
    succeed();
}

void Attempt::succeed()
{
    m_isUp = true;
    Q_EMIT succeeded(m_info);
}

void Attempt::linkRoom()
{
    if (m_pump)
        m_pump->linkRoom();
}

void Attempt::linkNotice(const std::string& text)
{
    if (!m_isOver && m_notices++ < MaxNotices)
        Q_EMIT noticeReceived(text);
}

std::chrono::microseconds Attempt::roundTrip() const
{
    const auto info = m_isUp && !m_isOver && m_line != nullptr ? std::optional(m_line->info()) : std::nullopt;
    return info && *info ? (*info)->roundTrip : std::chrono::microseconds(0);
}

std::string Attempt::congestion() const
{
    return m_lineWatch && !m_isOver ? m_lineWatch->status().algorithm : std::string();
}

PasswordFate Attempt::passwordFate() const
{
    if (sentLogin() != protocol::LoginMethod::Password || m_isServerBusy)
        return PasswordFate::NotSent;
    return m_isLoginAnswered ? PasswordFate::Answered : PasswordFate::Unanswered;
}

void Attempt::linkEnded(const LinkEnd& end)
{
    if (m_isOpeningTun) {
        m_hasLostLink = true;
        return;
    }
    m_isServerBusy = end.isServerBusy;
    if (end.error.code == ErrorCode::LoginRefused)
        m_isLoginAnswered = true;
    Fault fault{.stage = m_stage.value_or(Stage::Tls), .error = end.error, .presentedPin = end.presentedPin};
    if (end.presentedPin)
        fault.expectedPin = m_inputs.options.pin;
    if (m_isUp && isV1())
        fault.stage = Stage::Tcp;
    fail(std::move(fault));
}

void Attempt::fail(const Error& error)
{
    fail(Fault{.stage = m_stage.value_or(Stage::Resolve), .error = error});
}

void Attempt::fail(Fault fault)
{
    if (m_isOver)
        return;
    leave();
    fault.wasUp = m_isUp;
    fault.wireProtocol = m_inputs.options.wireProtocol;
    fault.sentLogin = sentLogin();
    fault.isServerBusy = m_isServerBusy;
    fault.takesPasswords = m_link && m_link->takesPasswords();
    Q_EMIT failed(fault);
}

}  // namespace gvpn::client
