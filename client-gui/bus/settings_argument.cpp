#include "bus/settings_argument.h"

#include "base/text.h"

#include <QDBusMetaType>

#include <algorithm>

namespace gvpn::bus {

namespace {

template <typename T>
void readList(const QDBusArgument& in, QList<T>& list)
{
    list.clear();
    in.beginArray();
    while (!in.atEnd() && list.size() < MaxListEntries) {
        T entry;
        in >> entry;
        list.append(std::move(entry));
    }
    in.endArray();
}

ByteView bytesOf(const QByteArray& array)
{
    return asBytes({array.constData(), static_cast<std::size_t>(array.size())});
}

QByteArray arrayOf(const net::IpAddress& address)
{
    const ByteView bytes = address.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())};
}

Failure bad(std::string what)
{
    return fail(ErrorCode::InvalidArgument, std::move(what));
}

Result<net::IpAddress> toAddress(const QByteArray& array)
{
    constexpr qsizetype IPv4Bytes = 4;
    constexpr qsizetype IPv6Bytes = 16;
    if (array.size() != IPv4Bytes && array.size() != IPv6Bytes)
        return bad("an address has " + std::to_string(array.size()) + " bytes");
    return net::IpAddress::fromBytes(bytesOf(array));
}

Result<net::InterfaceAddress> toInterfaceAddress(const NetworkArgument& argument)
{
    const auto address = toAddress(argument.address);
    if (!address)
        return fail(address.error());
    if (argument.length > net::bitCount(address->family()))
        return bad(address->toString() + ": a prefix length of " + std::to_string(argument.length));
    return net::InterfaceAddress{*address, argument.length};
}

Result<net::Prefix> toPrefix(const NetworkArgument& argument)
{
    const auto address = toInterfaceAddress(argument);
    if (!address)
        return fail(address.error());
    if (address->prefix().network() != address->address)
        return bad("route " + address->toString() + " has host bits");
    return address->prefix();
}

template <typename T, typename Argument, typename Convert>
Result<void> convertAll(const QList<Argument>& arguments, Convert convert, std::vector<T>& values)
{
    for (const Argument& argument : arguments) {
        auto value = convert(argument);
        if (!value)
            return fail(value.error());
        values.push_back(std::move(*value));
    }
    return {};
}

QList<NetworkArgument> toArguments(const auto& networks, auto addressOf, auto lengthOf)
{
    QList<NetworkArgument> arguments;
    for (const auto& network : networks)
        arguments.append({arrayOf(addressOf(network)), lengthOf(network)});
    return arguments;
}

}  // namespace

QDBusArgument& operator<<(QDBusArgument& out, const NetworkArgument& value)
{
    out.beginStructure();
    out << value.address << value.length;
    out.endStructure();
    return out;
}

const QDBusArgument& operator>>(const QDBusArgument& in, NetworkArgument& value)
{
    in.beginStructure();
    in >> value.address >> value.length;
    in.endStructure();
    return in;
}

QDBusArgument& operator<<(QDBusArgument& out, const SettingsArgument& value)
{
    out.beginStructure();
    out << value.addresses << value.routes << value.mtu << value.dnsServers << value.dnsDomains;
    out.endStructure();
    return out;
}

const QDBusArgument& operator>>(const QDBusArgument& in, SettingsArgument& value)
{
    in.beginStructure();
    readList(in, value.addresses);
    readList(in, value.routes);
    in >> value.mtu;
    readList(in, value.dnsServers);
    readList(in, value.dnsDomains);
    in.endStructure();
    return in;
}

void registerTypes()
{
    qDBusRegisterMetaType<NetworkArgument>();
    qDBusRegisterMetaType<QList<NetworkArgument>>();
    qDBusRegisterMetaType<SettingsArgument>();
}

bool TunnelRequest::isWide() const
{
    return takesAllNames || !std::ranges::all_of(networks(), &net::Prefix::isPrivate);
}

std::vector<net::Prefix> TunnelRequest::networks() const
{
    std::vector<net::Prefix> all = settings.routes;
    for (const net::InterfaceAddress& address : settings.addresses)
        all.push_back(address.prefix());
    return all;
}

Result<TunnelRequest> toRequest(const SettingsArgument& argument)
{
    TunnelRequest request;
    net::TunnelSettings& settings = request.settings;
    settings.mtu = argument.mtu;
    auto converted = convertAll(argument.addresses, toInterfaceAddress, settings.addresses)
                         .and_then([&] { return convertAll(argument.routes, toPrefix, settings.routes); })
                         .and_then([&] { return convertAll(argument.dnsServers, toAddress, settings.dnsServers); });
    if (!converted)
        return fail(converted.error());
    for (const QString& domain : argument.dnsDomains) {
        std::string name = domain.toStdString();
        if (name == AllNames)
            request.takesAllNames = true;
        else
            settings.dnsDomains.push_back(std::move(name));
    }
    if (const auto valid = net::validate(settings, {}); !valid)
        return fail(valid.error().code, escapeForDisplay(valid.error().context));
    return request;
}

SettingsArgument toArgument(const TunnelRequest& request)
{
    const net::TunnelSettings& settings = request.settings;
    SettingsArgument argument;
    argument.addresses = toArguments(
        settings.addresses, [](const net::InterfaceAddress& address) { return address.address; },
        [](const net::InterfaceAddress& address) { return address.length; });
    argument.routes = toArguments(
        settings.routes, [](const net::Prefix& route) { return route.network(); },
        [](const net::Prefix& route) { return route.length(); });
    argument.mtu = settings.mtu;
    for (const net::IpAddress& server : settings.dnsServers)
        argument.dnsServers.append(arrayOf(server));
    for (const std::string& domain : settings.dnsDomains)
        argument.dnsDomains.append(QString::fromStdString(domain));
    if (request.takesAllNames)
        argument.dnsDomains.append(QString::fromUtf8(AllNames.data(), AllNames.size()));
    return argument;
}

}  // namespace gvpn::bus
