#include "profile_samples.h"

#include <QDir>
#include <QJsonDocument>
#include <QtTest>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;

namespace {

QByteArray good()
{
    return toFileText(profileNamed("Office"));
}

QByteArray with(const char* from, const char* to)
{
    QByteArray text = good();
    if (!text.contains(from))
        qFatal("%s is not there", from);
    return text.replace(from, to);
}

void setMode(const std::string& path, mode_t mode)
{
    QCOMPARE(::chmod(path.c_str(), mode), 0);
}

}  // namespace

class TestProfileStore : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isEmptyWithoutADirectory();
    void findsWhatWasAdded();
    void keepsEveryFieldApart_data();
    void keepsEveryFieldApart();
    void keepsItsFilesToTheirOwner();
    void takesAnyName_data();
    void takesAnyName();
    void refusesABadName_data();
    void refusesABadName();
    void addsANameOnce();
    void letsOneOfTwoProcessesAddAName();
    void refusesADamagedFile_data();
    void refusesADamagedFile();
    void namesAFileOfANewerVersion();
    void neverWritesOverADamagedFile();
    void refusesAFileWithAnotherName();
    void refusesFilesThatOthersReach_data();
    void refusesFilesThatOthersReach();
    void listsTheOthersBesideADamagedFile();
    void savesOnlyWhatIsThere();
    void removes();
    void findsByServerAndKey();
    void findsFreeNames_data();
    void findsFreeNames();
    void makesNamesOfAnyText_data();
    void makesNamesOfAnyText();
    void exportsNoInvite();
    void exportsNothingOfThisComputer();
    void importsOnlyWhatAnotherMayDecide();
    void readsTheFirstVersion();
    void writesTheFirstVersionAsTheSecond();
    void renames();
    void renamesOnlyToAFreeName();
    void learnsRoutesOnce();
    void choosesADirectory_data();
    void choosesADirectory();
};

void TestProfileStore::isEmptyWithoutADirectory()
{
    const StorePlace place;
    const auto listing = place.store().list();
    QVERIFY(listing.has_value());
    QVERIFY(listing->profiles.empty() && listing->unusable.empty());
    QCOMPARE(place.store().find("Office").error().code, ErrorCode::NotFound);
    QVERIFY(!QFile::exists(QString::fromStdString(place.path({}))));
}

void TestProfileStore::findsWhatWasAdded()
{
    const StorePlace place;
    for (const char* name : {"b", "a", "c"})
        QVERIFY(place.store().add(profileNamed(name)).has_value());
    QVERIFY(place.store().find("b") == profileNamed("b"));
    const auto listing = place.store().list();
    QCOMPARE(listing->profiles.size(), std::size_t{3});
    QCOMPARE(listing->profiles[0].name, std::string("a"));
    QCOMPARE(listing->profiles[2].name, std::string("c"));
}

void TestProfileStore::keepsEveryFieldApart_data()
{
    QTest::addColumn<std::function<void(Profile&)>>("change");
    const auto row = [](const char* name, std::function<void(Profile&)> change) {
        QTest::newRow(name) << std::move(change);
    };
    row("nothing", [](Profile&) {});
    row("user", [](Profile& profile) { profile.user = "anna \"%1\" <b>"; });
    row("invite", [](Profile& profile) { profile.invite = inviteSecret(); });
    row("IPv6", [](Profile& profile) { profile.server = {"2001:db8::1", 1}; });
    row("no routes", [](Profile& profile) { profile.acceptRoutes = {false, {}}; });
    row("routes", [](Profile& profile) { profile.acceptRoutes = {false, {net::Prefix::parse("10.0.0.0/8").value()}}; });
    row("auto and routes", [](Profile& profile) {
        profile.acceptRoutes = {true, {net::Prefix::parse("fd00::/8").value()}};
    });
    row("no pin", [](Profile& profile) { profile.pin.reset(); });
    row("connects at start", [](Profile& profile) { profile.connectsAtStart = true; });
    row("no reconnect", [](Profile& profile) { profile.reconnects = false; });
    row("password", [](Profile& profile) { profile.remembersPassword = true; });
    row("key in the keyring", [](Profile& profile) { profile.deviceKeyPlace = DeviceKeyPlace::Keyring; });
    row("names left alone", [](Profile& profile) { profile.usesDns = false; });
    row("domains", [](Profile& profile) { profile.acceptDomains = {"lan", "office.example"}; });
    row("known routes", [](Profile& profile) {
        profile.knownRoutes = {net::Prefix::parse("10.0.0.0/8").value(), net::Prefix::parse("fd00::/8").value()};
    });
}

void TestProfileStore::keepsEveryFieldApart()
{
    QFETCH(std::function<void(Profile&)>, change);
    const StorePlace place;
    Profile profile = profileNamed("Office");
    change(profile);
    QVERIFY(place.store().add(profile).has_value());
    const auto found = place.store().find("Office");
    QVERIFY2(found.has_value(), found ? "" : found.error().context.c_str());
    QVERIFY(*found == profile);
}

void TestProfileStore::keepsItsFilesToTheirOwner()
{
    const StorePlace place;
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    QVERIFY(place.store().save(profileNamed("Office")).has_value());
    for (const auto& [path, mode] : {std::pair{place.path("Office.json"), 0600U}, {place.path({}), 0700U}}) {
        struct stat status {};
        QCOMPARE(::stat(path.c_str(), &status), 0);
        QCOMPARE(status.st_mode & 0777U, mode);
    }
}

void TestProfileStore::takesAnyName_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("file");
    const auto row = [](const QString& name, const char* file) {
        QTest::newRow(file) << name << QString::fromLatin1(file);
    };
    row(QStringLiteral("office.example.com"), "office.example.com.json");
    row(QStringLiteral("."), "%2E.json");
    row(QStringLiteral(".."), "%2E..json");
    row(QStringLiteral(".hidden"), "%2Ehidden.json");
    row(QStringLiteral("../../etc/passwd"), "%2E.%2F..%2Fetc%2Fpasswd.json");
    row(QStringLiteral("100 %n %s %2F"), "100%20%25n%20%25s%20%252F.json");
    row(QStringLiteral("fd00::1"), "fd00%3A%3A1.json");
    row(QStringLiteral("<b>Büro</b>"), "%3Cb%3EB%C3%BCro%3C%2Fb%3E.json");
    row(QString(64, QLatin1Char('/')), QByteArray("%2F").repeated(64).append(".json").constData());
}

void TestProfileStore::takesAnyName()
{
    QFETCH(QString, name);
    QFETCH(QString, file);
    const StorePlace place;
    const Profile profile = profileNamed(name.toStdString());
    const auto added = place.store().add(profile);
    QVERIFY2(added.has_value(), added ? "" : added.error().context.c_str());
    const QDir directory(QString::fromStdString(place.path({})));
    QCOMPARE(directory.entryList(QDir::Files | QDir::Hidden), QStringList(file));
    QVERIFY(place.store().find(profile.name) == profile);
    QCOMPARE(place.store().list()->profiles.size(), std::size_t{1});
}

void TestProfileStore::refusesABadName_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("too long") << QByteArray(65, 'a');
    QTest::newRow("newline") << QByteArray("a\nb");
    QTest::newRow("escape") << QByteArray("a\x1b[2Jb");
    QTest::newRow("NUL") << QByteArray("a\0b", 3);
    QTest::newRow("C1 control") << QByteArray("a\xC2\x9B"
                                              "b");
    QTest::newRow("right to left") << QByteArray("a\xE2\x80\xAE"
                                                 "b");
    QTest::newRow("zero width") << QByteArray("a\xE2\x80\x8B"
                                              "b");
    QTest::newRow("line separator") << QByteArray("a\xE2\x80\xA8"
                                                  "b");
    QTest::newRow("no UTF-8") << QByteArray("a\xFF");
    QTest::newRow("half a character") << QByteArray("a\xC3");
    QTest::newRow("blank") << QByteArray(" ");
    QTest::newRow("blank at the end") << QByteArray("a ");
    QTest::newRow("blank at the beginning") << QByteArray(" a");
}

void TestProfileStore::refusesABadName()
{
    QFETCH(QByteArray, name);
    const StorePlace place;
    QCOMPARE(place.store().add(profileNamed(name.toStdString())).error().code, ErrorCode::InvalidArgument);
    QCOMPARE(place.store().find(name.toStdString()).error().code, ErrorCode::NotFound);
    QCOMPARE(place.store().remove(name.toStdString()).error().code, ErrorCode::NotFound);
    QVERIFY(!QFile::exists(QString::fromStdString(place.path({}))));
}

void TestProfileStore::addsANameOnce()
{
    const StorePlace place;
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    Profile other = profileNamed("Office");
    other.pin = pinOf(8);
    QCOMPARE(place.store().add(other).error().code, ErrorCode::AlreadyExists);
    QVERIFY(place.store().find("Office") == profileNamed("Office"));
    QCOMPARE(place.store().addUnderFreeName(other)->name, std::string("Office (2)"));
    QVERIFY(place.store().find("Office (2)")->pin == pinOf(8));
}

void TestProfileStore::letsOneOfTwoProcessesAddAName()
{
    const StorePlace place;
    const ProfileStore store = place.store();
    constexpr int Processes = 8;
    constexpr int Names = 10;
    std::array<pid_t, Processes> children{};
    for (int i = 0; i < Processes; ++i) {
        children[std::size_t(i)] = ::fork();
        if (children[std::size_t(i)] != 0)
            continue;
        int added = 0;
        for (int name = 0; name < Names; ++name) {
            Profile profile = profileNamed("Office " + std::to_string(name));
            profile.user = "user " + std::to_string(i);
            added += store.add(profile).has_value() ? 1 : 0;
        }
        ::_exit(added);
    }
    int added = 0;
    for (const pid_t child : children) {
        int status = 0;
        QCOMPARE(::waitpid(child, &status, 0), child);
        added += WEXITSTATUS(status);
    }
    QCOMPARE(added, Names);
    const auto listing = store.list();
    QCOMPARE(listing->profiles.size(), std::size_t{Names});
    QVERIFY(listing->unusable.empty());
    QCOMPARE(QDir(QString::fromStdString(place.path({}))).entryList(QDir::Files | QDir::Hidden).size(), Names);
}

void TestProfileStore::refusesADamagedFile_data()
{
    QTest::addColumn<QByteArray>("content");
    const auto row = [](const char* name, const QByteArray& content) { QTest::newRow(name) << content; };
    row("empty", {});
    row("cut", good().chopped(10));
    row("something behind", good() + "x");
    row("array", "[]");
    row("no version", with("\"version\"", "\"virsion\""));
    row("version 0", with("\"version\": 2", "\"version\": 0"));
    row("version as text", with("\"version\": 2", "\"version\": \"2\""));
    row("no name", with("\"name\"", "\"nome\""));
    row("escape in the name", with("\"Office\"", "\"Off\\u001bice\""));
    row("no server", with("\"server\"", "\"srv\""));
    row("bad port", with(":443\"", ":70000\""));
    row("short pin", with("\"pin\": \"B", "\"pin\": \""));
    row("routes as text", with("[\n        \"auto\"\n    ]", "\"auto\""));
    row("no routes", with("\"auto\"", ""));
    row("everything routed", with("\"auto\"", "\"0.0.0.0/0\""));
    row("none and more", with("\"auto\"", "\"none\", \"auto\""));
    row("number as a route", with("\"auto\"", "7"));
    row("too many routes", with("\"auto\"", QByteArray("\"auto\",").repeated(300).append("\"auto\"").constData()));
    row("no date", with("\"2026-01-31T12:00:00Z\"", "\"yesterday\""));
    row("user is empty", with("\"version\"", "\"user\": \"\", \"version\""));
    row("user with a control character", with("\"version\"", "\"user\": \"a\\nb\", \"version\""));
    row("user too long", with("\"version\"", ("\"user\": \"" + QByteArray(65, 'u') + "\", \"version\"").constData()));
    row("short invite", with("\"version\"", "\"invite\": \"AAAA\", \"version\""));
    row("invite is no text", with("\"version\"", "\"invite\": true, \"version\""));
    row("version 1 without a pin", with("\"version\": 2", "\"version\": 1").replace("\"pin\"", "\"pen\""));
    row("no switch", with("\"reconnects\"", "\"rekonnects\""));
    row("switch as a number", with("\"connects_at_start\": false", "\"connects_at_start\": 0"));
    row("switch as text", with("\"remembers_password\": false", "\"remembers_password\": \"true\""));
    row("no place of the key", with("\"device_key\"", "\"devise_key\""));
    row("place of the key", with("\"device_key\": \"file\"", "\"device_key\": \"cloud\""));
    row("known routes as text", with("\"known_routes\": [\n    ]", "\"known_routes\": \"10.0.0.0/8\""));
    row("known route", with("\"known_routes\": [\n    ]", "\"known_routes\": [\"10.0.0.1/8\"]"));
    row("number as a known route", with("\"known_routes\": [\n    ]", "\"known_routes\": [8]"));
    row("too many known routes",
        with("\"known_routes\": [\n    ]",
             ("\"known_routes\": [" + QByteArray("\"10.0.0.0/8\",").repeated(256) + "\"10.0.0.0/8\"]").constData()));
    row("names as a number", with("\"uses_dns\": true", "\"uses_dns\": 1"));
    row("domains as text", with("\"accept_domains\": [\n    ]", "\"accept_domains\": \"lan\""));
    row("no domain", with("\"accept_domains\": [\n    ]", "\"accept_domains\": [\"a b\"]"));
    row("number as a domain", with("\"accept_domains\": [\n    ]", "\"accept_domains\": [8]"));
    row("too many domains",
        with("\"accept_domains\": [\n    ]",
             ("\"accept_domains\": [" + QByteArray("\"lan\",").repeated(64) + "\"lan\"]").constData()));
    row("too large", good() + QByteArray(int(MaxProfileBytes), ' '));
}

void TestProfileStore::refusesADamagedFile()
{
    QFETCH(QByteArray, content);
    const StorePlace place;
    place.write("Office.json", content);
    setMode(place.path("Office.json"), 0600);
    const auto found = place.store().find("Office");
    QVERIFY(!found.has_value());
    QVERIFY(found.error().code == ErrorCode::Malformed || found.error().code == ErrorCode::LimitExceeded);
    QVERIFY2(found.error().context.find("Office.json") != std::string::npos, found.error().context.c_str());
    QCOMPARE(place.read("Office.json"), content);
}

void TestProfileStore::namesAFileOfANewerVersion()
{
    const StorePlace place;
    place.write("Office.json", with("\"version\": 2", "\"version\": 3"));
    const auto found = place.store().find("Office");
    QCOMPARE(found.error().code, ErrorCode::Unsupported);
    QVERIFY(found.error().context.find("newer version") != std::string::npos);
    QVERIFY(found.error().context.find("Office.json") != std::string::npos);
}

void TestProfileStore::neverWritesOverADamagedFile()
{
    const StorePlace place;
    for (const QByteArray& content : {QByteArray("{"), with("\"version\": 2", "\"version\": 3")}) {
        place.write("Office.json", content);
        QVERIFY(!place.store().save(profileNamed("Office")).has_value());
        QCOMPARE(place.store().add(profileNamed("Office")).error().code, ErrorCode::AlreadyExists);
        QCOMPARE(*place.store().uniqueName("Office"), std::string("Office (2)"));
        QCOMPARE(place.read("Office.json"), content);
    }
    QVERIFY(place.store().remove("Office").has_value());
}

void TestProfileStore::refusesAFileWithAnotherName()
{
    const StorePlace place;
    place.write("Home.json", good());
    QCOMPARE(place.store().find("Home").error().code, ErrorCode::Malformed);
    QVERIFY(place.store().list()->profiles.empty());
}

void TestProfileStore::refusesFilesThatOthersReach_data()
{
    QTest::addColumn<int>("mode");
    QTest::addColumn<bool>("isPending");
    QTest::addColumn<bool>("isRefused");
    QTest::newRow("owner") << 0600 << false << false;
    QTest::newRow("everybody reads") << 0644 << false << false;
    QTest::newRow("group writes") << 0620 << false << true;
    QTest::newRow("others write") << 0602 << false << true;
    QTest::newRow("invite, owner") << 0600 << true << false;
    QTest::newRow("invite, group reads") << 0640 << true << true;
    QTest::newRow("invite, everybody reads") << 0604 << true << true;
}

void TestProfileStore::refusesFilesThatOthersReach()
{
    QFETCH(int, mode);
    QFETCH(bool, isPending);
    QFETCH(bool, isRefused);
    const StorePlace place;
    Profile profile = profileNamed("Office");
    if (isPending)
        profile.invite = inviteSecret();
    QVERIFY(place.store().add(profile).has_value());
    setMode(place.path("Office.json"), static_cast<mode_t>(mode));
    const auto found = place.store().find("Office");
    QCOMPARE(!found.has_value(), isRefused);
    if (isRefused)
        QCOMPARE(found.error().code, ErrorCode::PermissionDenied);
}

void TestProfileStore::listsTheOthersBesideADamagedFile()
{
    const StorePlace place;
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    place.write("Bad.json", "{");
    place.write("no profile.txt", "{");
    place.write("Office.json.123.new", "{");
    const auto listing = place.store().list();
    QCOMPARE(listing->profiles.size(), std::size_t{1});
    QCOMPARE(listing->unusable.size(), std::size_t{1});
    QVERIFY(listing->unusable[0].context.find("Bad.json") != std::string::npos);
    QVERIFY(place.store().findByServer(profileNamed("Office").server, pinOf(7))->has_value());
}

void TestProfileStore::savesOnlyWhatIsThere()
{
    const StorePlace place;
    QCOMPARE(place.store().save(profileNamed("Office")).error().code, ErrorCode::NotFound);
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    Profile changed = profileNamed("Office");
    changed.user = "anna";
    QVERIFY(place.store().save(changed).has_value());
    QVERIFY(place.store().find("Office") == changed);
}

void TestProfileStore::removes()
{
    const StorePlace place;
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    QVERIFY(place.store().remove("Office").has_value());
    QCOMPARE(place.store().remove("Office").error().code, ErrorCode::NotFound);
    QVERIFY(place.store().list()->profiles.empty());
}

void TestProfileStore::findsByServerAndKey()
{
    const StorePlace place;
    const ProfileStore store = place.store();
    QVERIFY(store.add(profileNamed("Office")).has_value());
    QCOMPARE(store.findByServer({"Office.Example.COM", 443}, pinOf(7)).value()->name, std::string("Office"));
    QVERIFY(!store.findByServer({"office.example.com", 443}, pinOf(8))->has_value());
    QVERIFY(!store.findByServer({"office.example.com", 444}, pinOf(7))->has_value());
    QVERIFY(!store.findByServer({"example.com", 443}, pinOf(7))->has_value());
}

void TestProfileStore::findsFreeNames_data()
{
    QTest::addColumn<QStringList>("taken");
    QTest::addColumn<QString>("base");
    QTest::addColumn<QString>("expected");
    const QString office = QStringLiteral("Office");
    const QString long64(64, QLatin1Char('x'));
    const QString umlauts(32, QChar(0xFC));
    QTest::newRow("free") << QStringList() << office << office;
    QTest::newRow("taken") << QStringList(office) << office << QStringLiteral("Office (2)");
    QTest::newRow("two taken") << QStringList({office, QStringLiteral("Office (2)")}) << office
                               << QStringLiteral("Office (3)");
    QTest::newRow("long") << QStringList(long64) << long64 << long64.left(60) + QStringLiteral(" (2)");
    QTest::newRow("whole characters") << QStringList(umlauts) << umlauts << umlauts.left(30) + QStringLiteral(" (2)");
    QTest::newRow("nothing usable") << QStringList() << QStringLiteral("\n\x1b") << QStringLiteral("gvpn");
}

void TestProfileStore::findsFreeNames()
{
    QFETCH(QStringList, taken);
    QFETCH(QString, base);
    QFETCH(QString, expected);
    const StorePlace place;
    for (const QString& name : taken)
        QVERIFY(place.store().add(profileNamed(name.toStdString())).has_value());
    QCOMPARE(place.store().uniqueName(base.toStdString()).value(), expected.toStdString());
}

void TestProfileStore::makesNamesOfAnyText_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("name");
    QTest::newRow("plain") << QStringLiteral("Büro 1") << QStringLiteral("Büro 1");
    QTest::newRow("controls") << QStringLiteral("\x1b[2JOff\nice") << QStringLiteral("[2JOffice");
    QTest::newRow("marks") << QStringLiteral("a\u202Eb\u200B") << QStringLiteral("ab");
    QTest::newRow("blanks") << QStringLiteral("  a b  ") << QStringLiteral("a b");
    QTest::newRow("too long") << QString(253, QLatin1Char('h')) << QString(64, QLatin1Char('h'));
    QTest::newRow("blank at the cut") << QString(63, QLatin1Char('h')) + QStringLiteral(" tail")
                                      << QString(63, QLatin1Char('h'));
    QTest::newRow("nothing") << QStringLiteral("\n \n") << QString();
}

void TestProfileStore::makesNamesOfAnyText()
{
    QFETCH(QString, text);
    QFETCH(QString, name);
    const std::string made = toProfileName(text.toStdString());
    QCOMPARE(made, name.toStdString());
    QVERIFY(made.empty() || validateProfileName(made).has_value());
}

void TestProfileStore::exportsNoInvite()
{
    Profile profile = profileNamed("Office");
    profile.invite = inviteSecret();
    for (const QByteArray& text : {toExportText(profile), QJsonDocument(toListing(profile)).toJson()})
        QVERIFY2(!text.contains("invite") && !text.contains("MDEyMzQ1Njc4OWFiY2RlZg"), text.constData());
    QVERIFY(toFileText(profile).contains("MDEyMzQ1Njc4OWFiY2RlZg"));
    QVERIFY(toListing(profile).value(u"pending").toBool());
    profile.invite.reset();
    QVERIFY(parseProfile(
                std::as_bytes(std::span(toExportText(profile).constData(), std::size_t(toExportText(profile).size()))))
            == profile);
}

void TestProfileStore::exportsNothingOfThisComputer()
{
    Profile profile = profileNamed("Office");
    profile.reconnects = false;
    const Profile plain = profile;
    profile.invite = inviteSecret();
    profile.connectsAtStart = true;
    profile.remembersPassword = true;
    profile.deviceKeyPlace = DeviceKeyPlace::Keyring;
    profile.knownRoutes = {net::Prefix::parse("10.0.0.0/8").value()};
    profile.acceptDomains = {"lan"};
    QCOMPARE(toExportText(profile), toFileText(plain));
}

void TestProfileStore::importsOnlyWhatAnotherMayDecide()
{
    Profile profile = profileNamed("Office");
    const Profile plain = profile;
    profile.acceptRoutes.named = {net::Prefix::parse("198.51.100.0/24").value()};
    profile.invite = inviteSecret();
    profile.connectsAtStart = true;
    profile.knownRoutes = profile.acceptRoutes.named;
    profile.acceptDomains = {"com"};
    const QByteArray text = toFileText(profile);
    const auto imported = parseImport(asBytes({text.constData(), std::size_t(text.size())}));
    QVERIFY(imported.has_value());
    QVERIFY(imported->profile == plain);
    QCOMPARE(imported->leftOut, profile.acceptRoutes.named);
}

/// A file as version 0.1.0 has written it. It stays as it is here.
const char* const FirstVersion = R"({
    "accept_routes": [
        "auto",
        "10.0.0.0/8"
    ],
    "created": "2026-01-31T12:00:00Z",
    "invite": "MDEyMzQ1Njc4OWFiY2RlZg",
    "name": "Office",
    "pin": "BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "server": "office.example.com:443",
    "user": "anna",
    "version": 1,
    "reconnects": "a key that nobody knew then"
}
)";

void TestProfileStore::readsTheFirstVersion()
{
    const StorePlace place;
    place.write("Office.json", FirstVersion);
    setMode(place.path("Office.json"), 0600);
    const auto found = place.store().find("Office");
    QVERIFY2(found.has_value(), found ? "" : found.error().context.c_str());
    Profile expected = profileNamed("Office");
    expected.user = "anna";
    expected.acceptRoutes.named = {net::Prefix::parse("10.0.0.0/8").value()};
    expected.invite = inviteSecret();
    QVERIFY(*found == expected);
    QVERIFY(found->reconnects && !found->connectsAtStart && found->deviceKeyPlace == DeviceKeyPlace::File);
    QCOMPARE(place.read("Office.json"), QByteArray(FirstVersion));
}

void TestProfileStore::writesTheFirstVersionAsTheSecond()
{
    const StorePlace place;
    place.write("Office.json", FirstVersion);
    setMode(place.path("Office.json"), 0600);
    Profile profile = place.store().find("Office").value();
    profile.reconnects = false;
    QVERIFY(place.store().save(profile).has_value());
    QVERIFY(place.read("Office.json").contains("\"version\": 2"));
    QVERIFY(place.store().find("Office") == profile);
}

void TestProfileStore::renames()
{
    const StorePlace place;
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    Profile renamed = profileNamed("Home");
    renamed.user = "anna";
    QVERIFY(place.store().replace("Office", renamed).has_value());
    QCOMPARE(place.store().list()->profiles, std::vector{renamed});
    renamed.user = "bert";
    QVERIFY(place.store().replace("Home", renamed).has_value());
    QCOMPARE(place.store().list()->profiles, std::vector{renamed});
}

void TestProfileStore::renamesOnlyToAFreeName()
{
    const StorePlace place;
    QVERIFY(place.store().add(profileNamed("Office")).has_value());
    QVERIFY(place.store().add(profileNamed("Home")).has_value());
    QCOMPARE(place.store().replace("Office", profileNamed("Home")).error().code, ErrorCode::AlreadyExists);
    QCOMPARE(place.store().replace("Nowhere", profileNamed("New")).error().code, ErrorCode::NotFound);
    QCOMPARE(place.store().replace("Office", profileNamed("a\nb")).error().code, ErrorCode::InvalidArgument);
    QCOMPARE(place.store().list()->profiles, (std::vector{profileNamed("Home"), profileNamed("Office")}));
}

void TestProfileStore::learnsRoutesOnce()
{
    const auto prefixes = [](std::initializer_list<const char*> texts) {
        std::vector<net::Prefix> result;
        for (const char* text : texts)
            result.push_back(net::Prefix::parse(text).value());
        return result;
    };
    Profile profile = profileNamed("Office");
    QVERIFY(learnRoutes(profile, prefixes({"192.168.0.0/24", "10.0.0.0/8"})));
    QCOMPARE(profile.knownRoutes, prefixes({"10.0.0.0/8", "192.168.0.0/24"}));
    QCOMPARE(routesNewTo(profile, prefixes({"10.0.0.0/8", "10.0.0.0/9"})), prefixes({"10.0.0.0/9"}));
    QVERIFY(!learnRoutes(profile, prefixes({"10.0.0.0/8"})));
    for (unsigned i = 0; i < MaxProfileRoutes; ++i)
        static_cast<void>(learnRoutes(profile, {net::Prefix(net::IpAddress::fromIPv4(0x0A000000U + (i << 8U)), 24)}));
    QCOMPARE(profile.knownRoutes.size(), MaxProfileRoutes);
    QVERIFY(!learnRoutes(profile, prefixes({"172.16.0.0/12"})));
}

void TestProfileStore::choosesADirectory_data()
{
    QTest::addColumn<QString>("home");
    QTest::addColumn<QString>("configHome");
    QTest::addColumn<QString>("directory");
    QTest::newRow("home") << "/home/a"
                          << ""
                          << "/home/a/.config/gvpn/profiles";
    QTest::newRow("config") << "/home/a"
                            << "/etc/a"
                            << "/etc/a/gvpn/profiles";
    QTest::newRow("relative config") << "/home/a"
                                     << "conf"
                                     << "/home/a/.config/gvpn/profiles";
    QTest::newRow("none") << ""
                          << ""
                          << "";
    QTest::newRow("relative home") << "a"
                                   << ""
                                   << "";
}

void TestProfileStore::choosesADirectory()
{
    QFETCH(QString, home);
    QFETCH(QString, configHome);
    const auto directory = defaultProfileDirectory({home.toStdString(), configHome.toStdString()});
    QTEST(QString::fromStdString(directory.value_or("")), "directory");
}

QTEST_APPLESS_MAIN(TestProfileStore)
#include "tst_profile_store.moc"
