#include "gui/throughput_history.h"

#include <algorithm>

namespace gvpn::gui {

namespace {

/// Two reports that arrive together, late, would else look like an enormous rate.
constexpr std::chrono::milliseconds ShortestStep{200};
constexpr double SmallestScale = 1000;

}  // namespace

void ThroughputHistory::add(const client::Traffic& totals, std::chrono::milliseconds now)
{
    const bool isAnother =
        m_totals && (totals.bytesUp < m_totals->bytesUp || totals.bytesDown < m_totals->bytesDown || now < m_at);
    if (isAnother)
        clear();
    if (m_totals) {
        const auto step = now - m_at;
        if (step < ShortestStep)
            return;
        const double seconds = std::chrono::duration<double>(step).count();
        m_samples.push_back({static_cast<double>(totals.bytesUp - m_totals->bytesUp) / seconds,
                             static_cast<double>(totals.bytesDown - m_totals->bytesDown) / seconds});
        if (m_samples.size() > MaxSamples)
            m_samples.pop_front();
    }
    m_totals = totals;
    m_at = now;
}

void ThroughputHistory::clear()
{
    m_samples.clear();
    m_totals.reset();
}

double ThroughputHistory::scale() const
{
    double highest = 0;
    for (const Rate& rate : m_samples)
        highest = std::max({highest, rate.up, rate.down});
    double scale = SmallestScale;
    for (int step = 0; scale < highest; ++step)
        scale *= step % 3 == 1 ? 2.5 : 2;
    return scale;
}

}  // namespace gvpn::gui
