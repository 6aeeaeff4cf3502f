#include "tunnel/congestion.h"

#include <algorithm>

namespace gvpn::tunnel {

namespace {

constexpr std::string_view NameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_";

/// What of the retransmitted segments had really been lost.
std::uint32_t lostBetween(const transport::LineInfo& older, const transport::LineInfo& newer)
{
    const std::uint32_t retransmitted = newer.segmentsRetransmitted - older.segmentsRetransmitted;
    const std::uint32_t duplicated = newer.segmentsDuplicated - older.segmentsDuplicated;
    return retransmitted - std::min(retransmitted, duplicated);
}

bool isLong(const transport::LineInfo& info)
{
    const auto own = info.minRoundTrip.count() > 0 ? info.minRoundTrip : info.roundTrip;
    return own >= LongRoundTrip;
}

/// All that the window allows is under way, it grows slowly, and yet no queue stands on the line.
bool leavesLineEmpty(const transport::LineInfo& info)
{
    const bool isSlow = info.congestionWindow >= info.slowStartThreshold;
    // The last segments of a window may wait until one more is worth a packet.
    const bool isFull =
        info.congestionWindow > 0 && info.unacknowledged >= info.congestionWindow - info.congestionWindow / 8;
    return isSlow && isFull && info.minRoundTrip.count() > 0
           && info.roundTrip - info.minRoundTrip < info.minRoundTrip / QueueDivisor;
}

/// "1.4 % of the segments were lost at a round-trip time of 41 ms".
std::string describeLoss(std::uint32_t lost, std::uint32_t sent, std::chrono::microseconds roundTrip)
{
    const std::uint64_t perMille = std::uint64_t{1000} * lost / sent;
    const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(roundTrip).count();
    return std::to_string(perMille / 10) + '.' + std::to_string(perMille % 10)
           + " % of the segments were lost at a round-trip time of " + std::to_string(milliseconds) + " ms";
}

}  // namespace

Result<CongestionMode> CongestionMode::parse(std::string_view text)
{
    if (text == "auto")
        return CongestionMode{};
    if (text == "system")
        return CongestionMode{Kind::System};
    const bool isName = !text.empty() && text.size() <= transport::MaxCongestionNameBytes
                        && text.find_first_not_of(NameCharacters) == std::string_view::npos;
    if (!isName)
        return fail(ErrorCode::InvalidArgument,
                    "it must be auto, system, or the name of a congestion control such as bbr or cubic");
    return CongestionMode{Kind::Named, std::string(text)};
}

CongestionChoice::CongestionChoice(CongestionMode mode, std::string running)
    : m_mode(std::move(mode))
    , m_running(std::move(running))
{}

std::optional<CongestionSwitch> CongestionChoice::atStart() const
{
    if (m_mode.kind != CongestionMode::Kind::Named || m_mode.name == m_running)
        return std::nullopt;
    return CongestionSwitch{m_mode.name, "as asked for"};
}

std::optional<CongestionSwitch> CongestionChoice::observe(const transport::LineInfo& info)
{
    if (!isWaiting())
        return std::nullopt;
    auto wanted = judgeLoss(info);
    if (!wanted)
        wanted = judgeWindow(info);
    m_isDone = wanted.has_value();
    return wanted;
}

std::optional<CongestionSwitch> CongestionChoice::judgeLoss(const transport::LineInfo& info)
{
    const std::uint32_t sent = info.segmentsSent - m_judged.segmentsSent;
    if (++m_looks < LooksJudged || sent < JudgedSegments)
        return std::nullopt;
    m_looks = 0;
    const std::uint32_t lost = lostBetween(m_judged, info);
    m_judged = info;
    const bool isLossy = std::uint64_t{1000} * lost >= std::uint64_t{LossyPerMille} * sent;
    m_lossyJudgements = isLossy && isLong(info) ? m_lossyJudgements + 1 : 0;
    if (m_lossyJudgements < LossyJudgements)
        return std::nullopt;
    return CongestionSwitch{std::string(LossProof), describeLoss(lost, sent, info.roundTrip)};
}

std::optional<CongestionSwitch> CongestionChoice::judgeWindow(const transport::LineInfo& info)
{
    m_timidLooks = isLong(info) && leavesLineEmpty(info) ? m_timidLooks + 1 : 0;
    if (m_timidLooks < (info.segmentsRetransmitted == 0 ? TimidLooks : TimidLooksAfterLoss))
        return std::nullopt;
    const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(info.roundTrip).count();
    return CongestionSwitch{std::string(LossProof), m_running + " left the line partly empty at a round-trip time of "
                                                        + std::to_string(milliseconds) + " ms"};
}

std::string CongestionChoice::reasonToStay() const
{
    switch (m_mode.kind) {
    case CongestionMode::Kind::System: return "the system's default, as asked for";
    case CongestionMode::Kind::Named: return "as asked for";
    case CongestionMode::Kind::Auto: break;
    }
    if (m_running == LossProof)
        return "the system's default";
    return "the system's default; " + std::string(LossProof)
           + " is not needed so far: the line loses little and is used, or its round-trip time is short";
}

}  // namespace gvpn::tunnel
