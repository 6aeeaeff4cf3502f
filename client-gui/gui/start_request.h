// What a start of the program is for, as it is handed to the one that runs already: one line of text. Pure.
#pragma once

#include <QByteArray>
#include <QString>

#include <optional>

namespace gvpn::gui {

struct StartRequest {
    bool isHidden = false;
    QString link{};  // as it was given; empty: none
    [[nodiscard]] bool operator==(const StartRequest&) const = default;
};

/// The longest line with its line feed.
inline constexpr qsizetype MaxRequestBytes = 4096;

/// "show\n", "hidden\n", "link TEXT\n".
[[nodiscard]] QByteArray encode(const StartRequest& request);
/// Nothing: no such line.
[[nodiscard]] std::optional<StartRequest> decode(const QByteArray& line);

}  // namespace gvpn::gui
