// Networks (10.86.0.0/24) and interface addresses (10.86.0.7/24) as values. Any thread.
#pragma once

#include "net/ip_address.h"

namespace gvpn::net {

/// A network: an address whose host bits are zero, and a length.
class Prefix {
public:
    Prefix() = default;
    /// Host bits are cleared. length <= bitCount(family).
    Prefix(const IpAddress& address, unsigned length);
    /// "10.86.0.0/24" or "fd00:86::/64". Host bits that are set are an error ("did you mean 10.86.0.0/24?").
    [[nodiscard]] static Result<Prefix> parse(std::string_view text);

    [[nodiscard]] const IpAddress& network() const { return m_network; }
    [[nodiscard]] unsigned length() const { return m_length; }
    [[nodiscard]] Family family() const { return m_network.family(); }
    [[nodiscard]] bool isIPv4() const { return m_network.isIPv4(); }
    /// The last address; the broadcast address of an IPv4 network up to /30.
    [[nodiscard]] IpAddress last() const;
    /// The first address that a host can have: network + 1 (of a /31, /32, /127 and /128 the network itself).
    [[nodiscard]] IpAddress firstHost() const;

    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] bool contains(const Prefix& other) const;
    [[nodiscard]] bool overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }
    /// Wholly inside one of 10/8, 172.16/12, 192.168/16, fc00::/7.
    [[nodiscard]] bool isPrivate() const;

    [[nodiscard]] std::string toString() const;
    [[nodiscard]] auto operator<=>(const Prefix&) const = default;
    [[nodiscard]] bool operator==(const Prefix&) const = default;

private:
    IpAddress m_network;
    unsigned m_length = 0;
};

/// An address together with the length of the network it is in: 10.86.0.7/24.
struct InterfaceAddress {
    IpAddress address;
    unsigned length = 0;

    /// "10.86.0.7/24". The length must be there and be at most 32 or 128.
    [[nodiscard]] static Result<InterfaceAddress> parse(std::string_view text);
    [[nodiscard]] Prefix prefix() const { return {address, length}; }
    [[nodiscard]] std::string toString() const;

    [[nodiscard]] bool operator==(const InterfaceAddress&) const = default;
};

/// "a, b, c", for messages.
[[nodiscard]] std::string joinPrefixes(std::span<const Prefix> prefixes);

}  // namespace gvpn::net
