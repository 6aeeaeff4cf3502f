#include "tunnel/line_tuning.h"

#include <algorithm>
#include <utility>

namespace gvpn::tunnel {

void LineTuner::observe(const transport::LineInfo& info, TimePoint now)
{
    observeReceived(info, now);
    // Not the shortest: a loss is repaired behind what stands in the line's own queue.
    m_tuning.roundTrip = info.roundTrip;
    // Sent below what the line can: that says nothing about the line unless it is more than was known.
    if (info.bytesPerSecond == 0 || (info.isApplicationLimited && info.bytesPerSecond <= m_bytesPerSecond))
        return;
    m_bytesPerSecond = info.bytesPerSecond;
    const std::uint64_t bytes = m_bytesPerSecond * static_cast<std::uint64_t>(UnsentTime.count()) / 1'000'000;
    m_tuning.unsentBytes = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(bytes, MinUnsentBytes, MaxUnsentBytes));
    m_tuning.batchBytes = std::min<std::size_t>(m_tuning.unsentBytes, BatchTargetBytes);
}

void LineTuner::observeReceived(const transport::LineInfo& info, TimePoint now)
{
    const std::uint64_t bytes = info.bytesReceived - std::exchange(m_bytesReceived, info.bytesReceived);
    const TimePoint before = std::exchange(m_lastTime, now);
    if (before == Never || now <= before)
        return;
    const std::chrono::duration<double> seconds = now - before;
    const bool isFast = static_cast<double>(bytes) >= FastBytesPerSecond * seconds.count();
    const bool isShort = info.minRoundTrip.count() > 0 && info.minRoundTrip <= ShortRoundTrip;
    m_tuning.receiveBytes = isFast && isShort ? FastReceiveBytes : 0;
}

}  // namespace gvpn::tunnel
