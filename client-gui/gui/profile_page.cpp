#include "gui/profile_page.h"

#include "gui/icons.h"
#include "gui/throughput_graph.h"
#include "gui/widgets.h"

#include <QEvent>
#include <QFormLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gvpn::gui {

namespace {

constexpr int IconLinesHigh = 3;
constexpr double NameScale = 1.5;
constexpr double ButtonScale = 1.25;

void scaleFont(QWidget& widget, double factor)
{
    QFont font = widget.font();
    font.setPointSizeF(font.pointSizeF() * factor);
    widget.setFont(font);
}

/// Only another text: what is selected in the same one stays so.
void say(QLabel& label, const QString& text)
{
    if (label.text() != text)
        label.setText(text);
}

}  // namespace

ProfilePage::ProfilePage(QWidget* parent)
    : QWidget(parent)
    , m_icon(new QLabel(this))
    , m_name(plainLabel(this))
    , m_headline(plainLabel(this))
    , m_detail(plainLabel(this))
    , m_progress(new QProgressBar(this))
    , m_button(new QPushButton(this))
    , m_copy(new QPushButton(this))
    , m_factsBox(new QWidget(this))
    , m_factsForm(new QFormLayout(m_factsBox))
    , m_graph(new ThroughputGraph(this))
    , m_remarks(plainLabel(this))
{
    build();
    retranslate();
    connect(m_button, &QPushButton::clicked, this, &ProfilePage::onButton);
    connect(m_copy, &QPushButton::clicked, this, &ProfilePage::copyRequested);
}

void ProfilePage::build()
{
    m_button->setObjectName(QStringLiteral("connectButton"));
    m_copy->setObjectName(QStringLiteral("copyDetails"));
    m_headline->setObjectName(QStringLiteral("headline"));
    m_detail->setObjectName(QStringLiteral("detail"));
    m_remarks->setObjectName(QStringLiteral("remarks"));
    scaleFont(*m_button, ButtonScale);
    m_button->setMinimumHeight(m_button->fontMetrics().lineSpacing() * 2);
    m_button->setAutoDefault(true);
    m_progress->setRange(0, stageCount());
    m_progress->setTextVisible(false);
    m_factsForm->setContentsMargins(0, 0, 0, 0);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(buildHeader());
    layout->addWidget(m_detail);
    layout->addWidget(m_progress);
    layout->addWidget(m_button);
    layout->addWidget(m_factsBox);
    layout->addWidget(m_graph, 1);
    layout->addWidget(m_remarks);
    layout->addWidget(m_copy, 0, Qt::AlignLeft);
    layout->addStretch(0);
    setTabOrder(m_button, m_copy);
}

QWidget* ProfilePage::buildHeader()
{
    auto* header = new QWidget(this);
    scaleFont(*m_name, NameScale);
    QFont bold = m_headline->font();
    bold.setBold(true);
    m_headline->setFont(bold);
    auto* texts = new QVBoxLayout;
    texts->addWidget(m_name);
    texts->addWidget(m_headline);
    auto* layout = new QHBoxLayout(header);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_icon);
    layout->addLayout(texts, 1);
    return header;
}

void ProfilePage::display(const client::ProfileEntry& entry, const ThroughputHistory& history, const QDateTime& now)
{
    const Presentation shown = present(entry, now);
    const int side = fontMetrics().lineSpacing() * IconLinesHigh;
    m_icon->setPixmap(phaseIcon(shown.phase).pixmap(QSize(side, side), devicePixelRatioF()));
    m_icon->setAccessibleName(phaseText(shown.phase));
    say(*m_name, nameOf(entry));
    say(*m_headline, shown.headline);
    say(*m_detail, shown.detail);
    m_progress->setVisible(shown.phase == Phase::Connecting);
    m_progress->setValue(shown.stage);
    m_progress->setAccessibleDescription(shown.detail);
    m_action = shown.action;
    m_button->setText(shown.button);
    m_button->setEnabled(shown.action != Action::None);
    m_copy->setVisible(shown.hasDetailsToCopy);
    showFacts(facts(entry, now));
    m_graph->setVisible(shown.phase == Phase::Connected);
    m_graph->setHistory(history);
    say(*m_remarks, QStringList(entry.remarks.begin(), entry.remarks.end()).join(QLatin1Char('\n')));
    m_remarks->setVisible(!entry.remarks.empty());
}

/// Only what has changed is set, so that selected text and a screen reader's place stay.
void ProfilePage::showFacts(const std::vector<Fact>& facts)
{
    if (facts == m_facts)
        return;
    const bool isSameShape = std::ranges::equal(facts, m_facts, {}, &Fact::label, &Fact::label);
    if (!isSameShape) {
        while (m_factsForm->rowCount() > 0)
            m_factsForm->removeRow(0);
        for (const Fact& fact : facts) {
            // Without an accessible name, which would be read instead of the value; the form says whose it is.
            m_factsForm->addRow(tr("%1:").arg(fact.label), plainLabel(m_factsBox));
        }
    }
    for (int row = 0; row < m_factsForm->rowCount(); ++row) {
        auto* value = qobject_cast<QLabel*>(m_factsForm->itemAt(row, QFormLayout::FieldRole)->widget());
        say(*value, facts[static_cast<std::size_t>(row)].value);
    }
    m_facts = facts;
    m_factsBox->setVisible(!facts.empty());
}

void ProfilePage::onButton()
{
    if (m_action == Action::Connect)
        Q_EMIT connectRequested();
    else if (m_action == Action::Disconnect)
        Q_EMIT disconnectRequested();
}

void ProfilePage::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange)
        retranslate();
    QWidget::changeEvent(event);
}

void ProfilePage::retranslate()
{
    m_copy->setText(tr("C&opy details"));
    m_copy->setToolTip(tr("Copies the details, so that you can send them to who helps you"));
    m_progress->setAccessibleName(tr("Progress of the connection"));
}

}  // namespace gvpn::gui
