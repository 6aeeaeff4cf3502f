// What the program has logged, with a level, a filter, and an export that tells no secret. GUI thread.
#pragma once

#include "client/background_work.h"
#include "client/log_book.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableView;

namespace gvpn::gui {

class LogFilter;
class LogModel;

class LogWindow : public QWidget {
    Q_OBJECT
public:
    explicit LogWindow(client::LogBook& book, QWidget* parent = nullptr);

protected:
    void changeEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void build();
    void reload();
    void retranslate();
    void chooseFile();
    void exportTo(const QString& path);

    client::LogBook& m_book;
    LogModel* m_model;
    LogFilter* m_filter;
    QTableView* m_table;
    QLabel* m_levelLabel;
    QComboBox* m_level;
    QLineEdit* m_text;
    QPushButton* m_export;
    QPushButton* m_clear;
    QLabel* m_result;
    client::ThreadedWork m_disk;
};

}  // namespace gvpn::gui
