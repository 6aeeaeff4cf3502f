#include "gui/question_dialog.h"

#include "gui/widgets.h"

#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gvpn::gui {

namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(Questions)
};

constexpr int CharactersWide = 68;

}  // namespace

QuestionDialog::QuestionDialog(const Question& question, QWidget* parent)
    : QDialog(parent)
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(question.title);
    setMinimumWidth(fontMetrics().averageCharWidth() * CharactersWide);
    auto* layout = new QVBoxLayout(this);
    QLabel* text = plainLabel(this, question.text);
    text->setObjectName(QStringLiteral("text"));
    layout->addWidget(text);
    if (!question.facts.empty()) {
        auto* form = new QFormLayout;
        for (const Fact& fact : question.facts) {
            QLabel* value = plainLabel(this, fact.value);
            if (fact.isCode)
                value->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
            form->addRow(tr("%1:").arg(fact.label), value);
        }
        layout->addLayout(form);
    }
    if (!question.explanation.isEmpty())
        layout->addWidget(plainLabel(this, question.explanation));
    auto* buttons = new QDialogButtonBox(this);
    QPushButton* yes = buttons->addButton(question.yes, QDialogButtonBox::AcceptRole);
    QPushButton* no = buttons->addButton(question.no, QDialogButtonBox::RejectRole);
    yes->setObjectName(QStringLiteral("yes"));
    no->setObjectName(QStringLiteral("no"));
    // An Enter that was meant for another window must not say yes.
    yes->setAutoDefault(false);
    no->setDefault(true);
    no->setFocus();
    layout->addWidget(buttons);
    setAccessibleDescription(question.text);
    // By itself it would be as high as its texts in a narrower one.
    const int wide = std::max(minimumWidth(), layout->totalSizeHint().width());
    resize(wide, layout->totalHeightForWidth(wide));
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

Question enrolmentQuestion(const client::Invitation& invitation, const client::ProfileEntry* existing,
                           const std::optional<Pin>& trusted)
{
    Question question{
        .title = Tr::tr("Add this network?"),
        .text = Tr::tr("A link wants to add a network. Say yes only if you know who sent it to you."),
        .facts = {{Tr::tr("Server"), QString::fromStdString(invitation.server.toString())},
                  {Tr::tr("Fingerprint"), groupedPin(invitation.pin), true},
                  {Tr::tr("Access to"), Tr::tr("private networks that this server names")}},
        .explanation = Tr::tr("Nothing is connected yet: you do that with Connect."),
        .yes = Tr::tr("&Add"),
        .no = Tr::tr("Cance&l"),
    };
    if (!invitation.user.empty())
        question.facts.push_back({Tr::tr("User"), QString::fromStdString(invitation.user)});
    const bool hasSameKey = existing != nullptr && existing->profile.pin == invitation.pin;
    const bool isWaiting = hasSameKey && invitation.invite && existing->profile.isPending()
                           && existing->profile.invite != invitation.invite;
    if (isWaiting)
        question.explanation = Tr::tr("You have this server already, as %1, which has not used its own invite yet. It "
                                      "stays as it is, and a second profile is added.")
                                   .arg(nameOf(*existing));
    else if (existing != nullptr)
        question.explanation =
            hasSameKey
                ? Tr::tr("You have this server already, as %1. That profile is used again.").arg(nameOf(*existing))
                : Tr::tr("You have a profile for this server already, %1, with ANOTHER fingerprint. It stays as it "
                         "is, and a second one is added. If you did not expect that, ask the administrator first.")
                      .arg(nameOf(*existing));
    else if (trusted && *trusted != invitation.pin)
        question.explanation = Tr::tr("This computer knows this server already, by ANOTHER fingerprint. If you did not "
                                      "expect that, ask the administrator first.");
    return question;
}

Question trustQuestion(const client::ProfileEntry& entry, const Pin& presented)
{
    return {.title = Tr::tr("Is this the right server?"),
            .text = Tr::tr("This is the first connection of %1, and nobody has told this computer yet how to know its "
                           "server.")
                        .arg(nameOf(entry)),
            .facts = {{Tr::tr("Server"), QString::fromStdString(entry.profile.server.toString())},
                      {Tr::tr("Fingerprint"), groupedPin(presented), true}},
            .explanation = Tr::tr("Ask the administrator to read the server's fingerprint to you. Trust it only if "
                                  "both are the same."),
            .yes = Tr::tr("&Trust this server"),
            .no = Tr::tr("Cance&l")};
}

Question removalQuestion(const client::ProfileEntry& entry)
{
    return {.title = Tr::tr("Delete a profile"),
            .text = Tr::tr("Delete %1?").arg(nameOf(entry)),
            .explanation = isUp(entry) ? Tr::tr("It is disconnected first. To get it back you need a new link.")
                                       : Tr::tr("To get it back you need a new link."),
            .yes = Tr::tr("&Delete"),
            .no = Tr::tr("&Keep")};
}

Question quitQuestion(int tunnels)
{
    return {.title = Tr::tr("Quit gvpn"),
            .text = Tr::tr("Quitting ends %n connection(s).", nullptr, tunnels),
            .explanation = Tr::tr("To keep them, close the window instead."),
            .yes = Tr::tr("&Disconnect and quit"),
            .no = Tr::tr("&Stay")};
}

}  // namespace gvpn::gui
