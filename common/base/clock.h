// Points in time, as values. Nobody below `tunnel` reads the clock: `now` is an argument, a timer is a deadline.
#pragma once

#include <chrono>

namespace gvpn {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::milliseconds;

/// A deadline that never comes.
inline constexpr TimePoint Never = TimePoint::max();

/// Where `tunnel` and what stands on it read the time. One read a wake-up.
class TimeSource {
public:
    virtual ~TimeSource() = default;
    [[nodiscard]] virtual TimePoint now() const = 0;
};

class SteadyTime : public TimeSource {
public:
    [[nodiscard]] TimePoint now() const override { return Clock::now(); }
};

/// For tests: stands still until it is moved.
class ManualTime : public TimeSource {
public:
    [[nodiscard]] TimePoint now() const override { return m_now; }
    void advance(Duration by) { m_now += by; }

private:
    TimePoint m_now{std::chrono::hours(1)};
};

}  // namespace gvpn
