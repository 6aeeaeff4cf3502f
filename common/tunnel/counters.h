// What went through a tunnel and what was dropped, by reason. Plain numbers; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gvpn::tunnel {

enum class DropReason : std::uint8_t {
    NotIp,               // neither IPv4 nor IPv6
    BadLength,           // too short, or a length field that lies
    BadSegment,          // a segment header that the packet does not bear out
    ForeignSource,       // the packet does not carry its sender's address
    ForeignDestination,  // not for us, or to a network that is not open to the sender
    NoSuchClient,        // for an address of the pool that no client holds
    QueueFull,           // the receiver reads too slowly
    TooLate,             // it had waited too long: the sender is to slow down
    TunRefused,          // the kernel did not take it
    NotReady,            // before the tunnel was up
};
inline constexpr std::size_t DropReasonCount = 10;

[[nodiscard]] std::string_view dropReasonName(DropReason reason);

struct Counters {
    std::uint64_t packetsToTun = 0;  // a segment counts as one
    std::uint64_t bytesToTun = 0;
    std::uint64_t packetsFromTun = 0;
    std::uint64_t bytesFromTun = 0;
    std::uint64_t congestionMarks = 0;  // packets that were marked instead of dropped as TooLate
    std::array<std::uint64_t, DropReasonCount> drops{};

    void drop(DropReason reason, std::uint64_t packets = 1) { drops[static_cast<std::size_t>(reason)] += packets; }
    [[nodiscard]] std::uint64_t dropped(DropReason reason) const { return drops[static_cast<std::size_t>(reason)]; }
    [[nodiscard]] std::uint64_t droppedInAll() const;
};

}  // namespace gvpn::tunnel
