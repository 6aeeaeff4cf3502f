#include "system/link_removal.h"
#include "system/netlink_socket.h"

#include <string_view>

namespace gvpn::system {

Result<void> removeTunLink(unsigned index)
{
    const auto socket = connectNetlink();
    if (!socket)
        return fail(socket.error());
    const std::string what = "delete link " + std::to_string(index);
    rtnl_link* found = nullptr;
    if (const int code = rtnl_link_get_kernel(socket->get(), static_cast<int>(index), nullptr, &found); code < 0)
        return isAlreadyGone(code) ? Result<void>() : fail(netlinkError(what, code));
    const RouteLink link(found);
    const char* const kind = rtnl_link_get_type(link.get());
    if (kind == nullptr || std::string_view(kind) != "tun")
        return fail(ErrorCode::InvalidArgument, what + ": it is no tunnel");
    const int code = rtnl_link_delete(socket->get(), link.get());
    return code < 0 && !isAlreadyGone(code) ? Result<void>(fail(netlinkError(what, code))) : Result<void>();
}

}  // namespace gvpn::system
