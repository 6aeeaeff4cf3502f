#include "gui/profile_dialog.h"

#include "client/sentences.h"
#include "gui/presenter.h"
#include "gui/profile_form.h"
#include "gui/widgets.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPointer>
#include <QPushButton>
#include <QVBoxLayout>

namespace gvpn::gui {

ProfileDialog::ProfileDialog(client::ClientCore& core, QWidget* parent)
    : QDialog(parent)
    , m_core(core)
{
    build(tr("Add a network by hand"), tr("&Add"));
}

ProfileDialog::ProfileDialog(client::ClientCore& core, const client::ProfileEntry& entry, QWidget* parent)
    : QDialog(parent)
    , m_core(core)
    , m_editedName(entry.profile.name)
{
    build(tr("Edit %1").arg(nameOf(entry)), tr("S&ave"));
    m_form->set(entry.profile);
    if (isUp(entry))
        m_form->lockServer();
}

void ProfileDialog::build(const QString& title, const QString& acceptText)
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(title);
    m_form = new ProfileForm(this);
    m_failure = plainLabel(this);
    m_failure->setObjectName(QStringLiteral("failure"));
    m_failure->hide();
    auto* buttons = new QDialogButtonBox(this);
    m_accept = buttons->addButton(acceptText, QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(QStringLiteral("accept"));
    buttons->addButton(tr("Cance&l"), QDialogButtonBox::RejectRole);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(m_form);
    layout->addWidget(m_failure);
    layout->addWidget(buttons);
    connect(m_form, &ProfileForm::changed, m_accept, &QPushButton::setEnabled);
    connect(buttons, &QDialogButtonBox::accepted, this, &ProfileDialog::submit);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    m_accept->setEnabled(m_form->profile().has_value());
}

void ProfileDialog::submit()
{
    const auto profile = m_form->profile();
    if (!profile)
        return;
    m_accept->setEnabled(false);
    const auto done = [self = QPointer(this)](const Result<client::Profile>& result) {
        if (self)
            self->onDone(result);
    };
    if (m_editedName.empty())
        m_core.add(*profile, done);
    else
        m_core.save(m_editedName, *profile, done);
}

void ProfileDialog::onDone(const Result<client::Profile>& result)
{
    if (result) {
        Q_EMIT saved(QString::fromStdString(result->name));
        accept();
        return;
    }
    const bool isTaken = result.error().code == ErrorCode::AlreadyExists;
    m_failure->setText(isTaken ? tr("There is a profile of that name already. Choose another name.")
                               : client::sentenceForProfile(result.error(), client::Audience::Window));
    m_failure->show();
    m_accept->setEnabled(true);
}

}  // namespace gvpn::gui
