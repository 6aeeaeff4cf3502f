#include "server/doctor_facts.h"

#include "system/operation.h"

#include <QJsonArray>

namespace gvpn::server {

namespace {

Failure malformed(const std::string& what)
{
    return fail(ErrorCode::Malformed,
                "what it says of its " + what + " can't be read; is it another version of gvpn-server?");
}

/// As the server makes them.
bool isInterfaceName(std::string_view name)
{
    constexpr std::size_t Longest = 15;
    constexpr std::string_view Usable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !name.empty() && name.size() <= Longest && name != "." && name != ".."
           && name.find_first_not_of(Usable) == std::string_view::npos;
}

Result<std::vector<net::Prefix>> prefixesOf(const QJsonArray& texts)
{
    std::vector<net::Prefix> prefixes;
    for (const QJsonValueConstRef text : texts) {
        const auto prefix = net::Prefix::parse(text.toString().toStdString());
        if (!prefix)
            return fail(prefix.error());
        prefixes.push_back(*prefix);
    }
    return prefixes;
}

}  // namespace

/// What it says may come from whoever has taken over the service's user, and root is told to type it.
Result<RunningServer> runningServerFrom(const QJsonObject& status)
{
    const QJsonObject json = status.value(QLatin1String("server")).toObject();
    RunningServer server;
    const int port = json.value(QLatin1String("port")).toInt();
    if (port < 1 || port > UINT16_MAX)
        return malformed("port");
    server.port = static_cast<std::uint16_t>(port);
    server.interfaceName = json.value(QLatin1String("interface")).toString().toStdString();
    if (!isInterfaceName(server.interfaceName))
        return malformed("interface");
    server.listenHost = json.value(QLatin1String("address")).toString().toStdString();
    if (!server.listenHost.empty() && !net::IpAddress::parse(server.listenHost))
        return malformed("address");
    const auto pin = Pin::parse(json.value(QLatin1String("pin")).toString().toStdString());
    if (!pin)
        return malformed("key");
    server.pin = *pin;
    QJsonArray pools;
    for (const char* family : {"cidr", "cidr6"}) {
        if (const QJsonValue pool = json.value(QLatin1String(family)); !pool.isUndefined())
            pools.append(pool);
    }
    auto tunnels = prefixesOf(pools);
    auto lans = prefixesOf(json.value(QLatin1String("bypass")).toArray());
    if (!tunnels || tunnels->empty() || !lans || lans->empty())
        return malformed("networks");
    server.pools = std::move(*tunnels);
    server.lanNetworks = std::move(*lans);
    server.masquerades = json.value(QLatin1String("masquerade")).toBool(true);
    server.clients = static_cast<std::size_t>(status.value(QLatin1String("clients")).toArray().size());
    return server;
}

const std::string& listenHost(const DoctorFacts& facts)
{
    return facts.server ? facts.server->listenHost : facts.options.listen.host;
}

system::NetworkConfig networkConfig(const DoctorFacts& facts)
{
    system::NetworkConfig config;
    config.interfaceName = facts.server->interfaceName;
    if (const auto* tunnel = facts.network->findInterface(facts.server->interfaceName))
        config.interfaceIndex = tunnel->index;
    config.forwarding =
        system::ForwardingConfig{facts.server->pools, facts.server->lanNetworks, facts.server->masquerades};
    return config;
}

std::optional<system::FilterQuestion> filterQuestion(const DoctorFacts& facts)
{
    const auto lanInterfaces = system::findLanInterfaces(networkConfig(facts), *facts.network);
    if (!lanInterfaces)
        return std::nullopt;
    return system::FilterQuestion{
        facts.server->interfaceName,
        facts.server->pools,
        facts.server->lanNetworks,
        *lanInterfaces,
        facts.server->port,
        system::familiesToReach(listenHost(facts), *facts.network, facts.server->interfaceName)};
}

std::vector<net::IpAddress> addressesToReach(const DoctorFacts& facts)
{
    const auto listening = net::IpAddress::parse(listenHost(facts));
    if (listening && !listening->isUnspecified())
        return {*listening};
    // "0.0.0.0" is IPv4 alone; Qt listens for both on "::".
    const bool hasIPv6 = !listening || !listening->isIPv4();
    std::vector<net::IpAddress> addresses;
    for (const system::InterfaceInfo& interface : facts.network->interfaces) {
        if (!interface.isUp || interface.isLoopback || interface.name == facts.server->interfaceName)
            continue;
        for (const net::InterfaceAddress& address : interface.addresses) {
            // A link-local address needs a zone, which no link has.
            if (!address.address.isLinkLocal() && (hasIPv6 || address.address.isIPv4()))
                addresses.push_back(address.address);
        }
    }
    return addresses;
}

}  // namespace gvpn::server
