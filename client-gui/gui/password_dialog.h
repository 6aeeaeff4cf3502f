// Asks for the password of one profile. The answer goes out once, by answered(). GUI thread.
#pragma once

#include "client/client_core.h"

#include <QDialog>

class QCheckBox;
class QLineEdit;
class QPushButton;

namespace gvpn::gui {

class PasswordDialog : public QDialog {
    Q_OBJECT
public:
    explicit PasswordDialog(const client::PasswordQuestion& question, QWidget* parent = nullptr);

Q_SIGNALS:
    /// Nothing: the person gave up.
    void answered(const std::optional<gvpn::SharedSecret>& password, const std::string& user, bool remember);

private:
    void check();
    void answer(bool isGiven);

    QLineEdit* m_user;
    QLineEdit* m_password;
    QCheckBox* m_remember;
    QPushButton* m_accept;
};

}  // namespace gvpn::gui
