// CoDel, the controlled-delay rule of RFC 8289 for one flow: who has waited longer than a target for a whole interval
// gives way, more and more often until the wait is short again. Pure; one thread.
#pragma once

#include "base/clock.h"

#include <cstdint>

namespace gvpn::tunnel {

struct CodelLimits {
    Clock::duration target = std::chrono::milliseconds(5);
    Clock::duration interval = std::chrono::milliseconds(100);
};

class Codel {
public:
    /// What is to become of a packet that has waited for `waited` and leaves `backlogBytes` of its flow behind it.
    /// True: drop it, or mark it if its sender understands marks, and ask again for the next one unless it was marked.
    [[nodiscard]] bool shouldDrop(Clock::duration waited, std::size_t backlogBytes, const CodelLimits& limits,
                                  TimePoint now);
    /// The flow has nothing left.
    void noteEmpty();

private:
    [[nodiscard]] bool isWaitTooLong(Clock::duration waited, std::size_t backlogBytes, const CodelLimits& limits,
                                     TimePoint now);
    void scheduleNext(TimePoint from, const CodelLimits& limits);

    TimePoint m_aboveUntil{};   // when the wait will have been too long for an interval; default: it isn't
    TimePoint m_next{};         // when the next packet gives way
    std::uint32_t m_count = 0;  // of this spell
    std::uint32_t m_lastCount = 0;
    bool m_isDropping = false;
};

}  // namespace gvpn::tunnel
