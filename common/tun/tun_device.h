// The edge to the kernel's IP stack: packets out of and into a TUN. One thread. Implementations: the Linux device,
// the fake (fake_tun.h).
#pragma once

#include "base/result.h"
#include "net/segment.h"

#include <optional>
#include <string>

namespace gvpn::tun {

struct TunRead {
    std::size_t sizeBytes = 0;  // 0: nothing there now
    net::SegmentHeader segment;
};

class TunDevice {
public:
    virtual ~TunDevice() = default;

    [[nodiscard]] virtual const std::string& name() const = 0;
    [[nodiscard]] virtual unsigned index() const = 0;
    /// Becomes readable (poll) when read() has something.
    [[nodiscard]] virtual int descriptor() const = 0;
    /// What write() takes.
    [[nodiscard]] virtual net::SegmentSupport takes() const = 0;
    /// Tells the kernel which segments our peer takes, so that it cuts the others itself. Before the first call read()
    /// may give everything that takes() names. Unsupported is no disaster: read() goes on as before.
    [[nodiscard]] virtual Result<void> setGives(const net::SegmentSupport& support) = 0;
    /// One packet or segment into buffer, whose size is at least net::MaxPacketBytes. Never blocks. What the kernel
    /// gives is trusted as little as what comes from outside: what is returned has passed net::validateLocal(), and
    /// goes to a peer as it is only if net::mayTravel(); a packet that is too large reads as LimitExceeded, a header
    /// that doesn't fit its packet as Malformed, and reading goes on. Closed: the device is gone.
    [[nodiscard]] virtual Result<TunRead> read(ByteSpan buffer) = 0;
    /// segment passed net::validate(), or came from read(). False: the kernel has no room or refused this packet (it is
    /// lost, as on a wire). An error (Closed): the device is gone.
    [[nodiscard]] virtual Result<bool> write(const net::SegmentHeader& segment, ByteView packet) = 0;
};

}  // namespace gvpn::tun
