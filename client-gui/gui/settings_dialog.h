// The settings of the program. Each change counts at once, the language as well, so that a person sees what he chose.
// GUI thread.
#pragma once

#include "client/settings.h"

#include <QDialog>

class QCheckBox;
class QComboBox;
class QLabel;
class QPushButton;

namespace gvpn::gui {

class SettingsDialog : public QDialog {
    Q_OBJECT
public:
    explicit SettingsDialog(const client::Settings& settings, QWidget* parent = nullptr);

    /// Why they could not be kept; empty: they were.
    void setFailure(const QString& sentence);

Q_SIGNALS:
    void changed(const gvpn::client::Settings& settings);

protected:
    void changeEvent(QEvent* event) override;

private:
    void retranslate();
    void onChanged();

    QCheckBox* m_startsAtLogin;
    QCheckBox* m_startsHidden;
    QCheckBox* m_notifications;
    QLabel* m_languageLabel;
    QComboBox* m_language;
    QLabel* m_failure;
    QPushButton* m_close;
};

}  // namespace gvpn::gui
