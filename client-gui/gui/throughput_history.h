// The last minutes of a connection as bytes a second, from the totals that it reports. A value without a clock; used by
// the throughput graph.
#pragma once

#include "client/client_core.h"

#include <chrono>
#include <deque>
#include <optional>

namespace gvpn::gui {

struct Rate {
    double up = 0;  // bytes per second
    double down = 0;
    [[nodiscard]] bool operator==(const Rate&) const = default;
};

class ThroughputHistory {
public:
    /// At one sample a second: two minutes.
    static constexpr std::size_t MaxSamples = 120;

    /// Totals at this time, which never goes back. Totals that do belong to a new connection.
    void add(const client::Traffic& totals, std::chrono::milliseconds now);
    void clear();

    [[nodiscard]] const std::deque<Rate>& samples() const { return m_samples; }
    [[nodiscard]] Rate current() const { return m_samples.empty() ? Rate{} : m_samples.back(); }
    /// The highest rate, rounded up to 1, 2 or 5 times a power of ten; at least 1000.
    [[nodiscard]] double scale() const;

private:
    std::deque<Rate> m_samples;
    std::optional<client::Traffic> m_totals;
    std::chrono::milliseconds m_at{0};
};

}  // namespace gvpn::gui
