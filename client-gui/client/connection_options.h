// What a person chose for a connection: from the command line or from a profile. A value.
#pragma once

#include "base/pin.h"
#include "client/route_policy.h"
#include "client/wire_protocol.h"
#include "net/endpoint.h"
#include "protocol/client_conversation.h"
#include "tunnel/congestion.h"

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
    bool usesDns = true;                     // the server's resolvers, for names of its domains
    std::vector<std::string> acceptDomains;  // of the server's, also when they are no office's own
    tunnel::CongestionMode congestion;
    std::string tunName;   // empty: the first free one
    std::string software;  // "gvpn-client 0.1.0"
    /// Beside the device key. The connection forgets a password after it was sent once, and an invite once it is in.
    protocol::Credentials credentials;
    std::string user;                 // who should log in, with a password or without; empty: not known
    protocol::InstanceId instance{};  // random, one for each run
};

}  // namespace gvpn::client
