// The lines of the LogBook as a table: time, level, text. GUI thread.
#pragma once

#include "client/log_book.h"

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

namespace gvpn::gui {

/// Debug 0, information 1, warning 2: by how grave it is, which QtMsgType's own numbers don't say.
[[nodiscard]] int severityOf(QtMsgType level);

class LogModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { TimeColumn, LevelColumn, TextColumn, ColumnCount };
    enum Role { SeverityRole = Qt::UserRole };

    explicit LogModel(QObject* parent = nullptr)
        : QAbstractTableModel(parent)
    {}

    void setLines(std::vector<client::LogLine> lines);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<client::LogLine> m_lines;
};

/// Lines from a severity up that have a text in them.
class LogFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit LogFilter(QObject* parent = nullptr)
        : QSortFilterProxyModel(parent)
    {}

    void setSeverity(int severity);
    void setText(const QString& text);

protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    int m_severity = 1;
    QString m_text;
};

}  // namespace gvpn::gui
