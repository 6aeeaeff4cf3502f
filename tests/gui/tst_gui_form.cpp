#include "clicking.h"
#include "fake_core.h"
#include "gui/profile_dialog.h"
#include "gui/profile_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QSignalSpy>

using namespace gvpn;
using namespace gvpn::gui;
using namespace gvpn::test;

namespace {

QLineEdit& field(QWidget& window, const char* name)
{
    return *window.findChild<QLineEdit*>(QLatin1String(name));
}

void type(QWidget& window, const char* name, const QString& text)
{
    field(window, name).clear();
    QTest::keyClicks(&field(window, name), text);
}

}  // namespace

class TestGuiForm : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void saysNothingBeforeAnybodyTypes();
    void givesAReasonForEachFault_data();
    void givesAReasonForEachFault();
    void makesAProfileOfWhatWasTyped();
    void showsAProfileAsItIs();
    void acceptsNetworksByChoice_data();
    void acceptsNetworksByChoice();
    void keepsWhatHasNoField();
    void takesDomains_data();
    void takesDomains();
    void asksForDomainsOnlyWhereNamesAreUsed();
    void offersToForgetARememberedPasswordOnly();
    void addsByTheButton();
    void keepsTheTextWhenTheNameIsTaken();
    void locksTheServerWhileConnected();
};

void TestGuiForm::saysNothingBeforeAnybodyTypes()
{
    ProfileForm form;
    QVERIFY(!form.profile());
    QCOMPARE(textOf(form, "nameReason"), QString());
    QCOMPARE(textOf(form, "hostReason"), QString());
}

void TestGuiForm::givesAReasonForEachFault_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QString>("text");
    QTest::newRow("a blank name") << QByteArray("name") << QStringLiteral(" ");
    QTest::newRow("a long name") << QByteArray("name") << QString(65, QLatin1Char('x'));
    QTest::newRow("no host") << QByteArray("host") << QStringLiteral("office example");
    QTest::newRow("a host with a port") << QByteArray("host") << QStringLiteral("office:51005");
    QTest::newRow("no port") << QByteArray("port") << QStringLiteral("0");
    QTest::newRow("a large port") << QByteArray("port") << QStringLiteral("65536");
    QTest::newRow("words as a port") << QByteArray("port") << QStringLiteral("http");
    QTest::newRow("a short pin") << QByteArray("pin") << QStringLiteral("abc");
    QTest::newRow("an endless user") << QByteArray("user") << QString(65, QLatin1Char('u'));
}

void TestGuiForm::givesAReasonForEachFault()
{
    QFETCH(QByteArray, name);
    QFETCH(QString, text);
    ProfileForm form;
    form.set(profileNamed("Office"));
    QVERIFY(form.profile());
    const QSignalSpy changed(&form, &ProfileForm::changed);
    type(form, name.constData(), text);
    QVERIFY(!form.profile());
    QCOMPARE(changed.last().value(0).toBool(), false);
    const QByteArray reason = name + "Reason";
    QVERIFY(!textOf(form, reason.constData()).isEmpty());
    QCOMPARE(field(form, name.constData()).accessibleDescription(), textOf(form, reason.constData()));
}

void TestGuiForm::makesAProfileOfWhatWasTyped()
{
    ProfileForm form;
    type(form, "name", QStringLiteral("Office"));
    type(form, "host", QStringLiteral("10.0.0.1"));
    type(form, "port", QStringLiteral("443"));
    type(form, "user", QStringLiteral("anna"));
    type(form, "pin", QString::fromStdString(pinOf(7).toString()));
    const auto profile = form.profile();
    QVERIFY(profile.has_value());
    QCOMPARE(profile->name, "Office");
    QCOMPARE(profile->server, (net::HostPort{"10.0.0.1", 443}));
    QCOMPARE(profile->user, "anna");
    QCOMPARE(profile->pin, std::optional(pinOf(7)));
    QVERIFY(profile->acceptRoutes.isAuto);
    QVERIFY(profile->reconnects);
}

void TestGuiForm::showsAProfileAsItIs()
{
    client::Profile profile = profileNamed("Büro & Co");
    profile.pin = pinOf(3);
    profile.acceptRoutes = {.isAuto = true, .named = {net::Prefix::parse("192.0.2.0/24").value()}};
    profile.connectsAtStart = true;
    profile.reconnects = false;
    profile.remembersPassword = true;
    profile.usesDns = false;
    profile.acceptDomains = {"lan", "corp"};
    ProfileForm form;
    form.set(profile);
    QCOMPARE(form.profile(), std::optional(profile));
}

void TestGuiForm::acceptsNetworksByChoice_data()
{
    QTest::addColumn<int>("choice");
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("isValid");
    QTest::addColumn<bool>("isAuto");
    QTest::addColumn<int>("named");
    QTest::newRow("private ones") << 0 << QString() << true << true << 0;
    QTest::newRow("none") << 1 << QString() << true << false << 0;
    QTest::newRow("two") << 2 << QStringLiteral("10.0.0.0/8, 192.168.1.0/24") << true << false << 2;
    QTest::newRow("none was typed") << 2 << QString() << false << false << 0;
    QTest::newRow("a host") << 2 << QStringLiteral("10.0.0.1/8") << false << false << 0;
    QTest::newRow("the internet") << 2 << QStringLiteral("0.0.0.0/0") << false << false << 0;
    QTest::newRow("a word") << 2 << QStringLiteral("office") << false << false << 0;
}

void TestGuiForm::acceptsNetworksByChoice()
{
    QFETCH(int, choice);
    QFETCH(QString, text);
    ProfileForm form;
    form.set(profileNamed("Office"));
    form.findChild<QComboBox*>(QStringLiteral("routeChoice"))->setCurrentIndex(choice);
    type(form, "routes", text);
    const auto profile = form.profile();
    QTEST(profile.has_value(), "isValid");
    if (!profile)
        return;
    QTEST(profile->acceptRoutes.isAuto, "isAuto");
    QTEST(static_cast<int>(profile->acceptRoutes.named.size()), "named");
}

void TestGuiForm::keepsWhatHasNoField()
{
    client::Profile profile = profileNamed("Office");
    profile.knownRoutes = {net::Prefix::parse("10.0.0.0/8").value()};
    profile.deviceKeyPlace = client::DeviceKeyPlace::Keyring;
    ProfileForm form;
    form.set(profile);
    type(form, "name", QStringLiteral("Other"));
    QCOMPARE(form.profile()->knownRoutes, profile.knownRoutes);
    QCOMPARE(form.profile()->deviceKeyPlace, profile.deviceKeyPlace);
}

void TestGuiForm::takesDomains_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("isValid");
    QTest::addColumn<std::vector<std::string>>("domains");
    using Domains = std::vector<std::string>;
    QTest::newRow("none") << QString() << true << Domains{};
    QTest::newRow("some") << QStringLiteral(" lan, Office.example;lan corp ") << true
                          << Domains{"lan", "office.example", "corp"};
    QTest::newRow("a dot alone") << QStringLiteral(".") << false << Domains{};
    QTest::newRow("a link") << QStringLiteral("http://lan") << false << Domains{};
}

void TestGuiForm::takesDomains()
{
    QFETCH(QString, text);
    ProfileForm form;
    form.set(profileNamed("Office"));
    type(form, "domains", text);
    const auto profile = form.profile();
    QTEST(profile.has_value(), "isValid");
    QCOMPARE(textOf(form, "domainsReason").isEmpty(), profile.has_value());
    if (profile)
        QTEST(profile->acceptDomains, "domains");
}

void TestGuiForm::asksForDomainsOnlyWhereNamesAreUsed()
{
    ProfileForm form;
    form.set(profileNamed("Office"));
    QVERIFY(field(form, "domains").isEnabled());
    form.findChild<QCheckBox*>(QStringLiteral("usesDns"))->setChecked(false);
    QVERIFY(!field(form, "domains").isEnabled());
    QVERIFY(!form.profile()->usesDns);
}

void TestGuiForm::offersToForgetARememberedPasswordOnly()
{
    ProfileForm form;
    const auto* box = form.findChild<QCheckBox*>(QStringLiteral("remembersPassword"));
    QVERIFY(!box->isVisibleTo(&form));
    client::Profile profile = profileNamed("Office");
    form.set(profile);
    QVERIFY(!box->isVisibleTo(&form) && !form.profile()->remembersPassword);
    profile.remembersPassword = true;
    form.set(profile);
    QVERIFY(box->isVisibleTo(&form) && form.profile()->remembersPassword);
}

void TestGuiForm::addsByTheButton()
{
    FakeCore core;
    auto* dialog = new ProfileDialog(core);
    const QSignalSpy saved(dialog, &ProfileDialog::saved);
    const QPointer<QDialog> alive(dialog);
    dialog->open();
    auto* accept = dialog->findChild<QPushButton*>(QStringLiteral("accept"));
    QVERIFY(!accept->isEnabled());
    type(*dialog, "name", QStringLiteral("Office"));
    type(*dialog, "host", QStringLiteral("office.example.com"));
    QTest::mouseClick(accept, Qt::LeftButton);
    QCOMPARE(core.calls, texts({"add Office"}));
    QCOMPARE(saved.value(0).value(0).toString(), QStringLiteral("Office"));
    QTRY_VERIFY(!alive);
}

void TestGuiForm::keepsTheTextWhenTheNameIsTaken()
{
    FakeCore core;
    core.put("Office");
    core.refusal = Error{ErrorCode::AlreadyExists, "taken"};
    ProfileDialog dialog(core, core.entries.front());
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    dialog.open();
    type(dialog, "name", QStringLiteral("Lab"));
    click(dialog, "accept");
    QCOMPARE(core.calls, texts({"save Office", "as Lab"}));
    QVERIFY(dialog.isVisible());
    QVERIFY(textOf(dialog, "failure").contains(QStringLiteral("already")));
    core.refusal.reset();
    click(dialog, "accept");
    QVERIFY(!dialog.isVisible());
}

void TestGuiForm::locksTheServerWhileConnected()
{
    FakeCore core;
    core.put("Office", connected());
    ProfileDialog dialog(core, core.entries.front());
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    QVERIFY(!field(dialog, "host").isEnabled());
    QVERIFY(!field(dialog, "pin").isEnabled());
    QVERIFY(field(dialog, "name").isEnabled());
    QVERIFY(dialog.findChild<QCheckBox*>(QStringLiteral("reconnects"))->isEnabled());
}

QTEST_MAIN(TestGuiForm)
#include "tst_gui_form.moc"
