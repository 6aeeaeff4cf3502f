#include "system/netlink_socket.h"
#include "system/network_snapshot.h"
#include "system/resolv_conf.h"

#include <QFile>

#include <algorithm>
#include <linux/rtnetlink.h>
#include <net/if.h>

namespace gvpn::system {

namespace {

QByteArray readFile(const std::string& path, qint64 maxBytes)
{
    QFile file(QString::fromStdString(path));
    return file.open(QIODevice::ReadOnly) ? file.read(maxBytes) : QByteArray();
}

constexpr qint64 MaxResolvConfBytes = 64 * 1024;

std::vector<net::IpAddress> readResolvers()
{
    return parseResolvConf(readFile("/etc/resolv.conf", MaxResolvConfBytes).toStdString(),
                           readFile("/run/systemd/resolve/resolv.conf", MaxResolvConfBytes).toStdString());
}

/// Without the file (no IPv6, an older kernel) a switch is off.
int readSwitch(std::string_view family, std::string_view interface, std::string_view name)
{
    constexpr qint64 MaxSwitchBytes = 32;
    std::string path = "/proc/sys/net/";
    path.append(family).append("/conf/").append(interface).append("/").append(name);
    return readFile(path, MaxSwitchBytes).trimmed().toInt();
}

std::optional<net::IpAddress> toIpAddress(nl_addr* address)
{
    if (!address)
        return std::nullopt;
    const unsigned size = nl_addr_get_len(address);
    const int family = nl_addr_get_family(address);
    if ((family != AF_INET || size != 4) && (family != AF_INET6 || size != 16))
        return std::nullopt;
    return net::IpAddress::fromBytes({static_cast<const std::byte*>(nl_addr_get_binary_addr(address)), size});
}

/// libnl hands out untyped objects.
template <typename Object, typename Function>
void forEach(const NetlinkCache& cache, Function&& function)
{
    for (nl_object* object = nl_cache_get_first(cache.get()); object; object = nl_cache_get_next(object))
        function(reinterpret_cast<Object*>(object));
}

/// allocate: makes the cache with a dump, and returns libnl's code.
template <typename Allocate>
Result<NetlinkCache> dump(std::string_view what, Allocate&& allocate)
{
    nl_cache* cache = nullptr;
    if (const int code = allocate(&cache); code < 0)
        return fail(netlinkError(what, code));
    return NetlinkCache(cache);
}

InterfaceInfo readInterface(rtnl_link* link)
{
    InterfaceInfo info;
    const char* name = rtnl_link_get_name(link);
    const char* kind = rtnl_link_get_type(link);
    const unsigned flags = rtnl_link_get_flags(link);
    info.name = name ? name : "";
    info.index = static_cast<unsigned>(rtnl_link_get_ifindex(link));
    info.kind = kind ? kind : "";
    info.mtu = rtnl_link_get_mtu(link);
    info.isUp = (flags & IFF_UP) != 0;
    info.isLoopback = (flags & IFF_LOOPBACK) != 0;
    info.isPointToPoint = (flags & IFF_POINTOPOINT) != 0;
    info.forwardsIPv4 = readSwitch("ipv4", info.name, "forwarding") != 0;
    info.forwardsIPv6 = readSwitch("ipv6", info.name, "forwarding") != 0;
    info.forcesForwardingIPv6 = readSwitch("ipv6", info.name, "force_forwarding") != 0;
    info.acceptRa = readSwitch("ipv6", info.name, "accept_ra");
    return info;
}

InterfaceInfo* findInterface(NetworkSnapshot& snapshot, int index)
{
    const auto at = std::ranges::find(snapshot.interfaces, static_cast<unsigned>(index), &InterfaceInfo::index);
    return at == snapshot.interfaces.end() ? nullptr : &*at;
}

void readAddress(rtnl_addr* object, NetworkSnapshot& snapshot)
{
    InterfaceInfo* interface = findInterface(snapshot, rtnl_addr_get_ifindex(object));
    const auto address = toIpAddress(rtnl_addr_get_local(object));
    if (!interface || !address)
        return;
    interface->addresses.push_back({*address, static_cast<unsigned>(rtnl_addr_get_prefixlen(object))});
}

void readRoute(rtnl_route* object, NetworkSnapshot& snapshot)
{
    const std::uint8_t family = rtnl_route_get_family(object);
    if ((family != AF_INET && family != AF_INET6) || rtnl_route_get_type(object) != RTN_UNICAST
        || rtnl_route_get_table(object) == RT_TABLE_LOCAL)
        return;
    RouteInfo route;
    route.table = rtnl_route_get_table(object);
    route.metric = rtnl_route_get_priority(object);
    route.protocol = rtnl_route_get_protocol(object);
    // A default route has no destination.
    nl_addr* destination = rtnl_route_get_dst(object);
    const net::IpAddress any =
        family == AF_INET ? net::IpAddress() : net::IpAddress::fromBytes(std::array<std::byte, 16>{});
    route.destination = net::Prefix(any, 0);
    if (const auto network = toIpAddress(destination))
        route.destination = net::Prefix(*network, nl_addr_get_prefixlen(destination));
    for (int i = 0; i < rtnl_route_get_nnexthops(object); ++i) {
        rtnl_nexthop* hop = rtnl_route_nexthop_n(object, i);
        route.gateway = toIpAddress(rtnl_route_nh_get_gateway(hop));
        route.interfaceIndex = static_cast<unsigned>(rtnl_route_nh_get_ifindex(hop));
        snapshot.routes.push_back(route);
    }
}

}  // namespace

Result<NetworkSnapshot> readNetworkSnapshot()
{
    const auto socket = connectNetlink();
    if (!socket)
        return fail(socket.error());
    nl_sock* nl = socket->get();
    const auto links =
        dump("read interfaces", [&](nl_cache** cache) { return rtnl_link_alloc_cache(nl, AF_UNSPEC, cache); });
    if (!links)
        return fail(links.error());
    const auto addresses = dump("read addresses", [&](nl_cache** cache) { return rtnl_addr_alloc_cache(nl, cache); });
    if (!addresses)
        return fail(addresses.error());
    const auto routes =
        dump("read routes", [&](nl_cache** cache) { return rtnl_route_alloc_cache(nl, AF_UNSPEC, 0, cache); });
    if (!routes)
        return fail(routes.error());

    NetworkSnapshot snapshot;
    forEach<rtnl_link>(*links, [&](rtnl_link* link) { snapshot.interfaces.push_back(readInterface(link)); });
    forEach<rtnl_addr>(*addresses, [&](rtnl_addr* address) { readAddress(address, snapshot); });
    forEach<rtnl_route>(*routes, [&](rtnl_route* route) { readRoute(route, snapshot); });
    snapshot.resolvers = readResolvers();
    snapshot.hasForceForwarding = QFile::exists(QStringLiteral("/proc/sys/net/ipv6/conf/all/force_forwarding"));
    snapshot.defaultAcceptRa = readSwitch("ipv6", "default", "accept_ra");
    snapshot.forwardsAllIPv6 = readSwitch("ipv6", "all", "forwarding") != 0;
    return snapshot;
}

}  // namespace gvpn::system
