#include "admin/command.h"

#include <QJsonDocument>
#include <QtTest>

#include <limits>

using namespace gvpn;
using namespace gvpn::admin;

namespace {

QJsonObject parsed(const QByteArray& text)
{
    return QJsonDocument::fromJson(text).object();
}

/// As it crosses the socket.
Result<Command> sentAndRead(const Command& command)
{
    return commandFromJson(parsed(QJsonDocument(toJson(command)).toJson(QJsonDocument::Compact)));
}

}  // namespace

class TestCommand : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsWhatItWrote_data();
    void readsWhatItWrote();
    void keepsEveryFieldOfAnInvite();
    void keepsTheLargestDeviceNumber();
    void refusesMalformedCommands_data();
    void refusesMalformedCommands();
    void ignoresFieldsItDoesNotKnow();
    void onlyStatusAndKickNeedAServer();
    void readsTheRepliesItWrote();
    void refusesMalformedReplies_data();
    void refusesMalformedReplies();
    void keepsEveryErrorCode();
};

Q_DECLARE_METATYPE(gvpn::admin::Command)

void TestCommand::readsWhatItWrote_data()
{
    QTest::addColumn<Command>("command");
    QTest::newRow("add a user") << Command(AddUser{"anna", "$argon2id$x"});
    QTest::newRow("add a user without a password") << Command(AddUser{"anna", ""});
    QTest::newRow("a name of another script") << Command(AddUser{"Zoë 李", ""});
    QTest::newRow("a name with a line feed and quotes") << Command(AddUser{"a\n\"b\"\\", ""});
    QTest::newRow("set a password") << Command(SetPassword{"anna", "$argon2id$x"});
    QTest::newRow("enable") << Command(EnableUser{"anna", true});
    QTest::newRow("disable") << Command(EnableUser{"anna", false});
    QTest::newRow("remove") << Command(RemoveUser{"anna"});
    QTest::newRow("users") << Command(ListUsers{});
    QTest::newRow("invite") << Command(MakeInvite{});
    QTest::newRow("invite for a day") << Command(MakeInvite{"anna", std::chrono::hours(24), {}});
    QTest::newRow("devices") << Command(ListDevices{});
    QTest::newRow("revoke") << Command(RevokeDevice{7});
    QTest::newRow("bans") << Command(ListBans{});
    QTest::newRow("lift") << Command(LiftBan{"2001:db8::1"});
    QTest::newRow("audit") << Command(ListAudit{20000});
    QTest::newRow("status") << Command(ShowStatus{});
    QTest::newRow("kick") << Command(Kick{"10.86.0.2"});
}

void TestCommand::readsWhatItWrote()
{
    QFETCH(Command, command);
    const auto read = sentAndRead(command);
    QVERIFY2(read.has_value(), read ? "" : read.error().context.c_str());
    QCOMPARE(read->index(), command.index());
    QCOMPARE(toJson(*read), toJson(command));
    const bool hasName = std::holds_alternative<AddUser>(command);
    if (hasName)
        QCOMPARE(std::get<AddUser>(*read).name, std::get<AddUser>(command).name);
}

void TestCommand::keepsEveryFieldOfAnInvite()
{
    const auto read = sentAndRead(MakeInvite{"anna", std::chrono::seconds(90), net::HostPort{"2001:db8::1", 0}});
    QVERIFY(read.has_value());
    const auto& invite = std::get<MakeInvite>(*read);
    QCOMPARE(invite.userName, std::string("anna"));
    QCOMPARE(invite.life.count(), 90);
    QVERIFY((invite.publicAddress == net::HostPort{"2001:db8::1", 0}));
    const auto plain = sentAndRead(MakeInvite{});
    QVERIFY(!std::get<MakeInvite>(*plain).publicAddress);
    QVERIFY(std::get<MakeInvite>(*plain).life == accounts::DefaultInviteLife);
}

void TestCommand::keepsTheLargestDeviceNumber()
{
    constexpr auto Largest = std::numeric_limits<accounts::DeviceId>::max();
    const auto read = sentAndRead(RevokeDevice{Largest});
    QVERIFY(read.has_value());
    QCOMPARE(std::get<RevokeDevice>(*read).id, Largest);
}

void TestCommand::refusesMalformedCommands_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("empty") << QByteArray("{}");
    QTest::newRow("unknown") << QByteArray(R"({"command":"format-disk"})");
    QTest::newRow("no name of a command") << QByteArray(R"({"command":7})");
    QTest::newRow("another case") << QByteArray(R"({"command":"LIST-USERS"})");
    QTest::newRow("no user") << QByteArray(R"({"command":"remove-user"})");
    QTest::newRow("user is a number") << QByteArray(R"({"command":"remove-user","name":1})");
    QTest::newRow("user is null") << QByteArray(R"({"command":"remove-user","name":null})");
    QTest::newRow("no hash") << QByteArray(R"({"command":"add-user","name":"anna"})");
    QTest::newRow("hash is a list") << QByteArray(R"({"command":"set-password","name":"a","password_hash":[]})");
    QTest::newRow("enabled is text") << QByteArray(R"({"command":"enable-user","name":"a","enabled":"no"})");
    QTest::newRow("enabled is missing") << QByteArray(R"({"command":"enable-user","name":"a"})");
    QTest::newRow("no life") << QByteArray(R"({"command":"make-invite","user":""})");
    QTest::newRow("life of nothing") << QByteArray(R"({"command":"make-invite","user":"","life_s":0})");
    QTest::newRow("negative life") << QByteArray(R"({"command":"make-invite","user":"","life_s":-60})");
    QTest::newRow("life of two years") << QByteArray(R"({"command":"make-invite","user":"","life_s":63072000})");
    QTest::newRow("life of half a second") << QByteArray(R"({"command":"make-invite","user":"","life_s":60.5})");
    QTest::newRow("life beyond all numbers") << QByteArray(R"({"command":"make-invite","user":"","life_s":1e300})");
    QTest::newRow("host without a port") << QByteArray(
        R"({"command":"make-invite","user":"","life_s":60,"public_host":"a.example"})");
    QTest::newRow("port too large") << QByteArray(
        R"({"command":"make-invite","user":"","life_s":60,"public_host":"a","public_port":65536})");
    QTest::newRow("host is a link") << QByteArray(
        R"({"command":"make-invite","user":"","life_s":60,"public_host":"a/?pin=b","public_port":1})");
    QTest::newRow("host with a port in it")
        << QByteArray(R"({"command":"make-invite","user":"","life_s":60,"public_host":"a:80","public_port":1})");
    QTest::newRow("host is empty") << QByteArray(
        R"({"command":"make-invite","user":"","life_s":60,"public_host":"","public_port":1})");
    QTest::newRow("device zero") << QByteArray(R"({"command":"revoke-device","id":0})");
    QTest::newRow("device is text") << QByteArray(R"({"command":"revoke-device","id":"7"})");
    QTest::newRow("device beyond all numbers") << QByteArray(R"({"command":"revoke-device","id":9223372036854775808})");
    QTest::newRow("no entries") << QByteArray(R"({"command":"list-audit","most":0})");
    QTest::newRow("too many entries") << QByteArray(R"({"command":"list-audit","most":20001})");
    QTest::newRow("lift nothing") << QByteArray(R"({"command":"lift-ban"})");
    QTest::newRow("kick an object") << QByteArray(R"({"command":"kick","whom":{}})");
}

void TestCommand::refusesMalformedCommands()
{
    QFETCH(QByteArray, json);
    QVERIFY2(QJsonDocument::fromJson(json).isObject(), "the row is no JSON");
    const auto read = commandFromJson(parsed(json));
    QVERIFY(!read.has_value());
    QCOMPARE(read.error().code, ErrorCode::Malformed);
    QVERIFY(!read.error().context.empty());
}

void TestCommand::ignoresFieldsItDoesNotKnow()
{
    const auto read = commandFromJson(parsed(R"({"command":"kick","whom":"anna","how":"gently"})"));
    QVERIFY(read.has_value());
    QCOMPARE(std::get<Kick>(*read).addressOrName, std::string("anna"));
}

void TestCommand::onlyStatusAndKickNeedAServer()
{
    QVERIFY(needsServer(ShowStatus{}));
    QVERIFY(needsServer(Kick{"anna"}));
    QVERIFY(!needsServer(ListUsers{}));
    QVERIFY(!needsServer(MakeInvite{}));
}

void TestCommand::readsTheRepliesItWrote()
{
    const Reply good = QJsonObject{{QStringLiteral("users"), QJsonArray()}};
    QVERIFY(replyFromJson(toJson(good)) == good);
    const Reply empty = QJsonObject();
    QVERIFY(replyFromJson(toJson(empty)) == empty);
    const Reply bad = fail(ErrorCode::NotFound, "there is no user \"a\nb\"");
    QVERIFY(replyFromJson(toJson(bad)) == bad);
}

void TestCommand::refusesMalformedReplies_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("empty") << QByteArray("{}");
    QTest::newRow("result is text") << QByteArray(R"({"result":"fine"})");
    QTest::newRow("error is text") << QByteArray(R"({"error":"bad"})");
    QTest::newRow("error without a code") << QByteArray(R"({"error":{"context":"x"}})");
    QTest::newRow("error without a context") << QByteArray(R"({"error":{"code":"not-found"}})");
}

void TestCommand::refusesMalformedReplies()
{
    QFETCH(QByteArray, json);
    const auto read = replyFromJson(parsed(json));
    QVERIFY(!read.has_value());
    QCOMPARE(read.error().code, ErrorCode::Malformed);
}

void TestCommand::keepsEveryErrorCode()
{
    for (int i = 0; i <= static_cast<int>(ErrorCode::SystemFailure); ++i) {
        const Reply reply = fail(static_cast<ErrorCode>(i), "why");
        QVERIFY(replyFromJson(toJson(reply)) == reply);
    }
    const auto unknown = replyFromJson(parsed(R"({"error":{"code":"of-tomorrow","context":"x"}})"));
    QCOMPARE(unknown.error().code, ErrorCode::SystemFailure);
}

QTEST_APPLESS_MAIN(TestCommand)
#include "tst_command.moc"
