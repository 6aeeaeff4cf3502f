#include "transport/half_close.h"

#include <sys/socket.h>

namespace gvpn::transport {

void endSending(qintptr socketDescriptor)
{
    static_cast<void>(::shutdown(static_cast<int>(socketDescriptor), SHUT_WR));
}

}  // namespace gvpn::transport
