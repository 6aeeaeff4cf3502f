#include "client/server_probe.h"

#include "client/secure_server_link.h"
#include "client/v1_server_link.h"
#include "transport/address_order.h"
#include "transport/peer_address.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace gvpn::client {

namespace {

/// The socket's own words, which is all that is left of errno.
bool isFor(const Error& error, int number)
{
    return error.context == std::system_category().message(number);
}

PortAnswer answerOf(const Error& error)
{
    if (error.code == ErrorCode::PermissionDenied)
        return PortAnswer::Forbidden;
    if (isFor(error, ECONNREFUSED))
        return PortAnswer::Refused;
    return isFor(error, ETIMEDOUT) ? PortAnswer::Silent : PortAnswer::Unreachable;
}

/// "no connection (203.0.113.1: Connection refused; …)", as a connection attempt has it.
Error failureOf(const std::vector<PortFact>& ports)
{
    std::string text;
    for (const PortFact& port : ports) {
        text += text.empty() ? "" : "; ";
        if (ports.size() > 1)
            text += port.address.toString() + ": ";
        text += port.reason;
    }
    const bool isForbidden =
        std::ranges::all_of(ports, [](const PortFact& port) { return port.answer == PortAnswer::Forbidden; });
    return {isForbidden ? ErrorCode::PermissionDenied : ErrorCode::Unreachable, "no connection (" + text + ")"};
}

}  // namespace

ServerProbe::ServerProbe(Plan plan, Parts parts, Done done)
    : m_plan(std::move(plan))
    , m_parts(std::move(parts))
    , m_done(std::move(done))
    , m_context(m_parts.edges.time)
    , m_timer(m_parts.edges.makeTimer())
{}

ServerProbe::~ServerProbe() = default;

void ServerProbe::start()
{
    m_begun = m_parts.edges.time.now();
    m_timer->start(LookupLimit, [this] { fail(Stage::Resolve, {ErrorCode::TimedOut, "no resolver answers in time"}); });
    if (QHostAddress literal; literal.setAddress(QString::fromStdString(m_plan.server.host))) {
        QMetaObject::invokeMethod(
            this, [this, literal] { onLookedUp(QList<QHostAddress>{literal}); }, Qt::QueuedConnection);
        return;
    }
    m_lookup = std::make_unique<transport::NameLookup>(
        m_plan.server.host, [this](const transport::NameLookup::Answer& answer) { onLookedUp(answer); });
}

void ServerProbe::onLookedUp(const transport::NameLookup::Answer& answer)
{
    if (m_isOver)
        return;
    m_facts.lookupTime = std::chrono::duration_cast<Duration>(m_parts.edges.time.now() - m_begun);
    const QList<QHostAddress> addresses = answer ? transport::orderAddresses(*answer) : QList<QHostAddress>();
    if (!answer)
        fail(Stage::Resolve, answer.error());
    else if (addresses.isEmpty())
        fail(Stage::Resolve, {ErrorCode::NotFound, "the name has no address"});
    else
        tryPorts(addresses);
}

/// All at once: whoever looks for a fault wants to know of each.
void ServerProbe::tryPorts(const QList<QHostAddress>& addresses)
{
    for (const QHostAddress& address : addresses)
        m_facts.addresses.push_back(transport::ipAddressOf(address));
    // Before our own connections are among them.
    m_noLogin = m_plan.mayLogIn(m_facts.addresses);
    m_timer->start(PortLimit, [this] { onPortsTried(); });
    m_tries.reserve(std::size_t(addresses.size()));
    for (const QHostAddress& address : addresses) {
        const std::size_t index = m_tries.size();
        m_tries.push_back({.fact = {.address = transport::ipAddressOf(address), .reason = "no answer"},
                           .connect = std::make_unique<transport::PendingConnect>(address, m_plan.server.port),
                           .begun = m_parts.edges.time.now()});
        connect(m_tries.back().connect.get(), &transport::PendingConnect::finished, this,
                [this, index] { onTried(index); });
    }
}

void ServerProbe::onTried(std::size_t index)
{
    Try& tried = m_tries[index];
    auto socket = tried.connect->takeResult();
    // It stands in its own signal.
    tried.connect.release()->deleteLater();
    tried.fact.time = std::chrono::duration_cast<Duration>(m_parts.edges.time.now() - tried.begun);
    if (socket) {
        tried.fact.answer = PortAnswer::Open;
        tried.fact.reason.clear();
        if (!m_socket.isValid()) {
            m_socket = std::move(*socket);
            m_facts.peer = tried.fact.address;
            m_timer->start(OtherPortsLimit, [this] { onPortsTried(); });
        }
    } else {
        tried.fact.answer = answerOf(socket.error());
        tried.fact.reason = socket.error().context;
    }
    if (std::ranges::none_of(m_tries, [](const Try& other) { return other.connect != nullptr; }))
        onPortsTried();
}

void ServerProbe::onPortsTried()
{
    m_timer->stop();
    for (Try& tried : m_tries) {
        tried.connect.reset();
        m_facts.ports.push_back(tried.fact);
    }
    if (m_socket.isValid())
        converse(std::move(m_socket));
    else
        fail(Stage::Tcp, failureOf(m_facts.ports));
}

void ServerProbe::converse(UniqueFd socket)
{
    const bool isV1 = m_plan.wireProtocol == WireProtocol::V1;
    m_stage = isV1 ? Stage::Login : Stage::Tls;
    m_timer->start(ConversationLimit, [this] {
        fail(m_stage, {ErrorCode::TimedOut, m_stage == Stage::Tls ? "the server did not answer the TLS handshake"
                                                                  : "the server does not answer"});
    });
    auto stream = m_parts.makeStream(std::move(socket));
    if (!stream) {
        fail(m_stage, stream.error());
        return;
    }
    if (const transport::Line* line = (*stream)->line(); line != nullptr) {
        if (const auto info = line->info())
            m_facts.pathMtu = info->pathMtu;
    }
    auto link = makeLink(std::move(*stream));
    if (!link) {
        fail(m_stage, link.error());
        return;
    }
    m_link = std::move(*link);
    m_link->start();
}

Result<std::unique_ptr<ServerLink>> ServerProbe::makeLink(std::unique_ptr<transport::ByteStream> stream)
{
    ServerLink::Observer& observer = *this;
    if (m_plan.wireProtocol == WireProtocol::V1)
        return std::make_unique<V1ServerLink>(std::move(stream), m_parts.edges, m_context, observer);
    LinkEdges edges = m_parts.edges;
    // Who doesn't log in needs no name.
    if (m_noLogin)
        edges.identityFor = [](const Pin& /*server*/) { return tls::Identity::generate(); };
    return SecureServerLink::create(std::move(stream), m_plan.pin, edges, m_context, observer);
}

void ServerProbe::linkReady()
{
    m_stage = Stage::Login;
    if (m_noLogin)
        finish();
    else
        m_link->begin(std::exchange(m_plan.offer, {}));
}

void ServerProbe::linkLoggedIn(std::optional<protocol::LoginMethod> /*method*/)
{
    m_stage = Stage::Address;
}

void ServerProbe::linkEstablished(const protocol::Established& established)
{
    m_facts.settings = established.settings;
    finish();
}

/// Nobody is there to take one.
void ServerProbe::linkPacket(const net::SegmentHeader& /*segment*/, ByteSpan /*packet*/) {}

/// The next connection says it again.
void ServerProbe::linkNotice(const std::string& /*text*/) {}

void ServerProbe::linkEnded(const LinkEnd& end)
{
    if (m_isOver)
        return;
    Fault fault{.stage = m_stage, .error = end.error, .presentedPin = end.presentedPin};
    if (end.presentedPin)
        fault.expectedPin = m_plan.pin;
    fault.isServerBusy = end.isServerBusy;
    m_facts.fault = fault;
    fail(m_stage, end.error);
}

void ServerProbe::fail(Stage stage, const Error& error)
{
    if (m_isOver)
        return;
    if (!m_facts.fault)
        m_facts.fault = Fault{.stage = stage, .error = error};
    m_facts.fault->wireProtocol = m_plan.wireProtocol;
    m_facts.fault->sentLogin = m_link ? m_link->sentLogin() : std::nullopt;
    m_facts.fault->takesPasswords = m_link && m_link->takesPasswords();
    finish();
}

void ServerProbe::finish()
{
    m_isOver = true;
    m_timer->stop();
    if (m_link)
        m_link->leave();
    // A link must not go in a callback of its own, and goes with us.
    QMetaObject::invokeMethod(
        this, [this] { m_done(m_facts, m_noLogin); }, Qt::QueuedConnection);
}

}  // namespace gvpn::client
