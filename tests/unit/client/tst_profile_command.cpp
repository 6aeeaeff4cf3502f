#include "cli/options.h"
#include "profile_samples.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::cli;
using namespace gvpn::test;
using program::ExitStatus;
using Action = ProfileCommand::Action;

namespace {

Result<CommandLine> parse(const QString& line)
{
    return parseOptions(QStringList{QStringLiteral("gvpn-client")} + line.split(QLatin1Char(' '), Qt::SkipEmptyParts));
}

ProfileAnswer answer(const StorePlace& place, Action action, const std::string& argument = {}, bool isJson = false)
{
    return answerTo({.action = action, .argument = argument, .stateDir = {}, .isJson = isJson}, place.store());
}

QList<QJsonObject> objectsIn(const QByteArray& lines)
{
    QList<QJsonObject> objects;
    for (const QByteArray& line : lines.split('\n')) {
        if (!line.isEmpty())
            objects.append(QJsonDocument::fromJson(line).object());
    }
    return objects;
}

}  // namespace

class TestProfileCommand : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsItsCommandLine_data();
    void readsItsCommandLine();
    void explainsWhatCantBeUsed_data();
    void explainsWhatCantBeUsed();
    void listsProfiles();
    void listsWhatItCanAndNamesTheRest();
    void showsOne();
    void showsWhereTheSecretsAre();
    void namesThoseThatThereAre();
    void removes();
    void exportsAndImports();
    void importsNoPublicNetworks_data();
    void importsNoPublicNetworks();
    void saysAsAnEventWhatItImported();
    void neverReplacesAtAnImport();
    void refusesABadFile_data();
    void refusesABadFile();
    void showsNoInvite();
};

void TestProfileCommand::readsItsCommandLine_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<Action>("action");
    QTest::addColumn<QString>("argument");
    const auto row = [](const char* line, Action action, const char* argument) {
        QTest::newRow(line) << QString::fromLatin1(line) << action << QString::fromLatin1(argument);
    };
    row("profile list", Action::List, "");
    row("profile show Office", Action::Show, "Office");
    row("profile remove Office", Action::Remove, "Office");
    row("profile export Office", Action::Export, "Office");
    row("profile import ./office.json", Action::Import, "./office.json");
    row("profile show -- --odd", Action::Show, "--odd");
}

void TestProfileCommand::readsItsCommandLine()
{
    QFETCH(QString, line);
    for (const bool hasOptions : {false, true}) {
        const auto parsed = parse((hasOptions ? QStringLiteral("--json --state-dir=dir ") : QString()) + line);
        QVERIFY2(parsed.has_value(), parsed ? "" : parsed.error().context.c_str());
        const auto* command = std::get_if<ProfileCommand>(&*parsed);
        QVERIFY(command != nullptr);
        QTEST(command->action, "action");
        QTEST(QString::fromStdString(command->argument), "argument");
        QCOMPARE(command->isJson, hasOptions);
        QCOMPARE(command->stateDir, std::string(hasOptions ? "dir" : ""));
    }
}

void TestProfileCommand::explainsWhatCantBeUsed_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("mentions");
    const auto row = [](const char* line, const char* mentions) {
        QTest::newRow(line) << QString::fromLatin1(line) << QString::fromLatin1(mentions);
    };
    row("profile", "list, show NAME, remove NAME, export NAME, import FILE");
    row("profile frobnicate", "list, show NAME");
    row("profile list Office", "nothing more");
    row("profile show", "one NAME");
    row("profile show two words", "one NAME");
    row("profile import", "one FILE");
    row("profile list --once", "--once");
    row("profile list --server a", "--server");
    row("profile list --password-stdin", "--password-stdin");
    row("profile list --state-dir=", "--state-dir");
}

void TestProfileCommand::explainsWhatCantBeUsed()
{
    QFETCH(QString, line);
    QFETCH(QString, mentions);
    const auto parsed = parse(line);
    QVERIFY(!parsed.has_value());
    const QString sentence = QString::fromStdString(parsed.error().context);
    QVERIFY2(sentence.contains(mentions) && sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
}

void TestProfileCommand::listsProfiles()
{
    const StorePlace place;
    QVERIFY(answer(place, Action::List).output.isEmpty());
    QCOMPARE(answer(place, Action::List).sentences.size(), 1);
    QVERIFY(answer(place, Action::List, {}, true).sentences.isEmpty());
    client::Profile pending = profileNamed("Office");
    pending.invite = inviteSecret();
    pending.user = "anna";
    QVERIFY(place.store().add(pending).has_value());
    QVERIFY(place.store().add(profileNamed("Home")).has_value());
    QCOMPARE(answer(place, Action::List).output,
             QByteArray("Home  office.example.com:443\n"
                        "Office  office.example.com:443  user anna  (its invite is not redeemed yet)\n"));
    const auto lines = objectsIn(answer(place, Action::List, {}, true).output);
    QCOMPARE(lines.size(), 2);
    QCOMPARE(lines[0], (QJsonDocument::fromJson(
                            R"({"name":"Home","server":"office.example.com:443","accept_routes":["auto"],
                                "pin":"BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","pending":false,
                                "created":"2026-01-31T12:00:00Z","connects_at_start":false,"reconnects":true,
                                "remembers_password":false,"device_key":"file","known_routes":[],
                                "uses_dns":true,"accept_domains":[]})")
                            .object()));
    QVERIFY(lines[1].value(u"pending").toBool());
    QCOMPARE(lines[1].value(u"user").toString(), QStringLiteral("anna"));
}

void TestProfileCommand::listsWhatItCanAndNamesTheRest()
{
    const StorePlace place;
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    place.write("B\x1b[2J.json", "{");
    const ProfileAnswer listed = answer(place, Action::List);
    QCOMPARE(listed.status, ExitStatus::Failure);
    QVERIFY(listed.output.startsWith("Office"));
    QCOMPARE(listed.sentences.size(), 1);
    QVERIFY(listed.sentences[0].contains(QStringLiteral("B\\x1b[2J.json")));
}

void TestProfileCommand::showsOne()
{
    const StorePlace place;
    client::Profile profile = profileNamed("Office %1");
    profile.acceptRoutes = {true, {net::Prefix::parse("10.0.0.0/8").value()}};
    profile.knownRoutes = {net::Prefix::parse("192.168.1.0/24").value()};
    profile.acceptDomains = {"lan", "corp"};
    QVERIFY(place.store().add(profile).has_value());
    const ProfileAnswer shown = answer(place, Action::Show, "Office %1");
    QCOMPARE(shown.status, ExitStatus::Success);
    QCOMPARE(shown.output, QByteArray("Name: Office %1\n"
                                      "Server: office.example.com:443\n"
                                      "Key of the server: BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                                      "Accepted routes: auto, 10.0.0.0/8\n"
                                      "Networks so far: 192.168.1.0/24\n"
                                      "Names of the office: asked there\n"
                                      "Domains accepted as well: lan, corp\n"
                                      "Connects at start: no\n"
                                      "Reconnects: yes\n"
                                      "Password: asked for when needed\n"
                                      "Key of this computer: in a file of the state directory\n"
                                      "Invite: none waits\n"
                                      "Made: 2026-01-31T12:00:00Z\n"));
    QCOMPARE(objectsIn(answer(place, Action::Show, "Office %1", true).output).size(), 1);
}

void TestProfileCommand::showsWhereTheSecretsAre()
{
    const StorePlace place;
    client::Profile profile = profileNamed("Office");
    profile.pin.reset();
    profile.connectsAtStart = true;
    profile.reconnects = false;
    profile.remembersPassword = true;
    profile.deviceKeyPlace = client::DeviceKeyPlace::Keyring;
    QVERIFY(place.store().add(profile).has_value());
    const QByteArray shown = answer(place, Action::Show, "Office").output;
    for (const char* line :
         {"Key of the server: not known yet, the first connection asks\n", "Connects at start: yes\n",
          "Reconnects: no\n", "Password: in the keyring\n", "Key of this computer: in the keyring\n"})
        QVERIFY2(shown.contains(line), line);
}

void TestProfileCommand::namesThoseThatThereAre()
{
    const StorePlace place;
    QCOMPARE(answer(place, Action::Show, "x").sentences,
             QStringList(QStringLiteral("There is no profile \"x\", and no other one: connect with a link first.")));
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    QVERIFY(place.store().add(profileNamed("Home %2")).has_value());
    for (const Action action : {Action::Show, Action::Export, Action::Remove}) {
        const ProfileAnswer refused = answer(place, action, "off\nice");
        QCOMPARE(refused.status, ExitStatus::Usage);
        QVERIFY(refused.output.isEmpty());
        QCOMPARE(refused.sentences, QStringList(QStringLiteral(
                                        "There is no profile \"off\\nice\": choose one of \"Home %2\", \"Office\".")));
    }
}

void TestProfileCommand::removes()
{
    const StorePlace place;
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    QVERIFY(place.store().add(profileNamed("Home")).has_value());
    QCOMPARE(answer(place, Action::Remove, "Office").sentences,
             QStringList(QStringLiteral("Removed the profile Office.")));
    QCOMPARE(objectsIn(answer(place, Action::Remove, "Home", true).output).value(0).value(u"name").toString(),
             QStringLiteral("Home"));
    QVERIFY(place.store().list()->profiles.empty());
}

void TestProfileCommand::exportsAndImports()
{
    const StorePlace place;
    client::Profile profile = profileNamed("My office");
    profile.user = "anna";
    QVERIFY(place.store().add(profile).has_value());
    place.write("out.txt", answer(place, Action::Export, "My office").output);
    QVERIFY(place.store().remove("My office").has_value());
    const ProfileAnswer imported = answer(place, Action::Import, place.path("out.txt"));
    QCOMPARE(imported.status, ExitStatus::Success);
    QCOMPARE(imported.sentences, QStringList(QStringLiteral("Remembered as the profile My office; connect again with: "
                                                            "gvpn-client --profile 'My office'")));
    QVERIFY(place.store().find("My office") == profile);
}

void TestProfileCommand::importsNoPublicNetworks_data()
{
    QTest::addColumn<bool>("isAuto");
    QTest::addColumn<QStringList>("routes");
    QTest::addColumn<int>("kept");
    QTest::addColumn<QString>("named");
    QTest::newRow("auto") << true << QStringList() << 0 << QString();
    QTest::newRow("none") << false << QStringList() << 0 << QString();
    QTest::newRow("private") << true << QStringList{QStringLiteral("10.0.0.0/8"), QStringLiteral("fd00::/48")} << 2
                             << QString();
    QTest::newRow("public") << false << QStringList{QStringLiteral("198.51.100.0/24")} << 0 << "198.51.100.0/24";
    QTest::newRow("both") << true
                          << QStringList{QStringLiteral("10.0.0.0/8"), QStringLiteral("8.0.0.0/7"),
                                         QStringLiteral("2001:db8::/32")}
                          << 1 << "8.0.0.0/7, 2001:db8::/32";
    QTest::newRow("a private one's surroundings")
        << false << QStringList{QStringLiteral("192.168.0.0/15")} << 0 << "192.168.0.0/15";
}

void TestProfileCommand::importsNoPublicNetworks()
{
    QFETCH(bool, isAuto);
    QFETCH(QStringList, routes);
    QFETCH(QString, named);
    const StorePlace place;
    client::Profile profile = profileNamed("Office");
    profile.acceptRoutes = {isAuto, {}};
    for (const QString& route : routes)
        profile.acceptRoutes.named.push_back(net::Prefix::parse(route.toStdString()).value());
    place.write("in.txt", toExportText(profile));
    const ProfileAnswer imported = answer(place, Action::Import, place.path("in.txt"));
    QCOMPARE(imported.status, ExitStatus::Success);
    QCOMPARE(imported.sentences.size(), named.isEmpty() ? 1 : 2);
    if (!named.isEmpty())
        QVERIFY2(imported.sentences[1].contains(QStringLiteral("public networks: ") + named + QLatin1Char(';'))
                     && imported.sentences[1].contains(QStringLiteral("--accept-routes")),
                 qPrintable(imported.sentences[1]));
    const auto stored = place.store().find("Office");
    QVERIFY(stored.has_value());
    QCOMPARE(stored->acceptRoutes.isAuto, isAuto);
    QTEST(int(stored->acceptRoutes.named.size()), "kept");
}

void TestProfileCommand::saysAsAnEventWhatItImported()
{
    const StorePlace place;
    place.write("in.txt", toExportText(profileNamed("My office")));
    const ProfileAnswer imported = answer(place, Action::Import, place.path("in.txt"), true);
    QVERIFY(imported.sentences.isEmpty());
    QCOMPARE(imported.output, QByteArray("{\"event\":\"profile-imported\",\"name\":\"My office\"}\n"));
}

void TestProfileCommand::neverReplacesAtAnImport()
{
    const StorePlace place;
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    client::Profile other = profileNamed("Office");
    other.pin = pinOf(9);
    place.write("other.txt", toExportText(other));
    const ProfileAnswer refused = answer(place, Action::Import, place.path("other.txt"));
    QCOMPARE(refused.status, ExitStatus::Failure);
    QVERIFY(refused.sentences.value(0).contains(QStringLiteral("there is a profile Office already")));
    QVERIFY(place.store().find("Office")->pin == pinOf(7));
}

void TestProfileCommand::refusesABadFile_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("mentions");
    QTest::newRow("nothing") << QByteArray() << "no JSON object";
    QTest::newRow("a key") << QByteArray("-----BEGIN PRIVATE KEY-----") << "no JSON object";
    QTest::newRow("newer") << QByteArray(R"({"version":3})") << "newer version";
    QTest::newRow("bad name") << QByteArray(R"({"version":1,"name":"a\nb"})") << "control or format character";
    QTest::newRow("too large") << QByteArray(int(client::MaxProfileBytes) + 1, ' ') << "in.txt";
}

void TestProfileCommand::refusesABadFile()
{
    QFETCH(QByteArray, content);
    QFETCH(QString, mentions);
    const StorePlace place;
    place.write("in.txt", content);
    const ProfileAnswer refused = answer(place, Action::Import, place.path("in.txt"));
    QCOMPARE(refused.status, ExitStatus::Failure);
    QVERIFY2(refused.sentences.value(0).contains(mentions), qPrintable(refused.sentences.value(0)));
    QVERIFY(place.store().list()->profiles.empty());
    QCOMPARE(answer(place, Action::Import, place.path("not there")).status, ExitStatus::Failure);
}

void TestProfileCommand::showsNoInvite()
{
    const StorePlace place;
    client::Profile profile = profileNamed("Office");
    profile.invite = inviteSecret();
    QVERIFY(place.store().add(profile).has_value());
    for (const Action action : {Action::List, Action::Show, Action::Export}) {
        for (const bool isJson : {false, true}) {
            const QByteArray output = answer(place, action, "Office", isJson).output;
            QVERIFY(!output.isEmpty() && !output.contains("MDEyMzQ1Njc4OWFiY2RlZg"));
        }
    }
}

QTEST_GUILESS_MAIN(TestProfileCommand)
#include "tst_profile_command.moc"
