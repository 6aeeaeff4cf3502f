#include "helper/lease_table.h"

#include "bus/contract.h"
#include "net/domain_name.h"

#include <algorithm>

namespace gvpn::helper {

namespace {

/// The same domain is one lease's only. Of a domain and one below it the longer one counts, which is right for two
/// offices of one person; but nobody else may take names out of an office.
std::optional<std::string> collision(const bus::NamesRequest& held, const bus::NamesRequest& wanted, bool isSameUser)
{
    if (held.takesAllNames && wanted.takesAllNames)
        return "all names";
    const auto collides = [isSameUser](const std::string& one, const std::string& other) {
        return one == other || (!isSameUser && (net::isInDomain(one, other) || net::isInDomain(other, one)));
    };
    for (const std::string& domain : wanted.domains) {
        if (std::ranges::any_of(held.domains, [&](const std::string& other) { return collides(domain, other); }))
            return "the names of " + domain;
    }
    return std::nullopt;
}

}  // namespace

Result<LeaseId> LeaseTable::add(const Caller& owner)
{
    if (const auto room = checkRoom(); !room)
        return fail(room.error());
    const auto ofUser =
        std::ranges::count_if(m_leases, [&](const auto& entry) { return entry.second.owner.user == owner.user; });
    if (static_cast<std::size_t>(ofUser) >= bus::MaxLeasesOfUser)
        return fail(ErrorCode::LimitExceeded,
                    "this user has " + std::to_string(bus::MaxLeasesOfUser) + " tunnels already");
    do {
        ++m_lastId;
    } while (m_lastId == 0 || m_leases.contains(m_lastId));
    m_leases.emplace(m_lastId, Lease{.owner = owner, .interfaceName = {}, .networks = {}, .names = {}});
    return m_lastId;
}

Result<void> LeaseTable::grant(LeaseId id)
{
    if (const auto room = checkRoom(); !room)
        return room;
    m_leases.at(id).isGranted = true;
    return {};
}

/// Questions that wait for a person don't count: whoever may not have a tunnel could keep out those who may.
Result<void> LeaseTable::checkRoom() const
{
    const auto granted = std::ranges::count_if(m_leases, [](const auto& entry) { return entry.second.isGranted; });
    if (static_cast<std::size_t>(granted) >= bus::MaxLeases)
        return fail(ErrorCode::LimitExceeded,
                    "there are " + std::to_string(bus::MaxLeases) + " tunnels on this computer already");
    return {};
}

void LeaseTable::orphan(LeaseId id)
{
    Lease& lease = m_leases.at(id);
    lease.isOrphan = true;
    lease.networks.clear();
    lease.names = {};
}

Result<void> LeaseTable::checkOwner(LeaseId id, const std::string& busName) const
{
    const auto found = m_leases.find(id);
    if (found == m_leases.end() || found->second.isOrphan || found->second.owner.busName != busName)
        return fail(ErrorCode::NotFound, "there is no lease " + std::to_string(id));
    return {};
}

std::vector<LeaseId> LeaseTable::ownedBy(const std::string& busName) const
{
    std::vector<LeaseId> ids;
    for (const auto& [id, lease] : m_leases) {
        if (!lease.isOrphan && lease.owner.busName == busName)
            ids.push_back(id);
    }
    return ids;
}

Result<void> LeaseTable::takeNetworks(LeaseId id, const std::vector<net::Prefix>& networks)
{
    for (const auto& [otherId, other] : m_leases) {
        if (otherId == id)
            continue;
        for (const net::Prefix& wanted : networks) {
            const auto held = std::ranges::find_if(
                other.networks, [&](const net::Prefix& network) { return network.overlaps(wanted); });
            if (held != other.networks.end())
                return fail(ErrorCode::AlreadyExists, wanted.toString() + " overlaps " + held->toString()
                                                          + ", which another connection leads into "
                                                          + other.interfaceName);
        }
    }
    std::vector<net::Prefix>& own = m_leases.at(id).networks;
    own.insert(own.end(), networks.begin(), networks.end());
    return {};
}

Result<void> LeaseTable::takeNames(LeaseId id, const bus::NamesRequest& names)
{
    Lease& lease = m_leases.at(id);
    lease.names = {};
    if (names.isEmpty())
        return {};
    for (const auto& [otherId, other] : m_leases) {
        if (otherId == id)
            continue;
        if (const auto taken = collision(other.names, names, lease.owner.user == other.owner.user))
            return fail(ErrorCode::AlreadyExists, "another connection, " + other.interfaceName + ", has " + *taken);
    }
    lease.names = names;
    return {};
}

std::vector<net::IpAddress> LeaseTable::nameServers() const
{
    std::vector<net::IpAddress> servers;
    for (const auto& [id, lease] : m_leases)
        servers.insert(servers.end(), lease.names.servers.begin(), lease.names.servers.end());
    return servers;
}

}  // namespace gvpn::helper
