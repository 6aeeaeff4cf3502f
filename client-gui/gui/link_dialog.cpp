#include "gui/link_dialog.h"

#include "client/invitation_link.h"
#include "gui/widgets.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace gvpn::gui {

LinkDialog::LinkDialog(const QString& text, QWidget* parent)
    : QDialog(parent)
    , m_link(new QLineEdit(text, this))
    , m_reason(reasonLabel(this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Add a network"));
    m_link->setObjectName(QStringLiteral("link"));
    m_link->setPlaceholderText(QStringLiteral("gvpn://…"));
    m_link->setAccessibleName(tr("Link"));
    m_link->setMinimumWidth(fontMetrics().averageCharWidth() * 50);
    m_reason->setObjectName(QStringLiteral("linkReason"));
    auto* buttons = new QDialogButtonBox(this);
    m_next = buttons->addButton(tr("&Next"), QDialogButtonBox::AcceptRole);
    m_next->setObjectName(QStringLiteral("accept"));
    QPushButton* byHand = buttons->addButton(tr("Add by &hand …"), QDialogButtonBox::ActionRole);
    byHand->setObjectName(QStringLiteral("byHand"));
    buttons->addButton(tr("Cance&l"), QDialogButtonBox::RejectRole);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(plainLabel(this, tr("Paste the link that you got from the network's administrator:")));
    // Only when asked to: the program that has the clipboard may let everybody wait.
    auto* paste = new QPushButton(tr("&Paste"), this);
    paste->setObjectName(QStringLiteral("paste"));
    paste->setAutoDefault(false);
    connect(paste, &QPushButton::clicked, this,
            [this] { m_link->setText(QApplication::clipboard()->text().trimmed()); });
    auto* row = new QHBoxLayout;
    row->addWidget(m_link, 1);
    row->addWidget(paste);
    layout->addLayout(row);
    layout->addWidget(m_reason);
    layout->addWidget(buttons);
    connect(m_link, &QLineEdit::textChanged, this, &LinkDialog::check);
    connect(buttons, &QDialogButtonBox::accepted, this, &LinkDialog::submit);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(byHand, &QPushButton::clicked, this, [this] {
        Q_EMIT byHandRequested();
        reject();
    });
    check();
}

void LinkDialog::check()
{
    const auto invitation = client::parseInvitationLink(m_link->text().toStdString());
    m_next->setEnabled(invitation.has_value());
    const bool saysWhy = !invitation && !m_link->text().trimmed().isEmpty();
    m_reason->setText(saysWhy ? linkRefusal(invitation.error()) : QString());
    m_link->setAccessibleDescription(m_reason->text());
}

void LinkDialog::submit()
{
    const auto invitation = client::parseInvitationLink(m_link->text().toStdString());
    if (!invitation)
        return;
    Q_EMIT invited(*invitation);
    accept();
}

}  // namespace gvpn::gui
