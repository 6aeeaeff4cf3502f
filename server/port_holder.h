// Which program of this computer listens on a TCP port. For the doctor; reads /proc, which shows others' programs to
// root only. One file for each operating system.
#pragma once

#include "server/doctor_facts.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gvpn::server {

/// Inode numbers of the sockets that listen on the port. table: /proc/net/tcp or tcp6 (proc(5)); lines that are none
/// are left out.
[[nodiscard]] std::vector<std::uint64_t> listeningSockets(std::string_view table, std::uint16_t port);

/// Nothing: nobody listens there.
[[nodiscard]] std::optional<PortHolder> findPortHolder(std::uint16_t port);

}  // namespace gvpn::server
