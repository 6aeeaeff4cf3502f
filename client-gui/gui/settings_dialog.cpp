#include "gui/settings_dialog.h"

#include "gui/language.h"
#include "gui/widgets.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QEvent>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace gvpn::gui {

SettingsDialog::SettingsDialog(const client::Settings& settings, QWidget* parent)
    : QDialog(parent)
    , m_startsAtLogin(new QCheckBox(this))
    , m_startsHidden(new QCheckBox(this))
    , m_notifications(new QCheckBox(this))
    , m_languageLabel(new QLabel(this))
    , m_language(new QComboBox(this))
    , m_failure(plainLabel(this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    m_startsAtLogin->setObjectName(QStringLiteral("startsAtLogin"));
    m_startsHidden->setObjectName(QStringLiteral("startsHidden"));
    m_notifications->setObjectName(QStringLiteral("notifications"));
    m_language->setObjectName(QStringLiteral("language"));
    m_startsAtLogin->setChecked(settings.startsAtLogin);
    m_startsHidden->setChecked(settings.startsHidden);
    m_notifications->setChecked(settings.showsNotifications);
    m_language->addItem(QString(), QString());
    for (const LanguageName& language : languages())
        m_language->addItem(language.name, language.code);
    m_language->setCurrentIndex(std::max(0, m_language->findData(settings.language)));
    m_languageLabel->setBuddy(m_language);
    m_failure->hide();
    auto* language = new QHBoxLayout;
    language->addWidget(m_languageLabel);
    language->addWidget(m_language, 1);
    auto* buttons = new QDialogButtonBox(this);
    m_close = buttons->addButton(QString(), QDialogButtonBox::RejectRole);
    auto* layout = new QVBoxLayout(this);
    for (QCheckBox* box : {m_startsAtLogin, m_startsHidden, m_notifications}) {
        layout->addWidget(box);
        connect(box, &QCheckBox::toggled, this, &SettingsDialog::onChanged);
    }
    layout->addLayout(language);
    layout->addWidget(m_failure);
    layout->addWidget(buttons);
    retranslate();
    connect(m_language, &QComboBox::activated, this, &SettingsDialog::onChanged);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

void SettingsDialog::setFailure(const QString& sentence)
{
    m_failure->setText(sentence);
    m_failure->setVisible(!sentence.isEmpty());
}

void SettingsDialog::onChanged()
{
    Q_EMIT changed({.startsAtLogin = m_startsAtLogin->isChecked(),
                    .startsHidden = m_startsHidden->isChecked(),
                    .showsNotifications = m_notifications->isChecked(),
                    .language = m_language->currentData().toString()});
}

void SettingsDialog::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange)
        retranslate();
    QDialog::changeEvent(event);
}

void SettingsDialog::retranslate()
{
    setWindowTitle(tr("Settings"));
    m_startsAtLogin->setText(tr("Start gvpn when I &log in"));
    m_startsHidden->setText(tr("Start &hidden, in the tray only"));
    m_notifications->setText(tr("Show &notifications"));
    m_languageLabel->setText(tr("L&anguage:"));
    m_language->setItemText(0, tr("As the system says"));
    m_close->setText(tr("&Close"));
}

}  // namespace gvpn::gui
