// Which congestion control the outer connection should have: what was asked for (--congestion), and when "auto" moves a
// running connection to BBR. Values and a pure class; part of LineWatch, in any thread.
#pragma once

#include "base/result.h"
#include "transport/line.h"

#include <optional>
#include <string>
#include <string_view>

namespace gvpn::tunnel {

/// What "auto" moves to: the one algorithm of Linux that doesn't take each loss for a full line.
inline constexpr std::string_view LossProof = "bbr";

/// Below it a lost segment is repaired before anybody notices, while BBR's pacing costs throughput (8 to 25 % were
/// measured on fast local lines). Asked of the line's own time, not of the queue that a sender has filled on it.
inline constexpr std::chrono::milliseconds LongRoundTrip{5};
/// So many segments are judged together at least: fewer say nothing about a share of some thousandths.
inline constexpr std::uint32_t JudgedSegments = 200;
/// From so many lost segments of a thousand on. Measured with CUBIC over 10 ms each way: where it fills a queue of
/// 40 ms itself it loses 0.3 of a thousand at 100 Mbit/s and 1.7 at 10 Mbit/s; where 3 of a thousand are lost anyhow
/// it gets 10 Mbit/s of whatever the line has.
inline constexpr std::uint32_t LossyPerMille = 3;
/// What was lost is judged at every third look: after less time, the same loss on a long line would be judged twice.
inline constexpr unsigned LooksJudged = 3;
/// One judgement may fall on the moment when a new stream has overfilled the line's queue.
inline constexpr unsigned LossyJudgements = 2;
/// CUBIC leaves its fast start for good when a round trip takes an eighth longer than the ones before (HyStart, RFC
/// 9406), which may be a busy computer's doing, or at a loss, and then needs ten seconds and more to fill a long line.
/// So many looks in a row at a full window are no chance, while no queue of an eighth stands on the line. After a loss
/// a line that was full has none for a while.
inline constexpr unsigned TimidLooks = 2;
inline constexpr unsigned TimidLooksAfterLoss = 4;
inline constexpr int QueueDivisor = 8;

struct CongestionMode {
    enum class Kind {
        Auto,    // the system's, until the line loses too much for it or it leaves the line empty
        System,  // the system's
        Named,   // this one, from the beginning
    };
    Kind kind = Kind::Auto;
    std::string name{};  // Named

    /// "auto", "system", or a name: a-z, 0-9 and _, at most MaxCongestionNameBytes. InvalidArgument otherwise.
    [[nodiscard]] static Result<CongestionMode> parse(std::string_view text);
    [[nodiscard]] bool operator==(const CongestionMode&) const = default;
};

struct CongestionSwitch {
    std::string name;
    std::string reason;  // of the switch; for people
    [[nodiscard]] bool operator==(const CongestionSwitch&) const = default;
};

class CongestionChoice {
public:
    /// running: what the connection has now.
    CongestionChoice(CongestionMode mode, std::string running);

    /// What to switch to at once.
    [[nodiscard]] std::optional<CongestionSwitch> atStart() const;
    /// Once a LookInterval while something is being sent. What to switch to; once.
    [[nodiscard]] std::optional<CongestionSwitch> observe(const transport::LineInfo& info);
    /// Why nothing was switched so far.
    [[nodiscard]] std::string reasonToStay() const;

private:
    [[nodiscard]] std::optional<CongestionSwitch> judgeLoss(const transport::LineInfo& info);
    [[nodiscard]] std::optional<CongestionSwitch> judgeWindow(const transport::LineInfo& info);
    [[nodiscard]] bool isWaiting() const
    {
        return m_mode.kind == CongestionMode::Kind::Auto && m_running != LossProof && !m_isDone;
    }

    CongestionMode m_mode;
    transport::LineInfo m_judged;    // up to here
    unsigned m_looks = 0;            // since then
    unsigned m_lossyJudgements = 0;  // in a row
    unsigned m_timidLooks = 0;       // in a row
    std::string m_running;           // from the beginning
    bool m_isDone = false;
};

}  // namespace gvpn::tunnel
