#include "core_scene.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;

namespace {

std::vector<std::string> namesIn(const CoreScene& scene)
{
    std::vector<std::string> names;
    for (const ProfileEntry& entry : scene.core.profiles())
        names.push_back(entry.profile.name);
    return names;
}

using Names = std::vector<std::string>;

Invitation invitation()
{
    return {.server = {"office.example.com", 443},
            .pin = pinOf(7),
            .invite = inviteSecret(),
            .user = "anna",
            .label = "Office",
            .acceptRoutes = {}};
}

}  // namespace

class TestLocalCore : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsProfilesAndNamesBrokenFiles();
    void connectsAtStartOnlyWhenAskedTo_data();
    void connectsAtStartOnlyWhenAskedTo();
    void startsWithoutAKeyringThatHangs();
    void addsAProfile();
    void refusesATakenName();
    void savesUnderAnotherName();
    void keepsWhatWasNotedMeanwhile();
    void startsAnewWithAnotherServersKey();
    void changesOnlyHarmlessFieldsWhileItRuns();
    void movesItsLockToTheNewName();
    void duplicatesWithoutTheInvite();
    void removesTheSecretsAsWell();
    void keepsASecretThatAnotherProfileNeeds();
    void disconnectsBeforeItRemoves();
    void importsUnderAFreeName();
    void saysWhatAnImportLeftOut();
    void exportsToAFile();
    void namesAFileThatCantBeImported();
    void enrolsWithTheKeyInTheKeyring();
    void enrolsWithAFileWithoutAKeyring();
    void usesTheProfileThatALinkMeans();
    void answersForAProfileThatIsNotThere();
    void seesWhatAnotherProgramChanges();
    void seesADirectoryThatIsMadeLater();
    void keepsAConnectedProfileUntilItsEnd();
    void trustsNoKeyThatAnotherProgramHasWritten();
};

void TestLocalCore::readsProfilesAndNamesBrokenFiles()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.store(profileNamed("Home"));
    scene.place.write("Bad.json", "{");
    QVERIFY(!scene.isReady);
    scene.start();
    QVERIFY(scene.isReady);
    QCOMPARE(namesIn(scene), (Names{"Home", "Office"}));
    QCOMPARE(scene.core.brokenFiles().size(), std::size_t{1});
    QVERIFY(scene.core.brokenFiles()[0].context.find("Bad.json") != std::string::npos);
    QCOMPARE(scene.place.read("Bad.json"), QByteArray("{"));
}

void TestLocalCore::connectsAtStartOnlyWhenAskedTo_data()
{
    QTest::addColumn<bool>("isAskedTo");
    QTest::newRow("asked") << true;
    QTest::newRow("not asked") << false;
}

void TestLocalCore::connectsAtStartOnlyWhenAskedTo()
{
    QFETCH(bool, isAskedTo);
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.connectsAtStart = true;
    scene.store(profile);
    scene.store(profileNamed("Home"));
    scene.start(isAskedTo);
    QCOMPARE(scene.engine.opened.size(), std::size_t(isAskedTo ? 1 : 0));
}

void TestLocalCore::startsWithoutAKeyringThatHangs()
{
    CoreScene scene(WorkingKeyring);
    scene.keyring.hangs = true;
    Profile profile = profileNamed("Office");
    profile.connectsAtStart = true;
    profile.deviceKeyPlace = DeviceKeyPlace::Keyring;
    scene.store(profile);
    Profile other = profileNamed("Home");
    other.pin = pinOf(8);
    other.connectsAtStart = true;
    scene.store(other);
    scene.start(true);
    QVERIFY(scene.entry().isPreparing);
    scene.timers.advance(QuietKeyringDeadline, CoreScene::settle);
    QVERIFY(!scene.entry().isPreparing && scene.entry().refusal);
    QVERIFY(scene.entry().refusal->contains(QStringLiteral("keyring")));
    // Its key is in a file now.
    QCOMPARE(scene.engine.opened.size(), std::size_t{1});
    QCOMPARE(scene.keyringSentences.size(), 1);
    QVERIFY(scene.keyring.calls.empty());
}

void TestLocalCore::addsAProfile()
{
    CoreScene scene;
    scene.start();
    Profile profile = profileNamed("Office");
    profile.created.clear();
    profile.remembersPassword = true;
    scene.core.add(profile, scene.noteProfile());
    QVERIFY(scene.profiles.empty());
    CoreScene::settle();
    QVERIFY(scene.profiles.at(0).has_value());
    QCOMPARE(scene.stored().created, std::string("2026-03-01T10:00:00Z"));
    QVERIFY(!scene.stored().remembersPassword);
    QCOMPARE(namesIn(scene), Names{"Office"});
    QVERIFY(scene.engine.opened.empty());
}

void TestLocalCore::refusesATakenName()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.store(profileNamed("Home"));
    scene.start();
    scene.core.add(profileNamed("Office"), scene.noteProfile());
    scene.core.save("Home", profileNamed("Office"), scene.noteProfile());
    CoreScene::settle();
    for (const auto& result : scene.profiles)
        QCOMPARE(result.error().code, ErrorCode::AlreadyExists);
    QCOMPARE(scene.profiles.size(), std::size_t{2});
    QCOMPARE(namesIn(scene), (Names{"Home", "Office"}));
}

void TestLocalCore::savesUnderAnotherName()
{
    CoreScene scene;
    scene.store(profileNamed("A"));
    scene.store(profileNamed("B"));
    scene.start();
    Profile renamed = profileNamed("C");
    renamed.user = "anna";
    scene.core.save("A", renamed, scene.noteProfile());
    CoreScene::settle();
    QCOMPARE(namesIn(scene), (Names{"B", "C"}));
    QVERIFY(scene.stored("C") == renamed);
    QVERIFY(scene.entry("C").profile == renamed);
}

void TestLocalCore::keepsWhatWasNotedMeanwhile()
{
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.invite = inviteSecret();
    profile.knownRoutes = {prefix("10.0.0.0/8")};
    profile.deviceKeyPlace = DeviceKeyPlace::Keyring;
    scene.store(profile);
    scene.start();
    Profile edited = profileNamed("Office");
    edited.reconnects = false;
    edited.remembersPassword = true;
    scene.core.save("Office", edited, scene.noteProfile());
    CoreScene::settle();
    profile.reconnects = false;
    QVERIFY(scene.stored() == profile);
}

void TestLocalCore::startsAnewWithAnotherServersKey()
{
    CoreScene scene(WorkingKeyring);
    Profile profile = profileNamed("Office");
    profile.invite = inviteSecret();
    profile.user = "anna";
    profile.knownRoutes = {prefix("10.0.0.0/8")};
    profile.deviceKeyPlace = DeviceKeyPlace::Keyring;
    profile.remembersPassword = true;
    scene.keyring.secrets.emplace(passwordKey(pinOf(7), "anna"), secretOf("x"));
    scene.store(profile);
    scene.start();
    Profile edited = profile;
    edited.pin = pinOf(8);
    scene.core.save("Office", edited, scene.noteProfile());
    CoreScene::settle();
    Profile expected = profileNamed("Office");
    expected.user = "anna";
    expected.pin = pinOf(8);
    QVERIFY(scene.stored() == expected);
    QVERIFY(scene.keyring.secrets.empty());
}

void TestLocalCore::changesOnlyHarmlessFieldsWhileItRuns()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    for (const auto& change :
         {std::function([](Profile& p) { p.server.port = 1; }), std::function([](Profile& p) { p.pin = pinOf(8); }),
          std::function([](Profile& p) { p.user = "bert"; })}) {
        Profile edited = profileNamed("Office");
        change(edited);
        scene.core.save("Office", edited, scene.noteProfile());
        CoreScene::settle();
        QCOMPARE(scene.profiles.back().error().code, ErrorCode::InvalidArgument);
    }
    Profile edited = profileNamed("Home");
    edited.acceptRoutes.isAuto = false;
    edited.reconnects = false;
    scene.core.save("Office", edited, scene.noteProfile());
    CoreScene::settle();
    QVERIFY(scene.profiles.back().has_value());
    scene.sayConnected();
    QVERIFY(std::holds_alternative<Connected>(scene.entry("Home").state));
}

void TestLocalCore::movesItsLockToTheNewName()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    QVERIFY(!ProfileLock::take(scene.state(), "Office", "other").has_value());
    scene.core.save("Office", profileNamed("Home"), scene.noteProfile());
    CoreScene::settle();
    QVERIFY(ProfileLock::take(scene.state(), "Office", "other").has_value());
    QVERIFY(!ProfileLock::take(scene.state(), "Home", "other").has_value());
    scene.say(Disconnected{});
    QVERIFY(ProfileLock::take(scene.state(), "Home", "other").has_value());
}

void TestLocalCore::duplicatesWithoutTheInvite()
{
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.invite = inviteSecret();
    profile.connectsAtStart = true;
    scene.store(profile);
    scene.start();
    scene.core.duplicate("Office", scene.noteProfile());
    CoreScene::settle();
    QCOMPARE(namesIn(scene), (Names{"Office", "Office (2)"}));
    QVERIFY(!scene.stored("Office (2)").isPending() && !scene.stored("Office (2)").connectsAtStart);
    QVERIFY(scene.stored() == profile);
}

void TestLocalCore::removesTheSecretsAsWell()
{
    CoreScene scene(WorkingKeyring);
    Profile profile = profileNamed("Office");
    profile.user = "anna";
    profile.remembersPassword = true;
    profile.deviceKeyPlace = DeviceKeyPlace::Keyring;
    scene.store(profile);
    scene.keyring.secrets.emplace(passwordKey(pinOf(7), "anna"), secretOf("x"));
    scene.keyring.secrets.emplace(deviceKeyKey(pinOf(7)), secretOf("y"));
    scene.keyring.secrets.emplace(deviceKeyKey(pinOf(8)), secretOf("z"));
    scene.start();
    scene.core.remove("Office", scene.note());
    CoreScene::settle();
    QVERIFY(scene.results.at(0).has_value());
    QVERIFY(scene.core.profiles().empty() && scene.place.store().list()->profiles.empty());
    QCOMPARE(scene.keyring.secrets.size(), std::size_t{1});
}

void TestLocalCore::keepsASecretThatAnotherProfileNeeds()
{
    CoreScene scene(WorkingKeyring);
    Profile profile = profileNamed("Office");
    profile.user = "anna";
    profile.remembersPassword = true;
    profile.deviceKeyPlace = DeviceKeyPlace::Keyring;
    scene.store(profile);
    profile.name = "Home";
    scene.store(profile);
    scene.keyring.secrets.emplace(passwordKey(pinOf(7), "anna"), secretOf("x"));
    scene.keyring.secrets.emplace(deviceKeyKey(pinOf(7)), secretOf("y"));
    scene.start();
    scene.core.remove("Office", scene.note());
    CoreScene::settle();
    QCOMPARE(scene.keyring.secrets.size(), std::size_t{2});
    scene.core.remove("Home", scene.note());
    CoreScene::settle();
    QVERIFY(scene.keyring.secrets.empty());
}

void TestLocalCore::disconnectsBeforeItRemoves()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    scene.sayConnected();
    scene.core.remove("Office", scene.note());
    CoreScene::settle();
    QVERIFY(scene.results.empty() && scene.core.find("Office") != nullptr);
    QCOMPARE(scene.engine.closed.size(), std::size_t{1});
    scene.say(Disconnected{});
    QVERIFY(scene.results.at(0).has_value());
    QVERIFY(scene.core.profiles().empty());
}

void TestLocalCore::importsUnderAFreeName()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    Profile other = profileNamed("Office");
    other.pin = pinOf(8);
    other.connectsAtStart = true;
    scene.place.write("in.txt", toFileText(other));
    scene.start();
    scene.core.importFile(QString::fromStdString(scene.place.path("in.txt")), scene.noteProfile());
    CoreScene::settle();
    QCOMPARE(scene.profiles.at(0)->name, std::string("Office (2)"));
    QVERIFY(scene.stored("Office (2)").pin == pinOf(8) && !scene.stored("Office (2)").connectsAtStart);
    QVERIFY(scene.stored() == profileNamed("Office"));
}

void TestLocalCore::saysWhatAnImportLeftOut()
{
    CoreScene scene;
    Profile other = profileNamed("Office");
    other.acceptRoutes.named = {prefix("198.51.100.0/24")};
    scene.place.write("in.txt", toFileText(other));
    scene.start();
    scene.core.importFile(QString::fromStdString(scene.place.path("in.txt")), scene.noteProfile());
    CoreScene::settle();
    QCOMPARE(scene.entry().remarks.size(), std::size_t{1});
    QVERIFY(scene.entry().remarks[0].contains(QStringLiteral("198.51.100.0/24")));
    QVERIFY(scene.stored().acceptRoutes.named.empty());
}

void TestLocalCore::exportsToAFile()
{
    CoreScene scene;
    Profile profile = profileNamed("Office");
    profile.invite = inviteSecret();
    scene.store(profile);
    scene.start();
    scene.core.exportFile("Office", QString::fromStdString(scene.place.path("out.txt")), scene.note());
    CoreScene::settle();
    QVERIFY(scene.results.at(0).has_value());
    QCOMPARE(scene.place.read("out.txt"), toExportText(profile));
    scene.core.exportFile("Office", QStringLiteral("/nonexistent/directory/out"), scene.note());
    CoreScene::settle();
    QCOMPARE(scene.results.at(1).error().code, ErrorCode::NotFound);
}

void TestLocalCore::namesAFileThatCantBeImported()
{
    CoreScene scene;
    scene.start();
    scene.place.write("in.txt", "{}");
    for (const char* file : {"in.txt", "nowhere.txt"}) {
        scene.core.importFile(QString::fromStdString(scene.place.path(file)), scene.noteProfile());
        CoreScene::settle();
        QVERIFY(scene.profiles.back().error().context.find(file) != std::string::npos);
    }
    QVERIFY(scene.core.profiles().empty());
}

void TestLocalCore::enrolsWithTheKeyInTheKeyring()
{
    CoreScene scene(WorkingKeyring);
    scene.start();
    scene.core.enrol(invitation(), scene.noteProfile());
    CoreScene::settle();
    QVERIFY(scene.profiles.at(0).has_value());
    QVERIFY(scene.stored().deviceKeyPlace == DeviceKeyPlace::Keyring && scene.stored().isPending());
    QVERIFY(scene.keyring.secrets.contains(deviceKeyKey(pinOf(7))));
    QVERIFY(!QFile::exists(QString::fromStdString(deviceKeyFile(scene.state(), pinOf(7)))));
    QVERIFY(scene.engine.opened.empty() && scene.keyringSentences.isEmpty());
}

void TestLocalCore::enrolsWithAFileWithoutAKeyring()
{
    CoreScene scene;
    scene.start();
    scene.core.enrol(invitation(), scene.noteProfile());
    CoreScene::settle();
    QVERIFY(scene.stored().deviceKeyPlace == DeviceKeyPlace::File);
    QVERIFY(QFile::exists(QString::fromStdString(deviceKeyFile(scene.state(), pinOf(7)))));
    QCOMPARE(scene.keyringSentences.size(), 1);
    Invitation other = invitation();
    other.pin = pinOf(8);
    scene.core.enrol(other, scene.noteProfile());
    CoreScene::settle();
    QCOMPARE(namesIn(scene), (Names{"Office", "Office (2)"}));
    QCOMPARE(scene.keyringSentences.size(), 1);
}

void TestLocalCore::usesTheProfileThatALinkMeans()
{
    CoreScene scene;
    Profile known = profileNamed("My office");
    known.reconnects = false;
    scene.store(known);
    static_cast<void>(scene.makeDeviceKey());
    scene.start();
    scene.core.enrol(invitation(), scene.noteProfile());
    CoreScene::settle();
    known.invite = inviteSecret();
    QVERIFY(scene.profiles.at(0) == known);
    QCOMPARE(namesIn(scene), Names{"My office"});
    QVERIFY(scene.entry("My office").profile == known);
    QVERIFY(scene.keyring.calls.empty());
}

void TestLocalCore::answersForAProfileThatIsNotThere()
{
    CoreScene scene;
    scene.start();
    scene.core.save("x", profileNamed("x"), scene.noteProfile());
    scene.core.duplicate("x", scene.noteProfile());
    scene.core.remove("x", scene.note());
    scene.core.exportFile("x", QStringLiteral("y"), scene.note());
    scene.connectProfile("x");
    scene.core.disconnectProfile("x");
    scene.core.answerTrust("x", pinOf(7));
    scene.core.answerPassword("x", secretOf("y"), "z", true);
    CoreScene::settle();
    QCOMPARE(scene.profiles.size(), std::size_t{2});
    QCOMPARE(scene.results.size(), std::size_t{2});
    for (const auto& result : scene.profiles)
        QCOMPARE(result.error().code, ErrorCode::NotFound);
    for (const auto& result : scene.results)
        QCOMPARE(result.error().code, ErrorCode::NotFound);
}

void TestLocalCore::seesWhatAnotherProgramChanges()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.store(profileNamed("Old"));
    scene.start();
    QSignalSpy changes(&scene.core, &ClientCore::profilesChanged);
    Profile changed = profileNamed("Office");
    changed.user = "anna";
    QVERIFY(scene.place.store().save(changed).has_value());
    scene.store(profileNamed("Home"));
    QVERIFY(scene.place.store().remove("Old").has_value());
    scene.place.write("Bad.json", "{");
    QVERIFY(scene.seeChange());
    QCOMPARE(namesIn(scene), (Names{"Home", "Office"}));
    QCOMPARE(scene.entry().profile.user, std::string("anna"));
    QCOMPARE(scene.core.brokenFiles().size(), std::size_t{1});
    QCOMPARE(changes.size(), 1);
    // A change of nothing.
    QVERIFY(scene.place.store().save(changed).has_value());
    QVERIFY(scene.seeChange());
    QCOMPARE(changes.size(), 1);
    QVERIFY(scene.engine.opened.empty());
}

void TestLocalCore::seesADirectoryThatIsMadeLater()
{
    CoreScene scene;
    scene.start();
    scene.store(profileNamed("Office"));
    QVERIFY(scene.seeChange());
    QCOMPARE(namesIn(scene), Names{"Office"});
    QVERIFY(QDir(QString::fromStdString(scene.place.path({}))).removeRecursively());
    QVERIFY(scene.seeChange());
    QVERIFY(scene.core.profiles().empty());
    scene.store(profileNamed("Home"));
    QVERIFY(scene.seeChange());
    QCOMPARE(namesIn(scene), Names{"Home"});
}

void TestLocalCore::keepsAConnectedProfileUntilItsEnd()
{
    CoreScene scene;
    scene.store(profileNamed("Office"));
    scene.start();
    scene.connectProfile();
    scene.sayConnected();
    QVERIFY(scene.place.store().remove("Office").has_value());
    QVERIFY(scene.seeChange());
    QVERIFY(std::holds_alternative<Connected>(scene.entry().state));
    scene.say(Disconnected{});
    QVERIFY(scene.core.profiles().empty());
}

void TestLocalCore::trustsNoKeyThatAnotherProgramHasWritten()
{
    CoreScene scene;
    scene.start();
    auto known = KnownServers::load(scene.state() + KnownServersFile);
    QVERIFY(known->remember(profileNamed("Office").server, pinOf(9)).has_value());
    scene.core.enrol(invitation(), scene.noteProfile());
    CoreScene::settle();
    Profile changed = scene.stored();
    changed.pin = pinOf(8);
    changed.invite.reset();
    QVERIFY(scene.place.store().save(changed).has_value());
    QVERIFY(scene.seeChange());
    scene.connectProfile();
    QVERIFY(scene.engine.opened.empty());
    QVERIFY(scene.entry().refusal.has_value());
}

QTEST_GUILESS_MAIN(TestLocalCore)
#include "tst_local_core.moc"
