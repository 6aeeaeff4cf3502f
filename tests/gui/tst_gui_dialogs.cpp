#include "clicking.h"
#include "fake_core.h"
#include "gui/link_dialog.h"
#include "gui/password_dialog.h"
#include "gui/question_dialog.h"
#include "gui/settings_dialog.h"
#include "gui/widgets.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QSignalSpy>

using namespace gvpn;
using namespace gvpn::gui;
using namespace gvpn::test;

namespace {

const QString& goodLink()
{
    static const QString link =
        QStringLiteral("gvpn://office.example.com:443/?pin=%1&invite=AAECAwQFBgcICQoLDA0ODw&user=anna&name=Office")
            .arg(QString::fromStdString(pinOf(7).toString()));
    return link;
}

client::Invitation invitation()
{
    client::Invitation value;
    value.server = {"office.example.com", 443};
    value.pin = pinOf(7);
    return value;
}

/// Not on the heap, so that a test can look at it after it was closed.
template <typename Dialog>
void keep(Dialog& dialog)
{
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
}

}  // namespace

class TestGuiDialogs : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void takesALink();
    void saysWhyATextIsNoLink_data();
    void saysWhyATextIsNoLink();
    void cancelsByDefault();
    void cancelsByEscape();
    void namesHostFingerprintAndNetworks();
    void warnsOfAnotherFingerprint();
    void saysWhenASecondProfileIsAdded();
    void asksForTrustWithTheFingerprint();
    void tellsHowManyTunnelsQuittingEnds();
    void givesThePasswordOnce();
    void givesNoPasswordWhenClosed();
    void asksForAMissingUser();
    void offersNoKeyringThatIsNotThere();
    void saysThatThePasswordWasWrong();
    void reportsEachSetting();
};

void TestGuiDialogs::takesALink()
{
    LinkDialog dialog({});
    keep(dialog);
    const QSignalSpy invited(&dialog, &LinkDialog::invited);
    dialog.open();
    QVERIFY(!dialog.findChild<QPushButton*>(QStringLiteral("accept"))->isEnabled());
    QTest::keyClicks(dialog.findChild<QLineEdit*>(), QStringLiteral("  %1 ").arg(goodLink()));
    click(dialog, "accept");
    QCOMPARE(invited.count(), 1);
    const auto value = invited.value(0).value(0).value<client::Invitation>();
    QCOMPARE(value.pin, pinOf(7));
    QCOMPARE(value.user, "anna");
    QCOMPARE(value.label, "Office");
    QVERIFY(value.invite.has_value());
    QVERIFY(!dialog.isVisible());
}

void TestGuiDialogs::saysWhyATextIsNoLink_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("a web address") << QStringLiteral("https://office.example.com/");
    QTest::newRow("no pin") << QStringLiteral("gvpn://office.example.com/?invite=x");
    QTest::newRow("half of it") << goodLink().left(60);
    QTest::newRow("endless") << QString(goodLink() + QString(3000, QLatin1Char('x')));
}

void TestGuiDialogs::saysWhyATextIsNoLink()
{
    QFETCH(QString, text);
    LinkDialog dialog(text);
    keep(dialog);
    QVERIFY(!dialog.findChild<QPushButton*>(QStringLiteral("accept"))->isEnabled());
    QVERIFY(textOf(dialog, "linkReason").contains(QStringLiteral("can't be used")));
}

void TestGuiDialogs::cancelsByDefault()
{
    QuestionDialog dialog(enrolmentQuestion(invitation(), nullptr, {}));
    keep(dialog);
    const QSignalSpy rejected(&dialog, &QDialog::rejected);
    dialog.open();
    QVERIFY(dialog.findChild<QPushButton*>(QStringLiteral("no"))->isDefault());
    QTest::keyClick(&dialog, Qt::Key_Return);
    QCOMPARE(rejected.count(), 1);
}

void TestGuiDialogs::cancelsByEscape()
{
    QuestionDialog dialog(quitQuestion(1));
    keep(dialog);
    const QSignalSpy rejected(&dialog, &QDialog::rejected);
    dialog.open();
    QTest::keyClick(&dialog, Qt::Key_Escape);
    QCOMPARE(rejected.count(), 1);
}

void TestGuiDialogs::namesHostFingerprintAndNetworks()
{
    const Question question = enrolmentQuestion(invitation(), nullptr, {});
    QuestionDialog dialog(question);
    keep(dialog);
    dialog.open();
    QCOMPARE(unreadableTexts(dialog), QStringList());
    QStringList values;
    for (const Fact& fact : question.facts)
        values.append(fact.value);
    QVERIFY(values.contains(QStringLiteral("office.example.com:443")));
    QVERIFY(values.contains(groupedPin(pinOf(7))));
    QVERIFY(values.contains(QStringLiteral("private networks that this server names")));
    QCOMPARE(groupedPin(pinOf(7)).remove(QLatin1Char(' ')), QString::fromStdString(pinOf(7).toString()));
}

void TestGuiDialogs::warnsOfAnotherFingerprint()
{
    client::ProfileEntry existing{.profile = profileNamed("Office")};
    existing.profile.pin = pinOf(7);
    QVERIFY(!enrolmentQuestion(invitation(), &existing, {}).explanation.contains(QStringLiteral("ANOTHER")));
    existing.profile.pin = pinOf(8);
    QVERIFY(enrolmentQuestion(invitation(), &existing, {}).explanation.contains(QStringLiteral("ANOTHER")));
    QVERIFY(enrolmentQuestion(invitation(), nullptr, pinOf(8)).explanation.contains(QStringLiteral("ANOTHER")));
    QVERIFY(!enrolmentQuestion(invitation(), nullptr, pinOf(7)).explanation.contains(QStringLiteral("ANOTHER")));
}

void TestGuiDialogs::saysWhenASecondProfileIsAdded()
{
    const auto invite = [](std::string_view text) { return SharedSecret(SecretBytes(asBytes(text))); };
    client::Invitation link = invitation();
    link.invite = invite("one");
    client::ProfileEntry existing{.profile = profileNamed("Office")};
    existing.profile.pin = pinOf(7);
    const auto isAdded = [&] {
        return enrolmentQuestion(link, &existing, {}).explanation.contains(QStringLiteral("second profile is added"));
    };
    QVERIFY(!isAdded());
    existing.profile.invite = invite("one");
    QVERIFY(!isAdded());
    existing.profile.invite = invite("two");
    QVERIFY(isAdded());
}

void TestGuiDialogs::asksForTrustWithTheFingerprint()
{
    const Question question = trustQuestion({.profile = profileNamed("Office")}, pinOf(9));
    QCOMPARE(question.facts.at(1).value, groupedPin(pinOf(9)));
    QVERIFY(!question.explanation.isEmpty());
}

void TestGuiDialogs::tellsHowManyTunnelsQuittingEnds()
{
    QVERIFY(quitQuestion(3).text.contains(QLatin1Char('3')));
}

void TestGuiDialogs::givesThePasswordOnce()
{
    PasswordDialog dialog({.profile = "Office", .user = "anna", .wasWrong = false, .canRemember = true});
    keep(dialog);
    QStringList answers;
    connect(&dialog, &PasswordDialog::answered, this,
            [&](const std::optional<SharedSecret>& password, const std::string& user, bool remember) {
                answers.append(QStringLiteral("%1/%2/%3")
                                   .arg(QString::fromStdString(std::string(asText(password->view()))),
                                        QString::fromStdString(user))
                                   .arg(remember));
            });
    dialog.open();
    auto* password = dialog.findChild<QLineEdit*>(QStringLiteral("password"));
    QCOMPARE(password->echoMode(), QLineEdit::Password);
    QVERIFY(!dialog.findChild<QPushButton*>(QStringLiteral("accept"))->isEnabled());
    password->setText(QStringLiteral("pa$$ wörd"));
    dialog.findChild<QLineEdit*>(QStringLiteral("user"))->setText(QStringLiteral(" anna "));
    click(dialog, "remember");
    QTest::keyClick(password, Qt::Key_Return);
    QCOMPARE(answers, QStringList({QStringLiteral("pa$$ wörd/anna/1")}));
    QVERIFY(password->text().isEmpty());
}

void TestGuiDialogs::givesNoPasswordWhenClosed()
{
    PasswordDialog dialog({.profile = "Office", .user = "anna"});
    keep(dialog);
    int answers = 0;
    connect(&dialog, &PasswordDialog::answered, this, [&](const std::optional<SharedSecret>& password) {
        ++answers;
        QVERIFY(!password);
    });
    dialog.open();
    QTest::keyClicks(dialog.findChild<QLineEdit*>(QStringLiteral("password")), QStringLiteral("typed"));
    dialog.close();
    QCOMPARE(answers, 1);
}

void TestGuiDialogs::asksForAMissingUser()
{
    PasswordDialog dialog({.profile = "Office", .user = ""});
    keep(dialog);
    dialog.open();
    QTest::keyClicks(dialog.findChild<QLineEdit*>(QStringLiteral("password")), QStringLiteral("x"));
    auto* accept = dialog.findChild<QPushButton*>(QStringLiteral("accept"));
    QVERIFY(!accept->isEnabled());
    QTest::keyClicks(dialog.findChild<QLineEdit*>(QStringLiteral("user")), QStringLiteral("anna"));
    QVERIFY(accept->isEnabled());
}

void TestGuiDialogs::offersNoKeyringThatIsNotThere()
{
    PasswordDialog dialog({.profile = "Office", .user = "anna", .wasWrong = false, .canRemember = false});
    keep(dialog);
    QVERIFY(!dialog.findChild<QCheckBox*>(QStringLiteral("remember"))->isEnabled());
}

void TestGuiDialogs::saysThatThePasswordWasWrong()
{
    PasswordDialog first({.profile = "Office", .user = "anna", .wasWrong = false});
    PasswordDialog second({.profile = "Office", .user = "anna", .wasWrong = true});
    keep(first);
    keep(second);
    QVERIFY(textOf(first, "text") != textOf(second, "text"));
}

void TestGuiDialogs::reportsEachSetting()
{
    SettingsDialog dialog({.startsAtLogin = true});
    keep(dialog);
    client::Settings last;
    connect(&dialog, &SettingsDialog::changed, this, [&](const client::Settings& settings) { last = settings; });
    dialog.open();
    click(dialog, "startsHidden");
    QCOMPARE(last, (client::Settings{.startsAtLogin = true, .startsHidden = true}));
    click(dialog, "startsAtLogin");
    click(dialog, "notifications");
    auto* language = dialog.findChild<QComboBox*>(QStringLiteral("language"));
    language->setFocus();
    QTest::keyClick(language, Qt::Key_End);
    QCOMPARE(last, (client::Settings{
                       .startsHidden = true, .showsNotifications = false, .language = QStringLiteral("zh_CN")}));
    dialog.setFailure(QStringLiteral("The disk is full."));
    QVERIFY(dialog.isVisible());
}

QTEST_MAIN(TestGuiDialogs)
#include "tst_gui_dialogs.moc"
