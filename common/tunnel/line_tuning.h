// How much may wait where flows can't be told apart any more: behind the queue, in the kernel and in the batch that is
// being sealed, and in the kernel of the end that reads. Follows the outer line's speed, so that it is about the same
// short time on every line, but for the one segment that is always sealed as a whole. Values and a pure class; part of
// LineWatch, in any thread.
#pragma once

#include "base/clock.h"
#include "transport/line.h"
#include "tunnel/packet_link.h"

namespace gvpn::tunnel {

/// The time in which the line sends what waits behind the queue. Longer, and a ping waits longer (100 Mbit/s, loaded:
/// 46 ms with 10 ms of it, 39 ms with 1.3 ms, of which the line's own queue is 38); shorter, and the kernel runs dry
/// before this program has its turn again.
inline constexpr std::chrono::microseconds UnsentTime{2000};
/// Four packets of an ordinary line.
inline constexpr std::uint32_t MinUnsentBytes = 6 * 1024;
/// Above it nothing gets faster; it is what 1 Gbit/s sends in the time above.
inline constexpr std::uint32_t MaxUnsentBytes = 256 * 1024;

/// What may wait in the kernel to be read on a line with a short round trip, where this end may be what is slow. Left
/// alone, the kernel lets 6 MB wait there, where all flows stand in one row. With half of this a ping waits a
/// millisecond less, but the two ends wait for each other: a tenth less throughput. Such a line itself holds less, by
/// far.
inline constexpr std::uint32_t ShortReceiveBytes = 1800 * 1024;
inline constexpr std::chrono::microseconds ShortRoundTrip{250};
/// Longer than that after all (a computer that has moved): nothing is limited any more.
inline constexpr std::chrono::microseconds ReleasedRoundTrip{1000};

struct LineTuning {
    std::uint32_t unsentBytes = MaxUnsentBytes / 2;  // in the kernel
    std::size_t batchBytes = BatchTargetBytes;       // sealed by one write
    Clock::duration roundTrip{0};                    // for the queue; 0: not known yet
    std::uint32_t receiveBytes = 0;                  // to be read; 0: as the kernel likes
    [[nodiscard]] bool operator==(const LineTuning&) const = default;
};

class LineTuner {
public:
    /// Some times a second while something is being sent.
    void observe(const transport::LineInfo& info);
    [[nodiscard]] const LineTuning& tuning() const { return m_tuning; }

private:
    void chooseReceiveBytes(const transport::LineInfo& info);

    static constexpr std::uint64_t InitialBytesPerSecond = LineTuning{}.unsentBytes * 1'000'000ULL / UnsentTime.count();

    LineTuning m_tuning;
    std::uint64_t m_bytesPerSecond = InitialBytesPerSecond;
};

}  // namespace gvpn::tunnel
