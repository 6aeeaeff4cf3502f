#include "program/privileges.h"

#include <array>
#include <string>

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gvpn::program {

bool hasNetAdmin()
{
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0)
        return false;
    return (data[0].effective & (1U << CAP_NET_ADMIN)) != 0;
}

Error netAdminMissing(std::string_view program, bool isRoot)
{
    const std::string name(program);
    if (isRoot)
        return {ErrorCode::PermissionDenied,
                "root without CAP_NET_ADMIN, as in a container: start the container with --cap-add NET_ADMIN --device "
                "/dev/net/tun"};
    return {ErrorCode::PermissionDenied, "CAP_NET_ADMIN is missing: run 'sudo " + name
                                             + "', or let systemd start it with AmbientCapabilities=CAP_NET_ADMIN"};
}

}  // namespace gvpn::program
