#include "helper/congestion_switch.h"

#include "base/unique_fd.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gvpn::helper {

namespace {

bool hasOption(int socket, int option, int wanted)
{
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

bool isTcp(int socket)
{
    return hasOption(socket, SO_TYPE, SOCK_STREAM) && hasOption(socket, SO_PROTOCOL, IPPROTO_TCP);
}

bool isAmong(std::string_view name, std::string_view words)
{
    while (!words.empty()) {
        const std::size_t end = std::min(words.find_first_of(" \n"), words.size());
        if (words.substr(0, end) == name)
            return true;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

}  // namespace

Result<void> setCongestionControl(int socket, const std::string& name, std::string_view available)
{
    if (!isTcp(socket))
        return fail(ErrorCode::InvalidArgument, "can only be set on a TCP connection");
    if (!isAmong(name, available))
        return fail(ErrorCode::NotFound, "is not to be had from this kernel");
    if (::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) != 0)
        return fail(ErrorCode::SystemFailure, errnoError("can't be set", errno).context);
    return {};
}

std::string availableCongestionControls()
{
    const UniqueFd file(::open("/proc/sys/net/ipv4/tcp_available_congestion_control", O_RDONLY | O_CLOEXEC));
    std::array<char, 1024> text{};
    const ssize_t size = file.isValid() ? ::read(file.get(), text.data(), text.size()) : 0;
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

}  // namespace gvpn::helper
