#include "gui/log_model.h"

namespace gvpn::gui {

int severityOf(QtMsgType level)
{
    switch (level) {
    case QtDebugMsg: return 0;
    case QtInfoMsg: return 1;
    case QtWarningMsg:
    case QtCriticalMsg:
    case QtFatalMsg: return 2;
    }
    return 2;
}

void LogModel::setLines(std::vector<client::LogLine> lines)
{
    beginResetModel();
    m_lines = std::move(lines);
    endResetModel();
}

int LogModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

int LogModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LogModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const client::LogLine& line = m_lines[static_cast<std::size_t>(index.row())];
    if (role == SeverityRole)
        return severityOf(line.level);
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case TimeColumn: return line.time.toLocalTime().toString(QStringLiteral("HH:mm:ss"));
    case LevelColumn:
        switch (severityOf(line.level)) {
        case 0: return tr("Debug");
        case 1: return tr("Information");
        default: return tr("Warning");
        }
    default: return line.text;
    }
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case TimeColumn: return tr("Time");
    case LevelColumn: return tr("Level");
    default: return tr("Message");
    }
}

void LogFilter::setSeverity(int severity)
{
    m_severity = severity;
    invalidateFilter();
}

void LogFilter::setText(const QString& text)
{
    m_text = text;
    invalidateFilter();
}

bool LogFilter::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    const QModelIndex line = sourceModel()->index(row, LogModel::TextColumn, parent);
    return line.data(LogModel::SeverityRole).toInt() >= m_severity
           && line.data().toString().contains(m_text, Qt::CaseInsensitive);
}

}  // namespace gvpn::gui
