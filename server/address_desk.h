// Gives the addresses of a server's pools to its clients and takes them back: what a request means, and why it is
// refused. Data thread.
#pragma once

#include "protocol/messages.h"
#include "server/address_pool.h"

#include <string>
#include <vector>

namespace gvpn::server {

struct AddressRefusal {
    protocol::GoodbyeCode code = protocol::GoodbyeCode::AddressNotAllowed;
    std::string text;
};

/// An address that a device comes back to.
struct Lease {
    Pin device;
    net::IpAddress address;
};

class AddressDesk {
public:
    /// At most one pool a family.
    explicit AddressDesk(const std::vector<net::Prefix>& pools);

    /// From an earlier run. An address outside the pools, or somebody's already, is left out.
    void remember(const Pin& device, const net::IpAddress& address);
    /// One address of each pool for a device. All or nothing.
    [[nodiscard]] tl::expected<std::vector<net::InterfaceAddress>, AddressRefusal>
    allot(const protocol::AddressRequest& request, const Pin& device);
    /// v1: exactly this IPv4 address, for whoever names it.
    [[nodiscard]] tl::expected<std::vector<net::InterfaceAddress>, AddressRefusal>
    allotV1(const net::IpAddress& address);
    void release(const std::vector<net::InterfaceAddress>& addresses);

    [[nodiscard]] bool hasFamily(net::Family family) const;
    /// The server's tunnel addresses in the families that these addresses have.
    [[nodiscard]] std::vector<net::IpAddress> gatewaysFor(const std::vector<net::InterfaceAddress>& addresses) const;

private:
    [[nodiscard]] static tl::expected<net::InterfaceAddress, AddressRefusal>
    allotFrom(AddressPool& pool, const protocol::AddressRequest& request, const Pin& device);

    std::vector<AddressPool> m_pools;
};

}  // namespace gvpn::server
