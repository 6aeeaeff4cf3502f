#include "gui/throughput_graph.h"

#include "gui/units.h"

#include <QEvent>
#include <QPainter>
#include <QPainterPath>

#include <utility>

namespace gvpn::gui {

namespace {

constexpr int LinesHigh = 7;
constexpr int CharactersWide = 40;
constexpr int SampleCharacters = 4;  // a piece of each line, before its text
constexpr int AreaAlpha = 60;
/// Of a line's height: what grows with the font is right at any scale.
constexpr double PenPart = 0.1;
constexpr double MarginPart = 0.25;

// Colours of the theme only, and told apart by the kind of line, too.
QPen downPen(const QWidget& widget)
{
    return QPen(widget.palette().color(QPalette::Highlight), widget.fontMetrics().lineSpacing() * PenPart);
}

QPen upPen(const QWidget& widget)
{
    return QPen(widget.palette().color(QPalette::Text), widget.fontMetrics().lineSpacing() * PenPart, Qt::DashLine);
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
    const QRectF area = QRectF(rect()).adjusted(1, line * (1 + 2 * MarginPart), -1, -1);
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
    QColor fill = downPen(*this).color();
    fill.setAlpha(AreaAlpha);
    painter.fillPath(filled, fill);
    painter.strokePath(down, downPen(*this));
    painter.strokePath(up, upPen(*this));
}

void ThroughputGraph::drawLegend(QPainter& painter) const
{
    const double line = fontMetrics().lineSpacing();
    const double sample = fontMetrics().averageCharWidth() * SampleCharacters;
    QRectF rest(line * MarginPart, line * MarginPart, width() - 2 * line * MarginPart, line);
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(rest, Qt::AlignRight, tr("scale: %1").arg(rateText(m_history.scale())));
    const Rate now = m_history.current();
    for (const auto& [pen, text] : {std::pair{downPen(*this), tr("↓ %1").arg(rateText(now.down))},
                                    std::pair{upPen(*this), tr("↑ %1").arg(rateText(now.up))}}) {
        painter.setPen(pen);
        painter.drawLine(QPointF(rest.left(), rest.center().y()),
                         QPointF(rest.left() + sample - line * MarginPart, rest.center().y()));
        rest.setLeft(rest.left() + sample);
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(rest, Qt::AlignLeft, text);
        rest.setLeft(rest.left() + fontMetrics().horizontalAdvance(text) + line);
    }
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
