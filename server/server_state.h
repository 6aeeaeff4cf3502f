// What a server remembers from one start to the next, beside its key: the tunnel networks it chose and its public
// address. A JSON file in the state directory.
#pragma once

#include "base/result.h"
#include "net/endpoint.h"
#include "net/prefix.h"

#include <QString>

#include <optional>
#include <string>
#include <vector>

namespace gvpn::server {

struct ServerState {
    std::vector<net::Prefix> pools;
    std::string publicHost;
    std::optional<std::uint16_t> publicPort{};
    std::optional<net::HostPort> link{};  // what the last start wrote into its link, for invites made while none runs
    bool isPrivateLink = false;           // that only the LAN reaches

    [[nodiscard]] bool operator==(const ServerState&) const = default;
};

/// A missing file is an empty state. A damaged or newer one is an error that names the file; it is left as it is.
[[nodiscard]] Result<ServerState> loadServerState(const QString& path);
[[nodiscard]] Result<void> saveServerState(const QString& path, const ServerState& state);

}  // namespace gvpn::server
