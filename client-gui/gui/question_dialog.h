// A question with facts and two buttons, the harmless one being the default: what a link would add, whether a server's
// key is trusted, deleting, quitting. Everything is plain text. Never modal by a loop of its own. GUI thread.
#pragma once

#include "client/enrolment.h"
#include "gui/presenter.h"

#include <QDialog>

namespace gvpn::gui {

struct Question {
    QString title;
    QString text;
    std::vector<Fact> facts{};
    QString explanation{};
    QString yes;
    QString no;
};

class QuestionDialog : public QDialog {
    Q_OBJECT
public:
    /// accepted(): yes; rejected(): no, Escape, closed.
    explicit QuestionDialog(const Question& question, QWidget* parent = nullptr);
};

/// What a link says, before anything is written. existing: the profile for this server, if there is one; it is not
/// changed. trusted: the server's key as this computer knows it.
[[nodiscard]] Question enrolmentQuestion(const client::Invitation& invitation, const client::ProfileEntry* existing,
                                         const std::optional<Pin>& trusted);
[[nodiscard]] Question trustQuestion(const client::ProfileEntry& entry, const Pin& presented);
[[nodiscard]] Question removalQuestion(const client::ProfileEntry& entry);
/// tunnels: how many are up.
[[nodiscard]] Question quitQuestion(int tunnels);

}  // namespace gvpn::gui
