#include "system/netlink_socket.h"

#include <netlink/errno.h>

#include <cerrno>
#include <cstdlib>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace gvpn::system {

namespace {

/// The errno that libnl made its own code of, where it is one to one; 0 otherwise.
int toErrno(int nlError)
{
    switch (std::abs(nlError)) {
    case NLE_EXIST: return EEXIST;
    case NLE_PERM: return EPERM;
    case NLE_NODEV: return ENODEV;
    case NLE_OBJ_NOTFOUND: return ENOENT;
    case NLE_NOADDR: return EADDRNOTAVAIL;
    case NLE_INVAL: return EINVAL;
    case NLE_RANGE: return ERANGE;
    case NLE_OPNOTSUPP: return EOPNOTSUPP;
    case NLE_NOMEM: return ENOMEM;
    case NLE_BUSY: return EBUSY;
    case NLE_AF_NOSUPPORT: return EAFNOSUPPORT;
    default: return 0;
    }
}

std::string lowered(std::string text)
{
    // "File exists" in the middle of a sentence; but not "IPv6 …".
    if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z' && text[0] >= 'A' && text[0] <= 'Z')
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

}  // namespace

Result<NetlinkSocket> connectNetlink()
{
    NetlinkSocket socket(nl_socket_alloc());
    if (!socket)
        return fail(errnoError("allocate a netlink socket", ENOMEM));
    if (const int code = nl_connect(socket.get(), NETLINK_ROUTE); code < 0)
        return fail(netlinkError("open a netlink socket", code));
    return socket;
}

Error netlinkError(std::string_view what, int nlError)
{
    const int errnoValue = toErrno(nlError);
    Error error{ErrorCode::SystemFailure, nl_geterror(nlError)};
    if (errnoValue != 0) {
        constexpr std::string_view Separator = ": ";
        error = errnoError("", errnoValue);
        error.context.erase(0, Separator.size());
    }
    error.context = lowered(std::move(error.context));
    if (!what.empty())
        error.context = std::string(what) + ": " + error.context;
    return error;
}

bool isAlreadyGone(int nlError)
{
    const int code = std::abs(nlError);
    return code == NLE_NODEV || code == NLE_OBJ_NOTFOUND || code == NLE_NOADDR;
}

NetlinkAddress toNetlink(const net::IpAddress& address, unsigned prefixLength)
{
    const int family = address.isIPv4() ? AF_INET : AF_INET6;
    NetlinkAddress result(nl_addr_build(family, address.bytes().data(), address.bytes().size()));
    if (result)
        nl_addr_set_prefixlen(result.get(), static_cast<int>(prefixLength));
    return result;
}

}  // namespace gvpn::system
