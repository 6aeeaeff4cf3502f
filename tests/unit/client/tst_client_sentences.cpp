#include "client/sentences.h"

#include "bus/contract.h"
#include "client/helper_client.h"

#include <QtTest>

#include <algorithm>

using namespace gvpn;
using namespace gvpn::client;

namespace {

constexpr std::array Stages{Stage::Resolve, Stage::Tcp,    Stage::Tls, Stage::Login, Stage::Address,
                            Stage::Tun,     Stage::Routes, Stage::Dns, Stage::Probe};
const net::HostPort Office{"office.example.com", 443};

Pin pin(int seed)
{
    return Pin{std::array<std::byte, Pin::SizeBytes>{static_cast<std::byte>(seed)}};
}

}  // namespace

class TestClientSentences : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyFailureHasASentence_data();
    void everyFailureHasASentence();
    void showsBothFingerprints();
    void showsTheFingerprintOfAnUnknownServer();
    void tellsALossFromAFailure();
    void saysWhichCongestionControlRunsInPlaceOfAnother();
    void escapesTextsOfTheServer();
    void everySkippedRouteHasASentence();
    void everySkippedDnsHasASentence();
    void saysThatThereIsNoResolved();
    void aContradictionShowsBothKeysAndTheWayOut();
    void anOldProfileShowsBothKeysAndTheWaysOut();
    void aNewKeyOfALinkShowsBothKeys();
    void onlyANewLinkHelpsAfterAChangedKey();
    void advisesByHowItLoggedIn_data();
    void advisesByHowItLoggedIn();
    void advisesToTryABusyServerAgain();
    void escapesNotices();
    void saysHowToConnectAgain_data();
    void saysHowToConnectAgain();
    void advisesByWhatIsWrongWithAProfile_data();
    void advisesByWhatIsWrongWithAProfile();
    void advisesByWhatTheHelperSays_data();
    void advisesByWhatTheHelperSays();
    void advisesByWhereItFailed_data();
    void advisesByWhereItFailed();
    void explainsV1_data();
    void explainsV1();
    void warnsOfV1();
    void namesTheStateDirectoryOnce_data();
    void namesTheStateDirectoryOnce();
    void tellsWindowsNoOptions();
};

void TestClientSentences::everyFailureHasASentence_data()
{
    QTest::addColumn<ErrorCode>("code");
    for (int i = 0; i <= int(ErrorCode::SystemFailure); ++i)
        QTest::newRow(std::string(errorCodeName(ErrorCode(i))).c_str()) << ErrorCode(i);
}

void TestClientSentences::everyFailureHasASentence()
{
    QFETCH(ErrorCode, code);
    const QString name = QString::fromUtf8(errorCodeName(code).data(), qsizetype(errorCodeName(code).size()));
    for (const Stage stage : Stages) {
        const QString sentence = sentenceFor(Fault{.stage = stage, .error = {code, "the cause"}}, Office);
        const QString stageText = QString::fromStdString(std::string(stageName(stage)));
        QVERIFY2(sentence.contains(QStringLiteral("(stage %1): the cause; ").arg(stageText)), qPrintable(sentence));
        QVERIFY2(sentence.contains(QStringLiteral("office.example.com:443")), qPrintable(sentence));
        QVERIFY2(sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
        QVERIFY2(!sentence.endsWith(QStringLiteral("; .")), qPrintable(sentence));
        QVERIFY2(!sentence.contains(QLatin1Char('\n')) && !sentence.contains(QLatin1Char('%')), qPrintable(sentence));
        QVERIFY2(!name.contains(QLatin1Char('-')) || !sentence.contains(name), qPrintable(sentence));
    }
}

void TestClientSentences::showsBothFingerprints()
{
    const Fault fault{
        .stage = Stage::Tls, .error = {ErrorCode::IdentityMismatch, {}}, .expectedPin = pin(1), .presentedPin = pin(2)};
    const QString sentence = sentenceFor(fault, Office);
    QVERIFY(sentence.contains(QString::fromStdString(pin(1).toString())));
    QVERIFY(sentence.contains(QString::fromStdString(pin(2).toString())));
}

void TestClientSentences::showsTheFingerprintOfAnUnknownServer()
{
    Fault fault{.stage = Stage::Tls, .error = {ErrorCode::IdentityUnknown, {}}};
    fault.presentedPin = pin(2);
    const QString sentence = sentenceFor(fault, Office);
    QVERIFY(sentence.contains(QString::fromStdString(pin(2).toString())));
    QVERIFY(sentence.contains(QStringLiteral("--pin")));
    QVERIFY(sentence.contains(QStringLiteral("--trust-on-first-use")));
}

void TestClientSentences::tellsALossFromAFailure()
{
    Fault fault{.stage = Stage::Probe, .error = {ErrorCode::TimedOut, "silence"}};
    const QString failure = sentenceFor(fault, Office);
    fault.wasUp = true;
    QVERIFY(sentenceFor(fault, Office).startsWith(QStringLiteral("The connection to office.example.com:443 was lost")));
    QVERIFY(!failure.contains(QStringLiteral("was lost")));
}

void TestClientSentences::saysWhichCongestionControlRunsInPlaceOfAnother()
{
    QCOMPARE(sentenceForRefusedCongestion({"cubic", "nosuch is not to be had", true}),
             QStringLiteral("The congestion control that was asked for can't be had: nosuch is not to be had; the "
                            "connection goes on with cubic."));
}

void TestClientSentences::escapesTextsOfTheServer()
{
    const Fault fault{.stage = Stage::Login, .error = {ErrorCode::LoginRefused, "no\x1b[2J\nway"}};
    const QString sentence = sentenceFor(fault, Office);
    QVERIFY(!sentence.contains(QChar(0x1b)));
    QVERIFY(!sentence.contains(QLatin1Char('\n')));
}

void TestClientSentences::everySkippedRouteHasASentence()
{
    for (int i = 0; i <= int(SkipReason::AlreadyRouted); ++i) {
        const SkippedRoute skipped{net::Prefix::parse("192.168.1.0/24").value(), SkipReason(i), "what is there"};
        const QString sentence = sentenceFor(skipped);
        QVERIFY2(sentence.startsWith(QStringLiteral("The route 192.168.1.0/24 is not used: ")), qPrintable(sentence));
        QVERIFY2(sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
        QVERIFY2(!sentence.contains(QLatin1Char('%')), qPrintable(sentence));
    }
}

void TestClientSentences::everySkippedDnsHasASentence()
{
    QSet<QString> sentences;
    for (int i = 0; i <= int(DnsSkipReason::Failed); ++i) {
        const QString sentence = sentenceFor(SkippedDns{DnsSkipReason(i), "office.example", "a \n cause"});
        QVERIFY2(sentence.contains(QStringLiteral("office.example")), qPrintable(sentence));
        QVERIFY2(sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
        QVERIFY2(!sentence.contains(QLatin1Char('%')) && !sentence.contains(QLatin1Char('\n')), qPrintable(sentence));
        sentences.insert(sentence);
    }
    QCOMPARE(sentences.size(), int(DnsSkipReason::Failed) + 1);
}

void TestClientSentences::saysThatThereIsNoResolved()
{
    const QString sentence = sentenceFor(SkippedDns{DnsSkipReason::NoService, "office.example", {}});
    QVERIFY2(sentence.contains(QStringLiteral("not set: no systemd-resolved")), qPrintable(sentence));
}

void TestClientSentences::aContradictionShowsBothKeysAndTheWayOut()
{
    const QString sentence = sentenceForContradiction(Office, pin(1), pin(2));
    for (const auto& part : {pin(1).toString(), pin(2).toString(), std::string("only a new link")})
        QVERIFY2(sentence.contains(QString::fromStdString(part)), qPrintable(sentence));
}

void TestClientSentences::anOldProfileShowsBothKeysAndTheWaysOut()
{
    const Profile profile{.name = "My %1 office",
                          .server = Office,
                          .pin = pin(1),
                          .user = {},
                          .acceptRoutes = {},
                          .invite = {},
                          .created = {}};
    const QString sentence = sentenceForContradiction(profile, pin(2), "/var/state dir");
    QCOMPARE(sentence,
             QStringLiteral("Did not connect to office.example.com:443 (stage tls): the profile \"My %1 office\" "
                            "names the key ")
                 + QString::fromStdString(pin(1).toString())
                 + QStringLiteral(", but the one trusted for office.example.com:443 is ")
                 + QString::fromStdString(pin(2).toString())
                 + QStringLiteral("; if the server has a new key, only a new link from its administrator helps: "
                                  "connect with that; else remove the profile with: gvpn-client profile remove "
                                  "'My %1 office' --state-dir '/var/state dir'"));
}

void TestClientSentences::aNewKeyOfALinkShowsBothKeys()
{
    const QString sentence = sentenceForNewKey(Office, pin(1), pin(2));
    for (const auto& part : {pin(1).toString(), pin(2).toString(), Office.toString()})
        QVERIFY2(sentence.contains(QString::fromStdString(part)), qPrintable(sentence));
}

void TestClientSentences::onlyANewLinkHelpsAfterAChangedKey()
{
    const Fault fault{
        .stage = Stage::Tls, .error = {ErrorCode::IdentityMismatch, {}}, .expectedPin = pin(1), .presentedPin = pin(2)};
    const QString sentence = sentenceFor(fault, Office);
    QVERIFY2(sentence.contains(QStringLiteral("only a new link from the administrator helps")), qPrintable(sentence));
}

void TestClientSentences::advisesByHowItLoggedIn_data()
{
    using protocol::LoginMethod;
    QTest::addColumn<std::optional<LoginMethod>>("method");
    QTest::addColumn<MissingPassword>("missing");
    QTest::addColumn<QString>("sentence");
    const auto row = [](const char* name, std::optional<LoginMethod> method, MissingPassword missing,
                        const char* advice) {
        QTest::newRow(name) << method << missing
                            << QStringLiteral("Could not log in to office.example.com:443 (stage login): no\\x1b; %1.")
                                   .arg(QString::fromLatin1(advice));
    };
    const char* const invite = "ask the server's administrator, who can make an invite link for this computer";
    const char* const password = "check the user name and the password, or ask the server's administrator";
    row("password", LoginMethod::Password, MissingPassword::No, password);
    row("password after a lost one", LoginMethod::Password, MissingPassword::AnswerLost, password);
    row("invite", LoginMethod::Invite, MissingPassword::NotGiven,
        "ask the server's administrator, who can make a new link");
    row("device key", LoginMethod::Device, MissingPassword::No, invite);
    row("nothing in common", std::nullopt, MissingPassword::No, invite);
    row("no password", LoginMethod::Device, MissingPassword::NotGiven,
        "give the user's password (--user NAME asks for it on a terminal, --password-stdin reads it), or ask the "
        "server's administrator, who can make an invite link for this computer");
    row("lost answer", LoginMethod::Device, MissingPassword::AnswerLost,
        "the password was sent once, but the connection broke before its answer came: connect again and give the "
        "password again");
}

void TestClientSentences::advisesByHowItLoggedIn()
{
    QFETCH(std::optional<protocol::LoginMethod>, method);
    QFETCH(MissingPassword, missing);
    const Fault fault{.stage = Stage::Login,
                      .error = {ErrorCode::LoginRefused, "no\x1b"},
                      .sentLogin = method,
                      .missingPassword = missing};
    QTEST(sentenceFor(fault, Office), "sentence");
}

void TestClientSentences::advisesToTryABusyServerAgain()
{
    const Fault fault{
        .stage = Stage::Login, .error = {ErrorCode::Unreachable, "the server is busy"}, .isServerBusy = true};
    QCOMPARE(sentenceFor(fault, Office), QStringLiteral("Could not log in to office.example.com:443 (stage login): the "
                                                        "server is busy; try again in a minute."));
}

void TestClientSentences::escapesNotices()
{
    QCOMPARE(sentenceForNotice("Your key\x1b[2J is\nused %1 twice."),
             QStringLiteral("The server says: Your key\\x1b[2J is\\nused %1 twice."));
}

void TestClientSentences::saysHowToConnectAgain_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("stateDir");
    QTest::addColumn<QString>("command");
    QTest::newRow("plain") << "Office"
                           << ""
                           << "gvpn-client --profile Office";
    QTest::newRow("host") << "office.example.com"
                          << ""
                          << "gvpn-client --profile office.example.com";
    QTest::newRow("blank") << "Office (2)"
                           << ""
                           << "gvpn-client --profile 'Office (2)'";
    QTest::newRow("apostrophe") << "Anna's"
                                << ""
                                << "gvpn-client --profile 'Anna'\\''s'";
    QTest::newRow("shell") << "$(reboot)`%1"
                           << ""
                           << "gvpn-client --profile '$(reboot)`%1'";
    QTest::newRow("option") << "--once"
                            << ""
                            << "gvpn-client --profile '--once'";
    QTest::newRow("directory") << "Office"
                               << "/my state"
                               << "gvpn-client --profile Office --state-dir '/my state'";
}

void TestClientSentences::saysHowToConnectAgain()
{
    QFETCH(QString, name);
    QFETCH(QString, stateDir);
    QFETCH(QString, command);
    QCOMPARE(sentenceForRemembered(name.toStdString(), stateDir.toStdString()),
             QStringLiteral("Remembered as the profile ") + name + QStringLiteral("; connect again with: ") + command);
}

void TestClientSentences::advisesByWhatIsWrongWithAProfile_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<QString>("advice");
    QTest::newRow("newer") << ErrorCode::Unsupported << "bring this program to that version";
    QTest::newRow("no place") << ErrorCode::NotFound << "--state-dir";
    QTest::newRow("others may write") << ErrorCode::PermissionDenied << "permissions";
    QTest::newRow("damaged") << ErrorCode::Malformed << "mend or remove";
}

void TestClientSentences::advisesByWhatIsWrongWithAProfile()
{
    QFETCH(ErrorCode, code);
    QFETCH(QString, advice);
    const QString sentence = sentenceForProfile({code, "/p/Off\nice.json: why"});
    QVERIFY2(sentence.contains(QStringLiteral("/p/Off\\nice.json: why; ")), qPrintable(sentence));
    QVERIFY2(sentence.contains(advice) && sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
}

void TestClientSentences::advisesByWhatTheHelperSays_data()
{
    QTest::addColumn<QString>("cause");
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<QString>("advice");
    const auto row = [](const char* name, std::string_view cause, ErrorCode code, const char* advice) {
        QTest::newRow(name) << QString::fromUtf8(cause.data(), qsizetype(cause.size())) << code
                            << QString::fromLatin1(advice);
    };
    row("no bus", NoBusCause, ErrorCode::PermissionDenied, "install gvpn-helper, or run it with sudo");
    row("no helper", NoHelperCause, ErrorCode::PermissionDenied, "install gvpn-helper, or run it with sudo");
    row("no agent", bus::NoAgentCause, ErrorCode::PermissionDenied, "at this computer's own screen");
    row("dismissed", bus::DismissedCause, ErrorCode::PermissionDenied, "type an administrator's password");
    row("denied", bus::DeniedCause, ErrorCode::PermissionDenied, "ask this computer's administrator");
    row("no polkit", bus::NoPolkitCause, ErrorCode::PermissionDenied, "install polkit");
    row("too many", "this user has 3 tunnels already", ErrorCode::LimitExceeded, "disconnect one of them first");
    row("gone", "gvpn-helper has ended", ErrorCode::Closed, "look at the system's log for gvpn-helper");
    row("hangs", "gvpn-helper does not answer", ErrorCode::TimedOut, "look at the system's log for gvpn-helper");
}

void TestClientSentences::advisesByWhatTheHelperSays()
{
    QFETCH(QString, cause);
    QFETCH(ErrorCode, code);
    QFETCH(QString, advice);
    const Fault fault{.stage = Stage::Tun, .error = {code, cause.toStdString()}};
    const QString sentence = sentenceFor(fault, {"office.example.com", 443});
    QVERIFY2(sentence.contains(QStringLiteral("(stage tun): %1; ").arg(cause)), qPrintable(sentence));
    QVERIFY2(sentence.contains(advice) && sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
}

void TestClientSentences::advisesByWhereItFailed_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<Stage>("stage");
    QTest::addColumn<QString>("advice");
    QTest::addColumn<QString>("misleading");
    const auto row = [](const char* name, ErrorCode code, Stage stage, const char* advice, const char* misleading) {
        QTest::newRow(name) << code << stage << QString::fromLatin1(advice) << QString::fromLatin1(misleading);
    };
    row("firewall", ErrorCode::PermissionDenied, Stage::Tcp, "firewalls of this computer and on the way", "setcap");
    row("key file", ErrorCode::PermissionDenied, Stage::Tls, "permissions of what is named here", "setcap");
    row("TUN", ErrorCode::PermissionDenied, Stage::Tun, "setcap", "firewall");
    row("routes", ErrorCode::PermissionDenied, Stage::Routes, "setcap", "firewall");
    row("TUN name", ErrorCode::AlreadyExists, Stage::Tun, "another name with --tun", "tunnel network");
    row("no nft", ErrorCode::NotFound, Stage::Routes, "put back what is missing", "kernel module");
    row("no TUN device", ErrorCode::NotFound, Stage::Tun, "kernel module tun", "what is missing");
    row("address", ErrorCode::AddressRefused, Stage::Address, "leave the choice to the server", "--accept-routes");
    row("public network", ErrorCode::AddressRefused, Stage::Routes, "name this network with --accept-routes", "--cidr");
    row("overlap", ErrorCode::AlreadyExists, Stage::Routes, "another tunnel network", "--tun");
}

void TestClientSentences::advisesByWhereItFailed()
{
    QFETCH(ErrorCode, code);
    QFETCH(Stage, stage);
    QFETCH(QString, advice);
    QFETCH(QString, misleading);
    const QString sentence = sentenceFor(Fault{.stage = stage, .error = {code, "the cause"}}, Office);
    QVERIFY2(sentence.contains(advice), qPrintable(sentence));
    QVERIFY2(!sentence.contains(misleading), qPrintable(sentence));
}

void TestClientSentences::explainsV1_data()
{
    QTest::addColumn<Fault>("fault");
    QTest::addColumn<QString>("sentence");
    const auto row = [](const char* name, Stage stage, Error error, const char* sentence) {
        QTest::newRow(name) << Fault{.stage = stage, .error = std::move(error), .wireProtocol = WireProtocol::V1}
                            << QString::fromLatin1(sentence);
    };
    row("no v1", Stage::Login, {ErrorCode::Unsupported, "the server answers with TLS"},
        "Could not begin to speak v1 with office.example.com:443 (stage login): the server answers with TLS; start "
        "gvpn-server with --allow-v1 --login none, or leave out --v1 here.");
    row("foreign", Stage::Login, {ErrorCode::ProtocolViolation, "byte 83"},
        "Could not begin to speak v1 with office.example.com:443 (stage login): byte 83; start gvpn-server with "
        "--allow-v1 --login none, or leave out --v1 here.");
    row("version", Stage::Login, {ErrorCode::VersionMismatch, "the server does not speak version 1"},
        "Could not begin to speak v1 with office.example.com:443 (stage login): the server does not speak version 1; "
        "bring both ends to version 1 of the protocol, or leave out --v1 if it is gvpn-server's port.");
    row("silence", Stage::Login, {ErrorCode::TimedOut, "no answer"},
        "Could not begin to speak v1 with office.example.com:443 (stage login): no answer; check that a server that "
        "speaks v1 answers on this port (gvpn-server with --allow-v1), and look at its log.");
    row("taken", Stage::Address, {ErrorCode::AddressRefused, "CIDR is registered!"},
        "Could not get a tunnel address from office.example.com:443 (stage address): another client holds the address "
        "(CIDR is registered!); choose another address with --cidr, or end the other client (gvpn-server forgets one "
        "that died within 30 s).");
    row("refused", Stage::Address, {ErrorCode::AddressRefused, "not\x1b[1m yours"},
        "Could not get a tunnel address from office.example.com:443 (stage address): it was refused: not\\x1b[1m "
        "yours; "
        "choose with --cidr a free address of the server's tunnel network.");
    row("no JSON", Stage::Address, {ErrorCode::ProtocolViolation, "no JSON"},
        "Could not get a tunnel address from office.example.com:443 (stage address): no JSON; check that this port is "
        "gvpn-server's and that both ends have the same version.");
    QTest::newRow("lost") << Fault{.stage = Stage::Tcp,
                                   .error = {ErrorCode::Closed, "closed"},
                                   .wasUp = true,
                                   .wireProtocol = WireProtocol::V1}
                          << QStringLiteral("The connection to office.example.com:443 was lost (stage tcp): closed; "
                                            "check this computer's network and that gvpn-server is still running.");
}

void TestClientSentences::explainsV1()
{
    QFETCH(Fault, fault);
    QTEST(sentenceFor(fault, Office), "sentence");
}

void TestClientSentences::warnsOfV1()
{
    const QString warning = warningForV1(Office);
    for (const char* part :
         {"WARNING", "encrypted or authenticated", "read and change", "may be anybody", "office.example.com:443"})
        QVERIFY2(warning.contains(QLatin1String(part)), qPrintable(warning));
}

void TestClientSentences::namesTheStateDirectoryOnce_data()
{
    QTest::addColumn<QString>("directory");
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<QString>("cause");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("permissions") << "/s" << ErrorCode::PermissionDenied << "/s: others may write to it"
                                 << "Could not use the state directory /s: others may write to it; correct its "
                                    "permissions or choose another with --state-dir.";
    QTest::newRow("file in it") << "/s" << ErrorCode::Malformed << "/s/servers.json: damaged"
                                << "Could not use the state directory /s: /s/servers.json: damaged; mend or remove "
                                   "what is named here or choose another with --state-dir.";
    QTest::newRow("none") << "" << ErrorCode::NotFound << "no home"
                          << "Could not choose a state directory: no home; name one with --state-dir.";
}

void TestClientSentences::namesTheStateDirectoryOnce()
{
    QFETCH(QString, directory);
    QFETCH(ErrorCode, code);
    QFETCH(QString, cause);
    QTEST(sentenceForStateDir(directory.toStdString(), {code, cause.toStdString()}), "sentence");
}

/// Every stage with every error, and what the helper says.
void TestClientSentences::tellsWindowsNoOptions()
{
    const auto isFine = [](const QString& sentence) {
        const QStringList words{QStringLiteral(" --"), QStringLiteral("sudo"), QStringLiteral("setcap")};
        const bool isAboutOptions =
            std::ranges::any_of(words, [&](const QString& one) { return sentence.contains(one); });
        if (isAboutOptions)
            qInfo().noquote() << sentence;
        return !isAboutOptions;
    };
    for (const Stage stage : Stages) {
        for (int code = 0; code <= static_cast<int>(ErrorCode::SystemFailure); ++code) {
            for (const auto missing : {MissingPassword::No, MissingPassword::NotGiven, MissingPassword::AnswerLost}) {
                Fault fault{.stage = stage, .error = {static_cast<ErrorCode>(code), "why"}};
                fault.missingPassword = missing;
                QVERIFY(isFine(sentenceFor(fault, Office, Audience::Window)));
            }
        }
    }
    for (const std::string_view cause :
         {NoBusCause, NoHelperCause, bus::NoAgentCause, bus::DeniedCause, bus::NoPolkitCause}) {
        const Fault fault{.stage = Stage::Tun, .error = {ErrorCode::PermissionDenied, std::string(cause)}};
        QVERIFY(isFine(sentenceFor(fault, Office, Audience::Window)));
        QVERIFY(!isFine(sentenceFor(fault, Office)));
    }
    for (const SkipReason reason : {SkipReason::NotWanted, SkipReason::Public})
        QVERIFY(isFine(sentenceFor(SkippedRoute{.route = {}, .reason = reason, .detail = {}}, Audience::Window)));
    QVERIFY(isFine(
        sentenceFor(SkippedDns{.reason = DnsSkipReason::SharedDomain, .what = "com", .detail = {}}, Audience::Window)));
    QVERIFY(isFine(sentenceForProfile({ErrorCode::NotFound, "no home"}, Audience::Window)));
    QVERIFY(isFine(sentenceForStateDir("/s", {ErrorCode::PermissionDenied, "others"}, Audience::Window)));
}

QTEST_APPLESS_MAIN(TestClientSentences)
#include "tst_client_sentences.moc"
