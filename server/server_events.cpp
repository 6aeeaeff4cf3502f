#include "server/server_events.h"

#include "base/text.h"

#include <QJsonArray>

namespace gvpn::server {

namespace {

QString text(std::string_view value)
{
    return QString::fromUtf8(value.data(), static_cast<qsizetype>(value.size()));
}

/// "cidr" and "cidr6", "address" and "address6": one value a family.
QString familyKey(const char* name, net::Family family)
{
    return QString::fromLatin1(name) + (family == net::Family::IPv6 ? QStringLiteral("6") : QString());
}

QJsonObject dropsToJson(const tunnel::Counters& counters)
{
    QJsonObject drops;
    for (std::size_t i = 0; i < tunnel::DropReasonCount; ++i) {
        const auto reason = static_cast<tunnel::DropReason>(i);
        if (counters.dropped(reason) > 0)
            drops.insert(text(tunnel::dropReasonName(reason)), static_cast<qint64>(counters.dropped(reason)));
    }
    return drops;
}

QJsonObject clientToJson(const char* event, const ClientInfo& client)
{
    QJsonObject json{{QStringLiteral("event"), QString::fromLatin1(event)},
                     {QStringLiteral("id"), static_cast<qint64>(client.id)},
                     {QStringLiteral("protocol"), client.isV1 ? QStringLiteral("v1") : QStringLiteral("v2")},
                     {QStringLiteral("name"), text(client.claims.deviceName)},
                     {QStringLiteral("software"), text(client.claims.software)},
                     {QStringLiteral("from"), text(client.peer.toString())}};
    if (client.account) {
        json.insert(QStringLiteral("user"), text(client.account->userName));
        json.insert(QStringLiteral("device_id"), static_cast<qint64>(client.account->deviceId));
    }
    if (client.claims.device)
        json.insert(QStringLiteral("device"), text(client.claims.device->toString()));
    for (const net::InterfaceAddress& address : client.addresses)
        json.insert(familyKey("address", address.address.family()), text(address.toString()));
    return json;
}

QJsonObject eventToJson(const ClientConnected& event)
{
    return clientToJson("client-connected", event.client);
}

QJsonObject eventToJson(const ClientDisconnected& event)
{
    QJsonObject json = clientToJson("client-disconnected", event.client);
    const tunnel::Counters& counters = event.client.counters;
    json.insert(QStringLiteral("code"), text(errorCodeName(event.reason.code)));
    json.insert(QStringLiteral("reason"), text(event.reason.context));
    json.insert(QStringLiteral("bytes_from_client"), static_cast<qint64>(counters.bytesToTun));
    json.insert(QStringLiteral("bytes_to_client"), static_cast<qint64>(counters.bytesFromTun));
    json.insert(QStringLiteral("ecn_marked"), static_cast<qint64>(counters.congestionMarks));
    json.insert(QStringLiteral("dropped"), dropsToJson(counters));
    return json;
}

QJsonObject eventToJson(const CongestionChanged& event)
{
    return {{QStringLiteral("event"), QStringLiteral("congestion")},
            {QStringLiteral("id"), static_cast<qint64>(event.client.id)},
            {QStringLiteral("algorithm"), text(event.client.congestion.algorithm)},
            {QStringLiteral("reason"), text(event.client.congestion.reason)}};
}

QJsonObject eventToJson(const ConnectionRefused& event)
{
    return {{QStringLiteral("event"), QStringLiteral("connection-refused")},
            {QStringLiteral("from"), text(event.peer.toString())},
            {QStringLiteral("code"), text(errorCodeName(event.reason.code))},
            {QStringLiteral("reason"), text(event.reason.context)}};
}

QJsonObject eventToJson(const DataPathBroke& event)
{
    return {{QStringLiteral("event"), QStringLiteral("broken")},
            {QStringLiteral("code"), text(errorCodeName(event.error.code))},
            {QStringLiteral("reason"), text(event.error.context)}};
}

QJsonObject eventToJson(const DataPathStopped& event)
{
    return {{QStringLiteral("event"), QStringLiteral("stopped")},
            {QStringLiteral("dropped"), dropsToJson(event.counters)}};
}

QString loginName(LoginMode login)
{
    switch (login) {
    case LoginMode::Device: return QStringLiteral("device");
    case LoginMode::Password: return QStringLiteral("password");
    case LoginMode::None: break;
    }
    return QStringLiteral("none");
}

QString clientName(const ClientInfo& client)
{
    QStringList addresses;
    for (const net::InterfaceAddress& address : client.addresses)
        addresses.append(text(address.address.toString()));
    QString name = addresses.join(QStringLiteral(", "));
    if (client.account && client.account->userName != client.account->deviceName)
        name += QStringLiteral(" (%1, %2)")
                    .arg(text(escapeForDisplay(client.account->userName)),
                         text(escapeForDisplay(client.account->deviceName)));
    else if (!client.claims.deviceName.empty())
        name += QStringLiteral(" (%1)").arg(text(escapeForDisplay(client.claims.deviceName)));
    if (client.isV1)
        name += QStringLiteral(" (v1, not encrypted)");
    return name;
}

QString eventToText(const ClientConnected& event)
{
    return QStringLiteral("%1 connected from %2").arg(clientName(event.client), text(event.client.peer.toString()));
}

QString eventToText(const ClientDisconnected& event)
{
    return QStringLiteral("%1 disconnected: %2")
        .arg(clientName(event.client), text(escapeForDisplay(event.reason.context)));
}

QString eventToText(const CongestionChanged& /*event*/)
{
    // For the log.
    return {};
}

QString eventToText(const ConnectionRefused& event)
{
    // Whoever scans ports on the Internet would fill the screen: this is for the log.
    Q_UNUSED(event)
    return {};
}

QString eventToText(const DataPathBroke& /*event*/)
{
    return {};
}

QString eventToText(const DataPathStopped& /*event*/)
{
    return QStringLiteral("gvpn-server has stopped");
}

}  // namespace

QJsonObject toJson(const ListeningInfo& info)
{
    QJsonArray bypass;
    for (const net::Prefix& network : info.lanNetworks)
        bypass.append(text(network.toString()));
    QJsonObject json{{QStringLiteral("event"), QStringLiteral("listening")},
                     {QStringLiteral("port"), info.port},
                     {QStringLiteral("bypass"), bypass},
                     {QStringLiteral("pin"), text(info.pin.toString())},
                     {QStringLiteral("invite"), text(info.link)},
                     {QStringLiteral("interface"), text(info.interfaceName)},
                     {QStringLiteral("masquerade"), info.masquerades},
                     {QStringLiteral("v1"), info.v1Bypass.has_value()}};
    json.insert(QStringLiteral("login"), loginName(info.login));
    if (!info.inviteExpires.empty())
        json.insert(QStringLiteral("expires"), text(info.inviteExpires));
    if (!info.dnsServers.empty()) {
        QJsonArray resolvers;
        for (const net::IpAddress& resolver : info.dnsServers)
            resolvers.append(text(resolver.toString()));
        QJsonArray domains;
        for (const std::string& domain : info.dnsDomains)
            domains.append(text(domain));
        json.insert(QStringLiteral("dns"), resolvers);
        json.insert(QStringLiteral("dns_domains"), domains);
    }
    for (const net::Prefix& pool : info.pools)
        json.insert(familyKey("cidr", pool.family()), text(pool.toString()));
    return json;
}

QJsonObject describe(const ListeningInfo& info)
{
    QJsonObject json = toJson(info);
    for (const char* secretOrEvent : {"event", "invite", "expires"})
        json.remove(QLatin1String(secretOrEvent));
    json.insert(QStringLiteral("address"), text(info.listenHost));
    return json;
}

QJsonObject toJson(const DataEvent& event)
{
    return std::visit([](const auto& one) { return eventToJson(one); }, event);
}

QJsonObject toJson(const FilterFinding& finding)
{
    return {{QStringLiteral("event"), QStringLiteral("obstacle")},
            {QStringLiteral("path"), text(pathName(finding.obstacle.path))},
            {QStringLiteral("keeper"), text(keeperName(finding.obstacle.keeper))},
            {QStringLiteral("reason"), text(finding.reason)},
            {QStringLiteral("remedy"), text(finding.remedy)},
            {QStringLiteral("mended"), finding.isMended}};
}

QString toText(const ListeningInfo& info)
{
    QStringList lines;
    lines.append(QStringLiteral("gvpn-server listens on TCP port %1").arg(info.port));
    lines.append(QStringLiteral("  clients get addresses of %1 on %2")
                     .arg(text(net::joinPrefixes(info.pools)), text(info.interfaceName)));
    lines.append(QStringLiteral("  clients reach %1").arg(text(net::joinPrefixes(info.lanNetworks))));
    lines.append(info.masquerades
                     ? QStringLiteral("  the LAN sees this computer's address (--masquerade off changes that)")
                     : QStringLiteral("  the LAN sees the clients' own addresses and needs a route to them"));
    if (!info.dnsServers.empty() && !info.dnsDomains.empty()) {
        QStringList resolvers;
        for (const net::IpAddress& resolver : info.dnsServers)
            resolvers.append(text(resolver.toString()));
        QStringList domains;
        for (const std::string& domain : info.dnsDomains)
            domains.append(text(domain));
        const QString comma = QStringLiteral(", ");
        lines.append(
            QStringLiteral("  clients ask %1 for names of %2").arg(resolvers.join(comma), domains.join(comma)));
    }
    if (info.v1Bypass) {
        lines.append(QStringLiteral("  WARNING: --allow-v1 lets everybody in who speaks v1, unencrypted, to %1")
                         .arg(text(info.v1Bypass->toString())));
    }
    if (info.login == LoginMode::None) {
        lines.append(QStringLiteral("Give this link to those who may connect:"));
        lines.append(QStringLiteral("  %1").arg(text(info.link)));
    } else if (!info.inviteExpires.empty()) {
        lines.append(QStringLiteral("Send this link to the person who may connect; it lets one computer in, until %1:")
                         .arg(text(info.inviteExpires)));
        lines.append(QStringLiteral("  %1").arg(text(info.link)));
    } else {
        lines.append(QStringLiteral("A link for one more computer: gvpn-server invite"));
    }
    const bool showsLink = info.login == LoginMode::None || !info.inviteExpires.empty();
    if (info.isPrivateLink && showsLink) {
        lines.append(
            QStringLiteral("It works inside this network only: forward TCP port %1 on the router to this computer "
                           "and name the router with --public-address HOST.")
                .arg(info.port));
    }
    return lines.join(QLatin1Char('\n'));
}

QString toText(const DataEvent& event)
{
    return std::visit([](const auto& one) { return eventToText(one); }, event);
}

}  // namespace gvpn::server
