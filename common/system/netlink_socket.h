// A NETLINK_ROUTE socket of libnl, owners for its objects, and its errors as ours. Used by LinuxRunner and
// readNetworkSnapshot; calls wait for the kernel's answer only. One thread.
#pragma once

#include "base/result.h"
#include "net/ip_address.h"

#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>

#include <memory>

namespace gvpn::system {

template <auto Release>
struct Releaser {
    template <typename T>
    void operator()(T* object) const
    {
        Release(object);
    }
};

using NetlinkSocket = std::unique_ptr<nl_sock, Releaser<nl_socket_free>>;
using NetlinkCache = std::unique_ptr<nl_cache, Releaser<nl_cache_free>>;
using NetlinkMessage = std::unique_ptr<nl_msg, Releaser<nlmsg_free>>;
using NetlinkAddress = std::unique_ptr<nl_addr, Releaser<nl_addr_put>>;
using RouteLink = std::unique_ptr<rtnl_link, Releaser<rtnl_link_put>>;
using RouteAddress = std::unique_ptr<rtnl_addr, Releaser<rtnl_addr_put>>;
using RouteEntry = std::unique_ptr<rtnl_route, Releaser<rtnl_route_put>>;

[[nodiscard]] Result<NetlinkSocket> connectNetlink();

/// nlError: what libnl returned, a negative number. The context is "what: reason", or only the reason.
[[nodiscard]] Error netlinkError(std::string_view what, int nlError);

/// The object that was to be changed is gone: the interface, the address or the route.
[[nodiscard]] bool isAlreadyGone(int nlError);

/// Null only when there is no memory.
[[nodiscard]] NetlinkAddress toNetlink(const net::IpAddress& address, unsigned prefixLength);

}  // namespace gvpn::system
