// Watches the outer line of one established connection: says how much may wait where, and gives it another congestion
// control when that is due. Owned by a session (server) or an attempt (client); the thread of the link.
#pragma once

#include "base/clock.h"
#include "tunnel/congestion.h"
#include "tunnel/congestion_setter.h"
#include "tunnel/line_tuning.h"

#include <memory>

namespace gvpn::tunnel {

/// One system call each time. A second would be often enough for a line that is what it was; at the beginning of a
/// transfer the flows inside have shrunk by then, and take many seconds to grow again.
inline constexpr Duration LookInterval{100};

/// For `status` and events.
struct CongestionStatus {
    std::string algorithm;   // what runs; empty: not known
    std::string reason;      // why this one, or why not a better one; for people
    bool isRefused = false;  // the system didn't give what it should have been
    [[nodiscard]] bool operator==(const CongestionStatus&) const = default;
};

class LineWatch {
public:
    struct Parts {
        transport::Line* line;  // nullptr: there is nothing to watch
        CongestionMode mode;
        CongestionSetter& setter;
        /// Another algorithm runs, or one was refused. Not from inside of the constructor.
        std::function<void()> changed;
    };

    /// line and setter outlive the watch.
    explicit LineWatch(Parts parts);
    LineWatch(const LineWatch&) = delete;
    LineWatch& operator=(const LineWatch&) = delete;

    /// Once, when the connection is established: what was asked for by name is set.
    void start(TimePoint now);
    /// Where packets are sent, as often as one likes: reads the line once a LookInterval. True: it has.
    [[nodiscard]] bool look(TimePoint now) { return now >= m_nextLook && lookNow(now); }

    [[nodiscard]] const CongestionStatus& status() const { return m_status; }
    /// As it was at the last look.
    [[nodiscard]] const std::optional<transport::LineInfo>& info() const { return m_info; }
    /// What follows from it for whoever sends. The kernel has been told its part already.
    [[nodiscard]] const LineTuning& tuning() const { return m_tuner.tuning(); }

private:
    [[nodiscard]] bool lookNow(TimePoint now);
    void limitWaiting();
    void switchTo(const CongestionSwitch& wanted);
    void onAnswer(const CongestionSwitch& wanted, const Result<void>& result);
    [[nodiscard]] std::string running() const;

    Parts m_parts;
    CongestionChoice m_choice;
    CongestionStatus m_status;
    std::optional<transport::LineInfo> m_info;
    LineTuner m_tuner;
    std::uint32_t m_unsentLimit = 0;                         // that the kernel has been told
    std::uint32_t m_receiveLimit = 0;                        // the same
    TimePoint m_nextLook = Never;                            // until start()
    std::shared_ptr<int> m_alive = std::make_shared<int>();  // an answer may come too late
};

}  // namespace gvpn::tunnel
