#include "admin/command_line.h"

#include <QJsonDocument>
#include <QTemporaryDir>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::admin;

namespace {

QStringList words(const QString& text)
{
    return text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

Result<QHash<QString, QStringList>> noConfig(const QString& path)
{
    return fail(ErrorCode::InvalidArgument, "no file " + path.toStdString() + ".");
}

Result<Invocation> parse(const QStringList& arguments, const QString& defaultConfig = {},
                         const ReadConfig& readConfig = noConfig)
{
    return parseInvocation(QStringList{QStringLiteral("gvpn-server")} + arguments, defaultConfig, readConfig);
}

}  // namespace

class TestCommandLine : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void knowsItsSubcommands_data();
    void knowsItsSubcommands();
    void understands_data();
    void understands();
    void refusesWithASentence_data();
    void refusesWithASentence();
    void showsHelp();
    void readsWhereAPasswordComesFrom();
    void takesArgumentsThatLookLikeOptionsBehindDashes();
    void readsTheStateDirectoryOfAConfigurationFile();
    void readsTheDefaultConfigurationOnlyIfItIsThere();
    void passesOnWhatIsWrongWithAConfigurationFile();
};

void TestCommandLine::knowsItsSubcommands_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<bool>("isAdmin");
    QTest::newRow("nothing") << "" << false;
    QTest::newRow("run") << "run" << false;
    QTest::newRow("run with options") << "run --json --login none" << false;
    QTest::newRow("cleanup") << "cleanup" << false;
    QTest::newRow("user") << "user list" << true;
    QTest::newRow("user alone") << "user" << true;
    QTest::newRow("invite") << "invite --user anna" << true;
    QTest::newRow("device") << "device revoke 3" << true;
    QTest::newRow("ban") << "ban list" << true;
    QTest::newRow("status") << "status" << true;
    QTest::newRow("kick") << "kick anna" << true;
    QTest::newRow("audit") << "audit" << true;
    QTest::newRow("behind a flag") << "--json status" << true;
    QTest::newRow("behind a value") << "--state-dir x status" << true;
    QTest::newRow("behind two values") << "--config=a --state-dir b user list" << true;
    QTest::newRow("a value that is called so") << "--state-dir status" << false;
    QTest::newRow("a value that is called so, and run") << "--state-dir status run" << false;
    QTest::newRow("the server's user") << "--login none --run-as user" << false;
    QTest::newRow("the server's interface") << "--tun status --json" << false;
    QTest::newRow("behind the server's flags") << "--allow-v1 --client-to-client status" << true;
    QTest::newRow("help") << "--help" << false;
    QTest::newRow("not the first word") << "run user" << false;
    QTest::newRow("another case") << "User" << false;
}

void TestCommandLine::knowsItsSubcommands()
{
    QFETCH(QString, line);
    QFETCH(bool, isAdmin);
    QCOMPARE(isAdminCommandLine(QStringList{QStringLiteral("gvpn-server")} + words(line)), isAdmin);
}

void TestCommandLine::understands_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QByteArray>("command");
    QTest::newRow("add") << "user add anna" << QByteArray(R"({"command":"add-user","name":"anna","password_hash":""})");
    QTest::newRow("passwd") << "user passwd anna"
                            << QByteArray(R"({"command":"set-password","name":"anna","password_hash":""})");
    QTest::newRow("disable") << "user disable anna"
                             << QByteArray(R"({"command":"enable-user","enabled":false,"name":"anna"})");
    QTest::newRow("enable") << "user enable anna"
                            << QByteArray(R"({"command":"enable-user","enabled":true,"name":"anna"})");
    QTest::newRow("remove") << "user remove anna" << QByteArray(R"({"command":"remove-user","name":"anna"})");
    QTest::newRow("users") << "user list" << QByteArray(R"({"command":"list-users"})");
    QTest::newRow("users, options anywhere")
        << "--json user --state-dir x list" << QByteArray(R"({"command":"list-users"})");
    QTest::newRow("invite") << "invite" << QByteArray(R"({"command":"make-invite","life_s":604800,"user":""})");
    QTest::newRow("invite of a user") << "invite --user anna"
                                      << QByteArray(R"({"command":"make-invite","life_s":604800,"user":"anna"})");
    QTest::newRow("seconds") << "invite --expires 90s"
                             << QByteArray(R"({"command":"make-invite","life_s":90,"user":""})");
    QTest::newRow("minutes") << "invite --expires=30m"
                             << QByteArray(R"({"command":"make-invite","life_s":1800,"user":""})");
    QTest::newRow("hours") << "invite --expires 12h"
                           << QByteArray(R"({"command":"make-invite","life_s":43200,"user":""})");
    QTest::newRow("weeks") << "invite --expires 2w"
                           << QByteArray(R"({"command":"make-invite","life_s":1209600,"user":""})");
    QTest::newRow("a year") << "invite --expires 365d"
                            << QByteArray(R"({"command":"make-invite","life_s":31536000,"user":""})");
    QTest::newRow("address") << "invite --public-address office.example"
                             << QByteArray(R"({"command":"make-invite","life_s":604800,"public_host":"office.example",)"
                                           R"("public_port":0,"user":""})");
    QTest::newRow("address and port")
        << "invite --public-address [2001:db8::1]:51005"
        << QByteArray(
               R"({"command":"make-invite","life_s":604800,"public_host":"2001:db8::1","public_port":51005,"user":""})");
    QTest::newRow("the last of two") << "invite --user anna --user bob"
                                     << QByteArray(R"({"command":"make-invite","life_s":604800,"user":"bob"})");
    QTest::newRow("devices") << "device list" << QByteArray(R"({"command":"list-devices"})");
    QTest::newRow("revoke") << "device revoke 12" << QByteArray(R"({"command":"revoke-device","id":12})");
    QTest::newRow("bans") << "ban list" << QByteArray(R"({"command":"list-bans"})");
    QTest::newRow("lift") << "ban lift 198.51.100.1" << QByteArray(R"({"command":"lift-ban","whose":"198.51.100.1"})");
    QTest::newRow("status") << "status" << QByteArray(R"({"command":"show-status"})");
    QTest::newRow("kick") << "kick anna" << QByteArray(R"({"command":"kick","whom":"anna"})");
    QTest::newRow("audit") << "audit" << QByteArray(R"({"command":"list-audit","most":100})");
    QTest::newRow("audit of ten") << "audit --last 10" << QByteArray(R"({"command":"list-audit","most":10})");
}

void TestCommandLine::understands()
{
    QFETCH(QString, line);
    QFETCH(QByteArray, command);
    const auto invocation = parse(words(line));
    QVERIFY2(invocation.has_value(), invocation ? "" : invocation.error().context.c_str());
    QCOMPARE(QJsonDocument(toJson(invocation->command)).toJson(QJsonDocument::Compact), command);
    QCOMPARE(invocation->isJson, line.contains(QStringLiteral("--json")));
    QVERIFY(invocation->helpText.isEmpty());
    QVERIFY(isAdminCommandLine(QStringList{QStringLiteral("gvpn-server")} + words(line)));
}

void TestCommandLine::refusesWithASentence_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("part");
    QTest::newRow("user alone") << "user"
                                << "needs one of: add, passwd, disable, enable, remove, list";
    QTest::newRow("another noun") << "users list"
                                  << "is no command";
    QTest::newRow("another verb") << "user rename anna bob"
                                  << "needs one of";
    QTest::newRow("nobody") << "user add"
                            << "needs NAME";
    QTest::newRow("two users") << "user add anna bob"
                               << "takes no \"bob\"";
    QTest::newRow("a list of something") << "user list anna"
                                         << "takes no \"anna\"";
    QTest::newRow("a name that is an address") << "user add 10.0.0.1"
                                               << "can't be a user's name";
    QTest::newRow("an invite for an address") << "invite --user 10.0.0.1"
                                              << "can't be a user's name";
    QTest::newRow("an option of another") << "user list --qr"
                                          << "takes no --qr";
    QTest::newRow("an invite with a password") << "invite --password-stdin"
                                               << "takes no --password-stdin";
    QTest::newRow("an option of the server") << "user list --tun gvpn0"
                                             << "--help";
    QTest::newRow("an option that isn't") << "status --fast"
                                          << "--help";
    QTest::newRow("a flag with a value") << "user list --json=yes"
                                         << "--help";
    QTest::newRow("no value") << "status --state-dir"
                              << "--help";
    QTest::newRow("an empty state directory") << "status --state-dir="
                                              << "--state-dir";
    QTest::newRow("no unit") << "invite --expires 7"
                             << "--expires 7";
    QTest::newRow("no number") << "invite --expires d"
                               << "--expires d";
    QTest::newRow("another unit") << "invite --expires 7y"
                                  << "--expires 7y";
    QTest::newRow("two units") << "invite --expires 1d12h"
                               << "--expires 1d12h";
    QTest::newRow("negative") << "invite --expires=-1d"
                              << "--expires -1d";
    QTest::newRow("nothing") << "invite --expires 0s"
                             << "--expires 0s";
    QTest::newRow("more than a year") << "invite --expires 366d"
                                      << "a year at most";
    QTest::newRow("more than a number") << "invite --expires 99999999999999999999d"
                                        << "a year at most";
    QTest::newRow("other digits") << QStringLiteral("invite --expires \u0667d") << "--expires";
    QTest::newRow("a bad address") << "invite --public-address office..example"
                                   << "--public-address";
    QTest::newRow("port 0") << "invite --public-address office:0"
                            << "--public-address";
    QTest::newRow("json and code") << "invite --json --qr"
                                   << "--qr";
    QTest::newRow("device by name") << "device revoke laptop"
                                    << "no device's number";
    QTest::newRow("device zero") << "device revoke 0"
                                 << "no device's number";
    QTest::newRow("lift nothing") << "ban lift"
                                  << "needs ADDRESS|NAME";
    QTest::newRow("kick nobody") << "kick"
                                 << "needs NAME|ADDRESS";
    QTest::newRow("none of the trail") << "audit --last 0"
                                       << "--last 0";
    QTest::newRow("too much of the trail") << "audit --last 20001"
                                           << "20000";
    QTest::newRow("two passwords") << "user add anna --password-stdin --password-fd 3"
                                   << "either";
    QTest::newRow("a descriptor's name") << "user add anna --password-fd stdin"
                                         << "--password-fd stdin";
    QTest::newRow("a negative descriptor") << "user add anna --password-fd=-1"
                                           << "--password-fd -1";
    QTest::newRow("a missing file") << "user list --config nothing"
                                    << "no file nothing";
}

void TestCommandLine::refusesWithASentence()
{
    QFETCH(QString, line);
    QFETCH(QString, part);
    const auto invocation = parse(words(line));
    QVERIFY(!invocation.has_value());
    QCOMPARE(invocation.error().code, ErrorCode::InvalidArgument);
    const QString sentence = QString::fromStdString(invocation.error().context);
    QVERIFY2(sentence.contains(part), qPrintable(sentence));
    QVERIFY2(sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
}

void TestCommandLine::showsHelp()
{
    for (const char* line : {"user --help", "invite -h", "user add --help", "--help status"}) {
        const auto invocation = parse(words(QLatin1String(line)));
        QVERIFY(invocation.has_value());
        QVERIFY(invocation->helpText.contains(QStringLiteral("ban lift")));
    }
}

void TestCommandLine::readsWhereAPasswordComesFrom()
{
    const auto origin = [](const char* line) { return parse(words(QLatin1String(line)))->password; };
    QVERIFY(std::holds_alternative<std::monostate>(origin("user add anna")));
    QVERIFY(std::holds_alternative<PasswordOfTerminal>(origin("user passwd anna")));
    QCOMPARE(std::get<int>(origin("user add anna --password-stdin")), 0);
    QCOMPARE(std::get<int>(origin("user passwd anna --password-stdin")), 0);
    QCOMPARE(std::get<int>(origin("user passwd anna --password-fd 5")), 5);
    QVERIFY(std::holds_alternative<std::monostate>(origin("user list")));
}

void TestCommandLine::takesArgumentsThatLookLikeOptionsBehindDashes()
{
    const auto invocation = parse(words(QStringLiteral("kick -- --json")));
    QVERIFY(invocation.has_value());
    QCOMPARE(std::get<Kick>(invocation->command).addressOrName, std::string("--json"));
    QVERIFY(!invocation->isJson);
}

void TestCommandLine::readsTheStateDirectoryOfAConfigurationFile()
{
    const ReadConfig config = [](const QString& path) -> Result<QHash<QString, QStringList>> {
        return QHash<QString, QStringList>{{QStringLiteral("state-dir"), {path + QStringLiteral("-state")}},
                                           {QStringLiteral("tun"), {QStringLiteral("gvpn7")}}};
    };
    QCOMPARE(parse(words(QStringLiteral("status --config mine")), {}, config)->stateDir, std::string("mine-state"));
    // The command line wins, and then the file need not even be readable.
    QCOMPARE(parse(words(QStringLiteral("status --config mine --state-dir dir")))->stateDir, std::string("dir"));
}

void TestCommandLine::readsTheDefaultConfigurationOnlyIfItIsThere()
{
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("server.conf"));
    const ReadConfig config = [](const QString&) -> Result<QHash<QString, QStringList>> {
        return QHash<QString, QStringList>{{QStringLiteral("state-dir"), {QStringLiteral("there")}}};
    };
    QCOMPARE(parse({QStringLiteral("status")}, path, config)->stateDir, std::string());
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(parse({QStringLiteral("status")}, path, config)->stateDir, std::string("there"));
}

void TestCommandLine::passesOnWhatIsWrongWithAConfigurationFile()
{
    const auto invocation = parse(words(QStringLiteral("status --config broken")));
    QVERIFY(!invocation.has_value());
    QCOMPARE(invocation.error().context, std::string("no file broken."));
}

QTEST_APPLESS_MAIN(TestCommandLine)
#include "tst_command_line.moc"
