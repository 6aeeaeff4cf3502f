// Which tunnel address belongs to whom. An address stays with its device from one connection to the next, also over a
// restart of the server as long as nobody else got it: the first choice follows from the device's key. One thread.
#pragma once

#include "base/pin.h"
#include "net/prefix.h"

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace gvpn::server {

struct PinHash {
    std::size_t operator()(const Pin& pin) const noexcept;
};

enum class AddressFault : std::uint8_t {
    Outside,    // not in the pool
    Network,    // the network address
    Broadcast,  // the IPv4 broadcast address
    Gateway,    // the server's own
    Taken,      // another connected client has it
    Exhausted,  // no address is left
};

/// One family's pool. Remembers at most MaxLeases devices that are not connected; then the longest absent is forgotten.
class AddressPool {
public:
    static constexpr std::size_t MaxLeases = 65536;

    /// The server takes the first host address. Precondition: network.length() leaves room for two hosts.
    explicit AddressPool(const net::Prefix& network);

    [[nodiscard]] const net::Prefix& network() const { return m_network; }
    [[nodiscard]] net::InterfaceAddress gateway() const { return {m_network.firstHost(), m_network.length()}; }

    /// Whether a client could have this address at all.
    [[nodiscard]] tl::expected<void, AddressFault> check(const net::IpAddress& address) const;
    /// Exactly this address, for this device.
    [[nodiscard]] tl::expected<void, AddressFault> take(const net::IpAddress& address, const Pin& device);
    /// Another device has it or has had it last, and may come back.
    [[nodiscard]] bool isKeptForAnother(const net::IpAddress& address, const Pin& device) const;
    /// The device's last address, else a free one.
    [[nodiscard]] tl::expected<net::IpAddress, AddressFault> takeAny(const Pin& device);
    /// The device is not connected any more; the address stays its own while there are others.
    void release(const net::IpAddress& address);
    /// As if nobody had ever had it.
    void forget(const net::IpAddress& address);
    /// Who is connected with this address.
    [[nodiscard]] const Pin* holder(const net::IpAddress& address) const;

private:
    struct Lease {
        Pin device;
        std::uint64_t lastUse = 0;
        bool isLive = false;
    };

    [[nodiscard]] net::IpAddress preferred(const Pin& device) const;
    [[nodiscard]] std::uint64_t hostCount() const;
    void assign(const net::IpAddress& address, const Pin& device);
    [[nodiscard]] bool forgetLongestAbsent();

    net::Prefix m_network;
    std::unordered_map<net::IpAddress, Lease> m_leases;
    std::unordered_map<Pin, net::IpAddress, PinHash> m_byDevice;
    std::uint64_t m_useCount = 0;
};

}  // namespace gvpn::server
