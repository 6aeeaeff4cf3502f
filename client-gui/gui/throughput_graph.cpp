#include "gui/throughput_graph.h"

#include "gui/units.h"

#include <QEvent>
#include <QPainter>
#include <QPainterPath>

namespace gvpn::gui {

namespace {

constexpr int LinesHigh = 7;
constexpr int CharactersWide = 40;
constexpr int AreaAlpha = 60;

/// Told apart by brightness too, and readable on light and dark.
QColor downColor(const QPalette& palette)
{
    return palette.color(QPalette::Highlight);
}

QColor upColor(const QPalette& palette)
{
    return palette.color(QPalette::Base).lightness() > 127 ? QColor(0xb3, 0x5c, 0x00) : QColor(0xff, 0xb8, 0x6c);
}

}  // namespace

ThroughputGraph::ThroughputGraph(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    retranslate();
}

void ThroughputGraph::setHistory(const ThroughputHistory& history)
{
    m_history = history;
    retranslate();
    update();
}

QSize ThroughputGraph::sizeHint() const
{
    return {fontMetrics().averageCharWidth() * CharactersWide, fontMetrics().lineSpacing() * LinesHigh};
}

QSize ThroughputGraph::minimumSizeHint() const
{
    return sizeHint() / 2;
}

void ThroughputGraph::paintEvent(QPaintEvent* event)
{
    Q_UNUSED(event)
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), palette().base());
    const int line = fontMetrics().lineSpacing();
    const QRectF area = QRectF(rect()).adjusted(1, line * 1.25, -1, -1);
    painter.setPen(palette().color(QPalette::Mid));
    for (const double part : {0.0, 0.5, 1.0}) {
        const double y = area.top() + area.height() * part;
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
    }
    drawCurves(painter, area);
    drawLegend(painter);
}

void ThroughputGraph::drawCurves(QPainter& painter, const QRectF& area) const
{
    const auto& samples = m_history.samples();
    if (samples.empty())
        return;
    const double step = area.width() / static_cast<double>(ThroughputHistory::MaxSamples - 1);
    const double scale = m_history.scale();
    const double first = area.right() - step * static_cast<double>(samples.size() - 1);
    QPainterPath down;
    QPainterPath up;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double x = first + step * static_cast<double>(i);
        const QPointF downAt(x, area.bottom() - area.height() * samples[i].down / scale);
        const QPointF upAt(x, area.bottom() - area.height() * samples[i].up / scale);
        i == 0 ? down.moveTo(downAt) : down.lineTo(downAt);
        i == 0 ? up.moveTo(upAt) : up.lineTo(upAt);
    }
    QPainterPath filled = down;
    filled.lineTo(area.right(), area.bottom());
    filled.lineTo(first, area.bottom());
    QColor fill = downColor(palette());
    fill.setAlpha(AreaAlpha);
    painter.fillPath(filled, fill);
    painter.strokePath(down, QPen(downColor(palette()), 1.5));
    painter.strokePath(up, QPen(upColor(palette()), 1.5, Qt::DashLine));
}

void ThroughputGraph::drawLegend(QPainter& painter) const
{
    const QRect top(4, 2, width() - 8, fontMetrics().lineSpacing());
    const Rate now = m_history.current();
    const QString down = tr("↓ %1").arg(rateText(now.down));
    const QString up = tr("↑ %1").arg(rateText(now.up));
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(top, Qt::AlignRight, tr("scale: %1").arg(rateText(m_history.scale())));
    painter.setPen(downColor(palette()));
    painter.drawText(top, Qt::AlignLeft, down);
    painter.setPen(upColor(palette()));
    const int offset = fontMetrics().horizontalAdvance(down) + fontMetrics().averageCharWidth() * 2;
    painter.drawText(top.adjusted(offset, 0, 0, 0), Qt::AlignLeft, up);
}

void ThroughputGraph::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange)
        retranslate();
    QWidget::changeEvent(event);
}

void ThroughputGraph::retranslate()
{
    const Rate now = m_history.current();
    setAccessibleName(tr("Throughput"));
    setAccessibleDescription(tr("Now %1 received and %2 sent").arg(rateText(now.down), rateText(now.up)));
}

}  // namespace gvpn::gui
