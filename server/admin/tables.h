// Tables for a terminal. Texts from outside come out harmless: one line, no escape sequences, nothing invisible. Pure.
#pragma once

#include <QString>
#include <QStringList>

#include <vector>

namespace gvpn::admin {

/// Control characters and those that change a line's direction are shown by their numbers.
[[nodiscard]] QString safeText(const QString& text);

/// Columns of equal width, two blanks apart, each line with a line feed. Cells are escaped here; an empty one is "-".
[[nodiscard]] QString table(const QStringList& headings, const std::vector<QStringList>& rows);

}  // namespace gvpn::admin
