#include "admin/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace gvpn::admin {

bool isTerminal(int descriptor)
{
    return ::isatty(descriptor) == 1;
}

int terminalColumns(int descriptor)
{
    winsize size{};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace gvpn::admin
