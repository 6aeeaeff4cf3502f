// Asks for a link, with the reason at once when a text is none. Adds nothing: what it found goes on to the enrolment
// question. GUI thread.
#pragma once

#include "client/enrolment.h"

#include <QDialog>

class QLabel;
class QLineEdit;
class QPushButton;

namespace gvpn::gui {

class LinkDialog : public QDialog {
    Q_OBJECT
public:
    /// text: what the field begins with.
    explicit LinkDialog(const QString& text, QWidget* parent = nullptr);

Q_SIGNALS:
    void invited(const gvpn::client::Invitation& invitation);
    void byHandRequested();

private:
    void check();
    void submit();

    QLineEdit* m_link;
    QLabel* m_reason;
    QPushButton* m_next;
};

}  // namespace gvpn::gui
