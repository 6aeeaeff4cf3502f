// What lies where in a server's state directory.
#pragma once

#include <string_view>

namespace gvpn::server {

inline constexpr std::string_view DefaultStateDir = "/var/lib/gvpn";  // root's
inline constexpr const char* KeyFile = "/server-key.pem";
inline constexpr const char* StateFile = "/server.json";
inline constexpr const char* DatabaseFile = "/gvpn.db";

/// Below /run/gvpn, for the admin socket of a server with the default state directory.
inline constexpr const char* SocketDirectory = "server";

}  // namespace gvpn::server
