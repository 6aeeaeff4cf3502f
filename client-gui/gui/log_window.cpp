#include "gui/log_window.h"

#include "gui/icons.h"
#include "gui/log_model.h"
#include "gui/widgets.h"

#include <QComboBox>
#include <QEvent>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSaveFile>
#include <QTableView>
#include <QVBoxLayout>

namespace gvpn::gui {

LogWindow::LogWindow(client::LogBook& book, QWidget* parent)
    : QWidget(parent, Qt::Window)
    , m_book(book)
    , m_model(new LogModel(this))
    , m_filter(new LogFilter(this))
    , m_table(new QTableView(this))
    , m_levelLabel(new QLabel(this))
    , m_level(new QComboBox(this))
    , m_text(new QLineEdit(this))
    , m_export(new QPushButton(this))
    , m_clear(new QPushButton(this))
    , m_result(plainLabel(this))
{
    build();
    retranslate();
    connect(&book, &client::LogBook::changed, this, &LogWindow::reload);
    connect(m_level, &QComboBox::currentIndexChanged, m_filter, &LogFilter::setSeverity);
    connect(m_text, &QLineEdit::textChanged, m_filter, &LogFilter::setText);
    connect(m_export, &QPushButton::clicked, this, &LogWindow::chooseFile);
    connect(m_clear, &QPushButton::clicked, this, [this] {
        m_book.clear();
        reload();
    });
    m_level->setCurrentIndex(severityOf(QtInfoMsg));
}

void LogWindow::build()
{
    setWindowIcon(programIcon());
    m_filter->setSourceModel(m_model);
    m_level->setObjectName(QStringLiteral("level"));
    m_level->addItems({QString(), QString(), QString()});
    m_levelLabel->setBuddy(m_level);
    m_text->setObjectName(QStringLiteral("filter"));
    m_text->setClearButtonEnabled(true);
    m_table->setModel(m_filter);
    m_table->setObjectName(QStringLiteral("lines"));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setTabKeyNavigation(false);
    m_table->setWordWrap(false);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setStretchLastSection(true);
    auto* tools = new QHBoxLayout;
    tools->addWidget(m_levelLabel);
    tools->addWidget(m_level);
    tools->addWidget(m_text, 1);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_result, 1);
    buttons->addWidget(m_clear);
    buttons->addWidget(m_export);
    auto* layout = new QVBoxLayout(this);
    layout->addLayout(tools);
    layout->addWidget(m_table, 1);
    layout->addLayout(buttons);
    resize(fontMetrics().height() * 44, fontMetrics().height() * 26);
}

void LogWindow::reload()
{
    if (!isVisible())
        return;
    m_model->setLines(m_book.lines());
    m_table->scrollToBottom();
}

void LogWindow::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    reload();
    m_table->resizeColumnsToContents();
}

void LogWindow::chooseFile()
{
    auto* dialog = new QFileDialog(this, tr("Export the log"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(QStringLiteral("gvpn-log.txt"));
    connect(dialog, &QFileDialog::fileSelected, this, &LogWindow::exportTo);
    dialog->open();
}

void LogWindow::exportTo(const QString& path)
{
    // A folder may be on a slow server.
    m_disk.run<QString>(
        [path, text = m_book.exportText().toUtf8()] {
            QSaveFile file(path);
            const bool isWritten = file.open(QIODevice::WriteOnly) && file.write(text) == text.size() && file.commit();
            return isWritten ? QString() : file.errorString();
        },
        [this, path](const QString& cause) {
            m_result->setText(cause.isEmpty() ? tr("Written without secrets to %1.").arg(path)
                                              : tr("Could not write %1: %2.").arg(path, cause));
        });
}

void LogWindow::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange)
        retranslate();
    QWidget::changeEvent(event);
}

void LogWindow::retranslate()
{
    setWindowTitle(tr("gvpn log"));
    m_levelLabel->setText(tr("&Show:"));
    m_level->setItemText(0, tr("Everything"));
    m_level->setItemText(1, tr("Information and warnings"));
    m_level->setItemText(2, tr("Warnings"));
    m_text->setPlaceholderText(tr("Only lines with this text"));
    m_text->setAccessibleName(tr("Filter"));
    m_table->setAccessibleName(tr("Log lines"));
    m_export->setText(tr("&Export …"));
    m_clear->setText(tr("&Clear"));
    reload();
}

}  // namespace gvpn::gui
