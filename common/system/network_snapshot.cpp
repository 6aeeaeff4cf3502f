#include "system/network_snapshot.h"

#include <algorithm>

namespace gvpn::system {

namespace {
constexpr unsigned MainTable = 254;
}

const InterfaceInfo* NetworkSnapshot::findInterface(unsigned index) const
{
    const auto at = std::ranges::find(interfaces, index, &InterfaceInfo::index);
    return at == interfaces.end() ? nullptr : &*at;
}

const InterfaceInfo* NetworkSnapshot::findInterface(std::string_view name) const
{
    const auto at = std::ranges::find(interfaces, name, &InterfaceInfo::name);
    return at == interfaces.end() ? nullptr : &*at;
}

const RouteInfo* NetworkSnapshot::routeTo(const net::IpAddress& address) const
{
    const RouteInfo* best = nullptr;
    for (const RouteInfo& route : routes) {
        if (route.table != MainTable || !route.destination.contains(address))
            continue;
        const unsigned length = route.destination.length();
        if (!best || length > best->destination.length()
            || (length == best->destination.length() && route.metric < best->metric))
            best = &route;
    }
    return best;
}

}  // namespace gvpn::system
