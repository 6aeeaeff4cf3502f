#include "system/operation.h"

namespace gvpn::system {

namespace {

struct Description {
    const std::string& interfaceName;

    std::string operator()(const SetMtu& operation) const
    {
        return "set MTU of " + interfaceName + " to " + std::to_string(operation.mtu);
    }
    std::string operator()(const LimitSegments& operation) const
    {
        return "limit segments of " + interfaceName + " to " + std::to_string(operation.packets) + " packets";
    }
    std::string operator()(const AddAddress& operation) const
    {
        return "add address " + operation.address.toString() + " to " + interfaceName;
    }
    std::string operator()(const SetLinkUp&) const { return "set " + interfaceName + " up"; }
    std::string operator()(const AddRoute& operation) const
    {
        return "add route " + operation.destination.toString() + " to " + interfaceName;
    }
    std::string operator()(const SetLinkGroup& operation) const
    {
        return "put " + interfaceName + " into link group " + std::to_string(operation.group);
    }
    std::string operator()(const SetSwitch& operation) const
    {
        return "set " + operation.path + " to " + operation.value;
    }
    std::string operator()(const LoadTable& operation) const { return "load nftables table " + operation.tableName; }
    std::string operator()(const AddDockerRules& operation) const
    {
        const std::string family = operation.family == net::Family::IPv4 ? "ip" : "ip6";
        return "add rules for " + operation.interfaceName + " to chain DOCKER-USER of table " + family + " filter";
    }
};

}  // namespace

std::string describe(const Operation& operation, const std::string& interfaceName)
{
    return std::visit(Description{interfaceName}, operation);
}

bool isSameTarget(const Operation& a, const Operation& b)
{
    if (a.index() != b.index())
        return false;
    if (const auto* mtu = std::get_if<SetMtu>(&a))
        return mtu->interfaceIndex == std::get<SetMtu>(b).interfaceIndex;
    if (const auto* segments = std::get_if<LimitSegments>(&a))
        return segments->interfaceIndex == std::get<LimitSegments>(b).interfaceIndex;
    if (const auto* group = std::get_if<SetLinkGroup>(&a))
        return group->interfaceIndex == std::get<SetLinkGroup>(b).interfaceIndex;
    if (const auto* setSwitch = std::get_if<SetSwitch>(&a))
        return setSwitch->path == std::get<SetSwitch>(b).path;
    if (const auto* table = std::get_if<LoadTable>(&a))
        return table->tableName == std::get<LoadTable>(b).tableName;
    if (const auto* rules = std::get_if<AddDockerRules>(&a)) {
        const auto& other = std::get<AddDockerRules>(b);
        return rules->family == other.family && rules->interfaceName == other.interfaceName
               && rules->owner == other.owner;
    }
    return a == b;
}

}  // namespace gvpn::system
