// Adds a profile by hand or edits one. Keeps what was typed when the core refuses it, and says why. GUI thread.
#pragma once

#include "client/client_core.h"

#include <QDialog>

class QLabel;
class QPushButton;

namespace gvpn::gui {

class ProfileForm;

class ProfileDialog : public QDialog {
    Q_OBJECT
public:
    /// A new one.
    explicit ProfileDialog(client::ClientCore& core, QWidget* parent = nullptr);
    /// An existing one.
    ProfileDialog(client::ClientCore& core, const client::ProfileEntry& entry, QWidget* parent = nullptr);

Q_SIGNALS:
    void saved(const QString& name);

private:
    void build(const QString& title, const QString& acceptText);
    void submit();
    void onDone(const Result<client::Profile>& result);

    client::ClientCore& m_core;
    std::string m_editedName;  // empty: a new one
    ProfileForm* m_form = nullptr;
    QLabel* m_failure = nullptr;
    QPushButton* m_accept = nullptr;
};

}  // namespace gvpn::gui
