#include "tunnel/counters.h"

#include <numeric>

namespace gvpn::tunnel {

std::string_view dropReasonName(DropReason reason)
{
    switch (reason) {
    case DropReason::NotIp: return "not-ip";
    case DropReason::BadLength: return "bad-length";
    case DropReason::BadSegment: return "bad-segment";
    case DropReason::ForeignSource: return "foreign-source";
    case DropReason::ForeignDestination: return "foreign-destination";
    case DropReason::NoSuchClient: return "no-such-client";
    case DropReason::QueueFull: return "queue-full";
    case DropReason::TooLate: return "too-late";
    case DropReason::TunRefused: return "tun-refused";
    case DropReason::NotReady: return "not-ready";
    }
    return "";
}

std::uint64_t Counters::droppedInAll() const
{
    return std::accumulate(drops.begin(), drops.end(), std::uint64_t{0});
}

}  // namespace gvpn::tunnel
