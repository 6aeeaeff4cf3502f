#include "cli/output.h"

#include "client/sentences.h"

#include <QCoreApplication>
#include <QJsonArray>

#include <algorithm>
#include <cstdio>

namespace gvpn::cli {

namespace {

using program::ExitStatus;

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(gvpn::cli)
};

QString fromText(std::string_view text)
{
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

qint64 wholeSeconds(Duration delay)
{
    return std::chrono::ceil<std::chrono::seconds>(delay).count();
}

QJsonObject stateLine(const char* name)
{
    return {{QStringLiteral("event"), QStringLiteral("state")}, {QStringLiteral("state"), QString::fromLatin1(name)}};
}

QJsonArray textsOf(const std::vector<std::string>& texts)
{
    QJsonArray array;
    for (const std::string& text : texts)
        array.append(fromText(text));
    return array;
}

QJsonObject connectedLine(const client::ConnectionInfo& info)
{
    QJsonObject line = stateLine("connected");
    for (const net::InterfaceAddress& address : info.addresses)
        line.insert(address.address.isIPv4() ? QStringLiteral("address") : QStringLiteral("address6"),
                    fromText(address.toString()));
    if (!info.gateways.empty())
        line.insert(QStringLiteral("gateway"), fromText(info.gateways.front().toString()));
    QJsonArray routes;
    for (const net::Prefix& route : info.routes)
        routes.append(fromText(route.toString()));
    line.insert(QStringLiteral("routes"), routes);
    line.insert(QStringLiteral("interface"), fromText(info.interfaceName));
    if (!info.dns.isEmpty()) {
        QJsonArray resolvers;
        for (const net::IpAddress& resolver : info.dns.servers)
            resolvers.append(fromText(resolver.toString()));
        line.insert(QStringLiteral("dns"), resolvers);
        line.insert(QStringLiteral("dns_domains"), textsOf(info.dns.domains));
    }
    return line;
}

QString connectedText(const client::ConnectionInfo& info)
{
    QStringList addresses;
    for (const net::InterfaceAddress& address : info.addresses)
        addresses.append(fromText(address.toString()));
    const QString text =
        Tr::tr("Connected: address %1 on %2.").arg(addresses.join(QStringLiteral(", ")), fromText(info.interfaceName));
    QStringList sentences{text};
    if (!info.routes.empty())
        sentences.append(Tr::tr("Reachable now: %1.").arg(fromText(net::joinPrefixes(info.routes))));
    if (!info.dns.isEmpty()) {
        QStringList domains;
        for (const std::string& domain : info.dns.domains)
            domains.append(fromText(domain));
        sentences.append(Tr::tr("Names resolved there: %1.").arg(domains.join(QStringLiteral(", "))));
    }
    return sentences.join(QLatin1Char(' '));
}

QJsonObject disconnectedLine(const QString& code, const QString& reason)
{
    QJsonObject line = stateLine("disconnected");
    line.insert(QStringLiteral("code"), code);
    line.insert(QStringLiteral("reason"), reason);
    return line;
}

template <typename... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
// C++20 needs none, but clang 14 does.
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

ExitStatus statusForPermission(client::Stage stage)
{
    switch (stage) {
    case client::Stage::Resolve:
    case client::Stage::Tcp: return ExitStatus::Unreachable;
    case client::Stage::Tun:
    case client::Stage::Routes:
    case client::Stage::Dns: return ExitStatus::NotPermitted;
    default: return ExitStatus::Failure;  // a file of ours
    }
}

}  // namespace

std::optional<QJsonObject> jsonFor(const client::State& state, const net::HostPort& server)
{
    using Line = std::optional<QJsonObject>;
    return std::visit(
        Overloaded{[](const client::Connecting& connecting) -> Line {
                       QJsonObject line = stateLine("connecting");
                       line.insert(QStringLiteral("stage"), fromText(stageName(connecting.stage)));
                       return line;
                   },
                   [](const client::Connected& connected) -> Line { return connectedLine(connected.info); },
                   [&server](const client::Waiting& waiting) -> Line {
                       QJsonObject line = stateLine("waiting");
                       line.insert(QStringLiteral("retry_in_s"), wholeSeconds(waiting.delay));
                       line.insert(QStringLiteral("reason"), sentenceFor(waiting.reason, server));
                       return line;
                   },
                   [](const client::Disconnecting&) -> Line { return std::nullopt; },
                   [&server](const client::Disconnected& disconnected) -> Line {
                       const auto& fault = disconnected.fault;
                       return fault ? disconnectedLine(fromText(errorCodeName(fault->error.code)),
                                                       sentenceFor(*fault, server))
                                    : disconnectedLine(QStringLiteral("stopped"), QStringLiteral("Stopped as asked."));
                   }},
        state);
}

QString lineFor(const client::State& state, const net::HostPort& server)
{
    return std::visit(Overloaded{[&server](const client::Connecting&) {
                                     return Tr::tr("Connecting to %1 …").arg(fromText(server.toString()));
                                 },
                                 [](const client::Connected& connected) { return connectedText(connected.info); },
                                 [](const client::Waiting& waiting) {
                                     return Tr::tr("Trying again in %1 s.").arg(wholeSeconds(waiting.delay));
                                 },
                                 [](const client::Disconnecting&) { return QString(); },
                                 [](const client::Disconnected& disconnected) {
                                     return disconnected.fault ? QString() : Tr::tr("Disconnected.");
                                 }},
                      state);
}

bool isV1Handshake(const client::Fault& fault)
{
    return fault.wireProtocol == client::WireProtocol::V1 && fault.stage == client::Stage::Login;
}

ExitStatus exitStatusFor(const client::Fault& fault)
{
    // It is the helper that doesn't answer or has left us, not the server.
    const bool isAboutUs = fault.stage == client::Stage::Tun;
    switch (fault.error.code) {
    case ErrorCode::Unreachable:
    case ErrorCode::TimedOut:
    case ErrorCode::PeerStopping: return isAboutUs ? ExitStatus::Failure : ExitStatus::Unreachable;
    case ErrorCode::Closed:
        if (isAboutUs)
            return ExitStatus::Failure;
        // Most likely a server that takes TLS only.
        return isV1Handshake(fault) ? ExitStatus::ForeignProtocol : ExitStatus::Unreachable;
    case ErrorCode::NotFound: return fault.stage <= client::Stage::Tcp ? ExitStatus::Unreachable : ExitStatus::Failure;
    case ErrorCode::IdentityMismatch:
    case ErrorCode::IdentityUnknown: return ExitStatus::IdentityMismatch;
    case ErrorCode::LoginRefused: return ExitStatus::LoginRefused;
    case ErrorCode::AddressRefused: return ExitStatus::AddressRefused;
    case ErrorCode::PermissionDenied: return statusForPermission(fault.stage);
    case ErrorCode::VersionMismatch:
    case ErrorCode::ProtocolViolation:
    case ErrorCode::TlsFailure: return ExitStatus::ForeignProtocol;
    case ErrorCode::Unsupported:
        return fault.stage == client::Stage::Login ? ExitStatus::ForeignProtocol : ExitStatus::Failure;
    case ErrorCode::InvalidArgument:
    case ErrorCode::Malformed:
    case ErrorCode::LimitExceeded:
    case ErrorCode::AlreadyExists:
    case ErrorCode::AddressInUse:
    case ErrorCode::Replaced:
    case ErrorCode::Kicked:
    case ErrorCode::SystemFailure: return ExitStatus::Failure;
    }
    return ExitStatus::Failure;
}

void Output::state(const client::State& state)
{
    if (const auto* waiting = std::get_if<client::Waiting>(&state))
        failedAttempt(waiting->reason);
    else if (!std::holds_alternative<client::Connecting>(state))
        m_lastFailure.clear();
    if (m_isJson) {
        if (const auto line = jsonFor(state, m_server))
            writeJson(*line);
        return;
    }
    const QString line = lineFor(state, m_server);
    if (line.isEmpty() || line == m_lastLine)
        return;
    m_lastLine = line;
    std::fprintf(stdout, "%s\n", line.toUtf8().constData());
    std::fflush(stdout);
}

void Output::failure(ErrorCode code, const QString& text)
{
    if (m_isJson)
        writeJson(disconnectedLine(fromText(errorCodeName(code)), text));
    sentence(text);
}

void Output::profile(const std::string& name, bool isPending, const QString& text)
{
    if (m_isJson)
        writeJson({{QStringLiteral("event"), QStringLiteral("profile")},
                   {QStringLiteral("name"), fromText(name)},
                   {QStringLiteral("pending"), isPending}});
    sentence(text);
}

void Output::congestion(const tunnel::CongestionStatus& status)
{
    if (m_isJson)
        writeJson({{QStringLiteral("event"), QStringLiteral("congestion")},
                   {QStringLiteral("algorithm"), fromText(status.algorithm)},
                   {QStringLiteral("reason"), fromText(status.reason)}});
}

/// A server that stays away would fill the screen with one sentence.
void Output::failedAttempt(const client::Fault& fault)
{
    const QString text = client::sentenceFor(fault, m_server);
    if (text == m_lastFailure)
        return;
    sentence(text);
    m_lastFailure = text;
}

void Output::writeJson(const QJsonObject& line)
{
    if (line == m_lastJson)
        return;
    m_lastJson = line;
    // That nobody reads any more is no reason to end the connection.
    static_cast<void>(m_json.write(line));
}

void Output::sentence(const QString& text)
{
    m_lastFailure.clear();
    std::fprintf(stderr, "%s\n", text.toUtf8().constData());
}

}  // namespace gvpn::cli
