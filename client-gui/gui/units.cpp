#include "gui/units.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>
#include <array>

namespace gvpn::gui {

namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(Units)
};

constexpr double Step = 1000;
constexpr std::size_t UnitCount = 5;

/// The value in the largest unit that leaves at least one before the point, and which unit that is.
std::pair<double, std::size_t> scaled(double bytes)
{
    std::size_t unit = 0;
    // What would be rounded to 1000 is the next unit's 1.
    while (bytes >= Step - 0.05 && unit + 1 < UnitCount) {
        bytes /= Step;
        ++unit;
    }
    return {bytes, unit};
}

QString number(double value, std::size_t unit)
{
    return QLocale().toString(value, 'f', unit == 0 || value >= 100 ? 0 : 1);
}

}  // namespace

QString bytesText(std::uint64_t bytes)
{
    const auto [value, unit] = scaled(static_cast<double>(bytes));
    const QString amount = number(value, unit);
    switch (unit) {
    case 0: return Tr::tr("%1 B").arg(amount);
    case 1: return Tr::tr("%1 kB").arg(amount);
    case 2: return Tr::tr("%1 MB").arg(amount);
    case 3: return Tr::tr("%1 GB").arg(amount);
    default: return Tr::tr("%1 TB").arg(amount);
    }
}

QString rateText(double bytesPerSecond)
{
    const auto [value, unit] = scaled(std::max(0.0, bytesPerSecond));
    const QString amount = number(value, unit);
    switch (unit) {
    case 0: return Tr::tr("%1 B/s").arg(amount);
    case 1: return Tr::tr("%1 kB/s").arg(amount);
    case 2: return Tr::tr("%1 MB/s").arg(amount);
    case 3: return Tr::tr("%1 GB/s").arg(amount);
    default: return Tr::tr("%1 TB/s").arg(amount);
    }
}

QString durationText(std::chrono::seconds time)
{
    constexpr int Minute = 60;
    constexpr int Hour = 60 * Minute;
    constexpr int Day = 24 * Hour;
    const auto seconds = std::max<std::chrono::seconds::rep>(0, time.count());
    if (seconds < Minute)
        return Tr::tr("%1 s").arg(seconds);
    if (seconds < Hour)
        return Tr::tr("%1 min %2 s").arg(seconds / Minute).arg(seconds % Minute);
    if (seconds < Day)
        return Tr::tr("%1 h %2 min").arg(seconds / Hour).arg(seconds % Hour / Minute);
    const auto days = static_cast<int>(std::min<std::chrono::seconds::rep>(seconds / Day, 1'000'000));
    return Tr::tr("%n day(s) %1 h", nullptr, days).arg(seconds % Day / Hour);
}

QString roundTripText(std::chrono::microseconds time)
{
    if (time.count() <= 0)
        return {};
    const double milliseconds = static_cast<double>(time.count()) / 1000;
    return Tr::tr("%1 ms").arg(QLocale().toString(milliseconds, 'f', milliseconds < 10 ? 1 : 0));
}

QString plain(const QString& text)
{
    return text.toHtmlEscaped();
}

}  // namespace gvpn::gui
