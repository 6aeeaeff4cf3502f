// HOST:PORT as people write it, and ADDRESS:PORT as sockets have it. Values; any thread.
#pragma once

#include "net/ip_address.h"

namespace gvpn::net {

inline constexpr std::uint16_t DefaultPort = 51005;

/// A name or an address, and a port; not resolved yet.
struct HostPort {
    std::string host;  // without brackets; may be empty where parseListen allows it
    std::uint16_t port = DefaultPort;

    /// "office.example.com", "office.example.com:443", "192.0.2.1:51005", "[2001:db8::1]:51005", "[2001:db8::1]",
    /// "2001:db8::1". Names: at most 253 characters of [A-Za-z0-9._-] (an IDN in its ASCII form), no empty label.
    /// Port 1..65535.
    [[nodiscard]] static Result<HostPort> parse(std::string_view text);
    /// The same with an empty host (":51005" listens everywhere) and port 0 (the system chooses); host: an address.
    [[nodiscard]] static Result<HostPort> parseListen(std::string_view text);
    /// With brackets around an IPv6 address, always with the port.
    [[nodiscard]] std::string toString() const;

    [[nodiscard]] bool operator==(const HostPort&) const = default;
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    [[nodiscard]] std::string toString() const;
    [[nodiscard]] auto operator<=>(const Endpoint&) const = default;
    [[nodiscard]] bool operator==(const Endpoint&) const = default;
};

}  // namespace gvpn::net
