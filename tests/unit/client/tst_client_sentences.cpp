#include "client/sentences.h"

#include <QtTest>

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
    void escapesTextsOfTheServer();
    void everySkippedRouteHasASentence();
    void aContradictionShowsBothKeysAndTheFile();
    void advisesByWhereItFailed_data();
    void advisesByWhereItFailed();
    void namesTheStateDirectoryOnce_data();
    void namesTheStateDirectoryOnce();
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

void TestClientSentences::aContradictionShowsBothKeysAndTheFile()
{
    const QString sentence = sentenceForContradiction(Office, pin(1), pin(2), QStringLiteral("dir/servers.json"));
    for (const auto& part : {pin(1).toString(), pin(2).toString(), std::string("dir/servers.json")})
        QVERIFY2(sentence.contains(QString::fromStdString(part)), qPrintable(sentence));
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

QTEST_APPLESS_MAIN(TestClientSentences)
#include "tst_client_sentences.moc"
