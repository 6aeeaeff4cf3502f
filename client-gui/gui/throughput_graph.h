// Draws a ThroughputHistory: down as an area, up as a line, with a scale and a legend. A widget of the profile's page.
#pragma once

#include "gui/throughput_history.h"

#include <QWidget>

namespace gvpn::gui {

class ThroughputGraph : public QWidget {
    Q_OBJECT
public:
    explicit ThroughputGraph(QWidget* parent = nullptr);

    void setHistory(const ThroughputHistory& history);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void retranslate();
    void drawCurves(QPainter& painter, const QRectF& area) const;
    void drawLegend(QPainter& painter) const;

    ThroughputHistory m_history;
};

}  // namespace gvpn::gui
