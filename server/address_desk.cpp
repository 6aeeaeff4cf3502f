#include "server/address_desk.h"

#include <algorithm>

namespace gvpn::server {

namespace {

AddressRefusal refusalOf(AddressFault fault, const net::IpAddress& address, const net::Prefix& network)
{
    using protocol::GoodbyeCode;
    const std::string name = address.toString();
    switch (fault) {
    case AddressFault::Outside:
        return {GoodbyeCode::AddressNotAllowed, name + " is outside the tunnel network " + network.toString()};
    case AddressFault::Network:
        return {GoodbyeCode::AddressNotAllowed, name + " is the network address of " + network.toString()};
    case AddressFault::Broadcast:
        return {GoodbyeCode::AddressNotAllowed, name + " is the broadcast address of " + network.toString()};
    case AddressFault::Gateway: return {GoodbyeCode::AddressNotAllowed, name + " is the server's own address"};
    case AddressFault::Taken: return {GoodbyeCode::AddressTaken, name + " belongs to another connected client"};
    case AddressFault::Exhausted: break;
    }
    return {GoodbyeCode::PoolExhausted, "every address of " + network.toString() + " is in use"};
}

/// A v1 client has no key: whoever names an address is the one who had it.
Pin v1Holder(const net::IpAddress& address)
{
    std::array<std::byte, Pin::SizeBytes> hash{std::byte{'v'}, std::byte{'1'}};
    std::ranges::copy(address.bytes(), hash.end() - static_cast<std::ptrdiff_t>(address.bytes().size()));
    return Pin(hash);
}

}  // namespace

AddressDesk::AddressDesk(const std::vector<net::Prefix>& pools)
{
    for (const net::Prefix& pool : pools)
        m_pools.emplace_back(pool);
}

void AddressDesk::remember(const Pin& device, const net::IpAddress& address)
{
    for (AddressPool& pool : m_pools) {
        if (pool.network().contains(address) && !pool.isKeptForAnother(address, device) && pool.take(address, device))
            pool.release(address);
    }
}

tl::expected<std::vector<net::InterfaceAddress>, AddressRefusal>
AddressDesk::allot(const protocol::AddressRequest& request, const Pin& device)
{
    for (const net::InterfaceAddress& wanted : request.wanted) {
        if (request.isRequired && !hasFamily(wanted.address.family())) {
            return tl::unexpected(
                AddressRefusal{protocol::GoodbyeCode::AddressNotAllowed,
                               wanted.toString() + " can't be had: the tunnel has no network of that family"});
        }
    }
    std::vector<net::InterfaceAddress> addresses;
    for (AddressPool& pool : m_pools) {
        const auto address = allotFrom(pool, request, device);
        if (!address) {
            release(addresses);
            return tl::unexpected(address.error());
        }
        addresses.push_back(*address);
    }
    return addresses;
}

tl::expected<net::InterfaceAddress, AddressRefusal>
AddressDesk::allotFrom(AddressPool& pool, const protocol::AddressRequest& request, const Pin& device)
{
    const net::Prefix& network = pool.network();
    const auto wanted = std::find_if(request.wanted.begin(), request.wanted.end(), [&network](const auto& candidate) {
        return candidate.address.family() == network.family();
    });
    if (wanted != request.wanted.end()) {
        const bool hasRightLength = wanted->length == network.length();
        if (!hasRightLength && request.isRequired && network.contains(wanted->address)) {
            return tl::unexpected(AddressRefusal{protocol::GoodbyeCode::AddressNotAllowed,
                                                 wanted->toString() + " has the wrong length: the tunnel network is "
                                                     + network.toString()});
        }
        // A hint doesn't take away what another device will come back to.
        const bool isTried = request.isRequired || !pool.isKeptForAnother(wanted->address, device);
        const auto taken = isTried ? pool.take(wanted->address, device) : tl::unexpected(AddressFault::Taken);
        if (taken)
            return net::InterfaceAddress{wanted->address, network.length()};
        if (request.isRequired)
            return tl::unexpected(refusalOf(taken.error(), wanted->address, network));
    }
    const auto any = pool.takeAny(device);
    if (!any)
        return tl::unexpected(refusalOf(any.error(), {}, network));
    return net::InterfaceAddress{*any, network.length()};
}

tl::expected<std::vector<net::InterfaceAddress>, AddressRefusal> AddressDesk::allotV1(const net::IpAddress& address)
{
    const auto pool = std::ranges::find_if(
        m_pools, [&address](const AddressPool& one) { return one.network().family() == address.family(); });
    if (pool == m_pools.end()) {
        return tl::unexpected(AddressRefusal{protocol::GoodbyeCode::AddressNotAllowed,
                                             address.toString() + " can't be had: the tunnel has no IPv4 network"});
    }
    if (const auto taken = pool->take(address, v1Holder(address)); !taken)
        return tl::unexpected(refusalOf(taken.error(), address, pool->network()));
    return std::vector{net::InterfaceAddress{address, pool->network().length()}};
}

void AddressDesk::release(const std::vector<net::InterfaceAddress>& addresses)
{
    for (const net::InterfaceAddress& address : addresses) {
        for (AddressPool& pool : m_pools) {
            if (!pool.network().contains(address.address))
                continue;
            const Pin* holder = pool.holder(address.address);
            // Strangers without a key leave no claim behind, least of all on the address of a device that is away.
            if (holder != nullptr && address.address.isIPv4() && *holder == v1Holder(address.address))
                pool.forget(address.address);
            else
                pool.release(address.address);
        }
    }
}

bool AddressDesk::hasFamily(net::Family family) const
{
    return std::ranges::any_of(m_pools,
                               [family](const AddressPool& pool) { return pool.network().family() == family; });
}

std::vector<net::IpAddress> AddressDesk::gatewaysFor(const std::vector<net::InterfaceAddress>& addresses) const
{
    std::vector<net::IpAddress> gateways;
    for (const AddressPool& pool : m_pools) {
        const bool isUsed = std::ranges::any_of(addresses, [&pool](const net::InterfaceAddress& address) {
            return address.address.family() == pool.network().family();
        });
        if (isUsed)
            gateways.push_back(pool.gateway().address);
    }
    return gateways;
}

}  // namespace gvpn::server
