#include "gui/password_dialog.h"

#include "client/profile_fields.h"
#include "gui/widgets.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <span>

namespace gvpn::gui {

namespace {

/// Of the password's field; with less there is no room for the window's title.
constexpr int CharactersWide = 40;

}  // namespace

PasswordDialog::PasswordDialog(const client::PasswordQuestion& question, QWidget* parent)
    : QDialog(parent)
    , m_user(new QLineEdit(QString::fromStdString(question.user), this))
    , m_password(new QLineEdit(this))
    , m_remember(new QCheckBox(tr("&Remember in keyring"), this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Password needed"));
    const QString profile = QString::fromStdString(question.profile);
    QLabel* text = plainLabel(this, question.wasWrong ? tr("%1 did not accept that password. Try again.").arg(profile)
                                                      : tr("%1 asks for your password.").arg(profile));
    text->setObjectName(QStringLiteral("text"));
    m_user->setObjectName(QStringLiteral("user"));
    m_password->setObjectName(QStringLiteral("password"));
    m_password->setEchoMode(QLineEdit::Password);
    m_remember->setObjectName(QStringLiteral("remember"));
    m_remember->setEnabled(question.canRemember);
    if (!question.canRemember)
        m_remember->setToolTip(tr("There is no open keyring to keep it in"));
    m_password->setMinimumWidth(fontMetrics().averageCharWidth() * CharactersWide);
    auto* form = new QFormLayout;
    form->addRow(tr("&User:"), m_user);
    form->addRow(tr("&Password:"), m_password);
    form->addRow(QString(), m_remember);
    auto* buttons = new QDialogButtonBox(this);
    m_accept = buttons->addButton(tr("&Connect"), QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(QStringLiteral("accept"));
    buttons->addButton(tr("Cance&l"), QDialogButtonBox::RejectRole);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(text);
    layout->addLayout(form);
    layout->addWidget(buttons);
    (question.user.empty() ? m_user : m_password)->setFocus();
    for (const QLineEdit* edit : {m_user, m_password})
        connect(edit, &QLineEdit::textChanged, this, &PasswordDialog::check);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(this, &QDialog::finished, this, [this](int result) { answer(result == QDialog::Accepted); });
    check();
}

void PasswordDialog::check()
{
    const auto user = client::readUser(m_user->text());
    m_accept->setEnabled(user && !user->empty() && !m_password->text().isEmpty());
}

void PasswordDialog::answer(bool isGiven)
{
    if (!isGiven) {
        Q_EMIT answered(std::nullopt, {}, false);
        return;
    }
    QByteArray bytes = m_password->text().toUtf8();
    const SharedSecret password{SecretBytes(std::as_bytes(std::span(bytes.constData(), std::size_t(bytes.size()))))};
    bytes.fill('\0');
    m_password->clear();
    // As check() has read it: without blanks around it.
    Q_EMIT answered(password, client::readUser(m_user->text()).value_or(std::string()), m_remember->isChecked());
}

}  // namespace gvpn::gui
