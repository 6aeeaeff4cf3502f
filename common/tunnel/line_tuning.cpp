#include "tunnel/line_tuning.h"

#include <algorithm>

namespace gvpn::tunnel {

void LineTuner::observe(const transport::LineInfo& info)
{
    chooseReceiveBytes(info);
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

/// Only while the kernel's buffer can't have grown: to shrink one that is full makes the kernel throw away what
/// arrives, and the sender wait for 200 ms.
void LineTuner::chooseReceiveBytes(const transport::LineInfo& info)
{
    if (info.minRoundTrip.count() == 0)
        return;
    if (info.minRoundTrip <= ShortRoundTrip && info.bytesReceived < ShortReceiveBytes)
        m_tuning.receiveBytes = ShortReceiveBytes;
    else if (info.minRoundTrip > ReleasedRoundTrip)
        m_tuning.receiveBytes = 0;
}

}  // namespace gvpn::tunnel
