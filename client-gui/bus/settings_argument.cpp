#include "bus/settings_argument.h"

#include "base/text.h"
#include "bus/shared_domain.h"
#include "net/domain_name.h"

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
    out << value.addresses << value.routes << value.mtu;
    out.endStructure();
    return out;
}

const QDBusArgument& operator>>(const QDBusArgument& in, SettingsArgument& value)
{
    in.beginStructure();
    readList(in, value.addresses);
    readList(in, value.routes);
    in >> value.mtu;
    in.endStructure();
    return in;
}

QDBusArgument& operator<<(QDBusArgument& out, const NamesArgument& value)
{
    out.beginStructure();
    out << value.servers << value.domains;
    out.endStructure();
    return out;
}

const QDBusArgument& operator>>(const QDBusArgument& in, NamesArgument& value)
{
    in.beginStructure();
    readList(in, value.servers);
    readList(in, value.domains);
    in.endStructure();
    return in;
}

void registerTypes()
{
    qDBusRegisterMetaType<NetworkArgument>();
    qDBusRegisterMetaType<QList<NetworkArgument>>();
    qDBusRegisterMetaType<SettingsArgument>();
    qDBusRegisterMetaType<NamesArgument>();
}

bool TunnelRequest::isWide() const
{
    return !std::ranges::all_of(networks(), &net::Prefix::isPrivate);
}

std::vector<net::Prefix> TunnelRequest::networks() const
{
    std::vector<net::Prefix> all = settings.routes;
    for (const net::InterfaceAddress& address : settings.addresses)
        all.push_back(address.prefix());
    return all;
}

bool NamesRequest::isWide() const
{
    return !isEmpty() && (takesAllNames || std::ranges::any_of(domains, isSharedDomain));
}

Result<TunnelRequest> toRequest(const SettingsArgument& argument)
{
    TunnelRequest request;
    net::TunnelSettings& settings = request.settings;
    settings.mtu = argument.mtu;
    auto converted = convertAll(argument.addresses, toInterfaceAddress, settings.addresses).and_then([&] {
        return convertAll(argument.routes, toPrefix, settings.routes);
    });
    if (!converted)
        return fail(converted.error());
    if (const auto valid = net::validate(settings, {}); !valid)
        return fail(valid.error().code, escapeForDisplay(valid.error().context));
    return request;
}

Result<NamesRequest> toRequest(const NamesArgument& argument)
{
    NamesRequest request;
    if (const auto converted = convertAll(argument.servers, toAddress, request.servers); !converted)
        return fail(converted.error());
    for (const QString& domain : argument.domains) {
        const std::string name = domain.toStdString();
        if (name == AllNames)
            request.takesAllNames = true;
        else
            request.domains.push_back(net::inLowerCase(name));
    }
    if (const auto valid = net::validateDns(request.servers, request.domains, {}); !valid)
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
    return argument;
}

NamesArgument toArgument(const NamesRequest& request)
{
    NamesArgument argument;
    for (const net::IpAddress& server : request.servers)
        argument.servers.append(arrayOf(server));
    for (const std::string& domain : request.domains)
        argument.domains.append(QString::fromStdString(domain));
    if (request.takesAllNames)
        argument.domains.append(QString::fromUtf8(AllNames.data(), AllNames.size()));
    return argument;
}

}  // namespace gvpn::bus
