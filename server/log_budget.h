// How many lines strangers may cause: some at once, then a few a second, so that a scan of the port fills neither disk
// nor journal. Pure; one thread.
#pragma once

#include "base/clock.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace gvpn::server {

class LogBudget {
public:
    LogBudget(double burst, double perSecond)
        : m_burst(burst)
        , m_perSecond(perSecond)
        , m_left(burst)
    {}

    /// Takes one line. False: there is none left; it is counted as left out.
    [[nodiscard]] bool takes(TimePoint now)
    {
        const std::chrono::duration<double> passed = now - std::exchange(m_last, now);
        if (passed.count() > 0)
            m_left = std::min(m_burst, m_left + passed.count() * m_perSecond);
        if (m_left < 1) {
            ++m_leftOut;
            return false;
        }
        m_left -= 1;
        return true;
    }
    /// Since the last call.
    [[nodiscard]] std::uint64_t takeLeftOut() { return std::exchange(m_leftOut, 0); }

private:
    double m_burst;
    double m_perSecond;
    double m_left;
    TimePoint m_last{};
    std::uint64_t m_leftOut = 0;
};

}  // namespace gvpn::server
