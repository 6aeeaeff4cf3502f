// The Linux TUN device (/dev/net/tun; Documentation/networking/tuntap.rst), with IFF_VNET_HDR and offloads where the
// kernel has them. Opening needs CAP_NET_ADMIN; using an open descriptor does not.
#pragma once

#include "base/unique_fd.h"
#include "tun/tun_device.h"

#include <memory>

namespace gvpn::tun {

struct TunOptions {
    std::string name;          // empty: the first free gvpn0, gvpn1, …
    bool usesOffloads = true;  // IFF_VNET_HDR with checksum, TSO and, where there is one, USO
};

/// A usable interface name: 1 to 15 characters of [A-Za-z0-9_.-], not "." or "..", no '%'.
[[nodiscard]] Result<void> validateName(const std::string& name);

/// Errors: NotFound (no /dev/net/tun), PermissionDenied, AlreadyExists (the name is taken; an existing persistent
/// device is never taken over: IFF_TUN_EXCL), InvalidArgument (name).
[[nodiscard]] Result<std::unique_ptr<TunDevice>> openLinuxTun(const TunOptions& options);

/// Whether the device can be opened at all; no interface is made. NotFound, PermissionDenied.
[[nodiscard]] Result<void> lookForLinuxTun();

/// A descriptor that somebody else opened (the privileged helper): asks it for its name and flags.
[[nodiscard]] Result<std::unique_ptr<TunDevice>> adoptLinuxTun(UniqueFd descriptor);

}  // namespace gvpn::tun
