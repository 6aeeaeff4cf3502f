#include "client/boot_time.h"

#include <ctime>

namespace gvpn::client {

TimePoint BootTime::now() const
{
    timespec time{};
    static_cast<void>(::clock_gettime(CLOCK_BOOTTIME, &time));
    return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace gvpn::client
