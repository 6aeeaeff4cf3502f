#include "admin/tables.h"

#include "base/text.h"

#include <QTextBoundaryFinder>

#include <algorithm>

namespace gvpn::admin {

namespace {

/// What a reader counts: an accent on its letter takes no place of its own.
qsizetype columnsOf(const QString& text)
{
    QTextBoundaryFinder finder(QTextBoundaryFinder::Grapheme, text);
    qsizetype columns = 0;
    while (finder.toNextBoundary() > 0)
        ++columns;
    return columns;
}

QString line(const QStringList& cells, const std::vector<qsizetype>& widths)
{
    QString out;
    for (qsizetype i = 0; i < cells.size(); ++i) {
        out += cells[i];
        if (i + 1 < cells.size())
            out += QString(widths[static_cast<std::size_t>(i)] - columnsOf(cells[i]) + 2, QLatin1Char(' '));
    }
    return out + QLatin1Char('\n');
}

}  // namespace

QString safeText(const QString& text)
{
    return QString::fromStdString(escapeForDisplay(text.toStdString()));
}

QString table(const QStringList& headings, const std::vector<QStringList>& rows)
{
    std::vector<QStringList> lines{headings};
    for (const QStringList& row : rows) {
        QStringList cells;
        for (const QString& cell : row)
            cells.append(cell.isEmpty() ? QStringLiteral("-") : safeText(cell));
        lines.push_back(cells);
    }
    std::vector<qsizetype> widths(static_cast<std::size_t>(headings.size()));
    for (const QStringList& cells : lines) {
        for (std::size_t i = 0; i < widths.size(); ++i)
            widths[i] = std::max(widths[i], columnsOf(cells[static_cast<qsizetype>(i)]));
    }
    QString out;
    for (const QStringList& cells : lines)
        out += line(cells, widths);
    return out;
}

}  // namespace gvpn::admin
