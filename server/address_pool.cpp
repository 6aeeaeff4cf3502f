#include "server/address_pool.h"

#include <algorithm>

namespace gvpn::server {

namespace {

/// In a large IPv6 network addresses are looked for among this many.
constexpr std::uint64_t MaxHosts = std::uint64_t{1} << 32U;

}  // namespace

std::size_t PinHash::operator()(const Pin& pin) const noexcept
{
    // The pin is a hash already.
    return static_cast<std::size_t>(readBigEndian<std::uint64_t>(pin.hash()));
}

AddressPool::AddressPool(const net::Prefix& network)
    : m_network(network)
{}

tl::expected<void, AddressFault> AddressPool::check(const net::IpAddress& address) const
{
    if (!m_network.contains(address))
        return tl::unexpected(AddressFault::Outside);
    if (address == m_network.network())
        return tl::unexpected(AddressFault::Network);
    if (m_network.isIPv4() && address == m_network.last())
        return tl::unexpected(AddressFault::Broadcast);
    if (address == m_network.firstHost())
        return tl::unexpected(AddressFault::Gateway);
    return {};
}

tl::expected<void, AddressFault> AddressPool::take(const net::IpAddress& address, const Pin& device)
{
    if (const auto checked = check(address); !checked)
        return checked;
    const auto lease = m_leases.find(address);
    if (lease != m_leases.end() && lease->second.isLive)
        return tl::unexpected(AddressFault::Taken);
    assign(address, device);
    return {};
}

bool AddressPool::isKeptForAnother(const net::IpAddress& address, const Pin& device) const
{
    const auto lease = m_leases.find(address);
    return lease != m_leases.end() && lease->second.device != device;
}

tl::expected<net::IpAddress, AddressFault> AddressPool::takeAny(const Pin& device)
{
    const auto own = m_byDevice.find(device);
    if (own != m_byDevice.end()) {
        const net::IpAddress address = own->second;
        if (take(address, device))
            return address;
    }
    // At most as many steps as there are leases: each step that fails has met one, or one of the few special addresses.
    const std::uint64_t count = hostCount();
    const std::uint64_t steps = std::min<std::uint64_t>(count, m_leases.size() + 4);
    net::IpAddress candidate = preferred(device);
    for (std::uint64_t i = 0; i < steps; ++i) {
        if (check(candidate) && !m_leases.contains(candidate)) {
            assign(candidate, device);
            return candidate;
        }
        candidate = candidate.plus(1);
        if (!m_network.contains(candidate))
            candidate = m_network.network();
    }
    if (forgetLongestAbsent())
        return takeAny(device);
    return tl::unexpected(AddressFault::Exhausted);
}

void AddressPool::release(const net::IpAddress& address)
{
    const auto lease = m_leases.find(address);
    if (lease == m_leases.end())
        return;
    lease->second.isLive = false;
    lease->second.lastUse = ++m_useCount;
}

const Pin* AddressPool::holder(const net::IpAddress& address) const
{
    const auto lease = m_leases.find(address);
    return lease != m_leases.end() && lease->second.isLive ? &lease->second.device : nullptr;
}

net::IpAddress AddressPool::preferred(const Pin& device) const
{
    return m_network.network().plus(readBigEndian<std::uint64_t>(device.hash()) % hostCount());
}

std::uint64_t AddressPool::hostCount() const
{
    const unsigned hostBits = net::bitCount(m_network.family()) - m_network.length();
    return hostBits >= 32 ? MaxHosts : std::uint64_t{1} << hostBits;
}

void AddressPool::assign(const net::IpAddress& address, const Pin& device)
{
    forget(address);
    if (const auto old = m_byDevice.find(device); old != m_byDevice.end()) {
        // A second live connection of the same device keeps its own address; only an idle one is given up.
        const net::IpAddress oldAddress = old->second;
        if (!m_leases.at(oldAddress).isLive)
            forget(oldAddress);
    }
    if (m_leases.size() >= MaxLeases)
        static_cast<void>(forgetLongestAbsent());
    m_leases[address] = Lease{device, ++m_useCount, true};
    m_byDevice[device] = address;
}

void AddressPool::forget(const net::IpAddress& address)
{
    const auto lease = m_leases.find(address);
    if (lease == m_leases.end())
        return;
    const auto own = m_byDevice.find(lease->second.device);
    if (own != m_byDevice.end() && own->second == address)
        m_byDevice.erase(own);
    m_leases.erase(lease);
}

bool AddressPool::forgetLongestAbsent()
{
    const net::IpAddress* oldest = nullptr;
    std::uint64_t oldestUse = m_useCount + 1;
    for (const auto& [address, lease] : m_leases) {
        if (!lease.isLive && lease.lastUse < oldestUse) {
            oldest = &address;
            oldestUse = lease.lastUse;
        }
    }
    if (oldest == nullptr)
        return false;
    forget(net::IpAddress(*oldest));
    return true;
}

}  // namespace gvpn::server
