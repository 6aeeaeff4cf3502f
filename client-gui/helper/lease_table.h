// Who holds which lease, and which networks and names each has taken: limits, ownership and collisions as values. Used
// by LeaseKeeper; pure.
#pragma once

#include "bus/settings_argument.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gvpn::helper {

using LeaseId = std::uint32_t;

/// A program on the bus. The name is never used again by another one.
struct Caller {
    std::string busName;  // ":1.42"
    unsigned user = 0;    // its uid
    [[nodiscard]] bool operator==(const Caller&) const = default;
};

class LeaseTable {
public:
    /// Not granted yet. LimitExceeded: there are too many that are granted, or of this user.
    [[nodiscard]] Result<LeaseId> add(const Caller& owner);
    /// The caller may have it. LimitExceeded: others were faster.
    [[nodiscard]] Result<void> grant(LeaseId id);
    /// What is left of it counts for nothing.
    void remove(LeaseId id) { m_leases.erase(id); }
    /// It stays in the limits until it is removed, but belongs to nobody and holds neither network nor name.
    void orphan(LeaseId id);

    /// NotFound: there is no such lease, or it is somebody else's, which the caller can't tell apart.
    [[nodiscard]] Result<void> checkOwner(LeaseId id, const std::string& busName) const;
    [[nodiscard]] const Caller& owner(LeaseId id) const { return m_leases.at(id).owner; }
    [[nodiscard]] std::vector<LeaseId> ownedBy(const std::string& busName) const;
    [[nodiscard]] bool isEmpty() const { return m_leases.empty(); }

    void setInterface(LeaseId id, const std::string& name) { m_leases.at(id).interfaceName = name; }
    [[nodiscard]] const std::vector<net::Prefix>& networks(LeaseId id) const { return m_leases.at(id).networks; }
    /// Beside those it has, which the kernel still leads into the tunnel. AlreadyExists: one overlaps another lease's;
    /// nothing has changed then.
    [[nodiscard]] Result<void> takeNetworks(LeaseId id, const std::vector<net::Prefix>& networks);
    /// The others are free again. All of these are its own already.
    void keepNetworks(LeaseId id, std::vector<net::Prefix> networks) { m_leases.at(id).networks = std::move(networks); }
    /// In place of those it had. AlreadyExists: another lease has such a name; this one has none then.
    [[nodiscard]] Result<void> takeNames(LeaseId id, const bus::NamesRequest& names);
    void dropNames(LeaseId id) { m_leases.at(id).names = {}; }
    /// Of all leases.
    [[nodiscard]] std::vector<net::IpAddress> nameServers() const;

private:
    struct Lease {
        Caller owner;
        bool isGranted = false;  // else it takes nobody else's place
        bool isOrphan = false;
        std::string interfaceName;
        std::vector<net::Prefix> networks;
        bus::NamesRequest names;
    };
    [[nodiscard]] Result<void> checkRoom() const;

    std::map<LeaseId, Lease> m_leases;
    LeaseId m_lastId = 0;
};

}  // namespace gvpn::helper
