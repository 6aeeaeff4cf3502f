// What a person chose for a connection: from the command line, later from a profile. A value.
#pragma once

#include "base/pin.h"
#include "client/route_policy.h"
#include "client/wire_protocol.h"
#include "net/endpoint.h"
#include "protocol/messages.h"

#include <optional>
#include <string>
#include <vector>

namespace gvpn::client {

struct ConnectionOptions {
    net::HostPort server;
    WireProtocol wireProtocol = WireProtocol::V2;
    std::optional<Pin> pin;                     // none: the first handshake learns it. V1 has none
    std::vector<net::InterfaceAddress> wanted;  // --cidr: these or nothing. V1: one, IPv4
    AcceptRoutes acceptRoutes;
    std::string tunName;              // empty: the first free one
    std::string software;             // "gvpn-client 0.1.0"
    std::string deviceName;           // shown to the server's administrator
    protocol::InstanceId instance{};  // random, one for each run
};

}  // namespace gvpn::client
