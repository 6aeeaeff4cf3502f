// The harness of gvpn_microbench: how long one operation takes, as a table. One thread.
#pragma once

#include "base/clock.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace gvpn::bench {

struct Figure {
    std::string name;
    double nanoseconds = 0;  // an operation
    std::size_t bytes = 0;   // that it works on; 0: it has no size
};

class Micro {
public:
    explicit Micro(Duration each)
        : m_each(each)
    {}

    /// operation() is called again and again; what it returns (a number) is kept, so that none of it is optimised away.
    template <typename Operation>
    void measure(std::string name, std::size_t bytes, Operation&& operation)
    {
        constexpr std::size_t ClockStep = 8;
        std::size_t count = 0;
        std::size_t step = 1;
        for (std::size_t i = 0; i < step; ++i)  // into the caches
            m_kept = m_kept + static_cast<std::size_t>(operation());
        const TimePoint start = Clock::now();
        TimePoint end = start;
        while (end - start < m_each) {
            for (std::size_t i = 0; i < step; ++i)
                m_kept = m_kept + static_cast<std::size_t>(operation());
            count += step;
            // The clock is read rarely enough not to count, and often enough to stop in time.
            step = std::min(step * 2, count / ClockStep + 1);
            end = Clock::now();
        }
        const double nanoseconds = std::chrono::duration<double, std::nano>(end - start).count();
        m_figures.push_back({std::move(name), nanoseconds / static_cast<double>(count), bytes});
    }
    [[nodiscard]] const std::vector<Figure>& figures() const { return m_figures; }

private:
    Duration m_each;
    volatile std::size_t m_kept = 0;
    std::vector<Figure> m_figures;
};

void measureFrames(Micro& micro);
void measureTls(Micro& micro);
void measureLookUp(Micro& micro);
void measureQueues(Micro& micro);
void measureSegments(Micro& micro);

}  // namespace gvpn::bench
