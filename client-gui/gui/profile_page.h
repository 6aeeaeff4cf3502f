// The right side of the window: one profile with its large button, the stage while it connects, facts and throughput
// while it is connected, and the sentence when it failed. Shows what it is given; asks by signals. GUI thread.
#pragma once

#include "gui/presenter.h"
#include "gui/throughput_history.h"

#include <QWidget>

class QFormLayout;
class QLabel;
class QProgressBar;
class QPushButton;

namespace gvpn::gui {

class ThroughputGraph;

class ProfilePage : public QWidget {
    Q_OBJECT
public:
    explicit ProfilePage(QWidget* parent = nullptr);

    /// now: for how long it has been connected, and when it tries again.
    void display(const client::ProfileEntry& entry, const ThroughputHistory& history, const QDateTime& now);
    /// The large one, and the one below the sentence of a failure: for the window's tab order.
    [[nodiscard]] QPushButton& mainButton() const { return *m_button; }
    [[nodiscard]] QPushButton& copyButton() const { return *m_copy; }

Q_SIGNALS:
    void connectRequested();
    void disconnectRequested();
    void copyRequested();

protected:
    void changeEvent(QEvent* event) override;

private:
    void build();
    QWidget* buildHeader();
    void retranslate();
    void showFacts(const std::vector<Fact>& facts);
    void onButton();

    Action m_action = Action::Connect;
    QLabel* m_icon;
    QLabel* m_name;
    QLabel* m_headline;
    QLabel* m_detail;
    QProgressBar* m_progress;
    QPushButton* m_button;
    QPushButton* m_copy;
    QWidget* m_factsBox;
    QFormLayout* m_factsForm;
    std::vector<Fact> m_facts;
    ThroughputGraph* m_graph;
    QLabel* m_remarks;
};

}  // namespace gvpn::gui
