// Amounts, rates and times as people read them, in the language of the moment. Pure; used by everything that shows
// numbers.
#pragma once

#include <QString>

#include <chrono>
#include <cstdint>

namespace gvpn::gui {

/// "0 B", "999 B", "1.0 kB", "12.3 MB": powers of 1000.
[[nodiscard]] QString bytesText(std::uint64_t bytes);
/// "1.2 MB/s"
[[nodiscard]] QString rateText(double bytesPerSecond);
/// "5 s", "3 min 5 s", "2 h 3 min", "4 days 1 h". Negative counts as zero.
[[nodiscard]] QString durationText(std::chrono::seconds time);
/// "0.4 ms", "38 ms"; empty for zero: not known.
[[nodiscard]] QString roundTripText(std::chrono::microseconds time);
/// Text from outside, safe where rich text is understood.
[[nodiscard]] QString plain(const QString& text);

}  // namespace gvpn::gui
